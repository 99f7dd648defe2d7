import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationText, type Sample, withSample } from '../../../renderer/features/connection/model.ts';

function rates(samples: readonly Sample[]): (readonly [number, number])[] {
  return samples.map(({ at, inPerSecond }) => [at, inPerSecond] as const);
}

test('what comes after a silence came in its last second, and the silence is drawn', () => {
  const first = withSample([], { at: 0, bytesIn: 0, bytesOut: 0 });
  const busy = withSample(first, { at: 1000, bytesIn: 5000, bytesOut: 0 });
  const later = withSample(busy, { at: 61_000, bytesIn: 7000, bytesOut: 0 });
  assert.deepEqual(rates(later), [
    [0, 0],
    [1000, 5000],
    [60_000, 0],
    [61_000, 2000],
  ]);
});

test('what was missed is spread over the time in which it was missed', () => {
  const first = withSample([], { at: 0, bytesIn: 0, bytesOut: 0 });
  const later = withSample(first, { at: 10_000, bytesIn: 20_000, bytesOut: 0 }, false);
  assert.deepEqual(rates(later), [
    [0, 0],
    [10_000, 2000],
  ]);
});

test('totals that shrank begin anew', () => {
  const first = withSample([], { at: 0, bytesIn: 9000, bytesOut: 0 });
  assert.deepEqual(rates(withSample(first, { at: 1000, bytesIn: 10, bytesOut: 0 })), [[1000, 0]]);
});

test('a duration is told as a glance wants it', () => {
  assert.deepEqual([0, 59_999, 60_000, 3_599_999, 7_260_000].map(durationText), [
    '0 min',
    '0 min',
    '1 min',
    '59 min',
    '2 h 1 min',
  ]);
});
