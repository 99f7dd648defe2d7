import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { failure } from '../../../core/lib/failure.ts';
import { err } from '../../../core/lib/result.ts';
import { TsType } from '../../../core/wire/constants.ts';
import type { TrafficSelector } from '../../../core/wire/payloads/ts.ts';
import { proves } from '../../conformance/tag.ts';
import { Rig, type RigOptions } from '../../support/connection-rig.ts';
import { systemError } from '../../support/fake-ports.ts';
import { packet } from '../net/packets.ts';

const OUT = packet({ source: '10.9.0.2', destination: '10.1.0.5' });
const IN = packet({ source: '10.1.0.5', destination: '10.9.0.2' });

/** Ended with this failure, told once, and nothing left: each thing that was opened was closed once. */
function assertFailed(rig: Rig, code: string, wasConnected = false): void {
  assert.equal(rig.failureCode, code);
  assert.ok(rig.outcome?.kind === 'failed');
  assert.equal(rig.outcome.failure.code, code);
  assert.equal(rig.outcome.wasConnected, wasConnected);
  assert.deepEqual(rig.story.slice(-2), ['failed', 'disconnected']);
  assert.equal(rig.story.filter((name) => name === 'failed').length, 1);
  assert.deepEqual(rig.laptop.open, []);
  for (const { closings } of [...rig.laptop.sockets, ...rig.laptop.tuns]) assert.equal(closings, 1);
  if (rig.laptop.routes.plans.length > 0) assert.ok(rig.laptop.calls.includes('routes cleared'));
}

async function failing(options: RigOptions, prepare: (rig: Rig) => void = () => undefined): Promise<Rig> {
  const rig = new Rig(options);
  prepare(rig);
  await rig.start().settle();
  return rig;
}

describe('before anything is sent', () => {
  test('a machine that cannot hold a tunnel is told of at once', async () => {
    const rig = await failing({}, ({ laptop }) => (laptop.problem = failure('platform.no-tun')));
    assertFailed(rig, 'platform.no-tun');
    assert.deepEqual(rig.laptop.calls, ['preflight']);
  });

  test('a name that stands for nothing is', async () => {
    const rig = await failing({}, ({ laptop }) => (laptop.names = err(failure('network.name-unknown'))));
    assertFailed(rig, 'network.name-unknown');
    assert.deepEqual(rig.laptop.sent, []);
  });

  test('a look-up that breaks is no more than a failure', async () => {
    const rig = await failing({}, ({ laptop }) => {
      laptop.names = Promise.reject(new Error('no resolver'));
      void laptop.names.catch(() => undefined);
    });
    assertFailed(rig, 'internal.bug');
  });

  for (const port of [500, 4500]) {
    test(`a socket that is refused (${port}) leaves none behind`, async () => {
      const refused = failure('platform.socket-failed', { port });
      const rig = await failing({}, ({ laptop }) => (laptop.noSocket = { port, failure: refused }));
      assertFailed(rig, 'platform.socket-failed');
    });
  }

  test('a pre-shared key that is missing is asked for', async () => {
    assertFailed(await failing({ method: 'psk', secret: '' }), 'config.credential-missing');
  });
});

describe('while the gateway is talked to', () => {
  test('a password that is missing ends the login, and the gateway keeps no SA', async () => {
    const rig = await failing({ secret: '' });
    assertFailed(rig, 'config.credential-missing');
    assert.ok(!rig.office.events.some(({ kind }) => kind === 'established'));
  });

  test('a gateway that refuses us is told of with its reason', async () => {
    const rig = await failing({ gateway: { users: {} } });
    assertFailed(rig, 'auth.wrong-password');
  });

  for (const [silentAfter, code, patienceMs] of [
    ['init', 'timeout.auth', 60_000],
    ['auth', 'timeout.eap', 60_000],
  ] as const) {
    test(`a gateway that falls silent after ${silentAfter} is given up: ${code}`, async () => {
      const rig = await failing({ gateway: { faults: { silentAfter } } });
      await rig.advance(patienceMs - 1_000);
      assert.equal(rig.failureCode, undefined);
      await rig.advance(1_000);
      assertFailed(rig, code);
    });
  }

  test('a gateway that never answers is given up', async () => {
    const rig = await failing({}, ({ office }) => office.made.gateway.setSilent(true));
    await rig.advance(60_000);
    assertFailed(rig, 'timeout.init');
    assert.ok(rig.laptop.sent.length > 8);
  });

  test('a gateway without NAT traversal is left', async () => {
    const rig = await failing({ gateway: { faults: { omitInit: ['N'] } } });
    await rig.advance(1_000);
    assertFailed(rig, 'peer.no-nat-traversal');
  });
});

