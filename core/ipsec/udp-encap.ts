/*
 * What a UDP datagram on port 4500 can hold (RFC 3948 section 2):
 *
 *  +---------------+---------------+---------------+---------------+
 *  |             SPI, never zero                   | Sequence ...      an ESP packet
 *  +---------------+---------------+---------------+---------------+
 *  |       0               0               0               0       |   Non-ESP Marker, then
 *  |       IKE header ...                                          |   an IKE message
 *  +---------------+---------------+---------------+---------------+
 *  |     0xFF      |                                                   a NAT-keepalive
 *  +---------------+
 */

/** What a datagram is. `short` is none of them. */
export type Encapsulated = 'esp' | 'ike' | 'keepalive' | 'short';

/** Octets of the Non-ESP Marker. */
export const NON_ESP_MARKER_LENGTH = 4;

const KEEPALIVE_OCTET = 0xff;

/** What the `length` octets at `offset` are. They lie within `bytes`. */
export function demuxAt(bytes: Uint8Array, offset: number, length: number): Encapsulated {
  if (length === 1 && bytes[offset] === KEEPALIVE_OCTET) return 'keepalive';
  if (length < NON_ESP_MARKER_LENGTH) return 'short';
  for (let i = 0; i < NON_ESP_MARKER_LENGTH; i++) if (bytes[offset + i] !== 0) return 'esp';
  return 'ike';
}

/** What a datagram that came to port 4500 is. */
export function demux(payload: Uint8Array): Encapsulated {
  return demuxAt(payload, 0, payload.length);
}

/** The datagram for port 4500 that carries an IKE message (RFC 3948 section 2.2). */
export function withNonEspMarker(message: Uint8Array): Uint8Array {
  const out = new Uint8Array(NON_ESP_MARKER_LENGTH + message.length);
  out.set(message, NON_ESP_MARKER_LENGTH);
  return out;
}

/** A view of the IKE message in a datagram of port 4500, or undefined when there is none. */
export function ikeMessageOf(payload: Uint8Array): Uint8Array | undefined {
  return demux(payload) === 'ike' ? payload.subarray(NON_ESP_MARKER_LENGTH) : undefined;
}

/** The payload of a NAT-keepalive (RFC 3948 section 2.3). */
export function keepalive(): Uint8Array {
  return Uint8Array.of(KEEPALIVE_OCTET);
}
