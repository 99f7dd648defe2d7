import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  encodeSignatureAlgorithm,
  HashAlgorithm,
  hashAlgorithm,
  parseSignatureAlgorithm,
  type SignatureScheme,
} from '../../../core/crypto/signature-scheme.ts';
import { fromHex, toHex } from '../../../core/lib/bytes.ts';
import { proves } from '../../conformance/tag.ts';

/** RFC 7427 appendix A and RFC 8420 appendix A. */
const KNOWN: readonly (readonly [hex: string, scheme: SignatureScheme])[] = [
  ['300d06092a864886f70d01010b0500', { kind: 'rsa-pkcs1', hash: 'sha256' }],
  ['300d06092a864886f70d01010c0500', { kind: 'rsa-pkcs1', hash: 'sha384' }],
  ['300d06092a864886f70d01010d0500', { kind: 'rsa-pkcs1', hash: 'sha512' }],
  ['300a06082a8648ce3d040302', { kind: 'ecdsa', hash: 'sha256', encoding: 'der' }],
  ['300a06082a8648ce3d040303', { kind: 'ecdsa', hash: 'sha384', encoding: 'der' }],
  ['300a06082a8648ce3d040304', { kind: 'ecdsa', hash: 'sha512', encoding: 'der' }],
  [
    `304106092a864886f70d01010a3034a00f300d06096086480165030402010500
     a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120`,
    { kind: 'rsa-pss', hash: 'sha256', saltLength: 32 },
  ],
  ['300506032b6570', { kind: 'ed25519', hash: 'identity' }],
  ['300506032b6571', { kind: 'ed448', hash: 'identity' }],
];

const SHA256 = '300d06096086480165030402010500';
const SHA512 = '300d06096086480165030402030500';
const SHA1 = '300906052b0e03021a0500';
const MGF1_OID = '06092a864886f70d010108';

/** A DER element around hexadecimal contents. */
function element(tag: string, ...contents: string[]): string {
  const inner = contents.join('');
  return tag + (inner.length / 2).toString(16).padStart(2, '0') + inner;
}

/** An RSASSA-PSS identifier with these contents of its parameters. */
function pss(...parameters: string[]): Uint8Array {
  return fromHex(element('30', '06092a864886f70d01010a', element('30', ...parameters)));
}

const hash = (identifier: string): string => element('a0', identifier);
const mask = (identifier: string): string => element('a1', element('30', MGF1_OID, identifier));
const salt = (integer: string): string => element('a2', integer);

test(
  'the AlgorithmIdentifiers of RFC 7427 and RFC 8420 are written and read octet for octet',
  proves(['RFC7427-3-2', 'does'], ['RFC7427-3-3', 'does']),
  () => {
    for (const [hex, scheme] of KNOWN) {
      assert.equal(toHex(encodeSignatureAlgorithm(scheme)), toHex(fromHex(hex)));
      assert.deepEqual(parseSignatureAlgorithm(fromHex(hex)), { ok: true, value: scheme });
    }
  },
);

test('RSASSA-PKCS1-v1_5 is also read without its NULL, and SHA-1 is recognised', () => {
  assert.deepEqual(parseSignatureAlgorithm(fromHex('300b06092a864886f70d01010c')), {
    ok: true,
    value: { kind: 'rsa-pkcs1', hash: 'sha384' },
  });
  assert.deepEqual(parseSignatureAlgorithm(fromHex('300d06092a864886f70d0101050500')), {
    ok: true,
    value: { kind: 'rsa-pkcs1', hash: 'sha1' },
  });
});

test('RSASSA-PSS parameters are read with and without the NULL of their hashes', () => {
  const bare = '300b0609608648016503040201';
  for (const [outer, inner] of [
    [SHA256, SHA256],
    [bare, SHA256],
    [SHA256, bare],
    [bare, bare],
  ] as const) {
    assert.deepEqual(parseSignatureAlgorithm(pss(hash(outer), mask(inner), salt('020120'))), {
      ok: true,
      value: { kind: 'rsa-pss', hash: 'sha256', saltLength: 32 },
    });
  }
});

test('a salt length may be left out, which means 20, or be any that some key has room for', () => {
  for (const [parameters, saltLength] of [
    [[], 20],
    [[salt('020100')], 0],
    [[salt('02017f')], 127],
    [[salt('02020080')], 128],
    [[salt('020200ff')], 255],
    [[salt('02020800')], 2048],
  ] as const) {
    const parsed = parseSignatureAlgorithm(pss(hash(SHA512), mask(SHA512), ...parameters));
    assert.deepEqual(parsed, { ok: true, value: { kind: 'rsa-pss', hash: 'sha512', saltLength } });
  }
});

