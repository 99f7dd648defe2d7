import { createHash } from 'node:crypto';
import { plain } from './octets.ts';

function digest(algorithm: string, parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return plain(hash.digest());
}

/** SHA-1 over the parts in order, 20 octets. For NAT detection and CERTREQ (RFC 7296), never for trust. */
export function sha1(...parts: readonly Uint8Array[]): Uint8Array {
  return digest('sha1', parts);
}

/** SHA-256 over the parts in order, 32 octets. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return digest('sha256', parts);
}

/** SHA-384 over the parts in order, 48 octets. */
export function sha384(...parts: readonly Uint8Array[]): Uint8Array {
  return digest('sha384', parts);
}

/** SHA-512 over the parts in order, 64 octets. */
export function sha512(...parts: readonly Uint8Array[]): Uint8Array {
  return digest('sha512', parts);
}
