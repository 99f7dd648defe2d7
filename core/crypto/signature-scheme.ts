import { equalBytes, fromHex, toHex } from '../lib/bytes.ts';
import { ProtocolError, Reader } from '../lib/reader.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { der, derUnsigned, Tag, takeDer } from './der.ts';

/** Hash Algorithm Identifiers of SIGNATURE_HASH_ALGORITHMS (RFC 7427 section 4, RFC 8420). */
export const HashAlgorithm = { SHA1: 1, SHA256: 2, SHA384: 3, SHA512: 4, IDENTITY: 5 } as const;

/** 'identity' is for signatures that take the message itself, like Ed25519 (RFC 8420 section 2). */
export type HashName = 'sha1' | 'sha256' | 'sha384' | 'sha512' | 'identity';

/** The hashes that a signature over new data may use here. SHA-1 is not among them (RFC 8247 section 3.2). */
export type StrongHash = 'sha256' | 'sha384' | 'sha512';

/** How a signature is made. `saltLength` is in octets. */
export type SignatureScheme =
  | { readonly kind: 'rsa-pkcs1'; readonly hash: 'sha1' | StrongHash }
  | { readonly kind: 'rsa-pss'; readonly hash: StrongHash; readonly saltLength: number }
  | { readonly kind: 'ecdsa'; readonly hash: StrongHash; readonly encoding: 'der' | 'raw' }
  | { readonly kind: 'ed25519' | 'ed448'; readonly hash: 'identity' };

/** The IANA number under which a hash is announced. */
export function hashAlgorithm(hash: HashName): number {
  switch (hash) {
    case 'sha1':
      return HashAlgorithm.SHA1;
    case 'sha256':
      return HashAlgorithm.SHA256;
    case 'sha384':
      return HashAlgorithm.SHA384;
    case 'sha512':
      return HashAlgorithm.SHA512;
    case 'identity':
      return HashAlgorithm.IDENTITY;
  }
}

/** Octets of the output of a hash. */
export function hashLength(hash: StrongHash): number {
  return { sha256: 32, sha384: 48, sha512: 64 }[hash];
}

/**
 * AlgorithmIdentifiers without variable parts, as their DER (RFC 7427 appendix A, RFC 8420 appendix A): they are
 * compared as octets and never parsed. RSASSA-PKCS1-v1_5 has NULL parameters, which a reader must also accept
 * left out (RFC 4055 section 5); the others have none. The first form of a scheme is the one to send.
 */
const FIXED: readonly (readonly [hex: string, scheme: SignatureScheme])[] = [
  ['300d06092a864886f70d01010b0500', { kind: 'rsa-pkcs1', hash: 'sha256' }],
  ['300d06092a864886f70d01010c0500', { kind: 'rsa-pkcs1', hash: 'sha384' }],
  ['300d06092a864886f70d01010d0500', { kind: 'rsa-pkcs1', hash: 'sha512' }],
  ['300d06092a864886f70d0101050500', { kind: 'rsa-pkcs1', hash: 'sha1' }],
  ['300b06092a864886f70d01010b', { kind: 'rsa-pkcs1', hash: 'sha256' }],
  ['300b06092a864886f70d01010c', { kind: 'rsa-pkcs1', hash: 'sha384' }],
  ['300b06092a864886f70d01010d', { kind: 'rsa-pkcs1', hash: 'sha512' }],
  ['300a06082a8648ce3d040302', { kind: 'ecdsa', hash: 'sha256', encoding: 'der' }],
  ['300a06082a8648ce3d040303', { kind: 'ecdsa', hash: 'sha384', encoding: 'der' }],
  ['300a06082a8648ce3d040304', { kind: 'ecdsa', hash: 'sha512', encoding: 'der' }],
  ['300506032b6570', { kind: 'ed25519', hash: 'identity' }],
  ['300506032b6571', { kind: 'ed448', hash: 'identity' }],
];

const PSS_OID = fromHex('2a864886f70d01010a');
const MGF1_OID = fromHex('2a864886f70d010108');
const HASH_OIDS: Readonly<Record<StrongHash, Uint8Array>> = {
  sha256: fromHex('608648016503040201'),
  sha384: fromHex('608648016503040202'),
  sha512: fromHex('608648016503040203'),
};
const STRONG_HASHES: readonly StrongHash[] = ['sha256', 'sha384', 'sha512'];

/** Explicit context tags of RSASSA-PSS-params. */
const PssTag = { HASH: 0xa0, MASK: 0xa1, SALT_LENGTH: 0xa2 };

/** No modulus leaves room for a longer salt: 16384 bits are 2048 octets. */
const MAX_SALT_LENGTH = 2048;

/**
 * The scheme that a DER AlgorithmIdentifier names; all of `octets` must be it. 'malformed' when it is not strict
 * DER, 'unsupported' when it names something else. SHA-1 with RSASSA-PKCS1-v1_5 is recognised so that the
 * caller can say what it refuses; whether the hash is allowed is the caller's to check.
 */
