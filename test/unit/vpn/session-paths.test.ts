import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NO_NETWORK } from '../../../core/net/network-state.ts';
import type { EspPath } from '../../../core/vpn/carrier.ts';
import { networkOf } from '../../support/fake-network.ts';
import { systemError } from '../../support/fake-ports.ts';
import {
  CABLE,
  GATEWAY,
  GATEWAY_6,
  IDLE,
  ip,
  MOBILE_6,
  NO_SOCKET,
  pathWords,
  ScriptedWire,
  socketWords,
  WIFI,
} from '../../support/scripted-wire.ts';

describe('the first path', () => {
  test('leaves as the system would, held to its link', () => {
    const wire = new ScriptedWire({ wlan0: WIFI, eth0: CABLE });
    const { driver } = wire.open();
    assert.equal(pathWords(driver.path), '0 198.51.100.20 > 203.0.113.1');
    assert.deepEqual(wire.sockets, ['198.51.100.20:500%eth0', '198.51.100.20:4500%eth0']);
  });

  test('leaves from the address that the system prefers, and stays there', () => {
    const wire = new ScriptedWire({ wlan0: { ...WIFI, addresses: ['192.0.2.10/24', '192.0.2.11/24'] } });
    wire.laptop.prefers = ip('192.0.2.11');
    const one = wire.open().established();
    assert.deepEqual(wire.sockets, ['192.0.2.11:500%wlan0', '192.0.2.11:4500%wlan0']);
    assert.equal(one.paths, undefined);
  });

  test('leaves wherever the system says when the monitor knows of no such address', () => {
    const wire = new ScriptedWire();
    wire.laptop.prefers = ip('10.99.0.1');
    const one = wire.open();
    assert.equal(pathWords(one.driver.path), '0 10.99.0.1 > 203.0.113.1');
    assert.deepEqual(wire.sockets, ['*:500', '*:4500']);
    one.established();
    assert.deepEqual(one.paths ?? [], [], 'the tunnel comes first');
    wire.advance(10);
    assert.deepEqual(one.paths, ['0 10.99.0.1 > 203.0.113.1', '1 192.0.2.10 > 203.0.113.1']);
    wire.laptop.prefers = ip('192.0.2.10');
    wire.network.change('eth0', CABLE);
    assert.ok(!one.paths.some((path) => path.startsWith('0 ')), 'its socket leaves elsewhere now');
  });

  test('leaves wherever the system says when there is no monitor', () => {
    const wire = new ScriptedWire();
    Object.assign(wire.laptop, { network: undefined, addresses: [ip('192.0.2.7')] });
    const { driver } = wire.open();
    assert.equal(pathWords(driver.path), '0 192.0.2.7 > 203.0.113.1');
    assert.deepEqual(wire.sockets, ['*:500', '*:4500']);
  });

  test('of a second session has sockets of its own, and answers find theirs', () => {
    const wire = new ScriptedWire();
    const [first, second] = [wire.open(), wire.open()];
    assert.deepEqual(wire.sockets.slice(0, 2), ['192.0.2.10:500%wlan0', '192.0.2.10:4500%wlan0']);
    assert.equal(new Set(wire.sockets).size, 4);
    const socket = wire.laptop.sockets.find(({ localPort }) => localPort === second.driver.path.local.port);
    socket?.arrive(Uint8Array.of(0, 0, 0, 0, 9), { address: GATEWAY, port: 4500 });
    assert.deepEqual([first.session.received.length, second.session.received.length], [0, 1]);
    first.driver.close();
    assert.equal(wire.sockets.length, 2);
  });

  test('is not told to the session, which begins on it', () => {
    const wire = new ScriptedWire();
    const { session } = wire.open().established();
    assert.equal(session.paths, undefined);
  });
});

