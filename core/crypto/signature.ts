import {
  constants,
  createPublicKey,
  sign,
  verify,
  type KeyObject,
  type SignKeyObjectInput,
} from 'node:crypto';
import { concat } from '../lib/bytes.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { plain } from './octets.ts';
import { keyKind, type EcdsaCurve, type KeyKind } from './public-key.ts';
import {
  encodeSignatureAlgorithm,
  HashAlgorithm,
  hashAlgorithm,
  hashLength,
  parseSignatureAlgorithm,
  type SignatureScheme,
  type StrongHash,
} from './signature-scheme.ts';

export { HashAlgorithm, type HashName, type SignatureScheme } from './signature-scheme.ts';

/** Authentication methods of the AUTH payload that are signatures (IANA). */
const METHOD_RSA = 1;
const METHOD_ECDSA: Readonly<Record<number, { readonly curve: EcdsaCurve; readonly hash: StrongHash }>> = {
  9: { curve: 'P-256', hash: 'sha256' },
  10: { curve: 'P-384', hash: 'sha384' },
  11: { curve: 'P-521', hash: 'sha512' },
};
const METHOD_DIGITAL_SIGNATURE = 14;

/** Why an AUTH payload was refused. */
export type VerifyProblem =
  | 'method not supported'
  | 'method not agreed'
  | 'algorithm malformed'
  | 'algorithm not supported'
  | 'hash not allowed'
  | 'key does not fit'
  | 'weak key'
  | 'wrong signature';

/** Why no signature could be made. */
export type SignProblem = 'no common hash' | 'unsupported key' | 'weak key' | 'key mismatch' | 'unusable key';

/**
 * Checks the AUTH payload of a peer over its signed octets (RFC 7296 section 2.15) and tells how it was signed.
 * `allowedHashes` are the hash numbers that we announced in SIGNATURE_HASH_ALGORITHMS: method 14 is refused with
 * any other, and with SHA-1 in any case. `digitalSignatureAgreed` says that both sides sent that notification,
 * after which only method 14 is a signature (RFC 7427 section 3). The key's owner is the caller's to establish.
 */
export function verifyAuth(
  method: number,
  publicKey: KeyObject,
  signed: Uint8Array,
  authData: Uint8Array,
  allowedHashes: readonly number[],
  digitalSignatureAgreed = false,
): Result<SignatureScheme, VerifyProblem> {
  const kind = keyKind(publicKey);
  if (!kind.ok) return err(kind.error === 'weak' ? 'weak key' : 'key does not fit');
  if (method === METHOD_DIGITAL_SIGNATURE)
    return verifyDigitalSignature(publicKey, kind.value, signed, authData, allowedHashes);
  const ecdsa = METHOD_ECDSA[method];
  if (method !== METHOD_RSA && ecdsa === undefined) return err('method not supported');
  if (digitalSignatureAgreed) return err('method not agreed');
  if (ecdsa === undefined) return verifyRsa(publicKey, kind.value, signed, authData);
  if (kind.value.kind !== 'ecdsa' || kind.value.curve !== ecdsa.curve) return err('key does not fit');
  const scheme = { kind: 'ecdsa', hash: ecdsa.hash, encoding: 'raw' } as const;
  return verifySignature(scheme, publicKey, signed, authData) ? ok(scheme) : err('wrong signature');
}

/**
 * The Authentication Data of method 14 (RFC 7427 section 3):
 *
 *     +-------------+-----------------------------+------------------+
 *     | ASN.1 Length| AlgorithmIdentifier (DER)   | Signature Value  |
 *     |  (1 octet)  |                             |                  |
 *     +-------------+-----------------------------+------------------+
 */
