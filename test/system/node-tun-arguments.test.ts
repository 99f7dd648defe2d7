import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, test } from 'node:test';
import { UdpSocket } from '../../core/node-tun/index.ts';
import type { PacketBatch } from '../../core/node-tun/index.ts';

/*
 * What the addon does with arguments that TypeScript would not let through. Every refusal happens before a
 * system call, and nothing is ever read or written outside a slab.
 */

const native = createRequire(import.meta.url)('../../core/node-tun/build/node-tun.node') as Record<
  string,
  (...args: unknown[]) => unknown
>;

const LOOPBACK = Uint8Array.of(127, 0, 0, 1);
const socket = UdpSocket.open({ family: 4, localAddress: LOOPBACK });
after(() => socket.close());

function toSelf(): Uint8Array {
  return Uint8Array.of(
    4,
    0,
    socket.localPort >> 8,
    socket.localPort & 0xff,
    127,
    0,
    0,
    1,
    ...new Uint8Array(12),
  );
}

function batch(changes: Partial<PacketBatch> = {}): PacketBatch {
  return {
    slab: new Uint8Array(4000),
    offsets: new Uint32Array(4),
    lengths: new Uint32Array(4),
    count: 0,
    capacity: 4,
    slot: 1000,
    headroom: 100,
    ...changes,
  };
}

test('a batch to fill must have room for every slot in its slab and an element for each packet', () => {
  const from = new Uint8Array(80);
  const refused: Partial<PacketBatch>[] = [
    { slot: 1001 },
    { capacity: 5 },
    { offsets: new Uint32Array(3) },
    { lengths: new Uint32Array(3) },
    { headroom: 1000 },
    { slot: 0, headroom: 0 },
    { slot: 4_294_967_295, capacity: 4_294_967_295 },
    { capacity: -1 },
    { capacity: 1.5 },
    { capacity: Number.NaN },
    { capacity: 2 ** 32 },
    { slab: new Uint8Array(0) },
  ];
  for (const changes of refused) assert.throws(() => socket.receive(batch(changes), from), RangeError);
  assert.throws(() => socket.receive(batch(), new Uint8Array(79)), RangeError);
  assert.throws(() => socket.receive(batch({ ecn: new Uint8Array(3) }), from), RangeError);
  assert.equal(socket.receive(batch(), from), 0);
});

test('a packet to send must lie inside the slab', () => {
  const refused: Partial<PacketBatch>[] = [
    { count: 1, offsets: Uint32Array.of(3999), lengths: Uint32Array.of(2) },
    { count: 1, offsets: Uint32Array.of(0), lengths: Uint32Array.of(4001) },
    { count: 1, offsets: Uint32Array.of(4_294_967_295), lengths: Uint32Array.of(2) },
    { count: 1, offsets: Uint32Array.of(4001), lengths: Uint32Array.of(0) },
    { count: 2, offsets: Uint32Array.of(0, 4000), lengths: Uint32Array.of(1, 1) },
    { count: 5 },
    { count: -1 },
    { count: 2, ecn: new Uint8Array(1) },
  ];
  for (const changes of refused) assert.throws(() => socket.send(batch(changes), toSelf()), RangeError);
  assert.throws(() => socket.send(batch({ count: 1 }), toSelf(), 2), RangeError);
  assert.equal(socket.receive(batch(), new Uint8Array(80)), 0, 'nothing of a refused batch was sent');
  const last = batch({
    count: 1,
    offsets: Uint32Array.of(3999, 0, 0, 0),
    lengths: Uint32Array.of(1, 0, 0, 0),
  });
  assert.equal(socket.send(last, toSelf()), 1, 'the last octet is still inside');
});

test('an endpoint must have twenty octets and the family of the socket', () => {
  assert.throws(() => socket.send(batch(), toSelf().subarray(1)), RangeError);
  assert.throws(() => socket.send(batch(), toSelf().fill(6, 0, 1)), RangeError);
  assert.throws(() => socket.send(batch(), toSelf().fill(0, 0, 1)), RangeError);
  assert.throws(() => socket.localAddressFor(new Uint8Array(3)), RangeError);
});

test('arguments of a wrong type are TypeErrors', () => {
  const wrong: Partial<Record<keyof PacketBatch, unknown>>[] = [
    { slab: new Uint16Array(4000) },
    { slab: new ArrayBuffer(4000) },
    { slab: 'octets' },
    { slab: undefined },
    { offsets: new Int32Array(4) },
    { lengths: [0, 0, 0, 0] },
    { slot: '1000' },
    { headroom: null },
    { capacity: 4n },
    { offsets: new DataView(new ArrayBuffer(16)) },
  ];
  for (const changes of wrong) {
    assert.throws(
      () => socket.receive(batch(changes as Partial<PacketBatch>), new Uint8Array(80)),
      TypeError,
    );
  }
  const call =
    (name: string, ...args: unknown[]): (() => unknown) =>
    () =>
      native[name]?.(...args);
  for (const handle of [undefined, null, 1, {}, [], Object.create(null), new Map(), socket]) {
    assert.throws(call('udpReceive', handle), TypeError);
    assert.throws(call('tunRead', handle), TypeError);
    assert.throws(
      call('watch', handle, () => undefined),
      TypeError,
    );
    assert.throws(call('close', handle), TypeError);
  }
  const handle = native['udpOpen']?.(4, undefined, 0, undefined, undefined, undefined, undefined, true);
  assert.throws(call('tunRead', handle), TypeError, 'a socket is no TUN device');
  assert.throws(call('watch', handle, 'no function'), TypeError);
  native['close']?.(handle);
  assert.throws(call('tunOpen', 5), TypeError);
  assert.throws(call('tunOpen', 'a\0b'), RangeError);
  assert.throws(call('tunOpen', 'ok', 65_536), RangeError);
  assert.throws(
    call('udpOpen', 5, undefined, 0, undefined, undefined, undefined, undefined, true),
    RangeError,
  );
  assert.throws(
    call('udpOpen', 4, LOOPBACK, 65_536, undefined, undefined, undefined, undefined, true),
    RangeError,
  );
  assert.throws(
    call('udpOpen', 6, LOOPBACK, 0, undefined, undefined, undefined, undefined, true),
    RangeError,
  );
  assert.throws(
    call('udpOpen', 4, LOOPBACK, 0, undefined, 'sixteen-letters-', undefined, undefined, true),
    RangeError,
  );
});

