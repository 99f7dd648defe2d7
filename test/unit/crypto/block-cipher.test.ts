import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockCipher } from '../../../core/crypto/block-cipher.ts';
import { proves } from '../../conformance/tag.ts';

const IV = new Uint8Array(16).fill(1);

test(
  'AES-CBC exists for key lengths of 128, 192 and 256 bits alone',
  proves('RFC7296-2.13-1', 'refuses'),
  () => {
    for (const bits of [128, 192, 256]) {
      const algorithm = blockCipher(12, bits);
      assert.ok(algorithm);
      assert.deepEqual([algorithm.keyLength, algorithm.blockLength, algorithm.ivLength], [bits / 8, 16, 16]);
    }
    for (const bits of [undefined, 0, 64, 512]) assert.equal(blockCipher(12, bits), undefined);
  },
);

test('ciphers that must not or need not be used are not supported', () => {
  // DES, 3DES, Blowfish, NULL, AES-CTR, AES-GCM, Camellia-CBC.
  for (const id of [0, 2, 3, 7, 11, 13, 20, 23]) {
    for (const bits of [undefined, 128, 192, 256]) assert.equal(blockCipher(id, bits), undefined);
  }
});

test('it adds no padding and wants whole blocks', () => {
  const key = blockCipher(12, 256)?.create(new Uint8Array(32).fill(7));
  assert.ok(key);
  for (const length of [0, 16, 32, 1504]) {
    const text = new Uint8Array(length).fill(5);
    const encrypted = key.encrypt(IV, text);
    assert.equal(encrypted.length, length);
    assert.deepEqual(key.decrypt(IV, encrypted), text);
    assert.equal(Object.getPrototypeOf(encrypted), Uint8Array.prototype);
  }
  for (const length of [1, 15, 17, 31]) {
    assert.throws(() => key.encrypt(IV, new Uint8Array(length)), RangeError);
    assert.equal(key.decrypt(IV, new Uint8Array(length)), undefined);
  }
});

test('recipients accept any IV', proves('RFC7296-3.14-3', 'does'), () => {
  const key = blockCipher(12, 128)?.create(new Uint8Array(16).fill(7));
  assert.ok(key);
  for (const fill of [0x00, 0x01, 0xff]) {
    const iv = new Uint8Array(16).fill(fill);
    const text = new Uint8Array(32).fill(5);
    assert.deepEqual(key.decrypt(iv, key.encrypt(iv, text)), text);
  }
});

test('it refuses keys and IVs of another length, and works no more when wiped', () => {
  const algorithm = blockCipher(12, 256);
  assert.ok(algorithm);
  for (const length of [0, 16, 31, 33])
    assert.throws(() => algorithm.create(new Uint8Array(length)), RangeError);
  const key = algorithm.create(new Uint8Array(32));
  for (const length of [0, 8, 15, 17]) {
    assert.throws(() => key.encrypt(new Uint8Array(length), new Uint8Array(16)), RangeError);
    assert.throws(() => key.decrypt(new Uint8Array(length), new Uint8Array(16)), RangeError);
  }
  key.wipe();
  assert.throws(() => key.encrypt(IV, new Uint8Array(16)), /wiped/);
  assert.throws(() => key.decrypt(IV, new Uint8Array(16)), /wiped/);
});