function verifyDigitalSignature(
  publicKey: KeyObject,
  kind: KeyKind,
  signed: Uint8Array,
  authData: Uint8Array,
  allowedHashes: readonly number[],
): Result<SignatureScheme, VerifyProblem> {
  const length = authData[0];
  if (length === undefined || length === 0 || authData.length <= 1 + length)
    return err('algorithm malformed');
  const parsed = parseSignatureAlgorithm(authData.subarray(1, 1 + length));
  if (!parsed.ok)
    return err(parsed.error === 'malformed' ? 'algorithm malformed' : 'algorithm not supported');
  const scheme = parsed.value;
  if (scheme.hash === 'sha1' || !allowedHashes.includes(hashAlgorithm(scheme.hash)))
    return err('hash not allowed');
  if (!keyFits(scheme, kind)) return err('key does not fit');
  return verifySignature(scheme, publicKey, signed, authData.subarray(1 + length))
    ? ok(scheme)
    : err('wrong signature');
}

/**
 * Method 1 is RSASSA-PKCS1-v1_5 whose hash only the signature itself tells. RFC 7296 section 3.8 makes SHA-1 the
 * default; peers that are configured for more use a SHA-2 hash, so those are tried first.
 */
function verifyRsa(
  publicKey: KeyObject,
  kind: KeyKind,
  signed: Uint8Array,
  signature: Uint8Array,
): Result<SignatureScheme, VerifyProblem> {
  for (const hash of ['sha256', 'sha384', 'sha512', 'sha1'] as const) {
    const scheme: SignatureScheme = { kind: 'rsa-pkcs1', hash };
    if (!keyFits(scheme, kind)) return err('key does not fit');
    if (verifySignature(scheme, publicKey, signed, signature)) return ok(scheme);
  }
  return err('wrong signature');
}

/** True when a key of this kind can make signatures of this scheme. */
export function keyFits(scheme: SignatureScheme, kind: KeyKind): boolean {
  switch (scheme.kind) {
    case 'rsa-pkcs1':
      return kind.kind === 'rsa' && !kind.pssOnly;
    case 'rsa-pss':
      // The encoded message has room for salt, hash and two octets more (RFC 8017 section 9.1.1).
      return (
        kind.kind === 'rsa' &&
        scheme.saltLength + hashLength(scheme.hash) + 2 <= Math.ceil((kind.bits - 1) / 8)
      );
    case 'ecdsa':
    case 'ed25519':
    case 'ed448':
      return kind.kind === scheme.kind;
  }
}

/**
 * True when `signature` is right for `signed` by exactly this scheme. Also for certificates. The key must have
 * passed `keyKind` and `keyFits`.
 */
export function verifySignature(
  scheme: SignatureScheme,
  publicKey: KeyObject,
  signed: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    return verify(digestOf(scheme), signed, parametersOf(scheme, publicKey), signature);
  } catch {
    // OpenSSL reports some malformed signatures as errors of its own.
    return false;
  }
}

function digestOf(scheme: SignatureScheme): string | null {
  return scheme.hash === 'identity' ? null : scheme.hash;
}

function parametersOf(scheme: SignatureScheme, key: KeyObject): SignKeyObjectInput {
  switch (scheme.kind) {
    case 'rsa-pkcs1':
      return { key, padding: constants.RSA_PKCS1_PADDING };
    case 'rsa-pss':
      return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: scheme.saltLength };
    case 'ecdsa':
      return { key, dsaEncoding: scheme.encoding === 'raw' ? 'ieee-p1363' : 'der' };
    case 'ed25519':
    case 'ed448':
      return { key };
  }
}

/** `peerHashes` are the numbers of the peer's SIGNATURE_HASH_ALGORITHMS, empty when it sent none. */
export interface SignOptions {
  readonly peerHashes: readonly number[];
  /** The key of the certificate that we send; signing with another key is refused. */
  readonly certPublicKey?: KeyObject | undefined;
  /** For RSA keys under method 14. Default 'pss', which every implementation of RFC 8247 has. */
  readonly rsaPadding?: 'pss' | 'pkcs1' | undefined;
}