describe('when the networks change', () => {
  test('the session hears of all ways, best first, and each has a socket', () => {
    const wire = new ScriptedWire();
    const one = wire.open().established();
    wire.network.change('eth0', CABLE);
    assert.deepEqual(one.paths, ['1 198.51.100.20 > 203.0.113.1', '0 192.0.2.10 > 203.0.113.1']);
    assert.deepEqual(wire.sockets, [
      '192.0.2.10:500%wlan0',
      '192.0.2.10:4500%wlan0',
      '198.51.100.20:4500%eth0',
    ]);
    // Told once, and not for what changes nothing.
    const commands = one.session.commands.length;
    wire.network.change('eth0', { ...CABLE, mtu: 1400 });
    assert.equal(one.session.commands.length, commands);
  });

  test('a message goes through the socket of its path', () => {
    const wire = new ScriptedWire();
    const one = wire.open().established();
    wire.network.change('eth0', CABLE);
    one.session.send(one.path(0)).send(one.path(1)).send(77);
    one.hear();
    assert.deepEqual(
      wire.laptop.sent.map(({ socket }) => socketWords(socket)),
      ['198.51.100.20:4500%eth0', '192.0.2.10:4500%wlan0'],
    );
  });

  test('a message that comes in says which path it took', () => {
    const wire = new ScriptedWire();
    const one = wire.open().established();
    one.session.say({ kind: 'gateway-addresses', addresses: [GATEWAY_6] });
    one.hear();
    wire.network.change('wwan0', MOBILE_6);
    assert.deepEqual(one.paths, ['0 192.0.2.10 > 203.0.113.1', '1 2001:db8:1::30 > 2001:db8:ffff::1']);
    const [, wifi, mobile] = wire.laptop.sockets.filter(({ closings }) => closings === 0);
    const message = Uint8Array.of(0, 0, 0, 0, 9);
    mobile?.arrive(message, { address: GATEWAY_6, port: 4500 });
    wifi?.arrive(message, { address: GATEWAY, port: 4500 });
    // From an address that nobody told of: it is the socket that counts.
    wifi?.arrive(message, { address: CABLE_GATEWAY, port: 4500 });
    assert.deepEqual(
      one.session.received.map(({ path }) => path),
      [1, 0, 0],
    );
  });

  test('the way in use that is gone is not among them, and stays open until another is confirmed', () => {
    const wire = new ScriptedWire();
    const one = wire.open().established();
    wire.network.become(networkOf({ eth0: CABLE }));
    assert.deepEqual(one.paths, ['1 198.51.100.20 > 203.0.113.1']);
    one.take(one.path(0), false);
    wire.advance(60_000);
    assert.ok(wire.sockets.includes('192.0.2.10:4500%wlan0'));
    one.take(one.path(0), true);
    wire.advance(4_999);
    assert.ok(wire.sockets.includes('192.0.2.10:4500%wlan0'), 'late packets are still taken');
    wire.advance(1);
    assert.ok(!wire.sockets.includes('192.0.2.10:4500%wlan0'));
    assert.equal(wire.laptop.clock.pending, 0);
  });

  test('no network at all is told as no path', () => {
    const wire = new ScriptedWire();
    const one = wire.open().established();
    wire.network.become(NO_NETWORK);
    assert.deepEqual(one.paths, []);
    wire.network.become(networkOf({ wlan0: WIFI }));
    assert.deepEqual(
      one.paths,
      ['0 192.0.2.10 > 203.0.113.1'],
      'the socket was kept, so the path is the same',
    );
  });

  test('a link that comes back as another one is another path', () => {
    const wire = new ScriptedWire();
    const one = wire.open().established();
    wire.network.become(networkOf({ wlan0: { ...WIFI, index: 9 } }));
    assert.deepEqual(one.paths, ['1 192.0.2.10 > 203.0.113.1']);
  });

  test('another network that gives the same address is another path, through the same socket', () => {
    const wire = new ScriptedWire();
    const one = wire.open().established();
    const sockets = wire.sockets;
    wire.network.change('wlan0', { ...WIFI, gateways: ['192.0.2.254'] });
    assert.deepEqual(one.paths, ['1 192.0.2.10 > 203.0.113.1']);
    assert.deepEqual(wire.sockets, sockets);
    const message = Uint8Array.of(0, 0, 0, 0, 9);
    wire.laptop.socket(4500).arrive(message, { address: GATEWAY, port: 4500 });
    one.take(one.path(0), false);
    wire.laptop.socket(4500).arrive(message, { address: GATEWAY, port: 4500 });
    assert.deepEqual(
      one.session.received.map(({ path }) => path),
      [0, 1],
      'the path in use is meant when the socket cannot tell',
    );
  });

  test('ways to ever new addresses of the gateway are not all remembered', () => {
    const wire = new ScriptedWire({ wlan0: WIFI, wwan0: MOBILE_6 });
    const one = wire.open().established();
    for (let i = 1; i <= 100; i++) {
      const addresses = [1, 2].map((part) => ip(`2001:db8:ffff:${i}::${part}`));
      one.session.say({ kind: 'gateway-addresses', addresses });
      one.hear();
      wire.advance(10);
    }
    assert.equal(one.path(1).id, 199);
    const told = (addresses: string[]): (string | undefined)[] => {
      one.session.say({ kind: 'gateway-addresses', addresses: addresses.map(ip) });
      one.hear();
      wire.advance(10);
      return one.paths ?? [];
    };
    assert.match(told(['2001:db8:ffff:99::1'])[1] ?? '', /^197 /, 'late ones are known again');
    assert.match(told(['2001:db8:ffff:1::1'])[1] ?? '', /^201 /, 'others are new');
    assert.equal(wire.sockets.length, 3);
  });

  test('a departure that cannot be opened is left out, and tried again', () => {
    const wire = new ScriptedWire();
    const one = wire.open().established();
    wire.laptop.noSocket = { port: 4500, failure: NO_SOCKET };
    wire.network.change('eth0', CABLE);
    assert.equal(one.paths, undefined);
    wire.laptop.noSocket = undefined;
    wire.advance(999);
    assert.equal(one.paths, undefined);
    wire.advance(1);
    assert.deepEqual(one.paths, ['1 198.51.100.20 > 203.0.113.1', '0 192.0.2.10 > 203.0.113.1']);
  });

  test('a closed driver hears nothing of it', () => {
    const wire = new ScriptedWire();
    const one = wire.open().established();
    assert.equal(wire.network.listeners, 1);
    one.driver.close();
    assert.equal(wire.network.listeners, 0);
    assert.deepEqual(wire.laptop.open, []);
  });
});