export function parseSignatureAlgorithm(
  octets: Uint8Array,
): Result<SignatureScheme, 'malformed' | 'unsupported'> {
  const fixed = FIXED.find(([hex]) => hex === toHex(octets));
  if (fixed !== undefined) return ok(fixed[1]);
  try {
    const outer = new Reader(octets);
    const identifier = new Reader(takeDer(outer, Tag.SEQUENCE, 'AlgorithmIdentifier'));
    outer.end('AlgorithmIdentifier');
    if (!equalBytes(takeDer(identifier, Tag.OID, 'algorithm'), PSS_OID)) return err('unsupported');
    if (identifier.remaining === 0) return err('unsupported');
    const parameters = new Reader(takeDer(identifier, Tag.SEQUENCE, 'RSASSA-PSS-params'));
    identifier.end('AlgorithmIdentifier');
    return parsePss(parameters);
  } catch (error) {
    if (error instanceof ProtocolError) return err('malformed');
    throw error;
  }
}

/**
 *     RSASSA-PSS-params ::= SEQUENCE {                      (RFC 4055 section 3.1)
 *       [0] hashAlgorithm     DEFAULT sha1
 *       [1] maskGenAlgorithm  DEFAULT mgf1SHA1
 *       [2] saltLength        DEFAULT 20
 *       [3] trailerField      DEFAULT 1  }
 *
 * The defaults mean SHA-1 and are refused (RFC 8247 section 3.2), so hash and mask must be there. The mask's hash
 * must be the same hash. A trailer field would have to be the default, which DER leaves out.
 */
function parsePss(parameters: Reader): Result<SignatureScheme, 'malformed' | 'unsupported'> {
  if (parameters.remaining === 0) return err('unsupported');
  const hash = parseHash(new Reader(takeDer(parameters, PssTag.HASH, 'hashAlgorithm')));
  const mask = new Reader(takeDer(parameters, PssTag.MASK, 'maskGenAlgorithm'));
  const generator = new Reader(takeDer(mask, Tag.SEQUENCE, 'maskGenAlgorithm'));
  mask.end('maskGenAlgorithm');
  const generatorOid = takeDer(generator, Tag.OID, 'maskGenAlgorithm');
  const maskHash = parseHash(generator);
  const saltLength = parameters.remaining === 0 ? 20 : parseSaltLength(parameters);
  parameters.end('RSASSA-PSS-params');
  if (!equalBytes(generatorOid, MGF1_OID)) return err('unsupported');
  if (hash === undefined || maskHash !== hash) return err('unsupported');
  return ok({ kind: 'rsa-pss', hash, saltLength });
}

/** SEQUENCE { OID, NULL or nothing } to the end of `reader` (RFC 4055 section 2.1 wants both forms accepted). */
function parseHash(reader: Reader): StrongHash | undefined {
  const identifier = new Reader(takeDer(reader, Tag.SEQUENCE, 'hash'));
  reader.end('hash');
  const oid = takeDer(identifier, Tag.OID, 'hash');
  if (identifier.remaining > 0 && takeDer(identifier, Tag.NULL, 'hash').length > 0)
    throw new ProtocolError('hash: NULL with contents');
  identifier.end('hash');
  return STRONG_HASHES.find((hash) => equalBytes(HASH_OIDS[hash], oid));
}

function parseSaltLength(parameters: Reader): number {
  const tagged = new Reader(takeDer(parameters, PssTag.SALT_LENGTH, 'saltLength'));
  const digits = takeDer(tagged, Tag.INTEGER, 'saltLength');
  tagged.end('saltLength');
  const [first, second] = digits;
  if (first === undefined || first >= 0x80) throw new ProtocolError('saltLength: negative');
  if (first === 0 && second !== undefined && second < 0x80) throw new ProtocolError('saltLength: not in DER');
  if (digits.length > 2) throw new ProtocolError('saltLength: too long');
  const length = digits.reduce((value, octet) => value * 256 + octet, 0);
  if (length > MAX_SALT_LENGTH) throw new ProtocolError('saltLength: too long');
  return length;
}

/** The DER AlgorithmIdentifier of a scheme, as RFC 7427 appendix A gives it. Raw ECDSA has none: RangeError. */
export function encodeSignatureAlgorithm(scheme: SignatureScheme): Uint8Array {
  if (scheme.kind === 'rsa-pss') return encodePss(scheme.hash, scheme.saltLength);
  const fixed = FIXED.find(
    ([, known]) =>
      known.kind === scheme.kind &&
      known.hash === scheme.hash &&
      !(scheme.kind === 'ecdsa' && scheme.encoding === 'raw'),
  );
  if (fixed === undefined) throw new RangeError('the scheme has no AlgorithmIdentifier');
  return fromHex(fixed[0]);
}

function encodePss(hash: StrongHash, saltLength: number): Uint8Array {
  const hashId = der(Tag.SEQUENCE, der(Tag.OID, HASH_OIDS[hash]), der(Tag.NULL));
  const mask = der(Tag.SEQUENCE, der(Tag.OID, MGF1_OID), hashId);
  const salt = derUnsigned(Uint8Array.of(saltLength >>> 8, saltLength & 0xff));
  return der(
    Tag.SEQUENCE,
    der(Tag.OID, PSS_OID),
    der(Tag.SEQUENCE, der(PssTag.HASH, hashId), der(PssTag.MASK, mask), der(PssTag.SALT_LENGTH, salt)),
  );
}
