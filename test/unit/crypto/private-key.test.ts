import assert from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { der, derUnsigned, Tag } from '../../../core/crypto/der.ts';
import { importPrivateKey } from '../../../core/crypto/private-key.ts';
import { fromHex, utf8 } from '../../../core/lib/bytes.ts';
import { SecretBytes } from '../../../core/lib/secret.ts';
import { keyPair } from './keys.ts';

type Kind = Parameters<typeof keyPair>[0];
type Form = 'pkcs8' | 'pkcs1' | 'sec1';

const FORMS: readonly (readonly [kind: Kind, form: Form])[] = [
  ['rsa', 'pkcs8'],
  ['rsa', 'pkcs1'],
  ['rsa-pss', 'pkcs8'],
  ['P-256', 'pkcs8'],
  ['P-256', 'sec1'],
  ['P-384', 'sec1'],
  ['P-521', 'sec1'],
  ['ed25519', 'pkcs8'],
  ['ed448', 'pkcs8'],
];
const PASSPHRASE = 'correct horse';

/** The private key of this kind in this form; the types of node:crypto know each form for one kind alone. */
function exported(kind: Kind, form: Form, format: 'pem' | 'der', passphrase?: string): string | Buffer {
  const options = {
    type: form,
    format,
    ...(passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase }),
  };
  const key: { export(options: object): string | Buffer } = keyPair(kind).privateKey;
  return key.export(options);
}

function pemOf(kind: Kind, form: Form): string {
  return String(exported(kind, form, 'pem'));
}

function derOf(kind: Kind, form: Form): Uint8Array {
  return new Uint8Array(Buffer.from(exported(kind, form, 'der')));
}

function encryptedPem(kind: Kind, form: Form): string {
  return String(exported(kind, form, 'pem', PASSPHRASE));
}

function encryptedDer(kind: Kind): Uint8Array {
  return new Uint8Array(Buffer.from(exported(kind, 'pkcs8', 'der', PASSPHRASE)));
}

/** The imported key, or the problem. */
function imported(...args: Parameters<typeof importPrivateKey>): KeyObject | string {
  const result = importPrivateKey(...args);
  return result.ok ? result.value : result.error;
}

function assertSame(kind: Kind, key: KeyObject | string): void {
  assert.ok(typeof key !== 'string', `${kind}: ${typeof key === 'string' ? key : ''}`);
  assert.ok(key.equals(keyPair(kind).privateKey), kind);
}

test('keys are taken as PKCS #8, PKCS #1 and SEC 1, in PEM and in DER', () => {
  for (const [kind, form] of FORMS) {
    assertSame(kind, imported(pemOf(kind, form)));
    assertSame(kind, imported(utf8(pemOf(kind, form))));
    assertSame(kind, imported(derOf(kind, form)));
  }
});

test('what surrounds the key in a PEM text does not matter', () => {
  const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
  const parameters = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
  const pem = pemOf('P-256', 'sec1');
  assertSame('P-256', imported(`Bag Attributes\n${certificate}${parameters}${pem}${certificate}`));
  assertSame('P-256', imported(pem.replaceAll('\n', '\r\n')));
});

test('encrypted keys open with their passphrase', () => {
  for (const [kind, form] of FORMS) {
    if (kind === 'rsa-pss' || kind === 'ed448') continue;
    assertSame(kind, imported(encryptedPem(kind, form), SecretBytes.ofText(PASSPHRASE)));
  }
  assertSame('rsa', imported(encryptedDer('rsa'), SecretBytes.ofText(PASSPHRASE)));
});

test('an encrypted key without a passphrase says that one is needed', () => {
  for (const pem of [
    encryptedPem('rsa', 'pkcs8'),
    encryptedPem('rsa', 'pkcs1'),
    encryptedPem('P-256', 'sec1'),
  ])
    assert.equal(imported(pem), 'passphrase needed');
  assert.equal(imported(encryptedDer('ed25519')), 'passphrase needed');
});

