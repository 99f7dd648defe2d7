import { EMPTY } from '../lib/bytes.ts';
import { sha1 } from '../crypto/hash.ts';
import { parseCertificate } from './certificate.ts';

/**
 * What a CERTREQ calls an authority: SHA-1 over its SubjectPublicKeyInfo, 20 octets (RFC 7296 section 3.7). Empty for
 * octets that are no certificate, so that hashes can be put together without them.
 */
export function authorityKeyHash(der: Uint8Array): Uint8Array {
  const certificate = parseCertificate(der);
  return certificate.ok ? sha1(certificate.value.spki) : EMPTY;
}
