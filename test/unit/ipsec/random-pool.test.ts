import { test } from 'node:test';
import assert from 'node:assert/strict';
import { RandomPool } from '../../../core/ipsec/random-pool.ts';
import { seeded } from './pair.ts';

test('every octet of the source is given out once, in order', () => {
  const pool = new RandomPool(seeded(5));
  const source = seeded(5)(4096);
  const out = new Uint8Array(4096);
  for (let at = 0; at < out.length; at += 16) pool.fill(out, at, 16);
  assert.deepEqual(out, source);
});

test('an empty pool asks its source again', () => {
  let calls = 0;
  const random = seeded(5);
  const pool = new RandomPool((length) => {
    calls++;
    return random(length);
  });
  const out = new Uint8Array(16);
  for (let i = 0; i < 256; i++) pool.fill(out, 0, 16);
  assert.equal(calls, 1);
  pool.fill(out, 0, 16);
  assert.equal(calls, 2);
});

test('what was given out is gone from the pool', () => {
  let given = new Uint8Array(0) as Uint8Array;
  const pool = new RandomPool((length) => (given = seeded(9)(length)));
  pool.fill(new Uint8Array(32), 0, 32);
  assert.ok(given.subarray(0, 32).every((octet) => octet === 0));
  assert.ok(!given.subarray(32).every((octet) => octet === 0));
});
