import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Misses } from '../../../../core/ike/mobility/misses.ts';
import { path } from './paths.ts';

describe('a preferred path', () => {
  test('that never failed may be tried at once', () => {
    assert.equal(new Misses().nextTry(1), -Infinity);
  });

  test('that fails is tried after pauses that grow, up to half an hour', () => {
    const misses = new Misses();
    const pauses = [0, 1, 2, 3, 4, 5, 6].map((n) => {
      misses.count(1, n * 1_000);
      return misses.nextTry(1) - n * 1_000;
    });
    assert.deepEqual(pauses, [5_000, 20_000, 80_000, 320_000, 1_280_000, 1_800_000, 1_800_000]);
  });

  test('that works for a moment and fails again has to wait longer', () => {
    const misses = new Misses();
    misses.count(1, 0);
    misses.settled(1, 6_000);
    misses.count(1, 8_000);
    assert.equal(misses.nextTry(1), 28_000);
  });

  test('that worked for long has a clean slate', () => {
    const misses = new Misses();
    misses.count(1, 0);
    misses.count(1, 6_000);
    misses.settled(1, 30_000);
    misses.count(1, 400_000);
    assert.equal(misses.nextTry(1), 405_000);
  });

  test('is new when it was gone in between', () => {
    const misses = new Misses();
    misses.count(1, 0);
    misses.count(2, 0);
    misses.keep([path(2)]);
    assert.equal(misses.nextTry(1), -Infinity);
    assert.equal(misses.nextTry(2), 5_000);
  });
});
