import assert from 'node:assert/strict';
import { appendPacket, newBatch, packetAt } from '../../core/net/batch.ts';
import { ENDPOINT_OCTETS, UdpSocket } from '../../core/node-tun/index.ts';
import { endpoint, readUntil, v6, SLOT } from './node-tun-support.ts';
import type { Scenario } from './node-tun-support.ts';

/** Sockets that talk to another namespace. */
export const UDP_SCENARIOS: Record<string, Scenario> = {
  /** Sends back what comes to port 9000 until it is killed. */
  'udp-echo': (family) => {
    const socket = UdpSocket.open({
      family: family === '6' ? 6 : 4,
      localPort: 9000,
      receiveBuffer: 4 << 20,
    });
    const batch = newBatch(64, SLOT, 64);
    const from = new Uint8Array(64 * ENDPOINT_OCTETS);
    socket.onReadable(() => {
      while (socket.receive(batch, from) > 0) {
        assert.equal(socket.send(batch, from.subarray(0, ENDPOINT_OCTETS)), batch.count);
      }
    });
    console.log('ready');
  },

  /** Sixty-four datagrams of different, large sizes to the echo and back. */
  'udp-batch': async (family) => {
    const six = family === '6';
    const to = six ? endpoint(v6(2), 9000) : endpoint([10, 1, 0, 2], 9000);
    const socket = UdpSocket.open({ family: six ? 6 : 4, receiveBuffer: 4 << 20, sendBuffer: 4 << 20 });
    const out = newBatch(64, SLOT, 64);
    for (let i = 0; i < 64; i++) {
      const packet = new Uint8Array(5_000 + 80 * i);
      for (let k = 0; k < packet.length; k++) packet[k] = (k * 7 + i) & 0xff;
      appendPacket(out, packet);
    }
    let sent = socket.send(out, to);
    while (sent < 64) {
      await new Promise<void>((resolve) => socket.onWritable(resolve));
      sent += socket.send(out, to, sent);
    }
    const back = newBatch(100, SLOT, 64);
    const from = new Uint8Array(100 * ENDPOINT_OCTETS);
    let at = 0;
    await readUntil(socket, () => {
      socket.receive(back, from);
      for (let i = 0; i < back.count; i++) {
        assert.deepEqual(packetAt(back, i), packetAt(out, at++));
        assert.deepEqual(from.subarray(i * ENDPOINT_OCTETS, (i + 1) * ENDPOINT_OCTETS), to);
      }
      return at === 64;
    });
    assert.equal(socket.dropped, 0);
    socket.close();
  },

  /** Over the loopback each datagram arrives with the ECN field that it was sent with, a stale one overwritten. */
  'udp-ecn': async () => {
    const marks = [0, 1, 2, 3, 0, 3];
    for (const options of [
      { family: 4, to: [127, 0, 0, 1] },
      { family: 6, to: v6(0).fill(0).with(15, 1) },
      { family: 6, v6Only: false, to: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1], from: 4 },
    ] as const) {
      const { to, ...open } = options;
      const receiver = UdpSocket.open(open);
      const out = newBatch(64, 100, 0);
      for (const mark of marks) {
        appendPacket(out, Uint8Array.of(mark));
        out.ecn[out.count - 1] = mark;
      }
      const sender = UdpSocket.open({ family: 'from' in options ? options.from : options.family });
      const target = 'from' in options ? to.slice(12) : to;
      assert.equal(sender.send(out, endpoint(target, receiver.localPort)), marks.length);
      const back = newBatch(64, 100, 0);
      back.ecn.fill(3);
      const from = new Uint8Array(64 * ENDPOINT_OCTETS);
      await readUntil(receiver, () => receiver.receive(back, from) > 0);
      assert.deepEqual([...back.ecn.subarray(0, back.count)], marks, JSON.stringify(options));
      for (const socket of [sender, receiver]) socket.close();
    }
  },

  /** Sends one datagram from a socket with options given as JSON. */
  'udp-send-one': (options, port) => {
    const socket = UdpSocket.open(JSON.parse(options) as Parameters<typeof UdpSocket.open>[0]);
    const out = newBatch(1, 100, 0);
    appendPacket(out, new Uint8Array(10));
    assert.equal(socket.send(out, endpoint([10, 1, 0, 2], Number(port))), 1);
    socket.close();
  },

  'udp-local-address': () => {
    const open = (mark?: number, device?: string): UdpSocket =>
      UdpSocket.open({
        family: 4,
        ...(mark === undefined ? {} : { mark }),
        ...(device === undefined ? {} : { device }),
      });
    const to = endpoint([10, 9, 9, 9], 500);
    const sockets = [open(), open(7), open(undefined, 'eth1')];
    const [plain, marked, bound] = sockets.map((socket) => [...socket.localAddressFor(to)]);
    assert.deepEqual(plain, [10, 1, 0, 1], 'the main table');
    assert.deepEqual(marked, [10, 2, 0, 1], 'the rule for the mark');
    assert.deepEqual(bound, [10, 2, 0, 1], 'the device');
    assert.throws(() => sockets[0]!.localAddressFor(endpoint(v6(1), 500)), RangeError);
    assert.throws(() => sockets[0]!.localAddressFor(endpoint([203, 0, 113, 1], 500)), {
      code: 'ENETUNREACH',
    });
    const six = UdpSocket.open({ family: 6 });
    assert.deepEqual([...six.localAddressFor(endpoint(v6(2), 500))], v6(1));
    for (const socket of [...sockets, six]) socket.close();
  },

  /** A closed port, and then the datagram that follows still goes out and comes back. */
  'udp-port-closed': async (family) => {
    const six = family === '6';
    const peer = six ? v6(2) : [10, 1, 0, 2];
    const socket = UdpSocket.open({ family: six ? 6 : 4 });
    const out = newBatch(1, 100, 0);
    appendPacket(out, new Uint8Array(10).fill(3));
    socket.send(out, endpoint(peer, 9));
    let reports: ReturnType<UdpSocket['takeErrors']> = [];
    await readUntil(socket, () => (reports = socket.takeErrors()).length > 0);
    assert.deepEqual(reports, [{ code: 'ECONNREFUSED', to: endpoint(peer, 9), reporter: endpoint(peer, 0) }]);
    // Nobody takes the next one: it must not make sending or receiving fail.
    socket.send(out, endpoint(peer, 9));
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(socket.send(out, endpoint(peer, 9000)), 1);
    const back = newBatch(4, 100, 0);
    await readUntil(socket, () => socket.receive(back, new Uint8Array(80)) > 0);
    assert.deepEqual(packetAt(back, 0), packetAt(out, 0));
    assert.equal(socket.takeErrors().length, 1);
    socket.close();
  },

  'udp-path-mtu': async () => {
    const socket = UdpSocket.open({ family: 4 });
    const out = newBatch(1, 2000, 0);
    appendPacket(out, new Uint8Array(1400));
    socket.send(out, endpoint([10, 3, 0, 2], 9));
    let reports: ReturnType<UdpSocket['takeErrors']> = [];
    await readUntil(socket, () => (reports = socket.takeErrors()).length > 0);
    assert.deepEqual([reports[0]?.code, reports[0]?.mtu], ['EMSGSIZE', 1300]);
    socket.close();
  },

  'udp-unreachable': async () => {
    const socket = UdpSocket.open({ family: 4 });
    const out = newBatch(1, 100, 0);
    appendPacket(out, new Uint8Array(10));
    assert.throws(() => socket.send(out, endpoint([203, 0, 113, 1], 9)), {
      code: 'ENETUNREACH',
      syscall: 'sendmmsg',
    });
    socket.send(out, endpoint([10, 3, 0, 77], 9));
    let reports: ReturnType<UdpSocket['takeErrors']> = [];
    await readUntil(socket, () => (reports = socket.takeErrors()).length > 0);
    assert.equal(reports[0]?.code, 'EHOSTUNREACH');
    socket.close();
  },
};
