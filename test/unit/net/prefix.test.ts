import { test } from 'node:test';
import assert from 'node:assert/strict';
import { addressOf } from '../../../core/net/address.ts';
import {
  containsAddress,
  formatPrefix,
  maskedPrefix,
  parsePrefix,
  prefixContains,
  prefixToRange,
  rangeToPrefixes,
  type Prefix,
} from '../../../core/net/prefix.ts';
import { formatRange } from '../../../core/net/range.ts';
import { octetsOf } from './packets.ts';

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  assert.ok(parsed, text);
  return parsed;
}

function between(start: string, end: string): string[] {
  return rangeToPrefixes(addressOf(octetsOf(start)), addressOf(octetsOf(end))).map(formatPrefix);
}

test('bits behind the prefix length are cleared', () => {
  assert.equal(formatPrefix(prefix('10.1.2.3/8')), '10.0.0.0/8');
  assert.equal(formatPrefix(prefix('10.1.2.255/25')), '10.1.2.128/25');
  assert.equal(formatPrefix(prefix('2001:db8:ffff::/33')), '2001:db8:8000::/33');
  assert.equal(formatPrefix(prefix('1.2.3.4/0')), '0.0.0.0/0');
  assert.equal(formatPrefix(maskedPrefix(addressOf(octetsOf('10.1.2.3')), 31)), '10.1.2.2/31');
});

test('an address alone is a prefix of all its bits', () => {
  assert.equal(formatPrefix(prefix('192.0.2.1')), '192.0.2.1/32');
  assert.equal(formatPrefix(prefix('::1')), '::1/128');
});

test('a text that is no prefix is refused', () => {
  for (const text of [
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/08',
    '10.0.0/8',
    '::/129',
    '::/-1',
    '/8',
    '10.0.0.0/8/8',
  ])
    assert.equal(parsePrefix(text), undefined, text);
});

test('an address is in a prefix when the leading bits agree', () => {
  const p = prefix('10.1.2.128/25');
  const has = (text: string): boolean => containsAddress(p, addressOf(octetsOf(text)));
  assert.deepEqual(['10.1.2.127', '10.1.2.128', '10.1.2.255', '10.1.3.0'].map(has), [
    false,
    true,
    true,
    false,
  ]);
  assert.ok(containsAddress(prefix('::/0'), addressOf(octetsOf('ffff::'))));
  assert.ok(!containsAddress(prefix('0.0.0.0/0'), addressOf(octetsOf('::1'))));
  assert.ok(containsAddress(prefix('192.0.2.1/32'), addressOf(octetsOf('192.0.2.1'))));
});

test('a longer prefix can lie in a shorter one, not the other way', () => {
  assert.ok(prefixContains(prefix('10.0.0.0/8'), prefix('10.9.0.0/16')));
  assert.ok(!prefixContains(prefix('10.9.0.0/16'), prefix('10.0.0.0/8')));
  assert.ok(!prefixContains(prefix('10.0.0.0/8'), prefix('11.0.0.0/16')));
});

test('a prefix and its range are the same addresses', () => {
  assert.equal(formatRange(prefixToRange(prefix('10.1.2.128/25'))), '10.1.2.128-10.1.2.255');
  assert.equal(formatRange(prefixToRange(prefix('0.0.0.0/0'))), '0.0.0.0-255.255.255.255');
});

test('a range becomes the shortest list of prefixes', () => {
  assert.deepEqual(between('0.0.0.0', '255.255.255.255'), ['0.0.0.0/0']);
  assert.deepEqual(between('10.0.0.1', '10.0.0.9'), [
    '10.0.0.1/32',
    '10.0.0.2/31',
    '10.0.0.4/30',
    '10.0.0.8/31',
  ]);
  assert.deepEqual(between('10.0.0.7', '10.0.0.7'), ['10.0.0.7/32']);
  assert.deepEqual(between('255.255.255.254', '255.255.255.255'), ['255.255.255.254/31']);
  assert.deepEqual(between('2001:db8::', '2001:db8::ffff'), ['2001:db8::/112']);
  assert.equal(between('::1', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe').length, 254);
});

test('a range that ends before it begins, or mixes families, has no prefixes', () => {
  assert.deepEqual(between('10.0.0.2', '10.0.0.1'), []);
  assert.deepEqual(between('10.0.0.2', '::ffff'), []);
});
