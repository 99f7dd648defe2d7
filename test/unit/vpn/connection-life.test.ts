import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ok } from '../../../core/lib/result.ts';
import { formatEndpoint } from '../../../core/net/address.ts';
import { formatPrefix } from '../../../core/net/prefix.ts';
import { proves } from '../../conformance/tag.ts';
import { Rig } from '../../support/connection-rig.ts';
import { systemError } from '../../support/fake-ports.ts';
import { address, GATEWAY_ADDRESS } from '../../support/gateway/index.ts';
import { packet } from '../net/packets.ts';

const OUT_4 = packet({ source: '10.9.0.2', destination: '10.1.0.5' });
const OUT_6 = packet({ source: 'fd09::2', destination: 'fd01::5' });
const IN_4 = packet({ source: '10.1.0.5', destination: '10.9.0.2' });
const IN_6 = packet({ source: 'fd01::5', destination: 'fd09::2' });

/** What is done to the machine on the way up, and on the way down. */
const UP = [
  'preflight',
  'resolve vpn.example.com',
  'udp 500 opened',
  'udp 4500 opened',
  'tun opened',
  'routes applied',
];
const DOWN = ['routes cleared', 'tun closed', 'udp 500 closed', 'udp 4500 closed'];

/** What was done to the machine, but for sockets that only ask the system which way it would take. */
function callsOf({ laptop }: Rig): string[] {
  return laptop.calls.filter((call) => !/^udp 5\d{4} /.test(call));
}

describe('connecting', () => {
  for (const method of ['password', 'psk'] as const) {
    test(`by ${method} tells its steps in order, then that the tunnel stands`, async () => {
      const rig = await new Rig({ method }).connected();
      assert.deepEqual(rig.story, ['resolving', 'init', 'auth', 'configuring', 'connected']);
      assert.deepEqual(callsOf(rig), UP);
      const connected = rig.event('connected');
      assert.deepEqual(connected?.addresses, ['10.9.0.2', 'fd09::2']);
      assert.deepEqual(connected.gateway, {
        host: 'vpn.example.com',
        address: '203.0.113.1',
        port: 4500,
        identity: 'vpn.example.com',
      });
      assert.equal(connected.tun, rig.laptop.tun.name);
      assert.equal(connected.nat, false);
    });
  }

  test('asks the machine for what the gateway gave', async () => {
    const rig = await new Rig().connected();
    const [plan] = rig.laptop.routes.plans;
    assert.deepEqual(plan?.addresses.map(formatPrefix), ['10.9.0.2/32', 'fd09::2/128']);
    assert.deepEqual(plan.routes.map(formatPrefix), ['0.0.0.0/0', '::/0']);
    assert.deepEqual(plan.tun, { name: rig.laptop.tun.name, mtu: 1400 });
    assert.deepEqual(plan.gateway, GATEWAY_ADDRESS);
  });

  test('over IPv6 goes to the address of that family', async () => {
    const at = address('2001:db8::1');
    const rig = await new Rig({ gateway: { addresses: [at] }, at }).connected();
    assert.equal(rig.event('connected')?.gateway.address, '2001:db8::1');
    assert.ok(rig.laptop.sockets.every(({ family }) => family === 6));
    rig.laptop.tun.enter(OUT_4);
    await rig.settle();
    assert.deepEqual(rig.office.received, [OUT_4]);
  });

  test(
    'asks the next address when one is silent for a moment, and forgets the silent one',
    proves('RFC7296-2.4-11', 'does'),
    async () => {
      const silent = address('198.51.100.1');
      const rig = new Rig();
      rig.laptop.names = ok([silent, GATEWAY_ADDRESS]);
      await rig.start().advance(249);
      assert.deepEqual(rig.story, ['resolving', 'init']);
      await rig.advance(1);
      assert.ok(rig.event('connected'));
      const tried = rig.laptop.sent.map(({ to }) => formatEndpoint(to));
      assert.deepEqual(new Set(tried), new Set(['198.51.100.1:500', '203.0.113.1:500', '203.0.113.1:4500']));
      assert.equal(rig.laptop.open.filter((name) => name.startsWith('udp')).length, 2);
    },
  );

  test('passes over an address without a route', async () => {
    const rig = new Rig();
    const away = address('198.51.100.1');
    rig.laptop.names = ok([away, GATEWAY_ADDRESS]);
    rig.laptop.unreachable = [away];
    await rig.connected();
    assert.deepEqual(rig.laptop.calls.slice(2, 6), [
      'udp 500 opened',
      'udp 500 closed',
      'udp 500 opened',
      'udp 4500 opened',
    ]);
  });

  test('ends with the reason of the last address when none is left', async () => {
    const rig = new Rig();
    const away = address('198.51.100.1');
    rig.laptop.names = ok([away]);
    rig.laptop.unreachable = [away];
    await rig.start().settle();
    assert.equal(rig.failureCode, 'network.no-route');
    assert.deepEqual(rig.laptop.open, []);
  });
});

