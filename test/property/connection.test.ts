import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { failure } from '../../core/lib/failure.ts';
import { NO_NETWORK } from '../../core/net/network-state.ts';
import { Rig, type RigOptions } from '../support/connection-rig.ts';
import { type Ending, systemError } from '../support/fake-ports.ts';
import { FakeNetworkMonitor, networkOf } from '../support/fake-network.ts';
import type { Extensions } from '../support/gateway/extensions.ts';
import type { Faults } from '../support/gateway/index.ts';
import { packet } from '../unit/net/packets.ts';

const OUT = packet({ source: '10.9.0.2', destination: '10.1.0.5' });
const IN = packet({ source: '10.1.0.5', destination: '10.9.0.2' });

const WLAN = { addresses: ['192.0.2.7/24', '2001:db8::7/64'], gateways: ['192.0.2.1', '2001:db8::1'] };
const MOBILE = { addresses: ['198.51.100.20/24'], gateways: ['198.51.100.1'], metric: 700, index: 9 };

/** One thing that happens to a connection, or near it. */
type Happening = (rig: Rig) => unknown;

/** Only once there is what it is about. */
const ifThere =
  (work: Happening): Happening =>
  async (rig) => {
    try {
      await work(rig);
    } catch (error) {
      // A fake says so when there is no socket, no device or no SA yet.
      if (!(error instanceof Error) || !/^no /.test(error.message)) throw error;
    }
  };

const HAPPENINGS: Readonly<Record<string, Happening>> = {
  deliver: (rig) => void rig.office.deliver(),
  settle: (rig) => rig.settle(),
  'half a second': (rig) => rig.advance(500),
  'half a minute': (rig) => rig.advance(30_000),
  stop: (rig) => void rig.connection.stop(),
  'stop at once': (rig) => void rig.connection.stop('at-once'),
  'start again': (rig) => rig.connection.start(),
  'packets out': ifThere((rig) => rig.laptop.tun.enter(OUT, OUT)),
  'packets in': ifThere((rig) => rig.office.send(IN)),
  'gateway falls silent': (rig) => rig.office.made.gateway.setSilent(true),
  'gateway speaks again': (rig) => rig.office.made.gateway.setSilent(false),
  'gateway deletes the IKE SA': ifThere((rig) => ask(rig, 'deleteIke')),
  'gateway deletes the Child SA': ifThere((rig) => ask(rig, 'deleteChild')),
  'gateway asks for life': ifThere((rig) => ask(rig, 'checkLiveness')),
  'device cannot be read': ifThere((rig) => {
    rig.laptop.tun.readError = systemError('EBADFD');
    rig.laptop.tun.enter(OUT);
  }),
  'device cannot be written': ifThere((rig) => {
    rig.laptop.tun.writeError = systemError('EIO', 'write');
    rig.office.send(IN);
  }),
  'socket cannot send': ifThere((rig) => {
    rig.laptop.socket(4500).sendError = systemError('ENETUNREACH', 'sendmmsg');
  }),
  'socket cannot receive': ifThere((rig) => {
    const socket = rig.laptop.socket(4500);
    socket.receiveError = systemError('ENOMEM', 'recvmmsg');
    socket.arrive(new Uint8Array(40), { address: rig.office.address, port: 4500 });
  }),
  'gateway is restarted': (rig) => rig.office.restart(),
  'gateway comes back': (rig) => {
    if (rig.office.made.gateway.sas.length > 0) rig.office.made.gateway.restart();
  },
  'network goes': (rig) => rig.laptop.network?.become(NO_NETWORK),
  'network comes': (rig) => rig.laptop.network?.become(networkOf({ wlan0: WLAN })),
  'another network comes': (rig) => rig.laptop.network?.become(networkOf({ wwan0: MOBILE })),
  'both networks': (rig) => rig.laptop.network?.become(networkOf({ wlan0: WLAN, wwan0: MOBILE })),
  'a short sleep': (rig) => rig.laptop.sleep.woke(30_000),
  'a long sleep': (rig) => rig.laptop.sleep.woke(100_000_000),
  'some minutes': (rig) => rig.advance(200_000),
  'network refuses': ifThere((rig) =>
    rig.laptop.socket(500).report('ECONNREFUSED', { address: rig.office.address, port: 500 }),
  ),
};

