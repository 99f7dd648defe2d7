import assert from 'node:assert/strict';
import { constants, createPublicKey, sign, verify, type SignKeyObjectInput } from 'node:crypto';
import { test } from 'node:test';
import { encodeSignatureAlgorithm, type SignatureScheme } from '../../../core/crypto/signature-scheme.ts';
import { verifyAuth, type VerifyProblem } from '../../../core/crypto/signature.ts';
import { concat, fromHex, toHex, utf8 } from '../../../core/lib/bytes.ts';
import { sha256 } from '../../../core/crypto/hash.ts';
import { proves } from '../../conformance/tag.ts';
import { keyPair, octetsOf, rsaSpki, trusted } from './keys.ts';

const SIGNED = utf8('RealMessage2 | NonceIData | MACedIDForR');
const OTHER = utf8('RealMessage2 | NonceIData | MACedIDForX');
const ANNOUNCED = [2, 3, 4, 5];

type Kind = Parameters<typeof keyPair>[0];

function signatureOf(kind: Kind, hash: string | null, options: Partial<SignKeyObjectInput> = {}): Uint8Array {
  return new Uint8Array(sign(hash, SIGNED, { key: keyPair(kind).privateKey, ...options }));
}

function authData(scheme: SignatureScheme, signature: Uint8Array): Uint8Array {
  const algorithm = encodeSignatureAlgorithm(scheme);
  return concat(Uint8Array.of(algorithm.length), algorithm, signature);
}

/** 'ok' or the problem. */
function verdict(...args: Parameters<typeof verifyAuth>): 'ok' | VerifyProblem {
  const result = verifyAuth(...args);
  return result.ok ? 'ok' : result.error;
}

const PKCS1_SHA256: SignatureScheme = { kind: 'rsa-pkcs1', hash: 'sha256' };
const PSS_PADDING = { padding: constants.RSA_PKCS1_PSS_PADDING };

test(
  'method 1 is accepted with SHA-1 and with SHA-2 hashes, over the right octets only',
  proves('RFC7296-3.8-x3', 'does'),
  () => {
    for (const hash of ['sha1', 'sha256', 'sha384', 'sha512'] as const) {
      const signature = signatureOf('rsa', hash);
      const { publicKey } = keyPair('rsa');
      assert.deepEqual(verifyAuth(1, publicKey, SIGNED, signature, []), {
        ok: true,
        value: { kind: 'rsa-pkcs1', hash },
      });
      assert.equal(verdict(1, publicKey, OTHER, signature, []), 'wrong signature');
      assert.equal(verdict(1, keyPair('rsa-other').publicKey, SIGNED, signature, []), 'wrong signature');
    }
  },
);

test(
  'method 1 refuses PSS signatures, other hashes and other keys',
  proves('RFC7296-3.8-x3', 'refuses'),
  () => {
    const { publicKey } = keyPair('rsa');
    assert.equal(
      verdict(1, publicKey, SIGNED, signatureOf('rsa', 'sha256', PSS_PADDING), []),
      'wrong signature',
    );
    assert.equal(verdict(1, publicKey, SIGNED, signatureOf('rsa', 'md5'), []), 'wrong signature');
    assert.equal(verdict(1, publicKey, SIGNED, new Uint8Array(0), []), 'wrong signature');
    assert.equal(
      verdict(1, keyPair('P-256').publicKey, SIGNED, signatureOf('P-256', 'sha256'), []),
      'key does not fit',
    );
    assert.equal(
      verdict(1, keyPair('rsa-pss').publicKey, SIGNED, new Uint8Array(256), []),
      'key does not fit',
    );
  },
);