/** The method and Authentication Data of an AUTH payload. */
export interface AuthSignature {
  readonly method: number;
  readonly data: Uint8Array;
  readonly scheme: SignatureScheme;
}

/**
 * Signs our octets (RFC 7296 section 2.15). A peer that announced hashes gets method 14 with one of them
 * (RFC 7427 sections 3 and 4); any other gets method 1 with SHA-1, the only hash it is bound to know, or the
 * ECDSA method of the curve. Salts and ECDSA nonces come from OpenSSL's generator.
 */
export function signAuth(
  privateKey: KeyObject,
  signed: Uint8Array,
  options: SignOptions,
): Result<AuthSignature, SignProblem> {
  const kind = keyKind(privateKey);
  if (!kind.ok) return err(kind.error === 'weak' ? 'weak key' : 'unsupported key');
  try {
    const { certPublicKey } = options;
    if (certPublicKey !== undefined && !createPublicKey(privateKey).equals(certPublicKey))
      return err('key mismatch');
    const choice =
      options.peerHashes.length > 0 ? chooseDigitalSignature(kind.value, options) : chooseLegacy(kind.value);
    if (choice === undefined) return err('no common hash');
    const { method, scheme } = choice;
    const signature = plain(sign(digestOf(scheme), signed, parametersOf(scheme, privateKey)));
    if (method !== METHOD_DIGITAL_SIGNATURE) return ok({ method, scheme, data: signature });
    const algorithm = encodeSignatureAlgorithm(scheme);
    return ok({ method, scheme, data: concat(Uint8Array.of(algorithm.length), algorithm, signature) });
  } catch {
    // The key parsed, but OpenSSL finds its numbers inconsistent.
    return err('unusable key');
  }
}

interface Choice {
  readonly method: number;
  readonly scheme: SignatureScheme;
}

/** A hash of the size of the curve first, then stronger before weaker. */
const HASH_PREFERENCE: Readonly<Record<EcdsaCurve, readonly StrongHash[]>> = {
  'P-256': ['sha256', 'sha384', 'sha512'],
  'P-384': ['sha384', 'sha512', 'sha256'],
  'P-521': ['sha512', 'sha384', 'sha256'],
};

function chooseDigitalSignature(kind: KeyKind, options: SignOptions): Choice | undefined {
  const method = METHOD_DIGITAL_SIGNATURE;
  if (kind.kind === 'ed25519' || kind.kind === 'ed448') {
    if (!options.peerHashes.includes(HashAlgorithm.IDENTITY)) return undefined;
    return { method, scheme: { kind: kind.kind, hash: 'identity' } };
  }
  const preference = HASH_PREFERENCE[kind.kind === 'ecdsa' ? kind.curve : 'P-256'];
  const hash = preference.find((name) => options.peerHashes.includes(hashAlgorithm(name)));
  if (hash === undefined) return undefined;
  if (kind.kind === 'ecdsa') return { method, scheme: { kind: 'ecdsa', hash, encoding: 'der' } };
  if (options.rsaPadding === 'pkcs1' && !kind.pssOnly) return { method, scheme: { kind: 'rsa-pkcs1', hash } };
  return { method, scheme: { kind: 'rsa-pss', hash, saltLength: hashLength(hash) } };
}

function chooseLegacy(kind: KeyKind): Choice | undefined {
  if (kind.kind === 'rsa' && !kind.pssOnly)
    return { method: METHOD_RSA, scheme: { kind: 'rsa-pkcs1', hash: 'sha1' } };
  if (kind.kind !== 'ecdsa') return undefined;
  const found = Object.entries(METHOD_ECDSA).find(([, { curve }]) => curve === kind.curve);
  if (found === undefined) return undefined;
  const [method, { hash }] = found;
  return { method: Number(method), scheme: { kind: 'ecdsa', hash, encoding: 'raw' } };
}
