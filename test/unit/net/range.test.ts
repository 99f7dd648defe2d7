import { test } from 'node:test';
import assert from 'node:assert/strict';
import { addressOf } from '../../../core/net/address.ts';
import {
  formatRange,
  intersectRanges,
  rangeContains,
  rangeHasAddress,
  wholeRange,
  type AddressRange,
} from '../../../core/net/range.ts';
import { octetsOf } from './packets.ts';

function range(start: string, end: string): AddressRange {
  return { start: addressOf(octetsOf(start)), end: addressOf(octetsOf(end)) };
}

test('both ends belong to a range', () => {
  const r = range('10.0.0.9', '10.0.1.2');
  const has = (text: string): boolean => rangeHasAddress(r, addressOf(octetsOf(text)));
  assert.deepEqual(['10.0.0.8', '10.0.0.9', '10.0.0.200', '10.0.1.2', '10.0.1.3'].map(has), [
    false,
    true,
    true,
    true,
    false,
  ]);
  assert.ok(!has('::a00:9'));
});

test('a range contains the ranges that lie in it', () => {
  const outer = range('10.0.0.0', '10.0.0.99');
  assert.ok(rangeContains(outer, outer));
  assert.ok(rangeContains(outer, range('10.0.0.5', '10.0.0.6')));
  assert.ok(!rangeContains(outer, range('10.0.0.5', '10.0.0.100')));
  assert.ok(!rangeContains(range('10.0.0.5', '10.0.0.6'), outer));
});

test('the intersection of ranges is what both have', () => {
  const a = range('10.0.0.0', '10.0.0.99');
  const b = range('10.0.0.50', '10.0.0.200');
  assert.deepEqual(intersectRanges(a, b), range('10.0.0.50', '10.0.0.99'));
  assert.deepEqual(intersectRanges(b, a), range('10.0.0.50', '10.0.0.99'));
  assert.equal(intersectRanges(a, range('10.0.0.100', '10.0.0.200')), undefined);
  assert.equal(intersectRanges(a, wholeRange(6)), undefined);
  assert.deepEqual(intersectRanges(a, wholeRange(4)), a);
});

test('a range of one address is written as that address', () => {
  assert.equal(formatRange(range('10.0.0.1', '10.0.0.1')), '10.0.0.1');
  assert.equal(formatRange(range('10.0.0.1', '10.0.0.9')), '10.0.0.1-10.0.0.9');
  assert.equal(formatRange(wholeRange(6)), '::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff');
});