describe('a tunnel that stands', () => {
  test('carries packets of both families both ways', proves('RFC3948-1-1', 'does'), async () => {
    const rig = await new Rig().connected();
    rig.laptop.tun.enter(OUT_4, OUT_6);
    await rig.settle();
    assert.deepEqual(rig.office.received, [OUT_4, OUT_6]);
    rig.office.send(IN_4);
    rig.office.send(IN_6);
    assert.deepEqual(rig.laptop.tun.written, [IN_4, IN_6]);
  });

  test('carries more than one batch at a time, in order', async () => {
    const rig = await new Rig().connected();
    const many = Array.from({ length: 300 }, (_, i) =>
      packet({ source: '10.9.0.2', destination: '10.1.0.5', sourcePort: 1_000 + i }),
    );
    rig.laptop.tun.enter(...many);
    await rig.settle();
    assert.deepEqual(rig.office.received, many);
  });

  test('reports what passed once a second', async () => {
    const rig = await new Rig().connected();
    rig.laptop.tun.enter(OUT_4);
    rig.office.send(IN_6);
    await rig.advance(3_000);
    const counters = rig.events.filter(({ event }) => event === 'counters');
    assert.equal(counters.length, 3);
    const last = rig.events.at(-1);
    assert.ok(last?.event === 'counters');
    assert.deepEqual([last.packetsOut, last.bytesOut, last.packetsIn, last.bytesIn], [1, 36, 1, 56]);
  });

  test('takes from the gateway only what is for the addresses that it gave out', async () => {
    const rig = await new Rig({ gateway: { faults: { traffic: 'wider-local' } } }).connected();
    assert.deepEqual(rig.event('connected')?.selectors.local, ['0.0.0.0/0', '::/0']);
    for (const destination of ['192.0.2.7', '192.168.1.20', '127.0.0.1', '10.9.0.3', '224.0.0.1']) {
      rig.office.send(packet({ source: '10.1.0.5', destination }));
    }
    assert.deepEqual(rig.laptop.tun.written, []);
    rig.office.send(IN_4);
    assert.deepEqual(rig.laptop.tun.written, [IN_4]);
  });

  for (const [mtu, length] of [
    [1_000, 1_000],
    [9_000, 9_000],
    [undefined, 1_400],
  ] as const) {
    test(`with ${mtu === undefined ? 'no MTU in the profile' : `an MTU of ${mtu}`} carries packets of ${length} octets`, async () => {
      const tunnel = { addresses: ['ipv4' as const], ...(mtu === undefined ? {} : { mtu }) };
      const rig = await new Rig({ profile: { tunnel } }).connected();
      assert.equal(rig.laptop.tun.mtu, length);
      const payload = new Uint8Array(length - 20).fill(7);
      const out = packet({ source: '10.9.0.2', destination: '10.1.0.5', payload });
      const back = packet({ source: '10.1.0.5', destination: '10.9.0.2', payload });
      rig.laptop.tun.enter(out);
      await rig.settle();
      assert.deepEqual(rig.office.received, [out]);
      rig.office.send(back);
      assert.deepEqual(rig.laptop.tun.written, [back]);
    });
  }

  test('loses what the socket does not take, counts it, and lives on', async () => {
    const rig = await new Rig().connected();
    rig.laptop.socket(4500).sendError = systemError('ENETUNREACH', 'sendmmsg');
    rig.laptop.tun.enter(OUT_4);
    rig.laptop.socket(4500).sendError = undefined;
    rig.laptop.tun.enter(OUT_4);
    await rig.advance(1_000);
    assert.deepEqual(rig.office.received, [OUT_4]);
    const last = rig.events.at(-1);
    assert.deepEqual(last?.event === 'counters' && last.drops, { 'out-not-sent': 1 });
  });
});

