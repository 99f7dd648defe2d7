import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { failure } from '../../../../core/lib/failure.ts';
import type { Effect } from '../../../../core/vpn/machine/state.ts';
import { ONE, Played, TWO } from '../../../support/played-machine.ts';

const kinds = (effects: readonly Effect[]): Effect['kind'][] => effects.map(({ kind }) => kind);
const WRONG = failure('config.credential-missing');

describe('a session that is in doubt', () => {
  test('is roaming from the moment on in which the gateway is silent, until it answers', () => {
    const played = new Played();
    const id = played.connected();
    played.says(id, { kind: 'unanswered', since: 0 });
    assert.equal(played.state.name, 'roaming');
    played.says(id, { kind: 'answered' });
    assert.equal(played.state.name, 'connected');
  });

  test('is roaming while its path is not confirmed, and tells what it is when it is', () => {
    const played = new Played();
    const id = played.connected();
    assert.deepEqual(played.path(id, false), []);
    assert.equal(played.state.name, 'roaming');
    assert.deepEqual(kinds(played.path(id, true)), ['announce']);
    assert.equal(played.state.name, 'connected');
  });

  test('is roaming while it moves, and an old answer does not make it connected', () => {
    const played = new Played();
    const id = played.connected();
    played.way(id, 'moving');
    played.says(id, { kind: 'answered' });
    assert.equal(played.state.name, 'roaming');
    played.path(id, true);
    assert.equal(played.state.name, 'connected');
  });

  test('gets company of a new one, because the gateway may have forgotten it', () => {
    const played = new Played();
    const id = played.connected();
    const effects = played.says(id, { kind: 'unanswered', since: 0 });
    assert.deepEqual(kinds(effects), ['look-up', 'open']);
    assert.deepEqual([played.opened().resume, played.opened().urgent], [true, true]);
    const other = played.opened().id;
    played.initiated(other);
    played.established(other);
    assert.deepEqual(kinds(played.on({ kind: 'configured', id: other })), ['say-goodbye', 'announce']);
    assert.equal(played.state.name, 'connected');
    played.closed(id);
    played.pass(2_000);
    assert.deepEqual(played.open, [other]);
  });

  test('has it alone again when it answers before the new one was heard', () => {
    const played = new Played();
    const id = played.connected();
    played.says(id, { kind: 'unanswered', since: 0 });
    const other = played.opened().id;
    assert.deepEqual(played.says(id, { kind: 'answered' }), [{ kind: 'drop', id: other }]);
    assert.deepEqual(played.open, [id]);
    assert.deepEqual(played.pass(100_000), []);
  });

  test('a move gets time before that', () => {
    const played = new Played();
    const id = played.connected();
    played.way(id, 'moving');
    assert.deepEqual(played.pass(7_999), []);
    assert.deepEqual(kinds(played.pass(1)), ['look-up', 'open']);
  });

  test('what the company comes to does not end a session that may still be good', () => {
    const played = new Played();
    const id = played.connected();
    played.says(id, { kind: 'unanswered', since: 0 });
    const { id: other } = played.opened();
    played.initiated(other);
    played.closed(other, 'auth.wrong-password');
    assert.equal(played.state.name, 'roaming');
    assert.deepEqual(played.pass(50_000), [], 'nobody locks the account meanwhile');
    played.says(id, { kind: 'answered' });
    assert.equal(played.state.name, 'connected');
  });
});

