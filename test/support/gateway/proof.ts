import { constants, createHash, sign, verify, type KeyObject } from 'node:crypto';
import { concat, constantTimeEqual, equalBytes, fromHex, utf8 } from '../../../core/lib/bytes.ts';
import type { Prf } from '../../../core/crypto/prf.ts';
import { AuthMethod } from '../../../core/wire/constants.ts';

/*
 * AUTH payloads: RFC 7296 section 2.15, RFC 4754 (ECDSA) and RFC 7427 (digital signatures). Made and judged with
 * node:crypto alone, so that the client's reading of those RFCs meets a second one.
 */

/** RestOfIDPayload: type, three reserved octets, data. */
export function idBody(idType: number, data: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(idType, 0, 0, 0), data);
}

/** What an end signs: its IKE_SA_INIT message, the other end's nonce, and a MAC of its own identity. */
export function signedOctets(
  prf: Prf,
  skP: Uint8Array,
  message: Uint8Array,
  otherNonce: Uint8Array,
  identity: Uint8Array,
): Uint8Array {
  return concat(message, otherNonce, prf.compute(skP, identity));
}

/** The AUTH data under a shared secret: a pre-shared key, an MSK, or SK_p* where a method gave no key. */
export function sharedSecretAuth(prf: Prf, secret: Uint8Array, octets: Uint8Array): Uint8Array {
  return prf.compute(prf.compute(secret, utf8('Key Pad for IKEv2')), octets);
}

/** How the gateway signs. `auto` takes RFC 7427 when the peer announced a hash that fits, else the old methods. */
export type SignatureStyle = 'auto' | 'old' | 'rsa-pss' | 'rsa-pkcs1';

export interface AuthData {
  readonly method: number;
  readonly data: Uint8Array;
}

/** A hash by its number in SIGNATURE_HASH_ALGORITHMS (RFC 7427 section 7). */
const HASHES = [
  { number: 2, name: 'sha256', length: 32, oid: '608648016503040201', rsa: '0b', ecdsa: '02' },
  { number: 3, name: 'sha384', length: 48, oid: '608648016503040202', rsa: '0c', ecdsa: '03' },
  { number: 4, name: 'sha512', length: 64, oid: '608648016503040203', rsa: '0d', ecdsa: '04' },
] as const;
type Hash = (typeof HASHES)[number];

const IDENTITY_HASH = 5;
const ED25519 = fromHex('300506032b6570');
const ED448 = fromHex('300506032b6571');

function rsaAlgorithm(hash: Hash): Uint8Array {
  return fromHex(`300d06092a864886f70d0101${hash.rsa}0500`);
}

function ecdsaAlgorithm(hash: Hash): Uint8Array {
  return fromHex(`300a06082a8648ce3d0403${hash.ecdsa}`);
}

/** The forms of RSASSA-PSS in use: hash with or without NULL parameters, default trailer left out or written. */
function pssAlgorithms(hash: Hash): Uint8Array[] {
  const forms: Uint8Array[] = [];
  for (const parameters of ['0500', '']) {
    const hashId = sequence(`0609${hash.oid}${parameters}`);
    const mgf = sequence(`06092a864886f70d010108${hashId}`);
    for (const trailer of ['', 'a303020101']) {
      const inner = `${tagged('a0', hashId)}${tagged('a1', mgf)}a2030201${hexOctet(hash.length)}${trailer}`;
      forms.push(fromHex(sequence(`06092a864886f70d01010a${sequence(inner)}`)));
    }
  }
  return forms;
}

function tagged(tag: string, contents: string): string {
  return `${tag}${hexOctet(contents.length / 2)}${contents}`;
}

function sequence(contents: string): string {
  return tagged('30', contents);
}

function hexOctet(value: number): string {
  return value.toString(16).padStart(2, '0');
}

/** Signs with the private key; `announced` are the numbers of the peer's SIGNATURE_HASH_ALGORITHMS. */
export function signOctets(
  key: KeyObject,
  octets: Uint8Array,
  announced: readonly number[],
  style: SignatureStyle,
): AuthData {
  const kind = key.asymmetricKeyType;
  if (kind === 'ed25519' || kind === 'ed448') {
    return digital(kind === 'ed25519' ? ED25519 : ED448, sign(null, octets, key));
  }
  const modern = style === 'old' ? undefined : HASHES.find(({ number }) => announced.includes(number));
  if (kind === 'ec') return signEc(key, octets, announced, modern);
  if (modern === undefined) return { method: AuthMethod.RSA, data: plain(sign('sha1', octets, key)) };
  if (style === 'rsa-pss') {
    const [algorithm = new Uint8Array()] = pssAlgorithms(modern);
    return digital(algorithm, sign(modern.name, octets, pss(key, modern.length)));
  }
  return digital(rsaAlgorithm(modern), sign(modern.name, octets, key));
}

