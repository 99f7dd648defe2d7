import assert from 'node:assert/strict';
import { appendPacket, newBatch, packetAt } from '../../core/net/batch.ts';
import { ENDPOINT_OCTETS, TunDevice, UdpSocket } from '../../core/node-tun/index.ts';
import {
  endpoint,
  ip,
  openTun,
  portUnreachable,
  readUntil,
  echoRequest,
  turnAround,
  SLOT,
} from './node-tun-support.ts';
import type { Scenario } from './node-tun-support.ts';

/** Reads batches until `wanted` IPv4 packets of a protocol came. */
async function collect(tun: TunDevice, protocol: number, wanted: number): Promise<Uint8Array[]> {
  const batch = newBatch(64, 2048, 64);
  const found: Uint8Array[] = [];
  await readUntil(tun, () => {
    tun.read(batch);
    for (let i = 0; i < batch.count; i++) {
      const packet = packetAt(batch, i);
      assert.equal(batch.offsets[i], i * 2048 + 64, 'behind the headroom');
      if (packet[0] === 0x45 && packet[9] === protocol) found.push(packet.slice());
    }
    return found.length >= wanted;
  });
  return found;
}

/** A TUN device and the kernel behind it. */
export const TUN_SCENARIOS: Record<string, Scenario> = {
  /** Pings the kernel through the device: a batch of requests in, as many replies out. */
  'tun-kernel-answers-ping': async () => {
    const tun = openTun('10.44.0.1/24');
    const batch = newBatch(32, 2048, 64);
    for (let i = 0; i < 32; i++) appendPacket(batch, echoRequest([10, 44, 0, 2], [10, 44, 0, 1], 40 * i));
    assert.equal(tun.write(batch, 2), 30, 'thirty from index 2 on');
    const replies = await collect(tun, 1, 30);
    for (const [i, reply] of replies.entries()) {
      assert.equal(reply[20], 0, 'an echo reply');
      assert.deepEqual([...reply.subarray(12, 20)], [10, 44, 0, 1, 10, 44, 0, 2]);
      assert.deepEqual(reply.subarray(28), packetAt(batch, i + 2).subarray(28));
    }
    assert.equal(tun.dropped, 0);
    tun.close();
  },

  /** The other way round: the kernel sends, TypeScript answers. */
  'tun-answers-the-kernel': async () => {
    const tun = openTun('10.44.0.1/24');
    const batch = newBatch(64, 2048, 64);
    tun.onReadable(() => {
      while (tun.read(batch) > 0) {
        for (let i = 0; i < batch.count; i++) {
          const packet = packetAt(batch, i);
          if (packet[0] === 0x45 && packet[9] === 17) turnAround(packet);
          else batch.lengths[i] = 0;
        }
        // What was set to no octets is no IP packet: dropped and counted, while the rest goes through.
        assert.equal(tun.write(batch), batch.count);
      }
    });
    const socket = UdpSocket.open({ family: 4 });
    const out = newBatch(20, SLOT, 0);
    for (let i = 0; i < 20; i++) appendPacket(out, new Uint8Array(100 + 60 * i).fill(i));
    assert.equal(socket.send(out, endpoint([10, 44, 0, 9], 7)), 20);
    const back = newBatch(64, SLOT, 0);
    const from = new Uint8Array(64 * ENDPOINT_OCTETS);
    let at = 0;
    await readUntil(socket, () => {
      socket.receive(back, from);
      for (let i = 0; i < back.count; i++) assert.deepEqual(packetAt(back, i), packetAt(out, at++));
      return at === 20;
    });
    assert.deepEqual(from.subarray(0, ENDPOINT_OCTETS), endpoint([10, 44, 0, 9], 7));
    socket.close();
    tun.close();
  },

  'tun-long-packets-are-dropped': async () => {
    const tun = openTun('10.44.0.1/24');
    const socket = UdpSocket.open({ family: 4 });
    const out = newBatch(2, SLOT, 0);
    appendPacket(out, new Uint8Array(1000));
    appendPacket(out, new Uint8Array(100));
    socket.send(out, endpoint([10, 44, 0, 9], 7));
    const small = newBatch(8, 564, 64);
    const lengths: number[] = [];
    await readUntil(tun, () => {
      tun.read(small);
      for (let i = 0; i < small.count; i++)
        if (packetAt(small, i)[9] === 17) lengths.push(packetAt(small, i).length);
      return lengths.length > 0;
    });
    assert.deepEqual(lengths, [128]);
    assert.equal(tun.dropped, 1);
    socket.close();
    tun.close();
  },

  /** Anybody can send ICMP messages about our datagrams: only the newest are kept, and nothing fails. */
  'tun-icmp-flood': async () => {
    const tun = openTun('10.44.0.1/24');
    const socket = UdpSocket.open({ family: 4 });
    const out = newBatch(1, SLOT, 0);
    appendPacket(out, new Uint8Array(8));
    socket.send(out, endpoint([10, 44, 0, 9], 7));
    const [datagram] = await collect(tun, 17, 1);
    assert.ok(datagram);
    const flood = newBatch(200, 2048, 0);
    for (let i = 0; i < 200; i++) appendPacket(flood, portUnreachable([10, 44, 0, 9], datagram));
    assert.equal(tun.write(flood), 200);
    assert.equal(socket.receive(newBatch(8, SLOT, 0), new Uint8Array(8 * 20)), 0);
    assert.equal(socket.send(out, endpoint([10, 44, 0, 9], 7)), 1);
    const reports = socket.takeErrors();
    assert.equal(reports.length, 64);
    assert.ok(reports.every((report) => report.code === 'ECONNREFUSED'));
    socket.close();
    tun.close();
  },

  'tun-deleted-under-us': async () => {
    const tun = openTun('10.44.0.1/24');
    const batch = newBatch(8, 2048, 0);
    const failed = new Promise<unknown>((resolve) => {
      tun.onReadable(() => {
        try {
          tun.read(batch);
        } catch (error) {
          resolve(error);
        }
      });
    });
    ip('link', 'delete', tun.name);
    assert.equal(((await failed) as { code: string }).code, 'EBADFD');
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 200));
    const spent = process.cpuUsage(before);
    assert.ok(spent.user + spent.system < 100_000, 'the loop does not spin');
    tun.close();
  },

  'tun-name-is-taken': () => {
    const tun = TunDevice.open({ name: 'cwtaken' });
    assert.throws(() => TunDevice.open({ name: 'cwtaken' }), { code: 'EBUSY', syscall: 'TUNSETIFF' });
    const batch = newBatch(1, 100, 0);
    appendPacket(batch, echoRequest([10, 0, 0, 1], [10, 0, 0, 2], 0));
    assert.throws(() => tun.write(batch), { code: 'EIO' }, 'it is down');
    tun.close();
    TunDevice.open({ name: 'cwtaken' }).close();
    assert.throws(() => tun.read(batch), { code: 'EBADF' });
  },
};