describe('a connection that was lost', () => {
  for (const code of ['peer.restarted', 'peer.deleted', 'peer.lost-state'] as const) {
    test(`is made again at once when the gateway is there: ${code}`, () => {
      const played = new Played();
      const id = played.connected();
      const effects = played.closed(id, code);
      assert.deepEqual(kinds(effects), ['drop', 'look-up', 'open']);
      assert.equal(played.cause, code);
    });
  }

  test('is made again after a pause when nobody knows why it is silent', () => {
    const played = new Played();
    const id = played.connected();
    assert.deepEqual(kinds(played.closed(id, 'timeout.liveness')), ['drop']);
    assert.ok(played.state.name === 'reconnecting');
    assert.deepEqual([played.state.outage.retryAt, played.state.outage.tries], [1_000, 0]);
    assert.deepEqual(kinds(played.pass(1_000)), ['look-up', 'open']);
    assert.equal(played.state.outage.cause.code, 'timeout.liveness');
  });

  test('is tried again twice as late each time by a gateway that refuses, up to a minute', () => {
    const played = new Played();
    played.closed(played.connected(), 'peer.deleted');
    const pauses: number[] = [];
    for (let i = 0; i < 9; i++) {
      const { id } = played.opened();
      played.initiated(id);
      played.closed(id, 'peer.notify');
      const from = played.now;
      assert.ok(played.state.name === 'reconnecting');
      pauses.push((played.state.outage.retryAt ?? 0) - from);
      played.pass(pauses.at(-1) ?? 0);
    }
    assert.deepEqual(
      pauses,
      [1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1000),
    );
  });

  test('is tried again soon by one that is silent, and the time of the attempt counts', () => {
    const played = new Played();
    played.closed(played.connected(), 'timeout.liveness');
    for (let i = 0; i < 9; i++) {
      played.pass(5_000);
      played.now += 60_000;
      played.closed(played.opened().id, 'timeout.init');
      assert.ok(played.state.name === 'reconnecting' && played.state.outage.retryAt !== undefined);
      assert.ok(played.state.outage.retryAt - played.now <= 1_000);
    }
    assert.equal(played.cause, 'timeout.liveness');
  });

  test('keeps its first reason unless the gateway gives a better one', () => {
    const played = new Played();
    played.closed(played.connected(), 'peer.restarted');
    played.closed(played.opened().id, 'network.no-route');
    assert.equal(played.cause, 'peer.restarted');
    played.pass(1_000);
    played.closed(played.opened().id, 'peer.no-address');
    assert.equal(played.cause, 'peer.no-address');
  });

  test('tries again where a gateway refuses what it took before: it may not be itself yet', () => {
    const played = new Played();
    played.closed(played.connected(), 'peer.restarted');
    played.closed(played.opened().id, 'peer.no-proposal-chosen');
    assert.equal(played.cause, 'peer.no-proposal-chosen');
    played.pass(1_000);
    const { id } = played.opened();
    played.initiated(id);
    assert.equal(played.state.name, 'reconnecting');
  });

  for (const code of ['auth.rejected', 'protocol.malformed', 'auth.gateway-untrusted'] as const) {
    test(`ends when somebody has to do something: ${code}`, () => {
      const played = new Played();
      played.closed(played.connected(), 'peer.deleted');
      const { id } = played.opened();
      played.initiated(id);
      played.closed(id, code);
      assert.equal(played.failureCode, code);
      assert.equal(
        played.state.name === 'ended' &&
          played.state.outcome.kind === 'failed' &&
          played.state.outcome.wasConnected,
        true,
      );
    });
  }

  test('stays lost when the profile says so', () => {
    const played = new Played({ reconnect: false });
    played.closed(played.connected(), 'timeout.liveness');
    assert.equal(played.failureCode, 'timeout.liveness');
  });

  test('is given up after the time that the profile sets, with its reason', () => {
    const played = new Played({ giveUpAfterMs: 120_000 });
    played.closed(played.connected(), 'timeout.liveness');
    played.pass(1_000);
    const { id } = played.opened();
    played.pass(118_999);
    assert.equal(played.state.name, 'reconnecting');
    played.pass(1);
    assert.equal(played.failureCode, 'timeout.liveness');
    assert.deepEqual(played.initiated(id), []);
  });

  test('is not given up for a time in which everybody slept', () => {
    const played = new Played({ giveUpAfterMs: 120_000 });
    played.closed(played.connected(), 'timeout.liveness');
    played.pass(20_000);
    played.now += 3_600_000;
    played.on({ kind: 'woke', asleepMs: 3_600_000 });
    assert.equal(played.state.name, 'reconnecting');
    played.pass(99_999);
    assert.equal(played.state.name, 'reconnecting');
    played.pass(1);
    assert.equal(played.failureCode, 'timeout.liveness');
  });

  test('does not begin at once again and again when the gateway takes it and ends it', () => {
    const played = new Played();
    let id = played.connected();
    const waits: number[] = [];
    for (let i = 0; i < 5; i++) {
      played.closed(id, 'peer.deleted');
      const wait = played.state.name === 'reconnecting' ? (played.state.outage.retryAt ?? played.now) : 0;
      waits.push(wait - played.now);
      played.pass(wait - played.now);
      ({ id } = played.opened());
      played.goesUp(id);
    }
    assert.deepEqual(waits, [0, 1_000, 2_000, 4_000, 8_000]);
  });

  test('counts from the start again after it stood for a while', () => {
    const played = new Played();
    played.closed(played.connected(), 'peer.deleted');
    played.goesUp(played.opened().id);
    const second = played.opened().id;
    played.pass(30_000);
    assert.deepEqual(kinds(played.closed(second, 'peer.deleted')), ['drop', 'open']);
  });

  test('goes first to the gateway that it was at, and to its addresses as they are known', () => {
    const played = new Played({ gateways: ['a.example', 'b.example'] }).start(ONE);
    played.closed(played.opened().id, 'timeout.init');
    played.on({ kind: 'found', id: played.all('look-up').at(-1)!.id, addresses: [TWO] });
    played.goesUp(played.opened().id);
    const effects = played.closed(played.opened().id, 'peer.deleted');
    const [, lookUp, open] = effects;
    assert.ok(lookUp?.kind === 'look-up' && open?.kind === 'open');
    assert.equal(lookUp.host, 'b.example');
    assert.deepEqual([open.target.gateway, open.target.address], [1, TWO]);
    assert.deepEqual(kinds(played.pass(3_000)), ['look-up'], 'and then to the others');
  });

  test('asks for the name anew, and where it stands for another address, goes there too', () => {
    const played = new Played();
    played.closed(played.connected(), 'timeout.liveness');
    played.pass(1_000);
    const lookUp = played.all('look-up').at(-1)!;
    played.pass(250);
    const effects = played.on({ kind: 'found', id: lookUp.id, addresses: [ONE, TWO] });
    assert.deepEqual(kinds(effects), ['open']);
    assert.deepEqual(played.opened().target.address, TWO);
  });

  test('asks once more for a password that is wrong by now, but not for ever', () => {
    const played = new Played();
    played.closed(played.connected(), 'peer.deleted');
    for (let i = 0; i < 4; i++) {
      const { id } = played.opened();
      played.initiated(id);
      const [ask] = played.says(id, { kind: 'need', what: 'password' });
      assert.deepEqual(ask, { kind: 'give-password', id, rejected: i > 0 });
      played.closed(id, 'auth.wrong-password');
    }
    assert.equal(played.failureCode, 'auth.wrong-password');
  });

  test('asks for another one-time code in place of a wrong one, which it cannot be given twice', () => {
    const played = new Played();
    played.closed(played.connected(), 'peer.deleted');
    for (let i = 0; i < 4; i++) {
      const { id } = played.opened();
      played.initiated(id);
      const [ask] = played.says(id, { kind: 'need', what: 'one-time code', message: '' });
      assert.deepEqual(ask, { kind: 'give-password', id, rejected: i > 0, code: { message: '' } });
      played.closed(id, 'auth.wrong-code');
    }
    assert.equal(played.failureCode, 'auth.wrong-code');
  });

  test('ends with the wrong password, not with its lack, when nobody gives another', () => {
    const played = new Played();
    played.closed(played.connected(), 'peer.deleted');
    const first = played.opened().id;
    played.initiated(first);
    played.closed(first, 'auth.wrong-password');
    const { id } = played.opened();
    played.initiated(id);
    played.on({ kind: 'refused', id, failure: WRONG });
    played.closed(id);
    assert.equal(played.failureCode, 'auth.wrong-password');
  });

  test('a stop while nothing is under way ends it at once', () => {
    const played = new Played();
    played.closed(played.connected(), 'timeout.liveness');
    assert.deepEqual(played.on({ kind: 'stop' }), [{ kind: 'clear' }]);
  });

  test('a tunnel that cannot go over to the new session ends it', () => {
    const played = new Played();
    played.closed(played.connected(), 'peer.deleted');
    const { id } = played.opened();
    played.initiated(id);
    played.established(id);
    played.on({ kind: 'configure-failed', id, failure: failure('platform.route-failed') });
    played.closed(id);
    assert.equal(played.failureCode, 'platform.route-failed');
  });
});

