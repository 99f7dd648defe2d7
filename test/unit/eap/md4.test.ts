import { test } from 'node:test';
import assert from 'node:assert/strict';
import { toHex, utf8 } from '../../../core/lib/bytes.ts';
import { md4 } from '../../../core/eap/md4.ts';

/** RFC 1320 section A.5. */
const RFC_1320: readonly (readonly [input: string, digest: string])[] = [
  ['', '31d6cfe0d16ae931b73c59d7e0c089c0'],
  ['a', 'bde52cb31de33e46245e05fbdbd6fb24'],
  ['abc', 'a448017aaf21d8525fc10ae87aa6729d'],
  ['message digest', 'd9130a8164549fe818874806e1c7014b'],
  ['abcdefghijklmnopqrstuvwxyz', 'd79e1c308aa5bbcdeea8ed63df412da9'],
  ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', '043f8582f241db351ce627e153e7f0e4'],
  ['1234567890'.repeat(8), 'e33b4ddc9c38f2199c3e7b164fcc0536'],
];

test('MD4 gives the digests of RFC 1320', () => {
  for (const [input, digest] of RFC_1320) assert.equal(toHex(md4(utf8(input))), digest, input);
});

test('MD4 pads every length around a block boundary rightly', () => {
  // Digests of so many letters `a`, from OpenSSL's legacy provider.
  const digests: readonly (readonly [length: number, digest: string])[] = [
    [55, 'c889c81dd86c4d2e025778944ea02881'],
    [56, 'd5f9a9e9257077a5f08b0b92f348b0ad'],
    [63, '7ea3da77432d44c323671097d1348fc8'],
    [64, '52f5076fabd22680234a3fa9f9dc5732'],
    [65, '330e377bf231f3cacfecc2c182fe7e5b'],
    [119, 'e65dd227ccef97fa1d34d70189120f76'],
    [120, 'b03ddbd470b47c013e0c7ab2ddd763db'],
    [1000, '5f1bf26a8067c9159b91f1440f7c9e8a'],
  ];
  for (const [length, digest] of digests)
    assert.equal(toHex(md4(utf8('a'.repeat(length)))), digest, String(length));
});

test('MD4 leaves its input as it was', () => {
  const input = utf8('secret');
  md4(input);
  assert.deepEqual(input, utf8('secret'));
});
