import { test } from 'node:test';
import assert from 'node:assert/strict';
import { appendPacket, newBatch, packetAt, resetBatch } from '../../../core/net/batch.ts';

test('every slot of a new batch begins behind its headroom', () => {
  const batch = newBatch(3, 100, 10);
  assert.equal(batch.slab.length, 300);
  assert.deepEqual([...batch.offsets], [10, 110, 210]);
  assert.equal(batch.count, 0);
});

test('packets are appended until the batch is full', () => {
  const batch = newBatch(2, 16, 4);
  assert.ok(appendPacket(batch, Uint8Array.of(1, 2)));
  assert.ok(appendPacket(batch, Uint8Array.of(3)));
  assert.ok(!appendPacket(batch, Uint8Array.of(4)));
  assert.equal(batch.count, 2);
  assert.deepEqual(packetAt(batch, 0), Uint8Array.of(1, 2));
  assert.deepEqual(packetAt(batch, 1), Uint8Array.of(3));
});

test('a packet longer than a slot is refused', () => {
  const batch = newBatch(2, 16, 4);
  assert.ok(appendPacket(batch, new Uint8Array(12)));
  assert.ok(!appendPacket(batch, new Uint8Array(13)));
  assert.equal(batch.count, 1);
});

test('a packet is where its offset says, also outside its slot', () => {
  const batch = newBatch(2, 16, 4);
  appendPacket(batch, Uint8Array.of(1, 2, 3, 4));
  batch.offsets[0] = 5;
  batch.lengths[0] = 2;
  assert.deepEqual(packetAt(batch, 0), Uint8Array.of(2, 3));
});

test('a packet that is not there cannot be asked for', () => {
  const batch = newBatch(2, 16, 4);
  assert.throws(() => packetAt(batch, 0), RangeError);
});

test('a reset batch is as good as new', () => {
  const batch = newBatch(2, 16, 4);
  appendPacket(batch, Uint8Array.of(1));
  batch.offsets[1] = 0;
  resetBatch(batch);
  assert.equal(batch.count, 0);
  assert.deepEqual([...batch.offsets], [4, 20]);
  assert.deepEqual([...batch.lengths], [0, 0]);
});

test('a headroom that fills the slot is a mistake', () => {
  assert.throws(() => newBatch(1, 16, 16), RangeError);
});