describe('networks', () => {
  test('that are all gone are waited for, and nothing is sent', () => {
    const played = new Played();
    const id = played.connected();
    assert.deepEqual(played.network(false), []);
    assert.equal(played.state.name, 'waiting-for-network');
    assert.deepEqual(played.pass(3_600_000), []);
    assert.deepEqual(played.network(true), [{ kind: 'check', id, afterSleep: false }]);
    assert.equal(played.state.name, 'connected');
  });

  test('that come back with another address move the session that can move', () => {
    const played = new Played();
    const id = played.connected();
    played.way(id, 'none');
    assert.equal(played.state.name, 'roaming');
    played.network(false);
    assert.equal(played.name, 'waiting-for-network');
    played.network(true);
    assert.equal(played.name, 'roaming');
    played.way(id, 'moving');
    played.path(id, true);
    assert.equal(played.name, 'connected');
  });

  test('that change under a session that cannot move get a new one, once the old one has said goodbye', () => {
    const played = new Played();
    const id = played.connected(false);
    const effects = played.way(id, 'lost');
    assert.deepEqual(kinds(effects), ['say-goodbye', 'look-up', 'open']);
    assert.deepEqual(effects[0], { kind: 'say-goodbye', id, unlessTicket: true });
    assert.equal(played.cause, 'network.path-lost');
    const other = played.opened().id;
    played.initiated(other);
    played.established(other, false);
    assert.deepEqual(played.open, [id, other]);
    assert.deepEqual(kinds(played.on({ kind: 'configured', id: other })), ['announce']);
    assert.equal(played.state.name, 'connected');
    assert.deepEqual(kinds(played.pass(6_000)), ['drop'], 'its goodbye may never be answered');
    assert.deepEqual(played.open, [other]);
  });

  test('that come back end the pause between attempts', () => {
    const played = new Played();
    played.closed(played.connected(), 'timeout.liveness');
    played.network(false);
    assert.deepEqual(played.pass(60_000), []);
    assert.deepEqual(kinds(played.network(true)), ['look-up', 'open']);
    assert.equal(played.cause, 'timeout.liveness');
  });

  test('that change while the first answer is waited for are tried at once', () => {
    const played = new Played();
    played.closed(played.connected(), 'peer.deleted');
    const before = played.opened().id;
    assert.deepEqual(kinds(played.network(true)), ['drop', 'look-up', 'open']);
    assert.notEqual(played.opened().id, before);
  });

  test('that are gone while an attempt is under way end it', () => {
    const played = new Played();
    played.closed(played.connected(), 'peer.deleted');
    const { id } = played.opened();
    assert.deepEqual(played.network(false), [{ kind: 'drop', id }]);
    assert.equal(played.cause, 'peer.deleted');
  });

  test('that are gone make a stop the end at once', () => {
    const played = new Played();
    played.connected();
    played.network(false);
    assert.deepEqual(played.on({ kind: 'stop' }), [{ kind: 'clear' }]);
  });
});