describe('while the tunnel is set up', () => {
  const goodbyes = (rig: Rig): number =>
    rig.laptop.calls.filter((call) => call === 'gateway closed: client').length;

  test('a device that cannot be had ends it, and the gateway is told', async () => {
    const rig = await failing({}, ({ laptop }) => (laptop.noTun = failure('platform.tun-failed')));
    assertFailed(rig, 'platform.tun-failed');
    assert.equal(goodbyes(rig), 1);
  });

  test('routes that are refused are undone with all the rest, and the gateway is told', async () => {
    const rig = await failing(
      {},
      ({ laptop }) => (laptop.routes.applying = failure('platform.route-failed')),
    );
    assertFailed(rig, 'platform.route-failed');
    const calls = rig.laptop.calls.filter((call) => !/^udp 5\d{4} /.test(call));
    assert.deepEqual(calls.slice(-6), [
      'routes applied',
      'routes cleared',
      'tun closed',
      'gateway closed: client',
      'udp 500 closed',
      'udp 4500 closed',
    ]);
  });

  test('so is what throws there', async () => {
    const rig = await failing({}, ({ laptop }) => (laptop.routes.applying = new Error('a bug')));
    assertFailed(rig, 'internal.bug');
    assert.equal(goodbyes(rig), 1);
  });

  test('and a key log that cannot be written', async () => {
    let lines = 0;
    const keyLog = (): void => {
      lines += 1;
      if (lines > 1) throw new Error('ENOSPC: no space left on device');
    };
    const rig = await failing({ keyLog });
    assertFailed(rig, 'internal.bug');
    assert.equal(goodbyes(rig), 1);
  });

  test('traffic selectors that make thousands of routes are refused', async () => {
    const odd = Array.from({ length: 40 }, (_, i): TrafficSelector => ({
      tsType: TsType.IPV4,
      ipProtocol: 0,
      startPort: 0,
      endPort: 0xffff,
      startAddress: Uint8Array.of(i + 1, 0, 0, 1),
      endAddress: Uint8Array.of(i + 1, 255, 255, 254),
    }));
    const rig = await failing({
      gateway: {
        faults: {
          tamper: (message) => ({
            ...message,
            payloads: message.payloads.map((payload) =>
              payload.kind === 'TSr' ? { kind: 'TSr', selectors: odd } : payload,
            ),
          }),
        },
      },
    });
    assertFailed(rig, 'protocol.unexpected');
    assert.equal(goodbyes(rig), 1);
    assert.deepEqual(rig.laptop.routes.plans, []);
  });
});

