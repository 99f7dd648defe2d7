import { test } from 'node:test';
import assert from 'node:assert/strict';
import { keyLengths, newTransform, shapeOf, type EspSuite } from '../../../core/ipsec/suite.ts';
import { proves } from '../../conformance/tag.ts';
import { seeded, SUITES } from './pair.ts';

/** Octets of KEYMAT for encryption and integrity, and around a packet: IV, ICV, alignment. */
const LENGTHS: Readonly<Record<string, readonly number[]>> = {
  aes128gcm16: [20, 0, 8, 16, 4],
  'aes128gcm16-esn': [20, 0, 8, 16, 4],
  aes192gcm16: [28, 0, 8, 16, 4],
  aes256gcm16: [36, 0, 8, 16, 4],
  'aes256gcm16-esn': [36, 0, 8, 16, 4],
  chacha20poly1305: [36, 0, 8, 16, 4],
  'chacha20poly1305-esn': [36, 0, 8, 16, 4],
  'aes128-sha1': [16, 20, 16, 12, 16],
  'aes128-sha1-esn': [16, 20, 16, 12, 16],
  'aes192-sha256': [24, 32, 16, 16, 16],
  'aes256-sha256': [32, 32, 16, 16, 16],
  'aes256-sha256-esn': [32, 32, 16, 16, 16],
  'aes256-sha384': [32, 48, 16, 24, 16],
  'aes256-sha512': [32, 64, 16, 32, 16],
};

test(
  'every suite takes its keys and lengths from the RFCs',
  proves(
    ['RFC4106-8.1-x1', 'does'],
    ['RFC4106-3.1-x1', 'does'],
    ['RFC4106-6-x1', 'does'],
    ['RFC7634-2-x4', 'does'],
    ['RFC7634-2-x5', 'does'],
  ),
  () => {
    assert.deepEqual(Object.keys(LENGTHS), Object.keys(SUITES));
    for (const [name, suite] of Object.entries(SUITES)) {
      const keys = keyLengths(suite);
      const shape = shapeOf(suite);
      assert.ok(keys && shape, name);
      assert.deepEqual(
        [keys.encr, keys.integ, shape.ivLength, shape.icvLength, shape.alignment],
        LENGTHS[name],
        name,
      );
    }
  },
);

const REFUSED: Readonly<Record<string, EspSuite>> = {
  'an AEAD with an integrity algorithm': { encr: 20, keyBits: 128, integ: 12, esn: false },
  'ChaCha20-Poly1305 with an integrity algorithm': { encr: 28, integ: 12, esn: false },
  'a cipher without integrity': { encr: 12, keyBits: 256, esn: false },
  'a cipher with integrity NONE': { encr: 12, keyBits: 256, integ: 0, esn: false },
  'AES-GCM without a key length': { encr: 20, esn: false },
  'AES-GCM with a key length that AES has not': { encr: 20, keyBits: 160, esn: false },
  'AES-GCM with an 8-octet ICV': { encr: 18, keyBits: 128, esn: false },
  'NULL encryption and no integrity': { encr: 11, esn: false },
  '3DES': { encr: 3, integ: 2, esn: false },
  'HMAC-MD5': { encr: 12, keyBits: 128, integ: 1, esn: false },
};

test(
  'a suite that leaves something unprotected or doubly protected is none',
  proves(
    ['RFC7634-4-x1', 'refuses'],
    ['RFC4106-6-x3', 'refuses'],
    ['RFC4106-8.4-x1', 'refuses'],
    ['RFC4303-3.2-1', 'refuses'],
    ['RFC4301-4.2-1', 'refuses'],
    ['RFC8221-4-x1', 'refuses'],
    ['RFC8221-6-x1', 'refuses'],
    ['RFC8221-6-x2', 'refuses'],
  ),
  () => {
    for (const [name, suite] of Object.entries(REFUSED)) {
      assert.equal(keyLengths(suite), undefined, name);
      assert.equal(shapeOf(suite), undefined, name);
      assert.throws(
        () => newTransform(suite, new Uint8Array(36), new Uint8Array(32), seeded(1)),
        RangeError,
        name,
      );
    }
  },
);

test('a key of the wrong length is refused', () => {
  const gcm: EspSuite = { encr: 20, keyBits: 256, esn: false };
  assert.throws(() => newTransform(gcm, new Uint8Array(32), undefined, seeded(1)), RangeError);
  const cbc: EspSuite = { encr: 12, keyBits: 256, integ: 12, esn: false };
  assert.throws(() => newTransform(cbc, new Uint8Array(31), new Uint8Array(32), seeded(1)), RangeError);
  assert.throws(() => newTransform(cbc, new Uint8Array(32), new Uint8Array(31), seeded(1)), RangeError);
  assert.throws(() => newTransform(cbc, new Uint8Array(32), undefined, seeded(1)), RangeError);
});
