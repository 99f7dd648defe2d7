import { Reader } from '../../lib/reader.ts';
import type { Writer } from '../../lib/writer.ts';
import { CertEncoding } from '../constants.ts';

/**
 * Certificate request, RFC 7296 section 3.7. The body has the layout of CERT; for the encodings of X.509 the
 * data is a list of SHA-1 hashes, each of the SubjectPublicKeyInfo of a trust anchor.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------+-----------------------------------------------+
 * | Cert encoding |                                               |
 * +---------------+                                               |
 * ~                    Certification authority                    ~
 * +---------------------------------------------------------------+
 */
export interface CertReqPayload {
  readonly kind: 'CERTREQ';
  readonly encoding: number;
  readonly data: Uint8Array;
}

const HASH_LENGTH = 20;
const HASHED_ENCODINGS: readonly number[] = [
  CertEncoding.X509_SIGNATURE,
  CertEncoding.HASH_AND_URL_X509,
  CertEncoding.HASH_AND_URL_BUNDLE,
];

export function encodeCertReq(payload: CertReqPayload, writer: Writer): void {
  writer.u8(payload.encoding).bytes(payload.data);
}

/** Throws ProtocolError. */
export function decodeCertReq(body: Uint8Array): CertReqPayload {
  const reader = new Reader(body);
  const encoding = reader.u8('CERTREQ encoding');
  return { kind: 'CERTREQ', encoding, data: reader.rest() };
}

/**
 * The trust anchors asked for, 20 octets each, or undefined when the encoding does not list hashes or the
 * data is no whole number of them.
 */
export function authorityHashes(payload: CertReqPayload): Uint8Array[] | undefined {
  if (!HASHED_ENCODINGS.includes(payload.encoding)) return undefined;
  if (payload.data.length % HASH_LENGTH !== 0) return undefined;
  const hashes: Uint8Array[] = [];
  for (let at = 0; at < payload.data.length; at += HASH_LENGTH) {
    hashes.push(payload.data.subarray(at, at + HASH_LENGTH));
  }
  return hashes;
}
