import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { Status } from '../../../core/contract/daemon-api.ts';
import { type PolicyInput, policySchema } from '../../../core/contract/policy.ts';
import type { ConnectionEvent } from '../../../core/contract/snapshot.ts';
import type { ConnectionSetup } from '../../../core/daemon/connect.ts';
import { Protector } from '../../../core/daemon/protector.ts';
import { SettingsStore } from '../../../core/daemon/settings-store.ts';
import type { FirewallPlan } from '../../../core/platform/ports.ts';
import type { ProtectionChange } from '../../../core/vpn/protection.ts';
import { ProfileStore } from '../../../core/daemon/profile-store.ts';
import { Service } from '../../../core/daemon/service.ts';
import type { Failure } from '../../../core/lib/failure.ts';
import { silent } from '../../../core/lib/ports.ts';
import type { Result } from '../../../core/lib/result.ts';
import { SecretBytes } from '../../../core/lib/secret.ts';
import type { Caller } from '../../../core/rpc/handlers.ts';
import { AutomaticRig } from './automatic-rig.ts';
import { issue, makeCa } from '../../support/pki-factory.ts';

const ALICE: Caller = { uid: 1000, pid: 1, isAdministrator: false };
const BOB: Caller = { uid: 1001, pid: 2, isAdministrator: false };
const NOW = 1_700_000_000_000;

/** A connection that does what the test says. */
class FakeConnection {
  readonly #ended = Promise.withResolvers<undefined>();
  readonly done = this.#ended.promise;
  readonly setup: ConnectionSetup;
  started = 0;
  stopped: string[] = [];
  readonly changes: ProtectionChange[] = [];
  readonly tunnel = undefined;

  constructor(setup: ConnectionSetup) {
    this.setup = setup;
  }

  start(): void {
    this.started += 1;
  }

  protect(to: ProtectionChange): Promise<Failure | undefined> {
    this.changes.push(to);
    return Promise.resolve(undefined);
  }

  async stop(how: 'orderly' | 'at-once'): Promise<void> {
    this.stopped.push(how);
    this.tell({ event: 'disconnected', atMs: 9, reason: 'user' });
    this.end();
    await this.done;
  }

  tell(event: ConnectionEvent): void {
    this.setup.onEvent(event);
  }

  end(): void {
    this.#ended.resolve(undefined);
  }
}

function code(outcome: Result<unknown, Failure>): string {
  return outcome.ok ? 'ok' : outcome.error.code;
}

