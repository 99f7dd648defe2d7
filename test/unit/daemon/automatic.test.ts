import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { automaticStatusSchema } from '../../../core/contract/automatic.ts';
import { AutomaticRig, EPOCH, networkAt } from './automatic-rig.ts';

const ALICE = 1000;
const OFFICE = networkAt(1);
const HOTEL = networkAt(2);
const ME = { uid: ALICE, isAdministrator: false };

describe('connecting by itself', () => {
  let rig: AutomaticRig;

  beforeEach(() => {
    rig = new AutomaticRig();
    rig.automatic.start(rig);
  });

  async function chosen(): Promise<void> {
    assert.ok(rig.automatic.choose(ALICE, 'system.office').ok);
    await rig.pass(0);
  }

  function what(): string | undefined {
    return rig.automatic.seenBy(ME)?.next.what;
  }

  test('does and watches nothing before somebody chose it, nor after they chose otherwise', async () => {
    await rig.goTo(HOTEL, 'silent');
    assert.deepEqual([rig.opened, rig.rounds, rig.acts.length], [0, 0, 0]);
    assert.equal(rig.automatic.seenBy(ME), undefined);
    await chosen();
    assert.equal(rig.opened, 1);
    assert.equal(rig.automatic.owner, ALICE);
    assert.ok(rig.automatic.choose(ALICE, null).ok);
    assert.equal(rig.opened, 0);
    await rig.pass(3_600_000);
    assert.deepEqual([rig.acts, rig.rounds, rig.saved], [[], 0, undefined]);
  });

  test('connects away from the office, disconnects there, and tells why', async () => {
    await chosen();
    await rig.goTo(HOTEL, 'silent');
    assert.deepEqual(rig.acts, ['up']);
    assert.deepEqual(rig.connection, { uid: ALICE, profile: 'system.office' });
    await rig.goTo(OFFICE, 'proved');
    assert.deepEqual(rig.acts, ['up', 'down']);
    const status = rig.automatic.seenBy(ME);
    assert.deepEqual(automaticStatusSchema.parse(status), status);
    assert.deepEqual(
      { ...status, since: undefined, askAt: undefined },
      {
        profile: { id: 'system.office', name: 'Office' },
        isYours: true,
        verdict: 'trusted',
        since: undefined,
        reason: { code: 'proved', beacon: '10.0.0.9:443', interface: 'eth1' },
        next: { what: 'stay-off' },
        askAt: undefined,
      },
    );
    assert.ok((status?.since ?? 0) > EPOCH);
    assert.ok(rig.changes > 0);
  });

  test('tells others the verdict, and not how it came to be', async () => {
    await chosen();
    await rig.goTo(OFFICE, 'proved');
    const seen = rig.automatic.seenBy({ uid: 1001, isAdministrator: false });
    assert.deepEqual([seen?.isYours, seen?.verdict, seen?.reason], [false, 'trusted', undefined]);
    assert.ok(rig.automatic.seenBy({ uid: 1001, isAdministrator: true })?.reason);
  });

  test('asks when the network changes and when the machine wakes, and seldom otherwise', async () => {
    await chosen();
    await rig.goTo(OFFICE, 'proved');
    assert.equal(rig.rounds, 1);
    await rig.pass(290_000);
    assert.equal(rig.rounds, 1);
    await rig.pass(20_000);
    assert.equal(rig.rounds, 2);
    await rig.wake();
    assert.equal(rig.rounds, 3);
    await rig.pass(24 * 3_600_000);
    assert.ok(rig.rounds <= 3 + 24 * 12);
  });

  test('goes on after a restart of the service', async () => {
    rig.saved = { uid: ALICE, profile: 'system.office' };
    rig.network = HOTEL;
    rig.automatic.start(rig);
    await rig.pass(1_000);
    assert.deepEqual(rig.acts, ['up']);
  });

  test('respects what a person ended until the machine is somewhere else', async () => {
    await chosen();
    await rig.goTo(HOTEL, 'silent');
    rig.automatic.byHand('down', ME);
    await rig.down();
    await rig.pass(3_600_000);
    assert.deepEqual(rig.acts, ['up', 'down']);
    assert.equal(what(), 'down-by-hand');
    await rig.goTo(networkAt(3), 'silent');
    assert.deepEqual(rig.acts, ['up', 'down', 'up']);
  });

  test('respects what a person made on a trusted network until the machine is somewhere else', async () => {
    await chosen();
    await rig.goTo(OFFICE, 'proved');
    rig.up(ALICE, 'system.office');
    rig.automatic.byHand('up', ME);
    await rig.pass(3_600_000);
    assert.equal(what(), 'up-by-hand');
    assert.deepEqual(rig.acts, ['up']);
    await rig.goTo(networkAt(3), 'proved');
    assert.deepEqual(rig.acts, ['up', 'down']);
  });

  test('is not kept from anything by what another user does, but by an administrator', async () => {
    await chosen();
    const bob = { uid: 1001, isAdministrator: false };
    await rig.goTo(OFFICE, 'proved');
    rig.automatic.byHand('down', bob);
    rig.refusal = 'auth.wrong-password';
    await rig.goTo(HOTEL, 'silent');
    assert.equal(what(), 'failed');
    rig.refusal = undefined;
    // An account is not locked by whoever has it tried again and again.
    for (const word of ['up', 'down'] as const) rig.automatic.byHand(word, bob);
    await rig.pass(3_600_000);
    assert.deepEqual([rig.acts, what()], [[], 'failed']);
    rig.automatic.byHand('down', { ...bob, isAdministrator: true });
    assert.equal(what(), 'down-by-hand');
  });

  test('leaves a connection of somebody else alone', async () => {
    await chosen();
    rig.up(1001, 'system.office');
    await rig.goTo(HOTEL, 'silent');
    assert.equal(what(), 'occupied');
    await rig.goTo(OFFICE, 'proved');
    assert.deepEqual(rig.acts, ['up']);
    await rig.goTo(HOTEL, 'silent');
    await rig.fail('timeout.liveness', true);
    assert.deepEqual(rig.acts, ['up', 'up']);
  });

  test('tries again after failures that pass, with growing pauses', async () => {
    await chosen();
    await rig.goTo(HOTEL, 'silent');
    await rig.fail('timeout.init');
    assert.equal(what(), 'failed');
    await rig.pass(14_000);
    assert.equal(rig.acts.length, 1);
    await rig.pass(2_000);
    assert.equal(rig.acts.length, 2);
    await rig.fail('timeout.init');
    await rig.pass(29_000);
    assert.equal(rig.acts.length, 2);
    await rig.pass(2_000);
    assert.equal(rig.acts.length, 3);
  });

  test('does not try again by itself what only a person can put right', async () => {
    await chosen();
    await rig.goTo(HOTEL, 'silent');
    await rig.fail('auth.wrong-password');
    await rig.pass(24 * 3_600_000);
    assert.equal(rig.acts.length, 1);
    assert.deepEqual(rig.automatic.seenBy(ME)?.next, { what: 'failed' });
    await rig.goTo(networkAt(3), 'silent');
    assert.equal(rig.acts.length, 2);
  });

  test('tries again when somebody is there to sign in', async () => {
    await chosen();
    await rig.goTo(HOTEL, 'silent');
    rig.automatic.clientCame(ALICE);
    await rig.fail('config.credential-missing');
    assert.equal(what(), 'nobody');
    await rig.pass(3_600_000);
    rig.automatic.clientCame(1001);
    assert.equal(rig.acts.length, 1);
    rig.automatic.clientCame(ALICE);
    assert.equal(rig.acts.length, 2);
  });

  test('does not begin what the service refuses over and over', async () => {
    await chosen();
    rig.refusal = 'config.policy-unusable';
    await rig.goTo(HOTEL, 'silent');
    await rig.pass(3_600_000);
    assert.equal(what(), 'failed');
    rig.refusal = undefined;
    await rig.goTo(networkAt(3), 'silent');
    assert.deepEqual(rig.acts, ['up']);
  });

  test('connects on a trusted network too when nothing passes without a connection', async () => {
    rig.isClosed = true;
    await chosen();
    await rig.goTo(OFFICE, 'proved');
    assert.deepEqual(rig.acts, ['up']);
    rig.isClosed = false;
    rig.automatic.reread();
    assert.deepEqual(rig.acts, ['up', 'down']);
  });

  test('takes no profile that does not ask for it, and stops when it does not any more', async () => {
    rig.profile = {};
    const refused = rig.automatic.choose(ALICE, 'system.office');
    assert.equal(refused.ok ? '' : refused.error.code, 'config.not-automatic');
    const unknown = rig.automatic.choose(ALICE, 'system.gone');
    assert.equal(unknown.ok ? '' : unknown.error.code, 'config.profile-unknown');
    rig.profile = { connect: 'always' };
    await chosen();
    rig.profile = { connect: 'never' };
    rig.automatic.reread();
    await rig.goTo(HOTEL, 'silent');
    assert.equal(what(), 'unusable');
    assert.deepEqual(rig.acts, []);
  });

  test('connects from every network when the profile says so, without asking anybody', async () => {
    rig.profile = { connect: 'always' };
    await chosen();
    assert.equal(what(), 'wait');
    await rig.goTo(OFFICE, 'proved');
    assert.deepEqual(rig.acts, ['up']);
    assert.equal(rig.automatic.seenBy(ME)?.reason?.code, 'no-beacons');
  });

  test('does not follow a cable that comes and goes', async () => {
    await chosen();
    await rig.goTo(HOTEL, 'silent');
    assert.deepEqual(rig.acts, ['up']);
    for (let i = 0; i < 60; i++) {
      await rig.goTo(OFFICE, 'proved');
      await rig.goTo(HOTEL, 'silent');
    }
    // Two minutes of it, a change a second.
    assert.ok(rig.acts.length <= 4, rig.acts.join(' '));
    assert.equal(rig.acts.at(-1), 'up');
    await rig.goTo(OFFICE, 'proved');
    await rig.pass(300_000);
    assert.equal(rig.acts.at(-1), 'down');
  });

  test('asks anew when the beacons of the profile are others', async () => {
    await chosen();
    await rig.goTo(OFFICE, 'silent');
    assert.equal(rig.rounds, 1);
    rig.profile = {
      ...rig.profile,
      beacons: [{ host: '10.0.0.10', pins: ['47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='] }],
    };
    rig.outcome = 'proved';
    rig.automatic.reread();
    await rig.pass(1_000);
    assert.deepEqual(rig.acts, ['up', 'down']);
  });
});
