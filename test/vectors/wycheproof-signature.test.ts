import assert from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { publicKeyOfSpki } from '../../core/crypto/public-key.ts';
import { encodeSignatureAlgorithm } from '../../core/crypto/signature-scheme.ts';
import { verifyAuth, type SignatureScheme } from '../../core/crypto/signature.ts';
import { concat } from '../../core/lib/bytes.ts';
import { eachVector, vectorsOf, type Vector } from './wycheproof.ts';

const ALL_HASHES = [2, 3, 4, 5];

function keyOf(vector: Vector): KeyObject {
  const key = publicKeyOfSpki(vector.octets('publicKeyDer'));
  assert.ok(key.ok, vector.label);
  return key.value;
}

/** Whether an AUTH payload of method 14 with this signature is accepted. */
function accepted(scheme: SignatureScheme, vector: Vector): boolean {
  const algorithm = encodeSignatureAlgorithm(scheme);
  const authData = concat(Uint8Array.of(algorithm.length), algorithm, vector.octets('sig'));
  return verifyAuth(14, keyOf(vector), vector.octets('msg'), authData, ALL_HASHES).ok;
}

const FILES: readonly { file: string; scheme: SignatureScheme; valid: number; invalid: number }[] = [
  {
    file: 'ecdsa_secp256r1_sha256',
    scheme: { kind: 'ecdsa', hash: 'sha256', encoding: 'der' },
    valid: 174,
    invalid: 310,
  },
  {
    file: 'ecdsa_secp384r1_sha384',
    scheme: { kind: 'ecdsa', hash: 'sha384', encoding: 'der' },
    valid: 194,
    invalid: 310,
  },
  {
    file: 'ecdsa_secp521r1_sha512',
    scheme: { kind: 'ecdsa', hash: 'sha512', encoding: 'der' },
    valid: 232,
    invalid: 310,
  },
  { file: 'ed25519', scheme: { kind: 'ed25519', hash: 'identity' }, valid: 88, invalid: 63 },
  {
    file: 'rsa_pss_2048_sha256_mgf1_32',
    scheme: { kind: 'rsa-pss', hash: 'sha256', saltLength: 32 },
    valid: 63,
    invalid: 45,
  },
  {
    file: 'rsa_signature_2048_sha256',
    scheme: { kind: 'rsa-pkcs1', hash: 'sha256' },
    valid: 9,
    invalid: 249,
  },
];

for (const { file, scheme, valid, invalid } of FILES) {
  const vectors = vectorsOf(file);

  test(`method 14 accepts every valid signature of ${file}`, () => {
    eachVector(vectors, 'valid', valid, (vector) => {
      assert.equal(accepted(scheme, vector), true, vector.label);
    });
  });

  test(`method 14 refuses every invalid signature of ${file}`, () => {
    eachVector(vectors, 'invalid', invalid, (vector) => {
      assert.equal(accepted(scheme, vector), false, vector.label);
    });
  });
}

test('RSASSA-PKCS1-v1_5 refuses a digest without its NULL parameter, in method 14 and in method 1', () => {
  eachVector(vectorsOf('rsa_signature_2048_sha256'), 'acceptable', 1, (vector) => {
    assert.equal(accepted({ kind: 'rsa-pkcs1', hash: 'sha256' }, vector), false);
    assert.equal(verifyAuth(1, keyOf(vector), vector.octets('msg'), vector.octets('sig'), []).ok, false);
  });
});

test('method 1 takes the hash from the signature itself and otherwise judges as method 14 does', () => {
  const vectors = vectorsOf('rsa_signature_2048_sha256');
  const judge = (vector: Vector): string => {
    const result = verifyAuth(1, keyOf(vector), vector.octets('msg'), vector.octets('sig'), []);
    return result.ok ? result.value.hash : result.error;
  };
  eachVector(vectors, 'valid', 9, (vector) => assert.equal(judge(vector), 'sha256', vector.label));
  eachVector(vectors, 'invalid', 249, (vector) => {
    const hash = /hashed with SHA-(1|384|512) instead/.exec(vector.label)?.[1];
    assert.equal(judge(vector), hash === undefined ? 'wrong signature' : `sha${hash}`, vector.label);
  });
});