function signEc(
  key: KeyObject,
  octets: Uint8Array,
  announced: readonly number[],
  modern: Hash | undefined,
): AuthData {
  const curve = CURVES[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (curve === undefined) throw new Error('an elliptic curve that IKE does not use');
  const [, hash] = curve;
  if (modern !== undefined && announced.includes(hash.number)) {
    return digital(ecdsaAlgorithm(hash), sign(hash.name, octets, key));
  }
  return { method: curve[0], data: plain(sign(hash.name, octets, { key, dsaEncoding: 'ieee-p1363' })) };
}

/** The old method and the hash of each curve, RFC 4754 section 3. */
const CURVES: Readonly<Record<string, readonly [method: number, hash: Hash]>> = {
  prime256v1: [AuthMethod.ECDSA_256, HASHES[0]],
  secp384r1: [AuthMethod.ECDSA_384, HASHES[1]],
  secp521r1: [AuthMethod.ECDSA_521, HASHES[2]],
};

/** RFC 7427 section 3: one octet of length, the AlgorithmIdentifier, the signature. */
function digital(algorithm: Uint8Array, signature: Uint8Array): AuthData {
  const data = concat(Uint8Array.of(algorithm.length), algorithm, signature);
  return { method: AuthMethod.DIGITAL_SIGNATURE, data };
}

function pss(key: KeyObject, saltLength: number) {
  return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
}

function plain(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer);
}

/** What is wrong with a signature that a client sent, or undefined when it is right. */
export function signatureProblem(key: KeyObject, auth: AuthData, octets: Uint8Array): string | undefined {
  const kind = key.asymmetricKeyType;
  if (auth.method === AuthMethod.DIGITAL_SIGNATURE) return digitalProblem(key, auth.data, octets);
  if (auth.method === AuthMethod.RSA && kind === 'rsa') {
    const good = verify('sha1', octets, key, auth.data) || verify('sha256', octets, key, auth.data);
    return good ? undefined : 'RSA signature is wrong';
  }
  const curve = CURVES[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (curve?.[0] !== auth.method) return `authentication method ${auth.method} does not fit the key`;
  const good = verify(curve[1].name, octets, { key, dsaEncoding: 'ieee-p1363' }, auth.data);
  return good ? undefined : 'ECDSA signature is wrong';
}

function digitalProblem(key: KeyObject, data: Uint8Array, octets: Uint8Array): string | undefined {
  const length = data[0] ?? 0;
  const algorithm = data.subarray(1, 1 + length);
  const signature = data.subarray(1 + length);
  const is = (form: Uint8Array): boolean => equalBytes(form, algorithm);
  const kind = key.asymmetricKeyType;
  let good: boolean | undefined;
  if (is(ED25519) && kind === 'ed25519') good = verify(null, octets, key, signature);
  if (is(ED448) && kind === 'ed448') good = verify(null, octets, key, signature);
  for (const hash of HASHES) {
    if (kind === 'rsa' && is(rsaAlgorithm(hash))) good = verify(hash.name, octets, key, signature);
    if (kind === 'rsa' && pssAlgorithms(hash).some(is))
      good = verify(hash.name, octets, pss(key, hash.length), signature);
    if (kind === 'ec' && is(ecdsaAlgorithm(hash))) good = verify(hash.name, octets, key, signature);
  }
  if (good === undefined) return 'a signature algorithm that is unknown or does not fit the key';
  return good ? undefined : 'digital signature is wrong';
}

/** The numbers that the gateway announces in its own SIGNATURE_HASH_ALGORITHMS. */
export const ANNOUNCED_HASHES: readonly number[] = [...HASHES.map(({ number }) => number), IDENTITY_HASH];

/** Whether a MAC that came in is the expected one. */
export function sameAuth(a: Uint8Array, b: Uint8Array): boolean {
  return constantTimeEqual(a, b);
}

/** SHA-1 for NAT detection and cookies. */
export function sha1(...parts: readonly Uint8Array[]): Uint8Array {
  return plain(
    createHash('sha1')
      .update(concat(...parts))
      .digest(),
  );
}
