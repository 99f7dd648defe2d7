import type { PacketView } from './packet-view.ts';

/**
 * The ones' complement sum of 16-bit words (RFC 1071) over `length` octets at `offset`, added to `initial`. An
 * odd last octet counts as the high half of a word. The result is folded to 16 bits and not yet complemented.
 */
export function onesComplementSum(bytes: Uint8Array, offset: number, length: number, initial = 0): number {
  let sum = initial;
  const end = offset + length;
  let at = offset;
  // 2^15 words of at most 2^16 stay far below 2^53, so folding once at the end is enough.
  for (; at + 1 < end; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  if (at < end) sum += (bytes[at] ?? 0) << 8;
  return fold(sum);
}

function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 0x10000) + Math.floor(folded / 0x10000);
  return folded;
}

/** The Internet checksum (RFC 1071) over `length` octets at `offset`; 0 over octets with their right checksum. */
export function internetChecksum(bytes: Uint8Array, offset: number, length: number, initial = 0): number {
  return ~onesComplementSum(bytes, offset, length, initial) & 0xffff;
}

/** True when the header checksum of the IPv4 packet is right. IPv6 has none: true. */
export function ipHeaderChecksumHolds(view: PacketView): boolean {
  if (view.version === 6) return true;
  return internetChecksum(view.bytes, view.offset, view.payloadOffset - view.offset) === 0;
}

/**
 * The checksum of TCP, UDP or ICMPv6 over the pseudo header (RFC 9293 section 3.1, RFC 8200 section 8.1) and
 * the whole payload of an unfragmented packet; 0 when the checksum field already holds the right value.
 */
export function transportChecksum(view: PacketView): number {
  const end = view.offset + view.totalLength;
  const length = end - view.payloadOffset;
  // Protocol and length are the rest of the pseudo header in both versions; zero octets add nothing.
  const addresses = onesComplementSum(view.bytes, view.sourceOffset, 2 * view.addressLength);
  return internetChecksum(view.bytes, view.payloadOffset, length, addresses + view.protocol + length);
}
