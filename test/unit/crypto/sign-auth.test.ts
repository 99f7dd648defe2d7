import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';
import { encodeSignatureAlgorithm } from '../../../core/crypto/signature-scheme.ts';
import {
  signAuth,
  verifyAuth,
  type AuthSignature,
  type SignOptions,
} from '../../../core/crypto/signature.ts';
import { utf8 } from '../../../core/lib/bytes.ts';
import { proves } from '../../conformance/tag.ts';
import { keyPair } from './keys.ts';

const SIGNED = utf8('RealMessage1 | NonceRData | MACedIDForI');
const ALL = [2, 3, 4, 5];

type Kind = Parameters<typeof keyPair>[0];

function signed(kind: Kind, options: SignOptions): AuthSignature {
  const result = signAuth(keyPair(kind).privateKey, SIGNED, options);
  assert.ok(result.ok, kind);
  return result.value;
}

function refused(kind: Kind, options: SignOptions): string {
  const result = signAuth(keyPair(kind).privateKey, SIGNED, options);
  assert.ok(!result.ok, kind);
  return result.error;
}

test(
  'a peer that announced hashes gets method 14, and its signature verifies',
  proves(
    ['RFC7427-3-5', 'does'],
    ['RFC7427-3-x1', 'does'],
    ['RFC7427-3-x2', 'does'],
    ['RFC7427-3-x3', 'does'],
    ['RFC7296-2.15-x6', 'does'],
  ),
  () => {
    for (const kind of ['rsa', 'rsa-pss', 'P-256', 'P-384', 'P-521', 'ed25519', 'ed448'] as const) {
      const { method, data, scheme } = signed(kind, { peerHashes: ALL });
      assert.equal(method, 14);
      const algorithm = encodeSignatureAlgorithm(scheme);
      assert.equal(data[0], algorithm.length);
      assert.deepEqual(data.slice(1, 1 + algorithm.length), algorithm);
      assert.deepEqual(verifyAuth(14, keyPair(kind).publicKey, SIGNED, data, ALL), {
        ok: true,
        value: scheme,
      });
    }
  },
);

test(
  'the hash is one of those that the peer announced',
  proves(['RFC7427-4-1', 'does'], ['RFC7427-4-1', 'refuses']),
  () => {
    for (const [number, hash] of [
      [2, 'sha256'],
      [3, 'sha384'],
      [4, 'sha512'],
    ] as const) {
      for (const kind of ['rsa', 'P-256', 'P-384', 'P-521'] as const)
        assert.equal(signed(kind, { peerHashes: [number] }).scheme.hash, hash);
    }
    for (const kind of ['rsa', 'P-256'] as const) {
      for (const peerHashes of [[1], [5], [0], [6, 99], [1, 5]])
        assert.equal(refused(kind, { peerHashes }), 'no common hash');
    }
    for (const kind of ['ed25519', 'ed448'] as const)
      assert.equal(refused(kind, { peerHashes: [1, 2, 3, 4] }), 'no common hash');
  },
);

test('of several announced hashes the one of the size of the curve is picked, whatever their order', () => {
  for (const [kind, hash] of [
    ['rsa', 'sha256'],
    ['P-256', 'sha256'],
    ['P-384', 'sha384'],
    ['P-521', 'sha512'],
  ] as const) {
    assert.equal(signed(kind, { peerHashes: [1, 2, 3, 4, 5] }).scheme.hash, hash);
    assert.equal(signed(kind, { peerHashes: [5, 4, 3, 2, 1] }).scheme.hash, hash);
  }
});

test('RSA signs with PSS unless PKCS #1 v1.5 is asked for; a PSS key signs with PSS only', () => {
  assert.deepEqual(signed('rsa', { peerHashes: [2] }).scheme, {
    kind: 'rsa-pss',
    hash: 'sha256',
    saltLength: 32,
  });
  assert.deepEqual(signed('rsa', { peerHashes: [4], rsaPadding: 'pss' }).scheme, {
    kind: 'rsa-pss',
    hash: 'sha512',
    saltLength: 64,
  });
  const pkcs1 = signed('rsa', { peerHashes: [2], rsaPadding: 'pkcs1' });
  assert.deepEqual(pkcs1.scheme, { kind: 'rsa-pkcs1', hash: 'sha256' });
  assert.ok(verifyAuth(14, keyPair('rsa').publicKey, SIGNED, pkcs1.data, [2]).ok);
  assert.equal(signed('rsa-pss', { peerHashes: [2], rsaPadding: 'pkcs1' }).scheme.kind, 'rsa-pss');
});

test(
  'a peer that announced nothing gets method 1 with SHA-1, or the ECDSA method of the curve with r | s',
  proves(['RFC7427-3-4', 'does'], ['RFC7296-3.8-x3', 'does']),
  () => {
    const rsa = signed('rsa', { peerHashes: [] });
    assert.equal(rsa.method, 1);
    assert.ok(verify('sha1', SIGNED, keyPair('rsa').publicKey, rsa.data));
    for (const [kind, method, hash, length] of [
      ['P-256', 9, 'sha256', 64],
      ['P-384', 10, 'sha384', 96],
      ['P-521', 11, 'sha512', 132],
    ] as const) {
      const ecdsa = signed(kind, { peerHashes: [] });
      assert.equal(ecdsa.method, method);
      assert.equal(ecdsa.data.length, length);
      const key = keyPair(kind).publicKey;
      assert.ok(verify(hash, SIGNED, { key, dsaEncoding: 'ieee-p1363' }, ecdsa.data));
    }
    for (const kind of ['ed25519', 'ed448', 'rsa-pss'] as const)
      assert.equal(refused(kind, { peerHashes: [] }), 'no common hash');
  },
);

test('only the private key of the certificate that is sent signs', proves('RFC7427-3-x3', 'refuses'), () => {
  for (const kind of ['rsa', 'P-256', 'ed25519'] as const) {
    const certPublicKey = createPublicKey(keyPair(kind).privateKey);
    assert.equal(signed(kind, { peerHashes: ALL, certPublicKey }).method, 14);
  }
  const { publicKey } = keyPair('rsa-other');
  assert.equal(refused('rsa', { peerHashes: ALL, certPublicKey: publicKey }), 'key mismatch');
  assert.equal(refused('P-256', { peerHashes: ALL, certPublicKey: publicKey }), 'key mismatch');
});

test('weak keys and keys of other kinds do not sign', () => {
  assert.equal(refused('rsa-1024', { peerHashes: ALL }), 'weak key');
  assert.equal(refused('secp256k1', { peerHashes: ALL }), 'unsupported key');
});
