import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { failure, type FailureCode } from '../../../../core/lib/failure.ts';
import type { Effect } from '../../../../core/vpn/machine/state.ts';
import { ONE, Played, SIX } from '../../../support/played-machine.ts';

const IDLE_MS = 60_000;
const kinds = (effects: readonly Effect[]): Effect['kind'][] => effects.map(({ kind }) => kind);
const onDemand = (settings: Partial<Played['settings']> = {}): Played =>
  new Played({ onDemand: { idleMs: IDLE_MS }, ...settings });

/** A connection that a packet made; returns its session. */
function acquired(played: Played): number {
  played.on({ kind: 'acquire' });
  const { id } = played.opened();
  played.goesUp(id);
  return id;
}

/** An attempt that comes to this. */
function attempt(played: Played, code: FailureCode): readonly Effect[] {
  played.on({ kind: 'acquire' });
  const { id } = played.opened();
  played.initiated(id);
  return played.closed(id, code);
}

/** When packets are listened to again. */
const watchedFrom = (played: Played): number | undefined => played.all('watch').at(-1)?.from;

describe('a connection on demand', () => {
  test('makes its tunnel first and has no session then', () => {
    const played = onDemand();
    assert.deepEqual(played.on({ kind: 'start', settings: played.settings, online: true }), [
      { kind: 'arm' },
    ]);
    assert.equal(played.name, 'preparing');
    assert.deepEqual(kinds(played.on({ kind: 'armed', known: { 0: [ONE] } })), ['rest', 'watch']);
    assert.equal(played.name, 'on-demand');
    assert.deepEqual(played.pass(3_600_000), [], 'it costs nothing while nobody wants it');
  });

  test('that cannot make its tunnel ends', () => {
    const played = onDemand();
    played.on({ kind: 'start', settings: played.settings, online: true });
    assert.deepEqual(
      kinds(played.on({ kind: 'arm-failed', failure: failure('network.name-lookup-failed') })),
      ['clear'],
    );
    assert.equal(played.failureCode, 'network.name-lookup-failed');
  });

  test('goes to the addresses that are known when a packet comes, and asks for the name beside it', () => {
    const played = onDemand().armed(ONE, SIX);
    assert.deepEqual(kinds(played.on({ kind: 'acquire' })), ['look-up', 'open']);
    assert.equal(played.name, 'connecting');
    assert.deepEqual(played.on({ kind: 'acquire' }), [], 'more packets begin nothing more');
    played.goesUp(played.opened().id);
  });

  test('stays while somebody uses it, and says goodbye when nobody did for the time that is set', () => {
    const played = onDemand().armed(ONE);
    const id = acquired(played);
    for (let i = 0; i < 5; i++) {
      played.pass(IDLE_MS - 1_000);
      played.on({ kind: 'used' });
    }
    assert.deepEqual(played.pass(IDLE_MS - 1), []);
    assert.deepEqual(kinds(played.pass(1)), ['rest', 'say-goodbye']);
    assert.equal(played.name, 'disconnecting');
    assert.deepEqual(kinds(played.closed(id)), ['drop', 'rest', 'watch']);
    assert.deepEqual([played.name, played.open], ['on-demand', []]);
    acquired(played);
  });

  test('waits for no gateway that does not answer the goodbye', () => {
    const played = onDemand().armed(ONE);
    acquired(played);
    played.pass(IDLE_MS + 2 * played.settings.goodbyeMs);
    assert.deepEqual([played.name, played.open], ['on-demand', []]);
  });

  test('whose gateway went away while nobody used it is not made again for nobody', () => {
    const played = onDemand().armed(ONE);
    played.closed(acquired(played), 'timeout.liveness');
    assert.equal(played.name, 'reconnecting');
    played.pass(IDLE_MS + 2 * played.settings.goodbyeMs);
    assert.equal(played.name, 'on-demand');
  });

  test('that cannot be made waits longer and longer, however many packets come', () => {
    const played = onDemand().armed(ONE);
    const pauses: number[] = [];
    for (let i = 0; i < 8; i++) {
      attempt(played, 'peer.no-address');
      assert.equal(played.name, 'on-demand');
      const from = watchedFrom(played) ?? 0;
      pauses.push(from - played.now);
      const before = played.all('open').length;
      played.pass(from - played.now - 1);
      assert.deepEqual(kinds(played.on({ kind: 'acquire' })), ['watch'], 'too early');
      assert.equal(played.all('open').length, before);
      played.pass(1);
    }
    assert.deepEqual(pauses, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    acquired(played);
    assert.ok('life' in played.state && played.state.life.trouble === undefined, 'all is well again');
  });

  for (const code of ['auth.rejected', 'auth.gateway-untrusted', 'protocol.malformed'] as const) {
    test(`for which somebody has to do something (${code}) keeps its tunnel, and a minute of peace`, () => {
      const played = onDemand().armed(ONE);
      attempt(played, code);
      assert.equal(played.name, 'on-demand');
      assert.equal(watchedFrom(played), played.now + 60_000);
    });
  }

  test('for which nobody gives a password is ready again, and says why', () => {
    const played = onDemand().armed(ONE);
    played.on({ kind: 'acquire' });
    const { id } = played.opened();
    played.initiated(id);
    played.says(id, { kind: 'need', what: 'password' });
    played.on({ kind: 'refused', id, failure: failure('config.credential-missing', { what: 'password' }) });
    played.closed(id);
    assert.ok(played.state.name === 'on-demand');
    assert.equal(played.state.life.trouble?.cause.code, 'config.credential-missing');
  });

  test('asks again for a password that is wrong, but not for ever', () => {
    const played = onDemand().armed(ONE);
    for (let i = 0; i < 4; i++) {
      if (i === 0) played.on({ kind: 'acquire' });
      const { id } = played.opened();
      played.initiated(id);
      played.says(id, { kind: 'need', what: 'password' });
      assert.equal(played.all('give-password').at(-1)?.rejected, i > 0);
      played.closed(id, 'auth.wrong-password');
    }
    assert.equal(played.name, 'on-demand');
  });

  test('does not try without a network, and tries at once over another one', () => {
    const played = onDemand().armed(ONE);
    played.network(false);
    assert.deepEqual(kinds(played.on({ kind: 'acquire' })), ['rest', 'watch']);
    assert.ok(played.state.name === 'on-demand');
    assert.equal(played.state.life.trouble?.cause.code, 'network.no-route');
    assert.deepEqual(played.network(true), [{ kind: 'watch', from: played.now }]);
    assert.deepEqual(kinds(played.on({ kind: 'acquire' })).slice(-1), ['open']);
  });

  test('takes addresses that come late', () => {
    const played = onDemand().armed(ONE);
    attempt(played, 'timeout.init');
    const id = played.all('look-up').at(-1)?.id ?? 0;
    played.on({ kind: 'found', id, addresses: [SIX] });
    played.pass(60_000);
    played.on({ kind: 'acquire' });
    assert.deepEqual(played.opened().target.address, SIX);
  });

  test('looks up a gateway whose address nobody found yet when a packet comes', () => {
    const played = onDemand();
    played.on({ kind: 'start', settings: played.settings, online: true });
    played.on({ kind: 'armed', known: {} });
    assert.deepEqual(played.on({ kind: 'acquire' }), [{ kind: 'prepare' }]);
    assert.deepEqual(
      kinds(played.on({ kind: 'prepare-failed', failure: failure('network.name-lookup-failed') })),
      ['rest', 'watch'],
    );
    played.pass(1_000);
    played.on({ kind: 'acquire' });
    assert.deepEqual(kinds(played.on({ kind: 'prepared', addresses: [ONE] })).slice(-1), ['open']);
  });

  test('ends by a stop, wherever it is', () => {
    const at: Readonly<Record<string, (played: Played) => unknown>> = {
      'on-demand': () => undefined,
      connecting: (played) => played.on({ kind: 'acquire' }),
      connected: (played) => acquired(played),
      disconnecting: (played) => {
        acquired(played);
        played.pass(IDLE_MS);
      },
    };
    for (const [name, bring] of Object.entries(at)) {
      const played = onDemand().armed(ONE);
      bring(played);
      assert.equal(played.name, name);
      played.on({ kind: 'stop' });
      played.pass(2 * played.settings.goodbyeMs);
      assert.deepEqual(played.state, { name: 'ended', outcome: { kind: 'stopped' } });
    }
  });

  test('ends when this machine does not hold the tunnel any more', () => {
    for (const idle of [false, true]) {
      const played = onDemand().armed(ONE);
      if (idle) acquired(played);
      if (idle) played.pass(IDLE_MS);
      played.on({ kind: 'broken', failure: failure('platform.tun-failed') });
      assert.equal(played.failureCode, 'platform.tun-failed');
    }
  });
});
