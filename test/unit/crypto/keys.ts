import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { publicKeyOfSpki } from '../../../core/crypto/public-key.ts';
import { der, derUnsigned, Tag } from '../../../core/crypto/der.ts';
import { fromHex } from '../../../core/lib/bytes.ts';

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const made = new Map<string, KeyPair>();

/** A key pair for tests, made once a file: making RSA keys is slow. */
export function keyPair(
  kind:
    | 'rsa'
    | 'rsa-other'
    | 'rsa-1024'
    | 'rsa-pss'
    | 'P-256'
    | 'P-384'
    | 'P-521'
    | 'secp256k1'
    | 'ed25519'
    | 'ed448',
): KeyPair {
  const known = made.get(kind);
  if (known !== undefined) return known;
  const pair = generate(kind);
  made.set(kind, pair);
  return pair;
}

function generate(kind: Parameters<typeof keyPair>[0]): KeyPair {
  switch (kind) {
    case 'rsa':
    case 'rsa-other':
      return generateKeyPairSync('rsa', { modulusLength: 2048 });
    case 'rsa-1024':
      return generateKeyPairSync('rsa', { modulusLength: 1024 });
    case 'rsa-pss':
      return generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
    case 'ed25519':
      return generateKeyPairSync('ed25519');
    case 'ed448':
      return generateKeyPairSync('ed448');
    default:
      return generateKeyPairSync('ec', { namedCurve: kind });
  }
}

/** The DER SubjectPublicKeyInfo of an RSA key with these numbers, whether they make sense or not. */
export function rsaSpki(modulus: bigint, exponent: bigint): Uint8Array {
  const rsaEncryption = fromHex('300d06092a864886f70d0101010500');
  const key = der(Tag.SEQUENCE, derUnsigned(octetsOf(modulus)), derUnsigned(octetsOf(exponent)));
  return der(Tag.SEQUENCE, rsaEncryption, der(Tag.BIT_STRING, Uint8Array.of(0), key));
}

/** A public key that passed our checks. Throws otherwise. */
export function trusted(spki: Uint8Array): KeyObject {
  const key = publicKeyOfSpki(spki);
  if (!key.ok) throw new Error(key.error);
  return key.value;
}

/** Big-endian octets of a number, at least `length` of them. */
export function octetsOf(value: bigint, length = 1): Uint8Array {
  const hex = value.toString(16);
  return fromHex(hex.padStart(Math.max(2 * length, hex.length + (hex.length % 2)), '0'));
}
