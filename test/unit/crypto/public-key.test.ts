import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { keyKind, MIN_RSA_BITS, publicKeyOfSpki } from '../../../core/crypto/public-key.ts';
import { keyPair, rsaSpki } from './keys.ts';

function spkiOf(kind: Parameters<typeof keyPair>[0]): Uint8Array {
  return new Uint8Array(keyPair(kind).publicKey.export({ type: 'spki', format: 'der' }));
}

/** An odd number of exactly this many bits; whether it is a product of primes does not matter here. */
function modulus(bits: number): bigint {
  return 2n ** BigInt(bits - 1) + 12345n;
}

test('every kind of key that may sign is recognised', () => {
  for (const [name, kind] of [
    ['rsa', { kind: 'rsa', bits: 2048, pssOnly: false }],
    ['rsa-pss', { kind: 'rsa', bits: 2048, pssOnly: true }],
    ['P-256', { kind: 'ecdsa', curve: 'P-256' }],
    ['P-384', { kind: 'ecdsa', curve: 'P-384' }],
    ['P-521', { kind: 'ecdsa', curve: 'P-521' }],
    ['ed25519', { kind: 'ed25519' }],
    ['ed448', { kind: 'ed448' }],
  ] as const) {
    const key = publicKeyOfSpki(spkiOf(name));
    assert.ok(key.ok, name);
    assert.deepEqual(keyKind(key.value), { ok: true, value: kind });
  }
});

test('an RSA exponent of 0, 1, 2 or any even number is refused before use (CVE-2026-14957)', () => {
  for (const exponent of [0n, 1n, 2n, 4n, 65536n, 65538n]) {
    const key = publicKeyOfSpki(rsaSpki(modulus(2048), exponent));
    assert.ok(!key.ok, `exponent ${exponent}`);
    assert.ok(key.error === 'weak' || key.error === 'malformed', key.error);
  }
  for (const exponent of [3n, 17n, 65537n])
    assert.ok(publicKeyOfSpki(rsaSpki(modulus(2048), exponent)).ok, `exponent ${exponent}`);
});

test('an RSA key that comes from elsewhere is checked as well', () => {
  const jwk = {
    kty: 'RSA',
    n: Buffer.from(modulus(2048).toString(16), 'hex').toString('base64url'),
    e: 'AQ',
  };
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  assert.deepEqual(keyKind(key), { ok: false, error: 'weak' });
});

test('RSA moduli need 2048 bits', () => {
  assert.equal(MIN_RSA_BITS, 2048);
  for (const bits of [512, 1024, 1536, 2047])
    assert.deepEqual(publicKeyOfSpki(rsaSpki(modulus(bits), 65537n)), { ok: false, error: 'weak' });
  for (const bits of [2048, 3072, 4096]) assert.ok(publicKeyOfSpki(rsaSpki(modulus(bits), 65537n)).ok);
});

test('other curves and kinds are refused', () => {
  assert.deepEqual(publicKeyOfSpki(spkiOf('secp256k1')), { ok: false, error: 'unsupported' });
});

test('octets that are no key are malformed', () => {
  for (const octets of [[], [0x30], [0x30, 0x00], [1, 2, 3]])
    assert.deepEqual(publicKeyOfSpki(Uint8Array.from(octets)), { ok: false, error: 'malformed' });
  const spki = spkiOf('P-256');
  for (let length = 0; length < spki.length; length++)
    assert.equal(publicKeyOfSpki(spki.subarray(0, length)).ok, false);
});
