import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { failure } from '../../../core/lib/failure.ts';
import { addressOf, type IpAddress } from '../../../core/net/address.ts';
import { SecretBytes } from '../../../core/lib/secret.ts';
import type { IkeEvent } from '../../../core/ike/events.ts';
import {
  INITIAL,
  type Effect,
  type Established,
  type VpnEvent,
  type VpnState,
} from '../../../core/vpn/machine/state.ts';
import { step } from '../../../core/vpn/machine/step.ts';
import { proves } from '../../conformance/tag.ts';

const ONE: IpAddress = addressOf(Uint8Array.of(192, 0, 2, 1));
const TWO: IpAddress = addressOf(Uint8Array.of(192, 0, 2, 2));
const secret = (): SecretBytes => new SecretBytes(new Uint8Array(4));
const ESTABLISHED: Established = {
  kind: 'established',
  child: {
    spiIn: 1000,
    spiOut: 2000,
    suite: { encr: 20, keyBits: 256, esn: false, name: 'aes256gcm16' },
    encrIn: secret(),
    encrOut: secret(),
    integIn: secret(),
    integOut: secret(),
    local: [],
    remote: [],
    udpEncap: true,
  },
  config: { addresses: [], dnsServers: [], searchDomains: [], subnets: [] },
  gatewayIdentity: 'vpn.example.com',
  gatewaySignature: 'RSA',
  mobike: false,
};
const INITIATED: IkeEvent = {
  kind: 'initiated',
  suite: '',
  nat: { supported: true, local: false, remote: false },
  initiatorSpi: new Uint8Array(8),
  responderSpi: new Uint8Array(8),
};
const ike = (event: IkeEvent): VpnEvent => ({ kind: 'ike', event });
const closed = (code?: Parameters<typeof failure>[0]): VpnEvent =>
  ike({ kind: 'closed', ...(code ? { failure: failure(code) } : {}) });

/** The state and all effects after a row of events. */
function after(...events: readonly VpnEvent[]): {
  state: VpnState;
  effects: Effect['kind'][];
  last: readonly Effect[];
} {
  let state: VpnState = INITIAL;
  const effects: Effect['kind'][] = [];
  let last: readonly Effect[] = [];
  for (const event of events) {
    const next = step(state, event);
    state = next.state;
    last = next.effects;
    effects.push(...next.effects.map(({ kind }) => kind));
  }
  return { state, effects, last };
}

const START: VpnEvent = { kind: 'start' };
const PREPARED: VpnEvent = { kind: 'prepared', addresses: [ONE, TWO] };
const UP: readonly VpnEvent[] = [START, PREPARED, ike(INITIATED), ike(ESTABLISHED), { kind: 'configured' }];