test('insane salt lengths are refused: negative, huge, padded, empty (CVE-2021-41990)', () => {
  for (const integer of [
    '020180',
    '0201ff',
    '0202ffff',
    '02020801',
    '02027fff',
    '0203010000',
    '020300ffff',
    '02047fffffff',
    '0205 00ffffffff'.replace(' ', ''),
    '02087fffffffffffffff',
    '0202007f',
    '02020020',
    '0200',
    '040120',
    '020120ff',
  ]) {
    const parsed = parseSignatureAlgorithm(pss(hash(SHA256), mask(SHA256), salt(integer)));
    assert.deepEqual(parsed, { ok: false, error: 'malformed' }, integer);
  }
});

test('RSASSA-PSS without parameters, with empty ones, or with SHA-1 is refused (RFC 8247 section 3.2)', () => {
  const missing = fromHex(element('30', '06092a864886f70d01010a'));
  assert.deepEqual(parseSignatureAlgorithm(missing), { ok: false, error: 'unsupported' });
  assert.deepEqual(parseSignatureAlgorithm(pss()), { ok: false, error: 'unsupported' });
  for (const parameters of [
    [hash(SHA1), mask(SHA1), salt('020114')],
    [hash(SHA256), mask(SHA1), salt('020120')],
    [hash(SHA1), mask(SHA256), salt('020120')],
  ])
    assert.deepEqual(parseSignatureAlgorithm(pss(...parameters)), { ok: false, error: 'unsupported' });
});

test('the hash of the mask must be the hash of the signature, and the mask MGF1', () => {
  assert.deepEqual(parseSignatureAlgorithm(pss(hash(SHA256), mask(SHA512), salt('020120'))), {
    ok: false,
    error: 'unsupported',
  });
  const otherMask = element('a1', element('30', '06092a864886f70d010109', SHA256));
  assert.deepEqual(parseSignatureAlgorithm(pss(hash(SHA256), otherMask, salt('020120'))), {
    ok: false,
    error: 'unsupported',
  });
});

test('RSASSA-PSS parameters with missing, repeated, foreign or trailing parts are malformed', () => {
  for (const parameters of [
    [hash(SHA256)],
    [mask(SHA256), salt('020120')],
    [mask(SHA256), hash(SHA256)],
    [hash(SHA256), hash(SHA256), mask(SHA256)],
    [hash(SHA256), mask(SHA256), salt('020120'), salt('020120')],
    [hash(SHA256), mask(SHA256), salt('020120'), element('a3', '020101')],
    [hash(SHA256), mask(SHA256), salt('020120'), '0500'],
    [hash(`${SHA256}0500`), mask(SHA256)],
    [hash(SHA256), element('a1', element('30', MGF1_OID, SHA256), '0500')],
    [hash('300e060960864801650304020105010a'), mask(SHA256)],
    [hash('300f060960864801650304020105000500'), mask(SHA256)],
  ]) {
    const parsed = parseSignatureAlgorithm(pss(...parameters));
    assert.deepEqual(parsed, { ok: false, error: 'malformed' }, parameters.join(' '));
  }
});

test('identifiers that are cut short, run over, or are not DER are refused', () => {
  for (const [hex] of KNOWN) {
    const whole = fromHex(hex);
    for (let length = 0; length < whole.length; length++)
      assert.equal(parseSignatureAlgorithm(whole.subarray(0, length)).ok, false);
    assert.equal(parseSignatureAlgorithm(new Uint8Array([...whole, 0])).ok, false);
    assert.equal(parseSignatureAlgorithm(new Uint8Array([0x31, ...whole.subarray(1)])).ok, false);
  }
  // The same identifier in BER: the outer length in two octets.
  assert.deepEqual(parseSignatureAlgorithm(fromHex('30810d06092a864886f70d01010b0500')), {
    ok: false,
    error: 'malformed',
  });
});

test('algorithms that we do not have are unsupported: MD5, SHA-224, DSA, ECDSA with SHA-1', () => {
  for (const hex of [
    '300d06092a864886f70d0101040500',
    '300d06092a864886f70d01010e0500',
    '300906072a8648ce380403',
    '300906072a8648ce3d0401',
    '300c06082a8648ce3d0403020500',
    '300706032b65700500',
  ])
    assert.deepEqual(parseSignatureAlgorithm(fromHex(hex)), { ok: false, error: 'unsupported' }, hex);
});

test('raw ECDSA has no identifier', () => {
  assert.throws(
    () => encodeSignatureAlgorithm({ kind: 'ecdsa', hash: 'sha256', encoding: 'raw' }),
    RangeError,
  );
});

test('hashes have the numbers of the IANA registry', () => {
  for (const [name, number] of [
    ['sha1', 1],
    ['sha256', 2],
    ['sha384', 3],
    ['sha512', 4],
    ['identity', 5],
  ] as const)
    assert.equal(hashAlgorithm(name), number);
  assert.deepEqual(Object.values(HashAlgorithm), [1, 2, 3, 4, 5]);
});
