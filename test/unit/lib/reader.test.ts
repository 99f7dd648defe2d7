import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtocolError, Reader, type ByteOrder } from '../../../core/lib/reader.ts';

const OCTETS = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14);

function numbers(order?: ByteOrder): (number | bigint)[] {
  const reader = new Reader(OCTETS, order);
  return [reader.u16('a'), reader.u32('b'), reader.u64('c')];
}

test('numbers are read in network order unless the other one is asked for', () => {
  assert.deepEqual(numbers(), [0x0102, 0x03040506, 0x0708090a0b0c0d0en]);
  assert.deepEqual(numbers('big'), numbers());
  assert.deepEqual(numbers('little'), [0x0201, 0x06050403, 0x0e0d0c0b0a090807n]);
});

test('a reader over a part reads in the order of the whole', () => {
  assert.equal(new Reader(OCTETS, 'little').sub(2, 'part').u16('number'), 0x0201);
  assert.equal(new Reader(OCTETS).sub(2, 'part').u16('number'), 0x0102);
});

test('no read reaches past the end, and one that fails takes nothing', () => {
  for (const order of ['big', 'little'] as const) {
    const reader = new Reader(OCTETS.subarray(0, 3), order);
    assert.throws(() => reader.u32('number'), ProtocolError);
    assert.throws(() => reader.u64('number'), ProtocolError);
    assert.throws(() => reader.take(-1, 'octets'), ProtocolError);
    assert.throws(() => reader.sub(4, 'part'), ProtocolError);
    assert.equal(reader.remaining, 3);
    reader.skip(2, 'two');
    assert.throws(() => reader.u16('number'), ProtocolError);
    assert.throws(() => reader.end('end'), ProtocolError);
    assert.deepEqual(reader.rest(), Uint8Array.of(3));
    reader.end('end');
  }
});
