import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SPACING_MS, Spread } from '../../../../core/ike/mobility/spread.ts';
import { path } from './paths.ts';

const [a, b, c] = [path(1), path(2), path(3)];

/** When copies go out, and over which path. */
function copies(spread: Spread): [number, number | undefined][] {
  const sent: [number, number | undefined][] = [];
  while (spread.nextAt < Infinity) {
    const at = spread.nextAt;
    sent.push([at, spread.poll(at)?.id]);
  }
  return sent;
}

describe('the copies of one request', () => {
  test('go out over the best path at once, and over the others one after the other', () => {
    const spread = new Spread();
    assert.equal(spread.begin([a, b, c], 1_000), a);
    assert.equal(spread.poll(1_000 + SPACING_MS - 1), undefined);
    assert.deepEqual(copies(spread), [
      [1_000 + SPACING_MS, 2],
      [1_000 + 2 * SPACING_MS, 3],
    ]);
    assert.deepEqual([...spread.over], [1, 2, 3]);
  });

  test('go out over one path when there is one', () => {
    const spread = new Spread();
    assert.equal(spread.begin([a], 0), a);
    assert.equal(spread.nextAt, Infinity);
    assert.deepEqual([...spread.over], [1]);
  });

  test('are not known to have gone over a path before they have', () => {
    const spread = new Spread();
    spread.begin([a, b], 0);
    assert.deepEqual([...spread.over], [1]);
  });

  test('of a second round wait for those of the first one', () => {
    const spread = new Spread();
    spread.begin([a, b, c], 0);
    assert.equal(spread.begin([a, b, c], 100), undefined);
    assert.deepEqual(copies(spread), [
      [150, 2],
      [300, 3],
      [450, 1],
    ]);
    assert.equal(spread.begin([a, b], 1_000), a);
  });

  test('do not go over a path that is gone', () => {
    const spread = new Spread();
    spread.begin([a, b, c], 0);
    spread.forgetWaiting();
    assert.equal(spread.nextAt, Infinity);
    assert.equal(spread.begin([c], 10), c);
    assert.deepEqual(copies(spread), []);
    assert.deepEqual([...spread.over], [1, 3]);
  });

  test('do not go out at all without a path', () => {
    const spread = new Spread();
    assert.equal(spread.begin([], 0), undefined);
    assert.equal(spread.nextAt, Infinity);
  });
});