test('netlink sockets and clocks take what they are made for', () => {
  const call =
    (name: string, ...args: unknown[]): (() => unknown) =>
    () =>
      native[name]?.(...args);
  const handle = native['netlinkOpen']?.(0, undefined);
  const udp = native['udpOpen']?.(4, undefined, 0, undefined, undefined, undefined, undefined, true);
  assert.throws(call('netlinkReceive', udp, new Uint8Array(8)), /must be a netlink socket/);
  assert.throws(call('udpTakeErrors', handle), /must be a UDP socket/);
  assert.throws(call('netlinkReceive', handle, new Uint16Array(8)), TypeError);
  assert.throws(call('netlinkReceive', handle), TypeError);
  assert.throws(call('netlinkSend', handle, 'octets'), TypeError);
  for (const groups of [-1, 2 ** 32, 0.5]) assert.throws(call('netlinkOpen', groups, undefined), RangeError);
  assert.throws(call('netlinkOpen', 0, -1), RangeError);
  assert.throws(call('netlinkOpen', '0', undefined), TypeError);
  for (const device of [handle, udp]) native['close']?.(device);
  for (const count of [0, 2, 4]) assert.throws(call('clocks', new Float64Array(count)), RangeError);
  assert.throws(call('clocks', new Float32Array(3)), TypeError);
  assert.throws(call('clocks'), TypeError);
});

test('memory that another thread could change is refused', () => {
  const shared = batch({ offsets: new Uint32Array(new SharedArrayBuffer(16)) });
  assert.throws(() => socket.receive(shared, new Uint8Array(80)), {
    name: 'TypeError',
    message: /not shared/,
  });
});

test('a slab that was transferred away is refused, and a view into a larger buffer is kept to', () => {
  const gone = batch();
  structuredClone(gone.slab, { transfer: [gone.slab.buffer as ArrayBuffer] });
  assert.throws(() => socket.receive(gone, new Uint8Array(80)), RangeError);

  const whole = new Uint8Array(3000).fill(0xee);
  const view = batch({ slab: whole.subarray(1000, 2000), capacity: 1, slot: 1000, headroom: 100 });
  const packet = batch({ count: 1, lengths: Uint32Array.of(900, 0, 0, 0) });
  while (socket.receive(batch(), new Uint8Array(80)) > 0);
  socket.send(packet, toSelf());
  assert.equal(socket.receive(view, new Uint8Array(20)), 1);
  assert.deepEqual([view.offsets[0], view.lengths[0]], [100, 900]);
  assert.ok(whole.subarray(0, 1100).every((octet) => octet === 0xee));
  assert.ok(whole.subarray(1100, 2000).every((octet) => octet === 0));
  assert.ok(whole.subarray(2000).every((octet) => octet === 0xee));
});

test('a datagram longer than its slot is dropped and counted, and those behind it move up', () => {
  const out = batch({ slab: new Uint8Array(4000).fill(7), count: 3 });
  out.lengths.set([50, 901, 60]);
  assert.equal(socket.send(out, toSelf()), 3);
  const before = socket.dropped;
  const back = batch();
  assert.equal(socket.receive(back, new Uint8Array(80)), 2);
  assert.deepEqual([...back.lengths.subarray(0, 2)], [50, 60]);
  assert.equal(back.slab[back.offsets[1]!], 7);
  assert.equal(socket.dropped, before + 1);
});

test('a datagram that no IP packet can carry is dropped and counted, and those behind it go out', () => {
  const out = batch({ slab: new Uint8Array(70_000), count: 2 });
  out.lengths.set([66_000, 60]);
  const before = socket.dropped;
  assert.equal(socket.send(out, toSelf()), 2);
  assert.equal(socket.dropped, before + 1);
  const back = batch();
  assert.equal(socket.receive(back, new Uint8Array(80)), 1);
});

test('what was closed throws EBADF, except closing again and watching no more', () => {
  const closed = UdpSocket.open({ family: 4, localAddress: LOOPBACK });
  closed.close();
  closed.close();
  closed.onReadable(undefined);
  assert.throws(() => closed.receive(batch(), new Uint8Array(80)), { code: 'EBADF' });
  assert.throws(() => closed.onReadable(() => undefined), { code: 'EBADF' });
  assert.throws(() => closed.takeErrors(), { code: 'EBADF' });
});

test('a port that is taken is EADDRINUSE, with the system call that said so', () => {
  const options = { family: 4, localAddress: LOOPBACK, localPort: socket.localPort } as const;
  assert.throws(() => UdpSocket.open(options), {
    name: 'Error',
    code: 'EADDRINUSE',
    errno: 98,
    syscall: 'bind',
    message: 'EADDRINUSE: address already in use, bind',
  });
});