function ask(rig: Rig, what: 'deleteIke' | 'deleteChild' | 'checkLiveness'): void {
  const { gateway } = rig.office.made;
  const [sa] = gateway.sas;
  if (sa?.state.name !== 'established' || (what === 'deleteChild' && !sa.children[0])) return;
  rig.office.follow(gateway[what](sa.id, rig.laptop.clock.now()));
}

const FAULTS: readonly Faults[] = [
  {},
  { duplicates: 1 },
  { drop: [1] },
  { omitInit: ['N'] },
  { authNotify: 24 },
  { childNotify: 38 },
  { cp: 'omit' },
  { finalAuth: 'missing' },
  { silentAfter: 'auth' },
  { eap: { earlySuccess: 'before-method' } },
];

/** What the gateway does beyond the necessary. */
const SECRET = new Uint8Array(32).fill(7);
const EXTENSIONS: readonly Extensions[] = [
  {},
  { authLifetimeSeconds: 40 },
  { crashSecret: SECRET, tickets: { secret: SECRET, lifetimeSeconds: 3600 } },
];

/** How the host answers: 'late' after the other things happened. */
const ENDINGS = ['well', 'well', 'well', 'refused', 'thrown', 'late'] as const;

function endingOf(how: (typeof ENDINGS)[number], late: Promise<unknown>): Ending {
  switch (how) {
    case 'well':
      return 'well';
    case 'refused':
      return failure('platform.route-failed', { detail: 'busy' });
    case 'thrown':
      return new Error('a bug');
    case 'late':
      return late;
  }
}

function assertClean(rig: Rig): void {
  assert.ok(rig.outcome, 'it has ended');
  assert.deepEqual(rig.laptop.open, []);
  for (const { closings } of [...rig.laptop.sockets, ...rig.laptop.tuns]) assert.equal(closings, 1);
  assert.equal(rig.story.filter((name) => name === 'disconnected').length, 1);
  assert.equal(rig.story.at(-1), 'disconnected');
  const failures = rig.story.filter((name) => name === 'failed').length;
  assert.equal(failures, rig.outcome.kind === 'failed' ? 1 : 0);
  const { calls, routes } = rig.laptop;
  if (routes.plans.length > 0) {
    assert.ok(calls.indexOf('routes cleared') > calls.indexOf('routes applied'));
    assert.ok(calls.indexOf('routes cleared') < calls.indexOf('tun closed'));
  }
  assert.ok(rig.credentials.forgotten);
}

test('whatever happens to a connection, it ends once, clean, and with its secrets forgotten', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        method: fc.constantFrom<RigOptions['method']>('password', 'psk'),
        mobike: fc.boolean(),
        reconnect: fc.boolean(),
        extensions: fc.constantFrom(...EXTENSIONS),
        faults: fc.constantFrom(...FAULTS),
        applying: fc.constantFrom(...ENDINGS),
        clearing: fc.constantFrom(...ENDINGS),
        happenings: fc.array(fc.constantFrom(...Object.keys(HAPPENINGS)), { maxLength: 14 }),
      }),
      async ({ method, mobike, reconnect, extensions, faults, applying, clearing, happenings }) => {
        const rig = new Rig({
          ...(method ? { method } : {}),
          gateway: { faults, extensions, ...(mobike ? { mobike: {} } : {}) },
          profile: { reconnect: { enabled: reconnect } },
          network: new FakeNetworkMonitor(networkOf({ wlan0: WLAN })),
        });
        const late = Promise.withResolvers<undefined>();
        rig.laptop.routes.applying = endingOf(applying, late.promise);
        rig.laptop.routes.clearing = endingOf(clearing, late.promise);
        rig.start();
        for (const name of happenings) await HAPPENINGS[name]?.(rig);
        late.resolve(undefined);
        await rig.settle();
        if (rig.event('connected')) seen.add('connected');
        void rig.connection.stop();
        await rig.advance(10_000);
        assertClean(rig);
        seen.add(rig.failureCode ?? 'stopped');
        const calls = rig.laptop.calls.length;
        rig.connection.start();
        await rig.advance(100_000);
        assert.equal(rig.laptop.calls.length, calls, 'nothing follows the end');
      },
    ),
    { numRuns: 300, seed: 20_260_801 },
  );
  for (const ending of [
    'connected',
    'stopped',
    'platform.route-failed',
    'platform.tun-failed',
    'internal.bug',
  ]) {
    assert.ok(seen.has(ending), `${ending} never happened`);
  }
});
