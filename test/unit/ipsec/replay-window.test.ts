import { test } from 'node:test';
import assert from 'node:assert/strict';
import { ReplayWindow } from '../../../core/ipsec/replay-window.ts';
import { LAST_EXTENDED_SEQUENCE } from '../../../core/ipsec/sequence.ts';
import { proves } from '../../conformance/tag.ts';

/** What arrives in this order at a window of 32, and what becomes of it. */
const ARRIVALS: readonly (readonly [sequence: number, fresh: 'new' | 'seen' | 'stale', why: string])[] = [
  [0, 'seen', 'zero is never sent'],
  [1, 'new', 'the first'],
  [1, 'seen', 'the first again'],
  [3, 'new', 'a gap'],
  [2, 'new', 'the gap is filled'],
  [3, 'seen', 'still known'],
  [32, 'new', 'the window is full'],
  [1, 'seen', 'its left edge'],
  [33, 'new', 'slides by one'],
  [1, 'stale', 'fell out on the left'],
  [2, 'seen', 'the new left edge'],
  [31, 'new', 'inside'],
  [100, 'new', 'slides by more than a window'],
  [33, 'stale', 'far behind'],
  [68, 'stale', 'just outside'],
  [69, 'new', 'just inside'],
  [69, 'seen', 'again'],
  [101, 'new', 'next'],
  [70, 'new', 'the left edge'],
  [0xffff_ffff, 'new', 'the last of 32 bits'],
  [0xffff_ffff, 'seen', 'again'],
  [0xffff_ffe0, 'new', 'the left edge there'],
  [0xffff_ffdf, 'stale', 'just outside there'],
  [2 ** 32, 'new', 'past 32 bits'],
  [2 ** 32 - 32, 'stale', 'the edge moved along'],
  [2 ** 32 - 31, 'new', 'the edge itself'],
  [LAST_EXTENDED_SEQUENCE, 'new', 'the last that can be'],
  [LAST_EXTENDED_SEQUENCE, 'seen', 'again'],
  [LAST_EXTENDED_SEQUENCE - 31, 'new', 'exact to the end'],
];

test(
  'a window knows what is new, what it saw, and what lies behind it',
  proves(
    ['RFC4303-3.4.3-x4', 'refuses'],
    ['RFC4303-3.4.3-1', 'does'],
    ['RFC4303-3.4.3-x1', 'does'],
    ['RFC4303-3.4.3-x3', 'does'],
  ),
  () => {
    const window = new ReplayWindow(32);
    for (const [sequence, fresh, why] of ARRIVALS) {
      assert.equal(window.check(sequence), fresh, `${sequence}: ${why}`);
      assert.equal(window.commit(sequence), fresh === 'new', `${sequence}: ${why}`);
    }
  },
);

test('a check alone changes nothing', proves('RFC4303-3.4.3-3', 'does'), () => {
  const window = new ReplayWindow(64);
  window.commit(5);
  for (let i = 0; i < 3; i++) {
    assert.equal(window.check(1000), 'new');
    assert.equal(window.check(4), 'new');
  }
  assert.equal(window.top, 5);
});

test(
  'the second of two copies that were checked together is refused',
  proves('RFC4303-3.4.3-x4', 'refuses'),
  () => {
    const window = new ReplayWindow();
    assert.equal(window.check(7), 'new');
    assert.equal(window.check(7), 'new');
    assert.ok(window.commit(7));
    assert.ok(!window.commit(7));
  },
);

test('a number of long ago does not stand in for a new one', proves('RFC4303-3.4.3-x4', 'does'), () => {
  for (const size of [32, 64, 1024]) {
    const ring = size + 32;
    const window = new ReplayWindow(size);
    for (const sequence of [5, 40, ring + 8, ring + 6]) assert.ok(window.commit(sequence));
    assert.equal(window.check(ring + 5), 'new', `window of ${size}`);
    assert.ok(window.commit(ring + 5));
  }
});

test('the default window is 1024 packets', () => {
  const window = new ReplayWindow();
  window.commit(2000);
  assert.equal(window.check(2000 - 1023), 'new');
  assert.equal(window.check(2000 - 1024), 'stale');
});

test('a window is whole words', () => {
  for (const size of [0, 31, 33, -32, 1.5])
    assert.throws(() => new ReplayWindow(size), RangeError, String(size));
});

const HALF = 2 ** 32;

/** RFC 4303 appendix A2.1: the top of a window of 64, the low half received, the whole number. */
const INFERRED: readonly (readonly [top: number, low: number, whole: number | undefined, why: string])[] = [
  [0, 1, 1, 'the first packet'],
  [0, 0xffff_ffff, undefined, 'before the first packet'],
  [10, 0xffff_ffd3, undefined, 'before the first packet, within the window'],
  [100, 37, 37, 'the bottom of the window'],
  [100, 36, HALF + 36, 'below the bottom: the next subspace'],
  [100, 0x9000_0000, 0x9000_0000, 'far ahead'],
  [HALF - 1, HALF - 1, HALF - 1, 'the top itself'],
  [HALF - 1, 0, HALF, 'across the border'],
  [HALF - 1, 5, HALF + 5, 'across the border with a gap'],
  [HALF, 0xffff_ffff, HALF - 1, 'back across the border'],
  [HALF, 0xffff_ffc1, HALF - 63, 'back at the bottom'],
  [HALF, 0xffff_ffc0, HALF + 0xffff_ffc0, 'below the bottom is ahead'],
  [HALF + 62, 0xffff_ffff, HALF - 1, 'the window still reaches back by one'],
  [HALF + 63, 0xffff_ffff, HALF + 0xffff_ffff, 'and no longer'],
  [HALF + 63, 0, HALF, 'the window begins with the subspace'],
  [5 * HALF + 1000, 999, 5 * HALF + 999, 'later subspaces'],
  [5 * HALF + 1000, 900, 6 * HALF + 900, 'later subspaces, below the bottom'],
  [LAST_EXTENDED_SEQUENCE, 100, undefined, 'behind the last number'],
];

test('the high half of an extended number follows from the window', proves('RFC4303-2.2.1-1', 'does'), () => {
  for (const [top, low, whole, why] of INFERRED)
    assert.equal(new ReplayWindow(64, top).infer(low), whole, `${top}, ${low}: ${why}`);
});

test(
  'a window follows extended numbers across 2^32 in both directions',
  proves('RFC4303-2.2.1-1', 'does'),
  () => {
    const window = new ReplayWindow(64, HALF - 10);
    for (const sequence of [HALF - 5, HALF + 3, HALF - 6, HALF + 1, HALF - 1, HALF + 40]) {
      assert.equal(window.infer(sequence % HALF), sequence);
      assert.equal(window.check(sequence), 'new');
      assert.ok(window.commit(sequence));
    }
    assert.equal(window.infer((HALF - 6) % HALF), HALF - 6);
    assert.equal(window.check(HALF - 6), 'seen');
  },
);
