import { test } from 'node:test';
import assert from 'node:assert/strict';
import { fromHex, toHex } from '../../../core/lib/bytes.ts';
import { desEncrypt, desKey } from '../../../core/eap/des.ts';

test('seven octets become the parity-corrected keys of RFC 2759 section 9.3', () => {
  assert.equal(toHex(desKey(fromHex('FC 15 6A F7 ED CD 6C'))), 'fd0b5b5e7f6e34d9');
  assert.equal(toHex(desKey(fromHex('0E DD E3 33 7D 42 7F'))), '0e6e796737ea08fe');
});

test('every octet of a DES key has an odd number of ones', () => {
  for (const octet of [0, 1, 0x55, 0x80, 0xfe, 0xff]) {
    for (const part of desKey(new Uint8Array(7).fill(octet))) {
      assert.equal(part.toString(2).replaceAll('0', '').length % 2, 1);
    }
  }
});

test('DES encrypts one block, weak keys included', () => {
  // The first is the key 133457799BBCDFF1 without its parity bits; outputs from OpenSSL's legacy provider.
  const block = fromHex('0123456789ABCDEF');
  assert.equal(toHex(desEncrypt(block, fromHex('12695bc9b7b7f8'))), '85e813540f0ab405');
  assert.equal(toHex(desEncrypt(block, new Uint8Array(7))), '617b3a0ce8f07100');
  assert.equal(toHex(desEncrypt(block, new Uint8Array(7).fill(0xff))), '6dce0dc9006556a3');
});

test('DES takes nothing but an 8-octet block and a 7-octet key', () => {
  assert.throws(() => desEncrypt(new Uint8Array(7), new Uint8Array(7)), RangeError);
  assert.throws(() => desEncrypt(new Uint8Array(8), new Uint8Array(8)), RangeError);
});
