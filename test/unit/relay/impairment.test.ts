import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seeded } from '../../fuzz/mutate.ts';
import { decideFate, impaired, UNIMPAIRED, type Fate } from '../../support/relay/impairment.ts';

const MANY = 20_000;

function luck(seed: number): () => number {
  const random = seeded(seed);
  return () => random(2 ** 32) / 2 ** 32;
}

function fates(changes: Parameters<typeof impaired>[1], seed = 7): Fate[] {
  const impairment = impaired(UNIMPAIRED, changes);
  const random = luck(seed);
  return Array.from({ length: MANY }, () => decideFate(impairment, random));
}

function assertAbout(count: number, chance: number): void {
  const deviation = Math.sqrt(MANY * chance * (1 - chance));
  assert.ok(Math.abs(count - MANY * chance) < 5 * deviation, `${count} of ${MANY} for ${chance}`);
}

test('a path without impairment passes everything at once and once', () => {
  for (const fate of fates({})) assert.deepEqual(fate, { delaysMs: [0], heldBack: 0 });
});

test('loss, duplication and reordering happen as often as they should, each by itself', () => {
  const all = fates({ loss: 0.2, duplication: 0.05, reordering: 0.1, delayMs: 100 });
  const arrived = all.filter(({ delaysMs }) => delaysMs.length > 0);
  assertAbout(MANY - arrived.length, 0.2);
  assertAbout(all.filter(({ delaysMs }) => delaysMs.length === 2).length, 0.05 * 0.8);
  const copies = arrived.flatMap(({ delaysMs }) => delaysMs);
  assert.deepEqual(
    [...new Set(copies)].sort((a, b) => a - b),
    [100, 120],
  );
  const heldBack = all.reduce((sum, fate) => sum + fate.heldBack, 0);
  assert.equal(copies.filter((delayMs) => delayMs === 120).length, heldBack);
  assert.ok(Math.abs(heldBack / copies.length - 0.1) < 0.01);
});

test('jitter spreads the delay evenly to both sides, and never below nothing', () => {
  const delays = fates({ delayMs: 50, jitterMs: 20 }).flatMap(({ delaysMs }) => delaysMs);
  assert.ok(delays.every((delayMs) => delayMs >= 30 && delayMs <= 70));
  const mean = delays.reduce((sum, delayMs) => sum + delayMs, 0) / delays.length;
  assert.ok(Math.abs(mean - 50) < 0.5);
  assert.ok(fates({ jitterMs: 20 }).every(({ delaysMs }) => delaysMs.every((delayMs) => delayMs >= 0)));
});

test('the same seed gives the same fates, and another one others', () => {
  const changes = { loss: 0.3, duplication: 0.3, reordering: 0.3, jitterMs: 5 };
  assert.deepEqual(fates(changes, 1), fates(changes, 1));
  assert.notDeepEqual(fates(changes, 1), fates(changes, 2));
});

test('a change of one chance leaves the luck of the others alone', () => {
  const twice = (all: readonly Fate[]): number[] =>
    all.flatMap(({ delaysMs }, index) => (delaysMs.length === 2 ? [index] : []));
  const without = twice(fates({ duplication: 0.1 }));
  const lossy = fates({ duplication: 0.1, loss: 0.5 });
  assert.deepEqual(
    twice(lossy),
    without.filter((index) => lossy[index]?.delaysMs.length !== 0),
  );
});

test('what is no chance and what is no time is refused', () => {
  for (const wrong of [{ loss: 1.5 }, { duplication: -0.1 }, { delayMs: -1 }, { jitterMs: NaN }])
    assert.throws(() => impaired(UNIMPAIRED, wrong), RangeError);
});
