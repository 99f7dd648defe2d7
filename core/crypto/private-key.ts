import { createPrivateKey, type KeyObject } from 'node:crypto';
import { EMPTY, toHex, utf8Strict } from '../lib/bytes.ts';
import { ProtocolError, Reader } from '../lib/reader.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { wipe, type SecretBytes } from '../lib/secret.ts';
import { Tag, takeDer } from './der.ts';
import { keyKind, type KeyProblem } from './public-key.ts';

/** Why a private key could not be taken. */
export type PrivateKeyProblem = KeyProblem | 'passphrase needed' | 'passphrase wrong';

/** How a private key is stored: PKCS #8, PKCS #1 (RSA) or SEC 1 (EC). */
interface StoredKey {
  readonly type: 'pkcs8' | 'pkcs1' | 'sec1';
  readonly encrypted: boolean;
  readonly key: string | Buffer;
  readonly format: 'pem' | 'der';
}

const PEM_BLOCK = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----([\s\S]*?)-----END \1-----/;
const BASE64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/;

/** PEM labels of keys that we can read. */
const PEM_TYPES: Readonly<Record<string, StoredKey['type']>> = {
  'PRIVATE KEY': 'pkcs8',
  'ENCRYPTED PRIVATE KEY': 'pkcs8',
  'RSA PRIVATE KEY': 'pkcs1',
  'EC PRIVATE KEY': 'sec1',
};

/** Algorithms of PKCS #8 keys that `keyKind` knows: rsaEncryption, RSASSA-PSS, ecPublicKey, Ed25519, Ed448. */
const KEY_OIDS: readonly string[] = [
  '2a864886f70d010101',
  '2a864886f70d01010a',
  '2a8648ce3d0201',
  '2b6570',
  '2b6571',
];

/**
 * A private key from a PEM text (the first key in it; certificates around it do not matter) or from DER:
 * PKCS #8, also encrypted, PKCS #1 or SEC 1. The key must be of a kind and strength that may be used.
 */
export function importPrivateKey(
  pemOrDer: string | Uint8Array,
  passphrase?: SecretBytes,
): Result<KeyObject, PrivateKeyProblem> {
  const located = locate(pemOrDer);
  if (!located.ok) return located;
  const { key, format, type, encrypted } = located.value;
  if (encrypted && passphrase === undefined) return err('passphrase needed');
  const secret = Buffer.from(passphrase?.reveal() ?? EMPTY);
  try {
    const imported = createPrivateKey({ key, format, type, ...(encrypted ? { passphrase: secret } : {}) });
    const kind = keyKind(imported);
    return kind.ok ? ok(imported) : kind;
  } catch (error) {
    return err(problemOf(error, encrypted));
  } finally {
    wipe(secret, ...(typeof key === 'string' ? [] : [key]));
  }
}

/** Finds the key and tells its form. What it answers is a copy, so that it can be wiped. */
function locate(pemOrDer: string | Uint8Array): Result<StoredKey, 'malformed' | 'unsupported'> {
  const text = typeof pemOrDer === 'string' ? pemOrDer : utf8Strict(pemOrDer);
  const block = text === undefined ? null : PEM_BLOCK.exec(text);
  if (block === null)
    return typeof pemOrDer === 'string' ? err('malformed') : locateDer(Buffer.from(pemOrDer));
  const [key, label = '', body = ''] = block;
  const type = PEM_TYPES[label];
  if (type === undefined) return err('unsupported');
  // OpenSSL's older form of encryption has a header inside the block instead of a label (RFC 1421).
  if (/^Proc-Type: *4, *ENCRYPTED/m.test(body)) return ok({ type, encrypted: true, key, format: 'pem' });
  if (!BASE64.test(body)) return err('malformed');
  return locateDer(Buffer.from(body, 'base64'));
}

/**
 * The forms are told apart by their first elements:
 *
 *     EncryptedPrivateKeyInfo  SEQUENCE { SEQUENCE encryptionAlgorithm, OCTET STRING }      (RFC 5958 section 3)
 *     PrivateKeyInfo           SEQUENCE { INTEGER version, SEQUENCE algorithm, ... }        (RFC 5958 section 2)
 *     RSAPrivateKey            SEQUENCE { INTEGER version, INTEGER modulus, ... }           (RFC 8017 A.1.2)
 *     ECPrivateKey             SEQUENCE { INTEGER version, OCTET STRING privateKey, ... }   (RFC 5915 section 3)
 */
function locateDer(key: Buffer): Result<StoredKey, 'malformed' | 'unsupported'> {
  try {
    const outer = new Reader(key);
    const octets = takeDer(outer, Tag.SEQUENCE, 'private key');
    outer.end('private key');
    if (octets[0] === Tag.SEQUENCE) return ok({ type: 'pkcs8', encrypted: true, key, format: 'der' });
    const fields = new Reader(octets);
    takeDer(fields, Tag.INTEGER, 'version');
    const form = octets[fields.offset];
    if (form === Tag.INTEGER) return ok({ type: 'pkcs1', encrypted: false, key, format: 'der' });
    if (form === Tag.OCTET_STRING) return ok({ type: 'sec1', encrypted: false, key, format: 'der' });
    const algorithm = new Reader(takeDer(fields, Tag.SEQUENCE, 'algorithm'));
    if (!KEY_OIDS.includes(toHex(takeDer(algorithm, Tag.OID, 'algorithm')))) return err('unsupported');
    return ok({ type: 'pkcs8', encrypted: false, key, format: 'der' });
  } catch (error) {
    if (error instanceof ProtocolError) return err('malformed');
    throw error;
  }
}

/**
 * A wrong passphrase mostly shows as bad padding, but one in some hundreds decrypts to noise that then does not
 * parse. So once the cipher of an encrypted key is known, every failure is laid to the passphrase.
 */
function problemOf(error: unknown, encrypted: boolean): PrivateKeyProblem {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/EVP_(UNSUPPORTED|UNKNOWN)|UNKNOWN_GROUP/.test(code)) return 'unsupported';
  return encrypted ? 'passphrase wrong' : 'malformed';
}