test('methods 9, 10 and 11 take r | s from their own curve and hash alone', () => {
  const raw = { dsaEncoding: 'ieee-p1363' } as const;
  for (const [method, kind, hash] of [
    [9, 'P-256', 'sha256'],
    [10, 'P-384', 'sha384'],
    [11, 'P-521', 'sha512'],
  ] as const) {
    const { publicKey } = keyPair(kind);
    assert.equal(verdict(method, publicKey, SIGNED, signatureOf(kind, hash, raw), []), 'ok');
    assert.equal(verdict(method, publicKey, OTHER, signatureOf(kind, hash, raw), []), 'wrong signature');
    assert.equal(verdict(method, publicKey, SIGNED, signatureOf(kind, hash), []), 'wrong signature');
    assert.equal(verdict(method, publicKey, SIGNED, signatureOf(kind, 'sha1', raw), []), 'wrong signature');
    assert.equal(
      verdict(method, keyPair('rsa').publicKey, SIGNED, new Uint8Array(64), []),
      'key does not fit',
    );
    for (const other of [9, 10, 11].filter((number) => number !== method))
      assert.equal(verdict(other, publicKey, SIGNED, signatureOf(kind, hash, raw), []), 'key does not fit');
  }
});

test('raw ECDSA signatures with r or s of zero, or of another length, are refused', () => {
  const { publicKey } = keyPair('P-256');
  const good = signatureOf('P-256', 'sha256', { dsaEncoding: 'ieee-p1363' });
  for (const bad of [
    new Uint8Array(64),
    concat(new Uint8Array(32), good.subarray(32)),
    concat(good.subarray(0, 32), new Uint8Array(32)),
    good.subarray(1),
    concat(good, Uint8Array.of(0)),
    new Uint8Array(0),
  ])
    assert.equal(verdict(9, publicKey, SIGNED, bad, []), 'wrong signature');
});

test('methods that are no signatures, or that we do not have, are not supported', () => {
  for (const method of [0, 2, 3, 4, 12, 13, 15, 255])
    assert.equal(
      verdict(method, keyPair('rsa').publicKey, SIGNED, new Uint8Array(256), ANNOUNCED),
      'method not supported',
    );
});

test(
  'method 14 is accepted only with hashes that we announced',
  proves(['RFC7427-3-4', 'refuses'], ['RFC7427-4-x2', 'refuses']),
  () => {
    const data = authData(PKCS1_SHA256, signatureOf('rsa', 'sha256'));
    const { publicKey } = keyPair('rsa');
    assert.equal(verdict(14, publicKey, SIGNED, data, [2]), 'ok');
    for (const announced of [[], [1], [3, 4, 5]])
      assert.equal(verdict(14, publicKey, SIGNED, data, announced), 'hash not allowed');
    const eddsa = authData({ kind: 'ed25519', hash: 'identity' }, signatureOf('ed25519', null));
    assert.equal(verdict(14, keyPair('ed25519').publicKey, SIGNED, eddsa, [5]), 'ok');
    assert.equal(verdict(14, keyPair('ed25519').publicKey, SIGNED, eddsa, [2, 3, 4]), 'hash not allowed');
  },
);

test('method 14 refuses SHA-1 even if it was announced (RFC 8247 section 3.2)', () => {
  const algorithm = fromHex('300d06092a864886f70d0101050500');
  const data = concat(Uint8Array.of(algorithm.length), algorithm, signatureOf('rsa', 'sha1'));
  assert.equal(verdict(14, keyPair('rsa').publicKey, SIGNED, data, [1, 2, 3, 4, 5]), 'hash not allowed');
});

test('once both sides announced hashes, only method 14 is accepted', proves('RFC7427-3-5', 'refuses'), () => {
  const { publicKey } = keyPair('rsa');
  const legacy = signatureOf('rsa', 'sha256');
  assert.equal(verdict(1, publicKey, SIGNED, legacy, ANNOUNCED, false), 'ok');
  assert.equal(verdict(1, publicKey, SIGNED, legacy, ANNOUNCED, true), 'method not agreed');
  const raw = signatureOf('P-256', 'sha256', { dsaEncoding: 'ieee-p1363' });
  assert.equal(verdict(9, keyPair('P-256').publicKey, SIGNED, raw, ANNOUNCED, true), 'method not agreed');
  const data = authData(PKCS1_SHA256, legacy);
  assert.equal(verdict(14, publicKey, SIGNED, data, ANNOUNCED, true), 'ok');
});

