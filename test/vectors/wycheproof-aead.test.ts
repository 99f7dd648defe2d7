import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aead, type AeadKey } from '../../core/crypto/aead.ts';
import { concat } from '../../core/lib/bytes.ts';
import { proves } from '../conformance/tag.ts';
import { eachVector, vectorsOf, type Vector } from './wycheproof.ts';

const gcm = vectorsOf('aes_gcm');
const chacha = vectorsOf('chacha20_poly1305');

function keyOf(encrId: number, vector: Vector): AeadKey {
  const bits = encrId === 28 ? undefined : vector.number('keySize');
  const algorithm = aead(encrId, bits);
  assert.ok(algorithm, vector.label);
  return algorithm.create(vector.octets('key'));
}

function sealedOf(vector: Vector): Uint8Array {
  return concat(vector.octets('ct'), vector.octets('tag'));
}

function checkValid(encrId: number, vector: Vector): void {
  const key = keyOf(encrId, vector);
  const nonce = vector.octets('iv');
  const associated = vector.octets('aad');
  assert.deepEqual(key.seal(nonce, associated, vector.octets('msg')), sealedOf(vector), vector.label);
  assert.deepEqual(key.open(nonce, associated, sealedOf(vector)), vector.octets('msg'), vector.label);
}

function checkInvalid(encrId: number, vector: Vector): void {
  const opened = keyOf(encrId, vector).open(vector.octets('iv'), vector.octets('aad'), sealedOf(vector));
  assert.equal(opened, undefined, vector.label);
}

test(
  'AES-GCM seals and opens every valid Wycheproof vector with a 12-octet nonce and a 16-octet tag',
  proves(['RFC5282-3.2-1', 'does'], ['RFC5282-4-2', 'does']),
  () => {
    eachVector(gcm, 'valid', 100, (vector) => checkValid(20, vector));
  },
);

test('AES-GCM opens no invalid Wycheproof vector', () => {
  eachVector(gcm, 'invalid', 50, (vector) => checkInvalid(20, vector));
});

test(
  'ChaCha20-Poly1305 seals and opens every valid Wycheproof vector',
  proves('RFC7634-2-x5', 'does'),
  () => {
    eachVector(chacha, 'valid', 200, (vector) => checkValid(28, vector));
  },
);

test('ChaCha20-Poly1305 opens no invalid Wycheproof vector', proves('RFC7634-2-x5', 'refuses'), () => {
  eachVector(chacha, 'invalid', 50, (vector) => checkInvalid(28, vector));
});