test('a wrong passphrase is told from a damaged file, also when it happens to decrypt to noise', () => {
  // One wrong passphrase in some 256 leaves padding that looks right.
  const keys = [encryptedPem('P-256', 'sec1'), encryptedDer('ed25519')];
  const cheap = encryptedPem('P-256', 'sec1');
  for (const key of keys) {
    for (const wrong of ['', 'wrong', 'correct hors', `${PASSPHRASE} `])
      assert.equal(imported(key, SecretBytes.ofText(wrong)), 'passphrase wrong');
  }
  for (let i = 0; i < 1000; i++)
    assert.equal(imported(cheap, SecretBytes.ofText(`wrong ${i}`)), 'passphrase wrong');
});

test('a passphrase for a key that needs none is ignored, and never wiped', () => {
  const passphrase = SecretBytes.ofText(PASSPHRASE);
  assertSame('rsa', imported(pemOf('rsa', 'pkcs8'), passphrase));
  assertSame('rsa', imported(encryptedPem('rsa', 'pkcs8'), passphrase));
  assertSame('rsa', imported(encryptedPem('rsa', 'pkcs8'), passphrase));
});

test('the octets that were handed in are left as they are', () => {
  const octets = derOf('P-256', 'pkcs8');
  const before = octets.slice();
  assertSame('P-256', imported(octets));
  assert.deepEqual(octets, before);
});

test('damaged keys are malformed', () => {
  const pem = pemOf('rsa', 'pkcs8');
  const lines = pem.split('\n');
  for (const damaged of [
    '',
    'not a key',
    '-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----',
    lines.filter((_, at) => at !== 5).join('\n'),
    pem.replace('-----END PRIVATE KEY-----', ''),
    pem.replace('END PRIVATE', 'END RSA PRIVATE'),
    pem.replace(/^M/m, '!'),
    encryptedPem('rsa', 'pkcs8').replace(/\n[^\n]{64}\n/, '\n'),
  ])
    assert.equal(imported(damaged, SecretBytes.ofText(PASSPHRASE)), 'malformed', damaged.slice(0, 80));
  const der = derOf('P-256', 'pkcs8');
  for (const length of [0, 1, 2, 10, der.length - 1])
    assert.equal(imported(der.subarray(0, length)), 'malformed');
  assert.equal(imported(new Uint8Array([...der, 0])), 'malformed');
  assert.equal(imported(fromHex('3003020100')), 'malformed');
  assert.equal(imported(fromHex('30050201000101')), 'malformed');
});

test('keys that we cannot use are unsupported', () => {
  const block = (label: string): string => `-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----\n`;
  assert.equal(imported(block('OPENSSH PRIVATE KEY')), 'unsupported');
  assert.equal(imported(block('DSA PRIVATE KEY')), 'unsupported');
  assert.equal(imported(pemOf('secp256k1', 'pkcs8')), 'unsupported');
  assert.equal(imported(pemOf('secp256k1', 'sec1')), 'unsupported');
  // PKCS #8 with the algorithm of x25519, which does not sign.
  assert.equal(imported(fromHex(`302e020100300506032b656e04220420${'11'.repeat(32)}`)), 'unsupported');
  // EncryptedPrivateKeyInfo by pbeWithMD5AndDES-CBC.
  const parameters = der(
    Tag.SEQUENCE,
    der(Tag.OCTET_STRING, new Uint8Array(8)),
    derUnsigned(fromHex('0800')),
  );
  const algorithm = der(Tag.SEQUENCE, der(Tag.OID, fromHex('2a864886f70d010503')), parameters);
  const des = der(Tag.SEQUENCE, algorithm, der(Tag.OCTET_STRING, new Uint8Array(48)));
  assert.equal(imported(des, SecretBytes.ofText(PASSPHRASE)), 'unsupported');
});

test('an RSA key under 2048 bits is weak', () => {
  assert.equal(imported(pemOf('rsa-1024', 'pkcs8')), 'weak');
});