test(
  'the data of method 14 must be a length, an identifier of that length and a signature',
  proves(['RFC7427-3-x1', 'refuses'], ['RFC7427-3-x2', 'refuses']),
  () => {
    const { publicKey } = keyPair('rsa');
    const algorithm = encodeSignatureAlgorithm(PKCS1_SHA256);
    const signature = signatureOf('rsa', 'sha256');
    const check = (expected: VerifyProblem, ...parts: Uint8Array[]): void => {
      assert.equal(verdict(14, publicKey, SIGNED, concat(...parts), ANNOUNCED), expected);
    };
    const length = Uint8Array.of(algorithm.length);
    check('algorithm malformed');
    check('algorithm malformed', Uint8Array.of(0));
    check('algorithm malformed', Uint8Array.of(0), algorithm, signature);
    check('algorithm malformed', length);
    check('algorithm malformed', length, algorithm);
    check('algorithm malformed', Uint8Array.of(255), algorithm, signature.subarray(0, 200));
    check('algorithm malformed', Uint8Array.of(algorithm.length - 1), algorithm, signature);
    check('algorithm malformed', Uint8Array.of(algorithm.length + 1), algorithm, Uint8Array.of(0), signature);
    check('wrong signature', length, algorithm, Uint8Array.of(0), signature);
    check('wrong signature', length, algorithm, signature.subarray(0, 255));
    check('wrong signature', length, algorithm, signature, Uint8Array.of(0));
    check('algorithm not supported', Uint8Array.of(9), fromHex('300706052b0e03021a'), signature);
  },
);

test('a scheme needs a key of its kind', () => {
  const schemes: readonly (readonly [SignatureScheme, Kind, Uint8Array])[] = [
    [PKCS1_SHA256, 'rsa', signatureOf('rsa', 'sha256')],
    [
      { kind: 'rsa-pss', hash: 'sha256', saltLength: 32 },
      'rsa',
      signatureOf('rsa', 'sha256', { ...PSS_PADDING, saltLength: 32 }),
    ],
    [{ kind: 'ecdsa', hash: 'sha256', encoding: 'der' }, 'P-256', signatureOf('P-256', 'sha256')],
    [{ kind: 'ed25519', hash: 'identity' }, 'ed25519', signatureOf('ed25519', null)],
    [{ kind: 'ed448', hash: 'identity' }, 'ed448', signatureOf('ed448', null)],
  ];
  for (const [scheme, own, signature] of schemes) {
    const data = authData(scheme, signature);
    for (const kind of ['rsa', 'P-256', 'ed25519', 'ed448'] as const) {
      const expected = kind === own ? 'ok' : 'key does not fit';
      assert.equal(
        verdict(14, keyPair(kind).publicKey, SIGNED, data, ANNOUNCED),
        expected,
        `${scheme.kind} ${kind}`,
      );
    }
  }
  const pkcs1 = authData(PKCS1_SHA256, new Uint8Array(256));
  assert.equal(verdict(14, keyPair('rsa-pss').publicKey, SIGNED, pkcs1, ANNOUNCED), 'key does not fit');
});

test('RSASSA-PSS is accepted with the salt length that it names and with no other', () => {
  const { publicKey } = keyPair('rsa');
  for (const saltLength of [0, 20, 32, 64, 222]) {
    const signature = signatureOf('rsa', 'sha256', { ...PSS_PADDING, saltLength });
    for (const claimed of [0, 20, 32, 64, 222]) {
      const data = authData({ kind: 'rsa-pss', hash: 'sha256', saltLength: claimed }, signature);
      const expected = claimed === saltLength ? 'ok' : 'wrong signature';
      assert.equal(verdict(14, publicKey, SIGNED, data, ANNOUNCED), expected, `${saltLength} as ${claimed}`);
    }
  }
});

test('a PSS salt for which the key has no room is refused before OpenSSL sees it (CVE-2021-41990)', () => {
  const signature = signatureOf('rsa', 'sha256', { ...PSS_PADDING, saltLength: 222 });
  for (const saltLength of [223, 256, 1000, 2048]) {
    const data = authData({ kind: 'rsa-pss', hash: 'sha256', saltLength }, signature);
    assert.equal(verdict(14, keyPair('rsa').publicKey, SIGNED, data, ANNOUNCED), 'key does not fit');
  }
});

