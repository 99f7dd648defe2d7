import { equalBytes, u16 } from '../lib/bytes.ts';
import { sha1 } from '../crypto/hash.ts';
import { addressOf, type Endpoint } from '../net/address.ts';
import { Notify } from '../wire/constants.ts';
import type { Payload } from '../wire/payload.ts';
import { notify, type NotifyPayload } from '../wire/payloads/notify.ts';
import { allOf } from './payloads.ts';

/** The SPIs of an IKE SA in the order of the header. */
export interface IkeSpis {
  readonly initiatorSpi: Uint8Array;
  readonly responderSpi: Uint8Array;
}

/** An endpoint that nobody has. */
const NOWHERE: Endpoint = { address: addressOf(new Uint8Array(4)), port: 0 };

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
  spis: IkeSpis,
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

/**
 * Both notifications as we send them to `remote`. The engine speaks UDP-encapsulated ESP alone: a source hash that
 * matches no address makes the gateway see a NAT before us, and so encapsulate always. What we learn about our own NAT
 * comes from its hashes, not from this.
 */
export function natDetectionNotifies(
  { initiatorSpi, responderSpi }: IkeSpis,
  remote: Endpoint,
): NotifyPayload[] {
  const hash = (endpoint: Endpoint): Uint8Array => natDetectionHash(initiatorSpi, responderSpi, endpoint);
  return [
    notify(Notify.NAT_DETECTION_SOURCE_IP, hash(NOWHERE)),
    notify(Notify.NAT_DETECTION_DESTINATION_IP, hash(remote)),
  ];
}

/** The hashes of the notifications of one type, as they came. */
export function natHashes(payloads: readonly Payload[], notifyType: number): Uint8Array[] {
  return allOf(payloads, 'N')
    .filter((payload) => payload.notifyType === notifyType)
    .map((payload) => payload.data);
}

/** What the notifications in a message of the peer say about the path that it took. */
export function natFindings(
  spis: IkeSpis,
  payloads: readonly Payload[],
  path: { readonly local: Endpoint; readonly remote: Endpoint },
): NatFindings {
  const source = natHashes(payloads, Notify.NAT_DETECTION_SOURCE_IP);
  const destination = natHashes(payloads, Notify.NAT_DETECTION_DESTINATION_IP);
  return findNat(spis, { source, destination }, path);
}