describe('stopping', () => {
  test(
    'tells the gateway, then undoes the host, then closes the sockets, each once',
    proves(['RFC7296-1.4.1-x2', 'does'], ['RFC7296-2.12-1', 'does']),
    async () => {
      const rig = await new Rig().connected();
      const stopped = rig.connection.stop();
      await rig.settle();
      await stopped;
      assert.deepEqual(callsOf(rig), [...UP, 'gateway closed: client', ...DOWN]);
      assert.deepEqual(rig.outcome, { kind: 'stopped' });
      assert.deepEqual(rig.story.slice(-3), ['connected', 'counters', 'disconnected']);
      assert.equal(rig.event('disconnected')?.reason, 'user');
      assert.deepEqual(rig.laptop.open, []);
    },
  );

  test('at once says nothing to the gateway', async () => {
    const rig = await new Rig().connected();
    const sent = rig.laptop.sent.length;
    await rig.connection.stop('at-once');
    assert.equal(rig.laptop.sent.length, sent);
    assert.deepEqual(callsOf(rig), [...UP, ...DOWN]);
    assert.deepEqual(rig.laptop.open, []);
  });

  test('at once while the gateway does not answer the goodbye ends the waiting', async () => {
    const rig = await new Rig().connected();
    rig.office.made.gateway.setSilent(true);
    void rig.connection.stop();
    await rig.advance(1_000);
    assert.equal(rig.outcome, undefined);
    assert.ok(!rig.laptop.calls.includes('routes cleared'), 'the host is as it was');
    await rig.connection.stop('at-once');
    assert.deepEqual(rig.outcome, { kind: 'stopped' });
    assert.deepEqual(rig.laptop.open, []);
  });

  test('twice, or after the end, is stopping once', async () => {
    const rig = await new Rig().connected();
    const both = [rig.connection.stop(), rig.connection.stop()];
    await rig.settle();
    await Promise.all(both);
    await rig.connection.stop();
    await rig.connection.stop('at-once');
    rig.connection.start();
    await rig.advance(100_000);
    assert.equal(rig.story.filter((name) => name === 'disconnected').length, 1);
    assert.deepEqual(callsOf(rig), [...UP, 'gateway closed: client', ...DOWN]);
  });

  test('before it began is the end', async () => {
    const rig = new Rig();
    await rig.connection.stop();
    rig.connection.start();
    await rig.settle();
    assert.deepEqual(rig.story, ['disconnected']);
    assert.deepEqual(rig.laptop.calls, []);
  });

  test('while the name is looked up does not wait for it', async () => {
    const rig = new Rig();
    rig.laptop.names = new Promise<never>(() => undefined);
    await rig.start().settle();
    await rig.connection.stop();
    assert.deepEqual(rig.story, ['resolving', 'disconnected']);
    assert.deepEqual(rig.laptop.open, []);
  });

  test('while the gateway is silent at first ends at once, without a word', async () => {
    const rig = new Rig();
    rig.office.made.gateway.setSilent(true);
    await rig.start().advance(3_000);
    await rig.connection.stop();
    assert.deepEqual(rig.story, ['resolving', 'init', 'disconnected']);
    assert.ok(rig.laptop.sent.every(({ to }) => to.port === 500));
    assert.deepEqual(rig.laptop.open, []);
  });

  for (const how of ['orderly', 'at-once'] as const) {
    test(`(${how}) while routes are set waits for them, carries nothing, and clears them`, async () => {
      const rig = new Rig();
      const applied = Promise.withResolvers<undefined>();
      rig.laptop.routes.applying = applied.promise;
      await rig.start().settle();
      assert.equal(rig.story.at(-1), 'configuring');
      void rig.connection.stop(how);
      await rig.settle();
      assert.equal(rig.outcome, undefined, 'nothing is clean yet');
      rig.laptop.tun.enter(OUT_4);
      applied.resolve(undefined);
      rig.office.send(IN_4);
      await rig.settle();
      assert.deepEqual(rig.outcome, { kind: 'stopped' });
      assert.deepEqual(rig.office.received, []);
      assert.deepEqual(rig.laptop.tun.written, []);
      assert.equal(rig.laptop.tun.reads, 0);
      assert.equal(rig.office.heardGoodbye, how === 'orderly');
      assert.equal(rig.event('connected'), undefined);
      assert.deepEqual(rig.laptop.calls.slice(-4), DOWN);
      assert.deepEqual(rig.laptop.open, []);
    });
  }

  test('from within what a watcher is told works as from anywhere', async () => {
    for (const name of ['resolving', 'init', 'auth', 'configuring', 'connected', 'counters']) {
      const rig: Rig = new Rig({
        onEvent: (event) => {
          if ((event.event === 'phase' ? event.phase : event.event) === name) void rig.connection.stop();
        },
      });
      await rig.start().advance(10_000);
      assert.deepEqual(rig.outcome, { kind: 'stopped' }, name);
      assert.deepEqual(rig.laptop.open, [], name);
    }
  });
});
