import { equalBytes, u16 } from '../lib/bytes.ts';
import { sha1 } from '../crypto/hash.ts';
import type { Endpoint } from '../net/address.ts';

/**
 * The data of NAT_DETECTION_SOURCE_IP and NAT_DETECTION_DESTINATION_IP: SHA-1 of the SPIs in the order of the
 * header, the address and the port (RFC 7296 section 2.23). 20 octets.
 */
export function natDetectionHash(
  initiatorSpi: Uint8Array,
  responderSpi: Uint8Array,
  endpoint: Endpoint,
): Uint8Array {
  return sha1(initiatorSpi, responderSpi, endpoint.address.octets, u16(endpoint.port));
}

/** What the peer's hashes say about the path. */
export interface NatFindings {
  /** The peer sent the notifications, so it can move to port 4500. */
  readonly supported: boolean;
  /** A NAT rewrites our address: keepalives are ours to send. */
  readonly local: boolean;
  /** A NAT rewrites the peer's address. */
  readonly remote: boolean;
}

/**
 * Compares the hashes in the peer's message with the addresses that we see. `local` and `remote` are the
 * endpoints of the datagram as it arrived here; several source hashes may be sent, one match suffices.
 */
export function findNat(
  spis: { readonly initiatorSpi: Uint8Array; readonly responderSpi: Uint8Array },
  hashes: { readonly source: readonly Uint8Array[]; readonly destination: readonly Uint8Array[] },
  path: { readonly local: Endpoint; readonly remote: Endpoint },
): NatFindings {
  const supported = hashes.source.length > 0 && hashes.destination.length > 0;
  if (!supported) return { supported: false, local: false, remote: false };
  const ours = natDetectionHash(spis.initiatorSpi, spis.responderSpi, path.local);
  const theirs = natDetectionHash(spis.initiatorSpi, spis.responderSpi, path.remote);
  return {
    supported,
    local: !hashes.destination.some((hash) => equalBytes(hash, ours)),
    remote: !hashes.source.some((hash) => equalBytes(hash, theirs)),
  };
}