const CABLE_GATEWAY = { family: 4, octets: Uint8Array.of(198, 51, 100, 1) } as const;

describe('ESP', () => {
  test('follows the session at once, before the gateway has confirmed', () => {
    const wire = new ScriptedWire();
    const one = wire.open().established();
    const ways: EspPath[] = [];
    one.driver.carry({ ...IDLE, onPath: (path) => ways.push(path) });
    wire.network.change('eth0', CABLE);
    one.take(one.path(0), false);
    assert.equal(ways.length, 1);
    assert.equal(
      ways[0]?.udp,
      wire.laptop.sockets.findLast(({ device }) => device === 'eth0'),
    );
    assert.deepEqual(one.driver.espPath, ways[0]);
    assert.equal(pathWords(one.driver.path), '1 198.51.100.20 > 203.0.113.1');
    one.take(one.path(0), true);
    assert.equal(ways.length, 1, 'it is there already');
  });

  test('comes in from every socket that is open', () => {
    const wire = new ScriptedWire();
    const one = wire.open().established();
    const paths: number[] = [];
    one.driver.carry({ ...IDLE, onEsp: (_batch, path) => paths.push(path) });
    wire.network.change('eth0', CABLE);
    one.take(one.path(0), true);
    for (const socket of wire.laptop.sockets) {
      if (socket.localPort === 4500)
        socket.arrive(new Uint8Array(40).fill(1), { address: GATEWAY, port: 4500 });
    }
    assert.deepEqual(paths, [0, 1], 'and it is known over which path');
  });

  test('that does not leave makes the driver look at the networks again, not more than once a second', () => {
    const wire = new ScriptedWire();
    const one = wire.open().established();
    let asked = 0;
    const current = wire.network.current.bind(wire.network);
    wire.network.current = () => {
      asked += 1;
      return current();
    };
    for (let i = 0; i < 1000; i++) one.driver.noteNotSent();
    const once = asked;
    assert.ok(once > 0 && once < 10, `${once} looks`);
    assert.equal(one.session.hints, 1, 'and the session is told');
    wire.advance(1_000);
    one.driver.noteNotSent();
    assert.ok(asked > once);
  });
});

test('a gateway that moves without MOBIKE is followed on the path that there is', () => {
  const wire = new ScriptedWire();
  const one = wire.open().established();
  const ways: EspPath[] = [];
  one.driver.carry({ ...IDLE, onPath: (path) => ways.push(path) });
  const remote = { address: ip('203.0.113.9'), port: 4501 };
  one.take({ ...one.driver.path, remote }, true);
  assert.deepEqual(ways[0]?.gateway, remote);
  wire.network.change('eth0', CABLE);
  assert.deepEqual(one.paths, [
    '1 198.51.100.20 > 203.0.113.9',
    '2 198.51.100.20 > 203.0.113.1',
    '0 192.0.2.10 > 203.0.113.9',
    '3 192.0.2.10 > 203.0.113.1',
  ]);
});

describe('a socket that fails', () => {
  test('is replaced when the session stands, by another path', () => {
    const wire = new ScriptedWire();
    const one = wire.open().established();
    const socket = wire.laptop.socket(4500);
    socket.receiveError = systemError('ENOMEM', 'recvmmsg');
    socket.arrive(new Uint8Array(40), { address: GATEWAY, port: 4500 });
    assert.deepEqual(one.broken, []);
    assert.equal(socket.closings, 1);
    assert.deepEqual(one.paths, []);
    wire.advance(1_000);
    assert.deepEqual(one.paths, ['1 192.0.2.10 > 203.0.113.1']);
    assert.equal(one.path(0).local.port, 4500);
  });

  test('is the end before there is a session', () => {
    const wire = new ScriptedWire();
    const one = wire.open();
    const socket = wire.laptop.socket(4500);
    socket.receiveError = systemError('ENOMEM', 'recvmmsg');
    socket.arrive(new Uint8Array(40), { address: GATEWAY, port: 4500 });
    assert.deepEqual(one.broken, ['platform.socket-failed']);
  });

  test('is a bug when it throws what no system throws', () => {
    const wire = new ScriptedWire();
    const one = wire.open().established();
    one.driver.carry({
      ...IDLE,
      onEsp: () => {
        throw new Error('a slip');
      },
    });
    wire.laptop.socket(4500).arrive(new Uint8Array(40), { address: GATEWAY, port: 4500 });
    assert.deepEqual(one.broken, ['internal.bug']);
  });
});
