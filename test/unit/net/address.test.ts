import { test } from 'node:test';
import assert from 'node:assert/strict';
import {
  addressOf,
  compareOctets,
  formatAddress,
  formatEndpoint,
  parseAddress,
  sameAddress,
  sameEndpoint,
} from '../../../core/net/address.ts';
import { octetsOf } from './packets.ts';

/** RFC 5952 section 4 and RFC 4291 section 2.2: text in, canonical text out. */
const CANONICAL: readonly (readonly [text: string, canonical: string])[] = [
  ['192.0.2.1', '192.0.2.1'],
  ['0.0.0.0', '0.0.0.0'],
  ['255.255.255.255', '255.255.255.255'],
  ['2001:0DB8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['::', '::'],
  ['::1', '::1'],
  ['fe80::', 'fe80::'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
  ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
  ['::FFFF:c000:201', '::ffff:192.0.2.1'],
  ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ['1:2:3:4:5:6:192.0.2.1', '1:2:3:4:5:6:c000:201'],
];

const NOT_ADDRESSES: readonly string[] = [
  '',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.256',
  '01.2.3.4',
  '1.2.3.-4',
  '1.2.3.4 ',
  '0x1.2.3.4',
  ':',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7:8::',
  '12345::',
  'g::',
  '1.2.3.4::',
  '::1.2.3.4:5',
  '::1.2.3',
  'fe80::1%eth0',
  '::1/64',
];

test('addresses are written in their canonical form', () => {
  for (const [text, canonical] of CANONICAL) {
    const address = parseAddress(text);
    assert.ok(address, text);
    assert.equal(formatAddress(address), canonical);
  }
});

test('a text that is no address is refused', () => {
  for (const text of NOT_ADDRESSES) assert.equal(parseAddress(text), undefined, text);
});

test('the octets of an address are in network order', () => {
  assert.deepEqual(octetsOf('192.0.2.1'), Uint8Array.of(192, 0, 2, 1));
  assert.deepEqual(octetsOf('102:304::f'), Uint8Array.of(1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 15));
});

test('only 4 or 16 octets make an address', () => {
  assert.equal(addressOf(new Uint8Array(4)).family, 4);
  assert.equal(addressOf(new Uint8Array(16)).family, 6);
  for (const length of [0, 3, 5, 15, 17])
    assert.throws(() => addressOf(new Uint8Array(length)), RangeError, String(length));
});

test('an IPv4 address is never the same as an IPv6 one', () => {
  const four = addressOf(octetsOf('192.0.2.1'));
  assert.ok(sameAddress(four, addressOf(octetsOf('192.0.2.1'))));
  assert.ok(!sameAddress(four, addressOf(octetsOf('::ffff:192.0.2.1'))));
  assert.ok(!sameAddress(four, addressOf(octetsOf('192.0.2.2'))));
});

test('octets are ordered from the left', () => {
  assert.ok(compareOctets(octetsOf('10.0.0.255'), octetsOf('10.0.1.0')) < 0);
  assert.ok(compareOctets(octetsOf('200.0.0.0'), octetsOf('100.255.255.255')) > 0);
  assert.equal(compareOctets(octetsOf('::1'), octetsOf('::1')), 0);
});

test('the port of an endpoint stands apart from an IPv6 address', () => {
  const four = { address: addressOf(octetsOf('192.0.2.1')), port: 500 };
  const six = { address: addressOf(octetsOf('2001:db8::1')), port: 4500 };
  assert.equal(formatEndpoint(four), '192.0.2.1:500');
  assert.equal(formatEndpoint(six), '[2001:db8::1]:4500');
  assert.ok(sameEndpoint(four, { ...four }));
  assert.ok(!sameEndpoint(four, { ...four, port: 4500 }));
  assert.ok(!sameEndpoint(four, { ...six, port: 500 }));
});