test(
  'ECDSA hashes longer than the curve are cut to their leftmost bits',
  proves(['RFC7427-3-1', 'does'], ['RFC7427-3-1', 'refuses']),
  () => {
    const { privateKey, publicKey } = keyPair('P-256');
    for (const hash of ['sha384', 'sha512'] as const) {
      const data = authData({ kind: 'ecdsa', hash, encoding: 'der' }, signatureOf('P-256', hash));
      assert.equal(verdict(14, publicKey, SIGNED, data, ANNOUNCED), 'ok');
    }
    // A signature over another prehash of the same message: SHA-256 named as SHA-512.
    const mislabelled = new Uint8Array(sign('sha256', SIGNED, privateKey));
    const data = authData({ kind: 'ecdsa', hash: 'sha512', encoding: 'der' }, mislabelled);
    assert.equal(verdict(14, publicKey, SIGNED, data, ANNOUNCED), 'wrong signature');
  },
);

/**
 * A signature that a verifier accepts which parses the decrypted block from the left and ignores what follows the
 * hash: with e = 3 it is a cube root, and needs no private key.
 */
function forged(modulus: bigint): Uint8Array {
  const digestInfo = concat(fromHex('3031300d060960864801650304020105000420'), sha256(SIGNED));
  const start = concat(fromHex(`0001${'ff'.repeat(8)}00`), digestInfo);
  const target = BigInt(`0x${toHex(start)}${'00'.repeat(256 - start.length)}`);
  const root = cubeRoot(target) + 1n;
  const block = octetsOf(root ** 3n, 256);
  assert.ok(root ** 3n < modulus);
  assert.deepEqual(block.subarray(0, start.length), start, 'the forgery begins like a true block');
  return octetsOf(root, 256);
}

function cubeRoot(value: bigint): bigint {
  let low = 0n;
  let high = 1n << 700n;
  while (low < high) {
    const middle = (low + high + 1n) >> 1n;
    if (middle ** 3n <= value) low = middle;
    else high = middle - 1n;
  }
  return low;
}

test('a PKCS #1 v1.5 forgery for exponent 3 is refused in methods 1 and 14 (CVE-2026-50722)', () => {
  const modulus = 2n ** 2048n - 1942289n;
  const key = trusted(rsaSpki(modulus, 3n));
  const signature = forged(modulus);
  assert.equal(verdict(1, key, SIGNED, signature, []), 'wrong signature');
  assert.equal(verdict(14, key, SIGNED, authData(PKCS1_SHA256, signature), ANNOUNCED), 'wrong signature');
});

test('a key with exponent 1, which would make every padded hash a signature, is refused as weak', () => {
  const modulus = 2n ** 2048n - 1942289n;
  const key = createPublicKey({
    key: Buffer.from(rsaSpki(modulus, 1n)),
    format: 'der',
    type: 'spki',
  });
  const digestInfo = concat(fromHex('3031300d060960864801650304020105000420'), sha256(SIGNED));
  const padding = 'ff'.repeat(256 - 3 - digestInfo.length);
  const block = concat(fromHex(`0001${padding}00`), digestInfo);
  // OpenSSL alone is deceived, so that the check above it is what this test is about.
  assert.equal(verify('sha256', SIGNED, key, block), true);
  assert.equal(verdict(1, key, SIGNED, block, []), 'weak key');
  assert.equal(verdict(14, key, SIGNED, authData(PKCS1_SHA256, block), ANNOUNCED), 'weak key');
});

test('weak and unsupported keys are refused in every method', () => {
  const short = keyPair('rsa-1024');
  const signature = new Uint8Array(sign('sha256', SIGNED, short.privateKey));
  assert.equal(verdict(1, short.publicKey, SIGNED, signature, []), 'weak key');
  assert.equal(
    verdict(14, short.publicKey, SIGNED, authData(PKCS1_SHA256, signature), ANNOUNCED),
    'weak key',
  );
  assert.equal(
    verdict(9, keyPair('secp256k1').publicKey, SIGNED, new Uint8Array(64), []),
    'key does not fit',
  );
});
