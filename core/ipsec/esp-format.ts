/*
 * One ESP packet (RFC 4303 section 2), as it stands behind the UDP header of RFC 3948 section 2.1:
 *
 *   0                   1                   2                   3
 *  +---------------------------------------------------------------+ ----
 *  |               Security Parameters Index (SPI)                 |  ^
 *  +---------------------------------------------------------------+  | covered by the ICV
 *  |                  Sequence Number (low 32 bits)                |  |
 *  +---------------------------------------------------------------+  |  ----
 *  |                   IV (8 or 16 octets)                         |  |
 *  +---------------------------------------------------------------+  |  ----
 *  |                   Inner IP packet (variable)                  |  |   ^
 *  +               +-----------------------------------------------+  |   | encrypted
 *  |               |     Padding 1, 2, 3, ... (0-255 octets)       |  |   |
 *  +---------------+               +---------------+---------------+  |   |
 *  |                               |  Pad Length   |  Next Header  |  v   v
 *  +-------------------------------+---------------+---------------+ ------
 *  |         Integrity Check Value (12 to 32 octets)               |
 *  +---------------------------------------------------------------+
 *
 * With extended sequence numbers the high 32 bits are never sent: an AEAD has them in its associated data, an
 * HMAC reads them behind the Next Header field (RFC 4303 section 2.2.1).
 */

/** SPI and Sequence Number. */
export const ESP_HEADER_LENGTH = 8;
/** Pad Length and Next Header. */
export const ESP_TRAILER_LENGTH = 2;

/** The Next Header values of tunnel mode: IPv4, IPv6 and the dummy packets of RFC 4303 section 2.6. */
export const NextHeader = { IPV4: 4, IPV6: 41, NONE: 59 } as const;

/** Octets of padding that make payload, padding and trailer a multiple of `alignment` (RFC 4303 section 2.4). */
export function paddingLength(payloadLength: number, alignment: number): number {
  return (alignment - ((payloadLength + ESP_TRAILER_LENGTH) % alignment)) % alignment;
}

/** Octets of everything between IV and ICV for a payload of `payloadLength`. */
export function paddedLength(payloadLength: number, alignment: number): number {
  return payloadLength + paddingLength(payloadLength, alignment) + ESP_TRAILER_LENGTH;
}

/** Writes SPI and the low half of the sequence number at `at`. */
export function writeHeader(target: Uint8Array, at: number, spi: number, sequenceLow: number): void {
  writeU32(target, at, spi);
  writeU32(target, at + 4, sequenceLow);
}

/** Writes padding, Pad Length and Next Header from `at` to just before `end`. */
export function writeTrailer(target: Uint8Array, at: number, end: number, nextHeader: number): void {
  const padding = end - at - ESP_TRAILER_LENGTH;
  for (let i = 0; i < padding; i++) target[at + i] = i + 1;
  target[end - 2] = padding;
  target[end - 1] = nextHeader;
}

/**
 * Octets of the payload in the decrypted octets from `at` to just before `end`, or -1 when Pad Length says more
 * than there is or the padding is not 1, 2, 3, ... (RFC 4303 sections 2.4 and 3.4.4.1).
 */
export function payloadLengthOf(target: Uint8Array, at: number, end: number): number {
  const padding = target[end - 2] ?? 0;
  const payloadEnd = end - ESP_TRAILER_LENGTH - padding;
  if (payloadEnd < at) return -1;
  for (let i = 0; i < padding; i++) if (target[payloadEnd + i] !== i + 1) return -1;
  return payloadEnd - at;
}

/** The 32-bit number, network order, at `at`, which the caller knows to be within. */
export function loadU32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) |
      ((bytes[at + 1] ?? 0) << 16) |
      ((bytes[at + 2] ?? 0) << 8) |
      (bytes[at + 3] ?? 0)) >>>
    0
  );
}

export function writeU32(target: Uint8Array, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}