describe('while the tunnel stands', () => {
  /** What is lost stays lost: what is made again has tests of its own. */
  const connected = (): Promise<Rig> => new Rig({ profile: { reconnect: { enabled: false } } }).connected();

  for (const code of ['EBADFD', 'EIO']) {
    test(`a device that cannot be read (${code}) ends it in order`, async () => {
      const rig = await connected();
      rig.laptop.tun.readError = systemError(code);
      rig.laptop.tun.enter(OUT);
      await rig.settle();
      assertFailed(rig, 'platform.tun-failed', true);
      assert.ok(rig.office.heardGoodbye);
      assert.equal(rig.event('failed')?.failure.context['detail'], code);
    });

    test(`so does one that cannot be written (${code}), at the first packet`, async () => {
      const rig = await connected();
      rig.laptop.tun.writeError = systemError(code, 'write');
      rig.office.made.gateway.setSilent(true);
      for (let i = 0; i < 5; i++) rig.office.send(IN);
      await rig.settle();
      assert.equal(rig.laptop.tun.writes, 1);
      assert.equal(rig.outcome, undefined, 'the goodbye takes its time');
      await rig.advance(3_000);
      assertFailed(rig, 'platform.tun-failed', true);
    });
  }

  const breakSocket = async (rig: Rig, port: number): Promise<void> => {
    const socket = rig.laptop.socket(port);
    socket.receiveError = systemError('ENOMEM', 'recvmmsg');
    socket.arrive(new Uint8Array(40), { address: rig.office.address, port });
    await rig.advance(6_000);
  };

  test('a socket for traffic that cannot be read any more ends it', async () => {
    const rig = await connected();
    await breakSocket(rig, 4500);
    assertFailed(rig, 'network.path-lost', true);
  });

  test('the socket of the first messages is not needed any more', async () => {
    const rig = await connected();
    await breakSocket(rig, 500);
    assert.equal(rig.outcome, undefined);
    rig.laptop.tun.enter(OUT);
    assert.equal(rig.state?.state, 'connected');
  });

  test('a gateway that vanished is found by asking', proves('RFC7296-2.4-x8', 'does'), async () => {
    const rig = await connected();
    rig.office.made.gateway.setSilent(true);
    await rig.advance(29_000);
    assert.equal(rig.state?.state, 'connected');
    await rig.advance(1_000);
    assert.deepEqual([rig.state.state, rig.state.doubt], ['roaming', 'checking']);
    assert.equal(rig.failureCode, undefined);
    await rig.advance(60_000);
    assertFailed(rig, 'timeout.liveness', true);
  });

  test('a gateway that ends it is heard', proves('RFC7296-1.4.1-6', 'does'), async () => {
    const rig = await connected();
    const { gateway } = rig.office.made;
    rig.office.follow(gateway.deleteIke(gateway.sas[0]!.id, rig.laptop.clock.now()));
    await rig.settle();
    assertFailed(rig, 'peer.deleted', true);
  });

  test('what cannot be undone is told, and the rest is undone', async () => {
    const rig = await connected();
    const detail = 'RTNETLINK answers: Device or resource busy';
    rig.laptop.routes.clearing = failure('platform.restore-failed', { detail });
    void rig.connection.stop();
    await rig.settle();
    assert.deepEqual(rig.outcome, { kind: 'stopped' });
    assert.match(rig.event('warning')?.message ?? '', /Device or resource busy/);
    assert.deepEqual(rig.laptop.open, []);
  });

  test('an undoing that throws does not keep the rest from being undone', async () => {
    const rig = await connected();
    rig.laptop.routes.clearing = new Error('a bug');
    void rig.connection.stop();
    await rig.settle();
    assert.deepEqual(rig.outcome, { kind: 'stopped' });
    assert.equal(rig.event('warning')?.code, 'not-undone');
    assert.deepEqual(rig.laptop.open, []);
  });
});

describe('a watcher that throws', () => {
  for (const name of ['resolving', 'init', 'auth', 'configuring', 'connected', 'counters', 'disconnected']) {
    test(`at '${name}' cannot keep the connection from ending clean`, async () => {
      const rig = new Rig({
        onEvent: (event) => {
          if ((event.event === 'phase' ? event.phase : event.event) === name)
            throw new Error('a bad watcher');
        },
      });
      await rig.start().advance(5_000);
      void rig.connection.stop();
      await rig.advance(5_000);
      assert.ok(rig.outcome);
      assert.deepEqual(rig.laptop.open, []);
      if (rig.laptop.routes.plans.length > 0) assert.ok(rig.laptop.calls.includes('routes cleared'));
    });
  }
});