describe('the life of a connection', () => {
  test('goes from start to connected by preparing, opening and configuring', () => {
    const { state, effects } = after(...UP);
    assert.equal(state.name, 'connected');
    assert.deepEqual(effects, ['prepare', 'open', 'configure']);
  });

  test('a stop while connected tells the gateway first and clears afterwards', () => {
    const stopping = after(...UP, { kind: 'stop' });
    assert.equal(stopping.state.name, 'disconnecting');
    assert.deepEqual(stopping.last, [{ kind: 'say-goodbye' }]);
    const { state, last } = after(...UP, { kind: 'stop' }, closed());
    assert.deepEqual(state, { name: 'ended', outcome: { kind: 'stopped' } });
    assert.deepEqual(last, [{ kind: 'clear' }]);
  });

  test('a second stop waits with the first, abandoning does not', () => {
    assert.deepEqual(after(...UP, { kind: 'stop' }, { kind: 'stop' }).last, []);
    const { state, last } = after(...UP, { kind: 'stop' }, { kind: 'abandon' });
    assert.equal(state.name, 'ended');
    assert.deepEqual(last, [{ kind: 'clear' }]);
  });

  test('an address that does not answer gives way to the next one', () => {
    const { state, last } = after(START, PREPARED, closed('timeout.init'));
    assert.deepEqual(state, { name: 'connecting', phase: 'init', address: TWO, others: [] });
    assert.deepEqual(last, [{ kind: 'open', address: TWO }]);
  });

  test('so does one without a route', () => {
    const { last } = after(START, PREPARED, { kind: 'open-failed', failure: failure('network.no-route') });
    assert.deepEqual(last, [{ kind: 'open', address: TWO }]);
  });

  test('a gateway that answered and refused is not asked again at another address', () => {
    const { state } = after(START, PREPARED, closed('peer.no-proposal-chosen'));
    assert.equal(
      state.name === 'ended' && state.outcome.kind === 'failed' && state.outcome.failure.code,
      'peer.no-proposal-chosen',
    );
    const late = after(START, PREPARED, ike(INITIATED), closed('timeout.auth'));
    assert.equal(late.state.name, 'ended');
  });

  test('the last address that is silent ends the attempt with its reason', () => {
    const { state } = after(START, PREPARED, closed('timeout.init'), closed('timeout.init'));
    assert.equal(
      state.name === 'ended' && state.outcome.kind === 'failed' && state.outcome.failure.code,
      'timeout.init',
    );
  });

  test('a failed configuration is undone, and the gateway is told', () => {
    const events = [
      ...UP.slice(0, 4),
      { kind: 'configure-failed', failure: failure('platform.route-failed') } as const,
    ];
    assert.deepEqual(after(...events).last, [{ kind: 'say-goodbye' }]);
    const { state, last } = after(...events, closed());
    assert.deepEqual(last, [{ kind: 'clear' }]);
    assert.equal(
      state.name === 'ended' && state.outcome.kind === 'failed' && state.outcome.failure.code,
      'platform.route-failed',
    );
  });

  test(
    'a device that breaks ends the connection: the gateway is told, and nothing is sent into it any more',
    proves('RFC7296-2.4-x7', 'does'),
    () => {
      const broken = { kind: 'broken', failure: failure('platform.tun-failed') } as const;
      assert.deepEqual(after(...UP, broken).last, [{ kind: 'say-goodbye' }]);
      const { state, last } = after(...UP, broken, closed());
      assert.deepEqual(last, [{ kind: 'clear' }]);
      assert.equal(
        state.name === 'ended' && state.outcome.kind === 'failed' && state.outcome.failure.code,
        'platform.tun-failed',
      );
    },
  );

  test('a lost connection is told from one that never was', () => {
    const lost = after(...UP, closed('timeout.liveness')).state;
    assert.equal(lost.name === 'ended' && lost.outcome.kind === 'failed' && lost.outcome.wasConnected, true);
    const never = after(START, PREPARED, ike(INITIATED), closed('auth.wrong-password')).state;
    assert.equal(
      never.name === 'ended' && never.outcome.kind === 'failed' && never.outcome.wasConnected,
      false,
    );
  });

  test('what breaks on the way ends the attempt, and the gateway is told if it knows of us', () => {
    const broken: VpnEvent = { kind: 'broken', failure: failure('internal.bug') };
    assert.deepEqual(after(START, broken).last, [{ kind: 'clear' }]);
    for (const events of [[START, PREPARED], UP.slice(0, 4), UP]) {
      assert.deepEqual(after(...events, broken).last, [{ kind: 'say-goodbye' }]);
      const { state } = after(...events, broken, closed());
      assert.ok(state.name === 'ended' && state.outcome.kind === 'failed');
      assert.equal(state.outcome.failure.code, 'internal.bug');
    }
  });

  test('what breaks while we say goodbye ends the goodbye, and not its reason', () => {
    const broken: VpnEvent = { kind: 'broken', failure: failure('platform.socket-failed') };
    const { state, last } = after(...UP, { kind: 'stop' }, broken);
    assert.deepEqual(state, { name: 'ended', outcome: { kind: 'stopped' } });
    assert.deepEqual(last, [{ kind: 'clear' }]);
  });

  test('a password is given when the session asks for it, and only then', () => {
    const need = ike({ kind: 'need', what: 'password' });
    assert.deepEqual(after(START, PREPARED, ike(INITIATED), need).last, [{ kind: 'give-password' }]);
    assert.deepEqual(after(...UP, need).last, []);
  });
});

test(
  'whatever happens in whatever order, there is one end, it clears, and nothing follows it',
  proves('RFC7296-3.15.1-x6', 'does'),
  () => {
    const anyEvent = fc.constantFrom<VpnEvent>(
      START,
      { kind: 'stop' },
      { kind: 'abandon' },
      PREPARED,
      { kind: 'prepare-failed', failure: failure('network.name-unknown') },
      { kind: 'open-failed', failure: failure('network.no-route') },
      { kind: 'refused', failure: failure('config.credential-missing') },
      { kind: 'configured' },
      { kind: 'configure-failed', failure: failure('platform.route-failed') },
      { kind: 'broken', failure: failure('platform.tun-failed') },
      ike(INITIATED),
      ike(ESTABLISHED),
      ike({ kind: 'need', what: 'password' }),
      closed(),
      closed('timeout.init'),
      closed('peer.deleted'),
    );
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), (events) => {
        let state: VpnState = INITIAL;
        let clears = 0;
        let configures = 0;
        for (const event of events) {
          const next = step(state, event);
          if (state.name === 'ended') assert.deepEqual(next, { state, effects: [] });
          clears += next.effects.filter(({ kind }) => kind === 'clear').length;
          configures += next.effects.filter(({ kind }) => kind === 'configure').length;
          if (next.state.name === 'ended' && state.name !== 'ended')
            assert.equal(next.effects.at(-1)?.kind, 'clear');
          state = next.state;
        }
        assert.equal(clears, state.name === 'ended' ? 1 : 0);
        assert.ok(configures <= 1);
        // From wherever it stands, a stop and the session's word end it.
        if (state.name === 'ended') return;
        const stopped = step(step(state, { kind: 'stop' }).state, closed());
        assert.equal(stopped.state.name, 'ended');
      }),
      { numRuns: 2000 },
    );
  },
);
