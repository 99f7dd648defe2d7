import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { proves } from '../../conformance/tag.ts';
import type { SentDatagram } from '../../support/fake-ports.ts';
import { BEHIND_NAT, NO_NAT } from '../../support/scripted-session.ts';
import { CABLE, type ScriptedDriver, ScriptedWire } from '../../support/scripted-wire.ts';

class Quiet {
  readonly wire = new ScriptedWire();
  readonly one: ScriptedDriver = this.wire.open();
  /** Whether the gateway still sees us where it did, when the session asks. */
  kept = true;
  asked = 0;

  constructor(nat = BEHIND_NAT) {
    const { session } = this.one;
    session.onCommand = ({ kind }) => {
      if (kind !== 'check-liveness') return;
      this.asked += 1;
      session.send(this.one.driver.path).say({ kind: 'mapping', kept: this.kept });
    };
    session.say({
      kind: 'initiated',
      suite: 'any',
      nat,
      initiatorSpi: new Uint8Array(8),
      responderSpi: new Uint8Array(8),
    });
    this.one.established();
  }

  get keepalives(): SentDatagram[] {
    return this.wire.laptop.sent.filter(({ payload }) => payload.length === 1);
  }

  /** Milliseconds between keepalives or checks, whatever went out. */
  get silences(): number[] {
    const times = this.wire.laptop.sent.map(({ at }) => at);
    return times.slice(1).map((at, i) => at - (times[i] ?? 0));
  }
}

describe('a session behind a NAT', () => {
  test('is kept open every twenty seconds when nobody tells of the mapping', () => {
    const quiet = new Quiet();
    quiet.wire.advance(600_000);
    assert.equal(quiet.keepalives.length, 30);
    assert.equal(quiet.asked, 0);
  });

  test('is kept open more and more seldom when the mapping lasts', () => {
    const quiet = new Quiet();
    quiet.one.session.say({ kind: 'mapping', kept: true });
    quiet.one.hear();
    quiet.wire.advance(3_600_000);
    assert.deepEqual(new Set(quiet.silences), new Set([20_000, 30_000, 45_000, 67_500, 101_250, 120_000]));
    assert.equal(quiet.asked, 6);
  });

  test('goes back to what was safe when the mapping was lost', () => {
    const quiet = new Quiet();
    quiet.one.session.say({ kind: 'mapping', kept: true });
    quiet.one.hear();
    quiet.wire.advance(200_000);
    assert.equal(quiet.asked, 2);
    quiet.kept = false;
    quiet.wire.advance(3_600_000);
    assert.equal(quiet.asked, 3);
    assert.deepEqual(new Set(quiet.silences.slice(-50)), new Set([30_000]));
  });

  test('sends a keepalive when the session has nothing to ask with', () => {
    const quiet = new Quiet();
    quiet.one.session.say({ kind: 'mapping', kept: true });
    quiet.one.hear();
    quiet.one.session.onCommand = undefined;
    quiet.wire.advance(600_000);
    assert.equal(quiet.keepalives.length, 30);
  });

  test('begins anew on another path', () => {
    const quiet = new Quiet();
    quiet.one.session.say({ kind: 'mapping', kept: true });
    quiet.one.hear();
    quiet.wire.advance(3_600_000);
    quiet.wire.network.change('eth0', CABLE);
    quiet.one.take(quiet.one.path(0), true, BEHIND_NAT);
    const before = quiet.keepalives.length;
    quiet.wire.advance(60_000);
    const fresh = quiet.keepalives.slice(before);
    assert.equal(fresh.length, 3);
    assert.ok(fresh.every(({ socket }) => socket.device === 'eth0'));
    quiet.one.take(quiet.one.path(0), true, NO_NAT);
    quiet.wire.advance(600_000);
    assert.equal(quiet.keepalives.length, before + 3, 'where no NAT is none goes');
  });

  test('sends none while ESP goes out', proves('RFC3948-4-x2', 'refuses'), () => {
    const quiet = new Quiet();
    for (let i = 0; i < 100; i++) {
      quiet.wire.advance(15_000);
      quiet.one.driver.noteSent(quiet.wire.laptop.clock.now());
    }
    assert.equal(quiet.keepalives.length, 0);
  });
});

test('ESP that goes out can make the session want to be called back earlier', () => {
  const { wire, one } = new Quiet(NO_NAT);
  one.session.timeoutAt = wire.laptop.clock.now() + 30_000;
  one.hear();
  const set = wire.laptop.clock.set;
  for (let i = 0; i < 10; i++) one.driver.noteSent(wire.laptop.clock.now());
  assert.equal(wire.laptop.clock.set, set, 'no timer is set again for nothing');
  one.session.timeoutAt = wire.laptop.clock.now() + 2_000;
  one.session.isHasty = true;
  one.driver.noteSent(wire.laptop.clock.now());
  wire.advance(2_000);
  assert.equal(one.session.timeoutAt, undefined);
});