describe('a sleep', () => {
  test('is followed by a question to the gateway', () => {
    const played = new Played();
    const id = played.connected();
    assert.deepEqual(played.on({ kind: 'woke', asleepMs: 60_000 }), [
      { kind: 'check', id, afterSleep: true },
    ]);
  });

  test('longer than the gateway can have kept the session is followed by a new one', () => {
    const played = new Played();
    const id = played.connected();
    assert.deepEqual(kinds(played.on({ kind: 'woke', asleepMs: 14_400_000 })), ['look-up', 'open']);
    assert.equal(played.cause, 'timeout.slept');
    const { id: other } = played.opened();
    played.goesUp(other);
    assert.deepEqual(played.all('say-goodbye').at(-1), { kind: 'say-goodbye', id });
  });

  test('longer than the login holds is, too', () => {
    const played = new Played();
    const id = played.connected();
    played.says(id, { kind: 'auth-lifetime', seconds: 3_600 });
    played.now += 3_600_000;
    assert.deepEqual(kinds(played.on({ kind: 'woke', asleepMs: 3_600_000 })), ['look-up', 'open']);
  });

  test('ends the pause between attempts', () => {
    const played = new Played();
    played.closed(played.connected(), 'timeout.liveness');
    assert.deepEqual(kinds(played.on({ kind: 'woke', asleepMs: 60_000 })), ['look-up', 'open']);
  });
});
