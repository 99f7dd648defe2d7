import { test } from 'node:test';
import assert from 'node:assert/strict';
import { highHalf, LAST_EXTENDED_SEQUENCE, lowHalf, SequenceCounter } from '../../../core/ipsec/sequence.ts';
import { proves } from '../../conformance/tag.ts';

test(
  'the first packet of an SA has number 1 and each later one the next',
  proves(['RFC4303-3.3.3-1', 'does'], ['RFC4303-2.2-1', 'does']),
  () => {
    const counter = new SequenceCounter(false);
    assert.equal(counter.current, 0);
    assert.deepEqual([counter.next(), counter.next(), counter.next()], [1, 2, 3]);
    assert.equal(counter.current, 3);
  },
);

test(
  'a 32-bit counter stops before it would cycle',
  proves(['RFC4303-2.2-2', 'refuses'], ['RFC4303-2.2-3', 'does']),
  () => {
    const counter = new SequenceCounter(false, 0xffff_fffe);
    assert.equal(counter.next(), 0xffff_ffff);
    assert.ok(counter.exhausted);
    assert.throws(() => counter.next(), RangeError);
    assert.equal(counter.current, 0xffff_ffff);
  },
);

test('an extended counter goes on past 32 bits', proves('RFC4303-2.2.1-1', 'does'), () => {
  const counter = new SequenceCounter(true, 0xffff_ffff);
  const next = counter.next();
  assert.equal(next, 2 ** 32);
  assert.deepEqual([highHalf(next), lowHalf(next)], [1, 0]);
  assert.ok(!counter.low);
});

test('an extended counter stops where numbers would lose exactness', () => {
  const counter = new SequenceCounter(true, LAST_EXTENDED_SEQUENCE - 1);
  assert.equal(counter.next(), LAST_EXTENDED_SEQUENCE);
  assert.throws(() => counter.next(), RangeError);
});

test('a counter runs low well before it is exhausted', () => {
  assert.ok(!new SequenceCounter(false, 2 ** 32 - 2 ** 28 - 2).low);
  assert.ok(new SequenceCounter(false, 2 ** 32 - 2 ** 28).low);
});

test('the halves of a number are its 32-bit digits', () => {
  const sequence = 0x1f_edcb * 2 ** 32 + 0x89ab_cdef;
  assert.equal(highHalf(sequence), 0x1f_edcb);
  assert.equal(lowHalf(sequence), 0x89ab_cdef);
});