describe('the service', () => {
  let directory = '';
  let service: Service;
  let made: FakeConnection[];
  let repaired = 0;
  let timers: (() => void)[] = [];
  let walls: (FirewallPlan | undefined)[] = [];

  /** What is called back later, if anything is. */
  let later: (() => void)[] | undefined;

  beforeEach(() => {
    later = undefined;
    directory = mkdtempSync(join(tmpdir(), 'cw-service-'));
    mkdirSync(join(directory, 'system'));
    made = [];
    repaired = 0;
    walls = [];
    timers = [];
    const done = (plan?: FirewallPlan): Promise<Result<void, Failure>> => {
      walls.push(plan);
      return Promise.resolve({ ok: true, value: undefined });
    };
    writeFileSync(
      join(directory, 'system', 'office.json'),
      JSON.stringify({
        version: 1,
        name: 'Office',
        gateway: { address: 'vpn.example.com' },
        user: { method: 'eap-mschapv2', username: 'alice' },
      }),
    );
    service = new Service({
      version: '1.2.3',
      profiles: new ProfileStore({
        systemDirectory: join(directory, 'system'),
        stateDirectory: join(directory, 'state'),
        owner: process.getuid?.() ?? 0,
        random: (length) => new Uint8Array(length).fill(7),
        log: silent,
      }),
      connect: (setup) => {
        const connection = new FakeConnection(setup);
        made.push(connection);
        return connection;
      },
      epoch: () => NOW,
      after: () => () => undefined,
      soon: (callback) => {
        if (later) later.push(callback);
        else callback();
      },
      logFile: { tail: (lines) => [`${lines} lines`], end: 0, watch: () => () => undefined },
      programs: {
        areKnown: false,
        list: (uid) => [`of-${uid}`],
        enter: (asker, app) => Promise.resolve({ ok: true, value: { ruled: app === `of-${asker.uid}` } }),
      },
      doctor: {
        examine: (isRunning) => Promise.resolve([{ what: 'tunnel', state: 'good', detail: `${isRunning}` }]),
        repair: () => Promise.resolve([{ what: 'routes', state: 'changed', detail: `${++repaired}` }]),
      },
      protector: new Protector({
        store: new SettingsStore(join(directory, 'state'), process.getuid?.() ?? 0),
        firewall: { apply: done, clear: () => done(), forget: () => undefined },
        after: (_ms, callback) => {
          timers.push(callback);
          return () => undefined;
        },
        epoch: () => NOW,
        log: silent,
      }),
      automatic: new AutomaticRig().automatic,
      askBeacon: () => Promise.resolve({ outcome: 'silent' }),
      lookUp: () => Promise.resolve([]),
      routeOf: (address, past) => Promise.resolve(`${address} ${past}`),
      log: silent,
    });
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const up = (caller: Caller, profile = 'system.office'): Promise<string> =>
    Promise.resolve(service.handlers.calls['connection.up']({ profile }, caller, undefined)).then(code);

  function watch(caller: Caller): { readonly items: Status[]; readonly ended: string[] } {
    const items: Status[] = [];
    const ended: string[] = [];
    service.handlers.streams.status({}, caller, {
      item: (value) => items.push(value),
      end: (why) => ended.push(why?.code ?? ''),
    });
    return { items, ended };
  }

  test('tells a watcher how things are at once, and again on every change', async () => {
    const { items } = watch(ALICE);
    assert.deepEqual(
      [...items],
      [{ version: '1.2.3', connection: null, protection: { killSwitch: 'off', blocked: false } }],
    );
    assert.equal(await up(ALICE), 'ok');
    made[0]?.tell({ event: 'state', atMs: 10, state: 'connecting' });
    assert.equal(items.at(-1)?.connection?.state, 'connecting');
    made[0]?.end();
    await made[0]?.done;
    await Promise.resolve();
    assert.equal(items.at(-1)?.connection, null);
  });

  test('tells of several steps at once when nobody waits any more, and of the end before anything else', async () => {
    const { items } = watch(ALICE);
    later = [];
    assert.equal(await up(ALICE), 'ok');
    const begun = items.length;
    made[0]?.tell({ event: 'state', atMs: 10, state: 'connecting' });
    made[0]?.tell({ event: 'state', atMs: 20, state: 'configuring' });
    assert.deepEqual([items.length, later.length], [begun, 1]);
    for (const callback of later.splice(0)) callback();
    assert.equal(items.length, begun + 1);
    assert.equal(items.at(-1)?.connection?.state, 'configuring');
    made[0]?.tell({ event: 'state', atMs: 30, state: 'disconnecting' });
    made[0]?.end();
    await made[0]?.done;
    await Promise.resolve();
    assert.equal(items.at(-1)?.connection, null);
    const ended = items.length;
    for (const callback of later.splice(0)) callback();
    assert.equal(items.length, ended);
  });

  test('holds one connection at a time', async () => {
    assert.equal(await up(ALICE), 'ok');
    assert.equal(await up(BOB), 'platform.already-running');
    assert.equal(made.length, 1);
    assert.equal(made[0]?.started, 1);
  });

  test('connects no profile that the caller does not have', async () => {
    assert.equal(await up(ALICE, 'system.nothing'), 'config.profile-unknown');
    assert.equal(await up(ALICE, '0000000000000000'), 'config.profile-unknown');
    assert.equal(made.length, 0);
  });

  test('says whose the connection is, so that nobody else ends it or answers for it', async () => {
    const { ownerOf } = service.handlers;
    assert.equal(ownerOf('connection.down', {}), undefined);
    await up(ALICE);
    for (const name of ['connection.down', 'need.answer', 'need.refuse']) {
      assert.equal(ownerOf(name, {}), ALICE.uid, name);
    }
    assert.equal(ownerOf('profile.list', {}), undefined);
  });

  test('asks its owner for what the connection needs, and gives the answer to the connection', async () => {
    const [alice, bob] = [watch(ALICE), watch(BOB)];
    await up(ALICE);
    const asked = made[0]?.setup.credentials.get({ what: 'password', rejected: false });
    const need = alice.items.at(-1)?.connection?.need;
    assert.equal(need?.username, 'alice');
    assert.equal(bob.items.at(-1)?.connection?.need, undefined);
    assert.equal(bob.items.at(-1)?.connection?.state, 'asking');
    const answer = service.handlers.calls['need.answer'];
    const root: Caller = { uid: 0, pid: 3, isAdministrator: true };
    assert.equal(code(await answer({ need: need.id }, root, SecretBytes.ofText('mine'))), 'contract.denied');
    assert.equal(code(await answer({ need: need.id }, ALICE, SecretBytes.ofText('pw'))), 'ok');
    assert.equal((await asked)?.length, 2);
    assert.equal(code(await answer({ need: need.id }, ALICE, SecretBytes.ofText('pw'))), 'contract.too-late');
    assert.equal(code(await answer({ need: need.id }, ALICE, undefined)), 'contract.invalid');
  });

  test('numbers needs on from one connection to the next, so that a late answer meets nothing', async () => {
    const { items } = watch(ALICE);
    await up(ALICE);
    void made[0]?.setup.credentials.get({ what: 'password', rejected: false });
    const first = items.at(-1)?.connection?.need?.id;
    await service.handlers.calls['connection.down']({}, ALICE, undefined);
    await up(ALICE);
    void made[1]?.setup.credentials.get({ what: 'password', rejected: false });
    assert.equal(items.at(-1)?.connection?.need?.id, (first ?? 0) + 1);
  });

  test('ends a connection in order, and tells its owner alone how the last one failed', async () => {
    const [alice, bob] = [watch(ALICE), watch(BOB)];
    await up(ALICE);
    made[0]?.tell({
      event: 'failed',
      atMs: 5,
      failure: {
        code: 'auth.wrong-password',
        title: 'Wrong',
        why: 'It is.',
        next: 'Type it again.',
        who: 'user',
        context: { identity: 'alice' },
      },
    });
    await service.handlers.calls['connection.down']({}, ALICE, undefined);
    assert.deepEqual(made[0]?.stopped, ['orderly']);
    assert.equal(alice.items.at(-1)?.lastFailure?.code, 'auth.wrong-password');
    assert.equal(bob.items.at(-1)?.lastFailure, undefined);
    await up(ALICE);
    assert.equal(alice.items.at(-1)?.lastFailure, undefined);
  });

  test('repairs nothing under a connection that runs', async () => {
    const repair = service.handlers.calls['doctor.repair'];
    await up(ALICE);
    assert.equal(code(await repair({}, ALICE, undefined)), 'platform.already-running');
    await service.handlers.calls['connection.down']({}, ALICE, undefined);
    assert.equal(code(await repair({}, ALICE, undefined)), 'ok');
    assert.equal(repaired, 1);
  });

  test('shows a profile of the machine without its key', async () => {
    const { pem, keyPem } = issue(makeCa({ name: 'authority', key: 'p256' }), {
      subject: 'CN=laptop',
      key: 'p256',
    });
    const user = { method: 'certificate', certificate: pem, privateKey: keyPem };
    const profile = { version: 1, name: 'Machine', gateway: { address: 'vpn.example.com' }, user };
    writeFileSync(join(directory, 'system', 'machine.json'), JSON.stringify(profile));
    const read = service.handlers.calls['profile.read'];
    const outcome = await read({ profile: 'system.machine' }, BOB, undefined);
    assert.ok(outcome.ok);
    assert.deepEqual(outcome.value['user'], { ...user, privateKey: '' });
  });

  const calls = (): typeof service.handlers.calls => service.handlers.calls;

  test('closes the machine for good when it is told to, and tells that it did', async () => {
    const { items } = watch(ALICE);
    assert.equal(
      code(await calls()['settings.write']({ killSwitch: 'always', lan: false }, ALICE, undefined)),
      'ok',
    );
    assert.deepEqual([walls.at(-1)?.stance, walls.at(-1)?.lan], ['closed', false]);
    assert.deepEqual(items.at(-1)?.protection, { killSwitch: 'always', blocked: true });
    await calls()['settings.write']({ killSwitch: 'session', lan: true }, ALICE, undefined);
    assert.equal(walls.at(-1), undefined);
    assert.equal(items.at(-1)?.protection.blocked, false);
  });

  test('opens a hole for who asks for it, and closes it when its time is over', async () => {
    const { items } = watch(ALICE);
    await calls()['settings.write']({ killSwitch: 'always', lan: true }, ALICE, undefined);
    assert.ok((await calls()['portal.open']({ seconds: 60 }, BOB, undefined)).ok);
    assert.deepEqual(walls.at(-1)?.hole, { uid: BOB.uid });
    assert.equal(items.at(-1)?.protection.holeUntil, NOW + 60_000);
    timers.at(-1)?.();
    assert.equal(walls.at(-1)?.hole, undefined);
    assert.equal(walls.at(-1)?.stance, 'closed');
  });

  test('gives the connection its policy, and a new one while it is up, and takes none that it cannot enforce', async () => {
    const write = (rule: PolicyInput): Promise<string> =>
      Promise.resolve(
        calls()['policy.write'](
          { profile: 'system.office', policy: policySchema.parse(rule) },
          ALICE,
          undefined,
        ),
      ).then(code);
    assert.equal(await write({ version: 1, rules: [{ action: 'block', to: ['192.0.2.0/24'] }] }), 'ok');
    await up(ALICE);
    assert.equal(made[0]?.setup.policy.rules.length, 1);
    assert.equal(await write({ version: 1, otherwise: 'block' }), 'ok');
    assert.equal(made[0].changes.at(-1)?.policy?.otherwise, 'block');
    const refused = await write({ version: 1, rules: [{ action: 'bypass', app: 'firefox' }] });
    assert.equal(refused, 'config.policy-unusable');
    assert.equal(made[0].changes.length, 1);
    assert.equal(await write({ version: 1, rules: [{ action: 'bypass', to: ['www.example.com'] }] }), 'ok');
  });

  test('explains what happens to an address, and by which way', async () => {
    const policy = policySchema.parse({
      version: 1,
      rules: [{ action: 'bypass', to: ['192.0.2.0/24'], protocol: 'tcp', ports: ['443'] }],
    });
    await calls()['policy.write']({ profile: 'system.office', policy }, ALICE, undefined);
    const ask = async (protocol?: number, port?: number): Promise<unknown> => {
      const params = { profile: 'system.office', destination: '192.0.2.7', protocol, port };
      const told = await calls()['policy.explain'](params, ALICE, undefined);
      assert.ok(told.ok);
      return [
        told.value.decisions.map(({ effective, rule }) => [effective, rule]),
        told.value.interface,
        told.value.granted,
      ];
    };
    assert.deepEqual(await ask(6, 443), [[['bypass', 1]], '192.0.2.7 true', null]);
    assert.deepEqual(await ask(6, 80), [[['protect', undefined]], null, null]);
    assert.deepEqual(await ask(), [
      [
        ['bypass', 1],
        ['protect', undefined],
      ],
      '192.0.2.7 true',
      null,
    ]);
  });

  test('at its end ends the connection and tells watchers, and starts no other', async () => {
    const { ended } = watch(ALICE);
    await up(ALICE);
    await service.end();
    assert.deepEqual(made[0]?.stopped, ['orderly']);
    assert.deepEqual(ended, ['contract.disconnected']);
    assert.equal(await up(ALICE), 'contract.disconnected');
  });
});
