import { createCipheriv, createDecipheriv, pbkdf2Sync } from 'node:crypto';
import { concat, fromHex } from '../../lib/bytes.ts';
import type { RandomBytes } from '../../lib/ports.ts';
import { ProtocolError } from '../../lib/reader.ts';
import { wipe, type SecretBytes } from '../../lib/secret.ts';
import { derUnsigned } from '../../crypto/der.ts';
import { type AlgorithmIdentifier, algorithmIdentifier } from '../../pki/certificate.ts';
import { DerReader, soleElement, Tag } from '../../pki/der.ts';
import { derObjectIdentifier, derSequence } from '../../pki/der-writer.ts';
import { encoded } from '../ber.ts';
import { ImportTrouble } from '../result.ts';
import { derivedKey, type Effort, HASHES, pkcs12Key, roundsOf } from './derive.ts';
import type { StorePassword } from './password.ts';

const PBES2 = '1.2.840.113549.1.5.13';
const PBKDF2 = '1.2.840.113549.1.5.12';
const HMAC_SHA256 = '1.2.840.113549.2.9';
const AES_256_CBC = '2.16.840.1.101.3.4.1.42';

const CIPHERS: ReadonlyMap<
  string,
  { readonly name: string; readonly keyOctets: number; readonly block: number }
> = new Map([
  ['2.16.840.1.101.3.4.1.2', { name: 'aes-128-cbc', keyOctets: 16, block: 16 }],
  ['2.16.840.1.101.3.4.1.22', { name: 'aes-192-cbc', keyOctets: 24, block: 16 }],
  [AES_256_CBC, { name: 'aes-256-cbc', keyOctets: 32, block: 16 }],
  ['1.2.840.113549.3.7', { name: 'des-ede3-cbc', keyOctets: 24, block: 8 }],
]);

/** pbeWithSHAAnd… of RFC 7292 appendix C. */
const OLD = '1.2.840.113549.1.12.1.';
const OLD_TRIPLE_DES: ReadonlyMap<string, number> = new Map([
  [`${OLD}3`, 24],
  [`${OLD}4`, 16],
]);
const OLD_BROKEN: ReadonlyMap<string, string> = new Map([
  [`${OLD}1`, 'RC4-128'],
  [`${OLD}2`, 'RC4-40'],
  [`${OLD}5`, 'RC2-128'],
  [`${OLD}6`, 'RC2-40'],
]);

/**
 * What was encrypted under a passphrase (RFC 8018 PBES2, or RFC 7292 appendix C with triple DES); undefined when this
 * passphrase does not open it. Throws ImportTrouble for a way that is not supported, ProtocolError for damage.
 */
export function decrypted(
  algorithm: AlgorithmIdentifier,
  sealed: Uint8Array,
  password: StorePassword,
  effort: Effort,
): Uint8Array | undefined {
  const broken = OLD_BROKEN.get(algorithm.oid);
  if (broken !== undefined) throw new ImportTrouble('legacy-p12', broken);
  const { name, key, iv } = keyOf(algorithm, password, effort);
  try {
    const decipher = createDecipheriv(name, key, iv);
    return Uint8Array.from(concat(decipher.update(sealed), decipher.final()));
  } catch {
    return undefined;
  } finally {
    wipe(key);
  }
}

function keyOf(
  { oid, parameters }: AlgorithmIdentifier,
  password: StorePassword,
  effort: Effort,
): { readonly name: string; readonly key: Uint8Array; readonly iv: Uint8Array } {
  if (!parameters) throw new ProtocolError('encryption: no parameters');
  const inner = new DerReader(soleElement(parameters, Tag.SEQUENCE, 'encryption').content);
  const tripleDesOctets = OLD_TRIPLE_DES.get(oid);
  if (tripleDesOctets !== undefined) {
    const salt = inner.element(Tag.OCTET_STRING, 'salt').content;
    const rounds = roundsOf(inner);
    effort.spend(6 * rounds);
    const hash = HASHES.get('1.3.14.3.2.26');
    if (!hash) throw new ProtocolError('encryption: no SHA-1');
    const source = { bmp: password.bmp, salt, rounds };
    const made = pkcs12Key(1, hash, source, tripleDesOctets);
    // Two keys serve as the first, the second, and the first again.
    const key = tripleDesOctets === 24 ? made : concat(made, made.subarray(0, 8));
    return { name: 'des-ede3-cbc', key, iv: pkcs12Key(2, hash, source, 8) };
  }
  if (oid !== PBES2) throw new ImportTrouble('unsupported-p12', `encryption ${oid}`);
  const derivation = algorithmIdentifier(inner, 'key derivation');
  const scheme = algorithmIdentifier(inner, 'cipher');
  const cipher = CIPHERS.get(scheme.oid);
  if (!cipher) throw new ImportTrouble('unsupported-p12', `cipher ${scheme.oid}`);
  if (!scheme.parameters) throw new ProtocolError('cipher: no parameters');
  const iv = soleElement(scheme.parameters, Tag.OCTET_STRING, 'iv').content;
  if (iv.length !== cipher.block) throw new ProtocolError('iv: wrong length');
  return { name: cipher.name, key: derivedKey(derivation, password, cipher.keyOctets, effort), iv };
}

const SALT_OCTETS = 16;
/** About a tenth of a second for who opens it, and for who guesses, each time. */
const ROUNDS = 210_000;

/**
 * EncryptedPrivateKeyInfo (RFC 5958 section 3) of a PKCS #8 key: PBES2 with PBKDF2-HMAC-SHA-256 and AES-256-CBC.
 *
 *   EncryptedPrivateKeyInfo ::= SEQUENCE { encryptionAlgorithm AlgorithmIdentifier, encryptedData OCTET STRING }
 */
export function lockedKey(pkcs8: Uint8Array, passphrase: SecretBytes, random: RandomBytes): Uint8Array {
  const salt = random(SALT_OCTETS);
  const iv = random(16);
  const key = pbkdf2Sync(passphrase.reveal(), salt, ROUNDS, 32, 'sha256');
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const sealed = concat(cipher.update(pkcs8), cipher.final());
  wipe(key);
  const octets = (content: Uint8Array): Uint8Array => encoded(Tag.OCTET_STRING, [content]);
  const prf = derSequence(derObjectIdentifier(HMAC_SHA256), encoded(Tag.NULL, []));
  const rounds = derUnsigned(fromHex(ROUNDS.toString(16).padStart(6, '0')));
  const derivation = derSequence(derObjectIdentifier(PBKDF2), derSequence(octets(salt), rounds, prf));
  const scheme = derSequence(derObjectIdentifier(AES_256_CBC), octets(iv));
  const algorithm = derSequence(derObjectIdentifier(PBES2), derSequence(derivation, scheme));
  return encoded(Tag.SEQUENCE, [algorithm, octets(sealed)]);
}
