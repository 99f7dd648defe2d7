import { PORT_HIDDEN, PORT_UNUSED } from './selector.ts';

/** IP protocol numbers (IANA) whose headers this room looks into or walks over. */
export const IpProtocol = {
  HOP_BY_HOP: 0,
  ICMP: 1,
  IPV4: 4,
  TCP: 6,
  UDP: 17,
  DCCP: 33,
  IPV6: 41,
  ROUTING: 43,
  FRAGMENT: 44,
  ESP: 50,
  ICMPV6: 58,
  NO_NEXT_HEADER: 59,
  DESTINATION_OPTIONS: 60,
  SCTP: 132,
  MOBILITY: 135,
  UDP_LITE: 136,
} as const;

/** Why octets are not a packet that may pass. */
export type PacketFault =
  | 'packet-short'
  | 'packet-version'
  | 'packet-header-length'
  | 'packet-total-length'
  | 'packet-extension-headers'
  | 'packet-fragment';

/**
 * What policy needs to know about an IP packet, as offsets into the buffer that holds it. One view is made once
 * and filled again and again by parsePacketInto. All offsets are from the start of the buffer.
 */
export interface PacketView {
  bytes: Uint8Array;
  /** Where the IP header begins. */
  offset: number;
  version: 4 | 6;
  /** Octets of the whole packet by its own header; the buffer may hold more behind it. */
  totalLength: number;
  /** Octets of an address: 4 or 16. */
  addressLength: number;
  sourceOffset: number;
  destinationOffset: number;
  /** Next layer protocol, behind the IPv6 extension headers (RFC 4301 section 4.4.1.1). */
  protocol: number;
  /** Where that protocol's header (or, in a later fragment, its data) begins. */
  payloadOffset: number;
  /**
   * The port, or type * 256 + code of ICMP, or type * 256 of a mobility header; PORT_HIDDEN when the protocol has
   * none or the packet does not show it.
   */
  sourcePort: number;
  /** The port; PORT_UNUSED for protocols with one such field, which is in sourcePort. */
  destinationPort: number;
  /** True for every fragment, also the first. */
  fragmented: boolean;
  /** Octets of the original payload that come before this fragment; 0 in the first. */
  fragmentOffset: number;
  /** Why the last parse said no. */
  fault: PacketFault;
}

/** A view for parsePacketInto to fill. */
export function newPacketView(): PacketView {
  return {
    bytes: new Uint8Array(0),
    offset: 0,
    version: 4,
    totalLength: 0,
    addressLength: 4,
    sourceOffset: 0,
    destinationOffset: 0,
    protocol: 0,
    payloadOffset: 0,
    sourcePort: PORT_HIDDEN,
    destinationPort: PORT_HIDDEN,
    fragmented: false,
    fragmentOffset: 0,
    fault: 'packet-short',
  };
}

/** As parsePacketInto, into a new view; undefined when the octets are no packet. */
export function parsePacket(bytes: Uint8Array, offset: number, length: number): PacketView | undefined {
  const view = newPacketView();
  return parsePacketInto(bytes, offset, length, view) ? view : undefined;
}

/**
 * Reads the packet of at most `length` octets at `offset` (both within `bytes`) into `view`. False, with
 * view.fault set and the rest of the view meaningless, when its headers contradict themselves or the length.
 * Octets behind the packet's own total length are allowed (RFC 4303 section 2.7 pads there).
 */
export function parsePacketInto(
  bytes: Uint8Array,
  offset: number,
  length: number,
  view: PacketView,
): boolean {
  return parse(bytes, offset, length, view, false);
}

/**
 * As parsePacketInto for the beginning of a packet that an ICMP error quotes: its total length may lie beyond
 * `length`, and everything else must be within.
 */
export function parseQuotedInto(
  bytes: Uint8Array,
  offset: number,
  length: number,
  view: PacketView,
): boolean {
  return parse(bytes, offset, length, view, true);
}

function parse(
  bytes: Uint8Array,
  offset: number,
  length: number,
  view: PacketView,
  quoted: boolean,
): boolean {
  if (length < 1 || offset + length > bytes.length) return faulty(view, 'packet-short');
  view.bytes = bytes;
  view.offset = offset;
  view.fragmented = false;
  view.fragmentOffset = 0;
  const version = octet(bytes, offset) >>> 4;
  if (version === 4) return parseIpv4(length, view, quoted);
  if (version === 6) return parseIpv6(length, view, quoted);
  return faulty(view, 'packet-version');
}

/*
 *  RFC 791 section 3.1
 *   0                   1                   2                   3
 *  +-------+-------+---------------+-------------------------------+
 *  |Version|  IHL  |Type of Service|          Total Length         |
 *  +-------+-------+---------------+-----+-------------------------+
 *  |         Identification        |Flags|     Fragment Offset     |
 *  +---------------+---------------+-----+-------------------------+
 *  |  Time to Live |    Protocol   |        Header Checksum        |
 *  +---------------+---------------+-------------------------------+
 *  |                         Source Address                        |
 *  +---------------------------------------------------------------+
 *  |                      Destination Address                      |
 *  +---------------------------------------------------------------+
 *  |                    Options (IHL - 5 words)                    |
 */
function parseIpv4(length: number, view: PacketView, quoted: boolean): boolean {
  const { bytes, offset } = view;
  if (length < 20) return faulty(view, 'packet-short');
  const headerLength = (octet(bytes, offset) & 0x0f) * 4;
  if (headerLength < 20 || headerLength > length) return faulty(view, 'packet-header-length');
  const totalLength = octet16(bytes, offset + 2);
  if (totalLength < headerLength || (totalLength > length && !quoted))
    return faulty(view, 'packet-total-length');
  const flagsAndOffset = octet16(bytes, offset + 6);
  const payloadOffset = offset + headerLength;
  const end = offset + Math.min(totalLength, length);
  view.version = 4;
  view.totalLength = totalLength;
  view.addressLength = 4;
  view.sourceOffset = offset + 12;
  view.destinationOffset = offset + 16;
  view.protocol = octet(bytes, offset + 9);
  view.payloadOffset = payloadOffset;
  view.fragmented = (flagsAndOffset & 0x3fff) !== 0;
  view.fragmentOffset = (flagsAndOffset & 0x1fff) * 8;
  if (!fragmentFits(view, totalLength - headerLength)) return faulty(view, 'packet-fragment');
  readPorts(view, end);
  return true;
}

/*
 *  RFC 8200 section 3
 *   0                   1                   2                   3
 *  +-------+---------------+---------------------------------------+
 *  |Version| Traffic Class |              Flow Label               |
 *  +-------+---------------+-------+---------------+---------------+
 *  |         Payload Length        |  Next Header  |   Hop Limit   |
 *  +-------------------------------+---------------+---------------+
 *  |                   Source Address (16 octets)                  |
 *  |                Destination Address (16 octets)                |
 */
function parseIpv6(length: number, view: PacketView, quoted: boolean): boolean {
  const { bytes, offset } = view;
  if (length < 40) return faulty(view, 'packet-short');
  const totalLength = 40 + octet16(bytes, offset + 4);
  if (totalLength > length && !quoted) return faulty(view, 'packet-total-length');
  const end = offset + Math.min(totalLength, length);
  view.version = 6;
  view.totalLength = totalLength;
  view.addressLength = 16;
  view.sourceOffset = offset + 8;
  view.destinationOffset = offset + 24;
  view.protocol = octet(bytes, offset + 6);
  view.payloadOffset = offset + 40;
  if (!walkExtensionHeaders(view, end)) return false;
  readPorts(view, end);
  return true;
}

/** More extension headers than any honest packet has; RFC 8200 section 4.1 recommends at most six. */
const MAX_EXTENSION_HEADERS = 8;

/**
 * Moves view.protocol and view.payloadOffset behind the extension headers that RFC 4301 section 4.4.1.1 says to
 * skip. AH and ESP are next layer protocols there. Behind the header of a later fragment there is only data.
 */
function walkExtensionHeaders(view: PacketView, end: number): boolean {
  const { bytes } = view;
  for (let walked = 0; isExtensionHeader(view.protocol); walked++) {
    const at = view.payloadOffset;
    if (walked === MAX_EXTENSION_HEADERS || at + 8 > end) return faulty(view, 'packet-extension-headers');
    // Hop-by-hop options are only allowed directly behind the fixed header (RFC 8200 section 4.1).
    if (view.protocol === IpProtocol.HOP_BY_HOP && walked !== 0)
      return faulty(view, 'packet-extension-headers');
    const fragment = view.protocol === IpProtocol.FRAGMENT;
    const headerLength = fragment ? 8 : (octet(bytes, at + 1) + 1) * 8;
    if (at + headerLength > end) return faulty(view, 'packet-extension-headers');
    view.protocol = octet(bytes, at);
    view.payloadOffset = at + headerLength;
    if (!fragment) continue;
    if (view.fragmented) return faulty(view, 'packet-extension-headers');
    readFragmentHeader(view, at);
    if (!fragmentFits(view, view.offset + view.totalLength - view.payloadOffset))
      return faulty(view, 'packet-fragment');
    if (view.fragmentOffset !== 0) return true;
  }
  return true;
}

/*
 *  RFC 8200 section 4.5
 *  +---------------+---------------+-------------------------+---+-+
 *  |  Next Header  |   Reserved    |     Fragment Offset     |Res|M|
 *  +---------------+---------------+-------------------------+---+-+
 *  |                         Identification                        |
 */
function readFragmentHeader(view: PacketView, at: number): void {
  const offsetAndFlags = octet16(view.bytes, at + 2);
  // A fragment header in a packet that is whole (RFC 6946, "atomic fragment") hides nothing.
  view.fragmented = (offsetAndFlags & 0xfff9) !== 0;
  view.fragmentOffset = offsetAndFlags & 0xfff8;
}

function isExtensionHeader(protocol: number): boolean {
  return (
    protocol === IpProtocol.HOP_BY_HOP ||
    protocol === IpProtocol.ROUTING ||
    protocol === IpProtocol.FRAGMENT ||
    protocol === IpProtocol.DESTINATION_OPTIONS
  );
}

/**
 * False for fragments that only an attack sends: one that reaches past the largest packet, and one that
 * overwrites the flags of a TCP header whose ports were already judged (RFC 1858 section 3, RFC 3128).
 */
function fragmentFits(view: PacketView, payloadLength: number): boolean {
  if (view.fragmentOffset === 0) return true;
  if (view.fragmentOffset + payloadLength > 0xffff) return false;
  return !(view.protocol === IpProtocol.TCP && view.fragmentOffset === 8);
}

/** Sets the ports of the view from a next layer header that may reach up to `end`. */
function readPorts(view: PacketView, end: number): void {
  const { bytes, payloadOffset: at } = view;
  view.sourcePort = PORT_HIDDEN;
  view.destinationPort = PORT_HIDDEN;
  if (view.fragmentOffset !== 0) return;
  switch (view.protocol) {
    case IpProtocol.TCP:
    case IpProtocol.UDP:
    case IpProtocol.SCTP:
    case IpProtocol.DCCP:
    case IpProtocol.UDP_LITE:
      if (at + 4 > end) return;
      view.sourcePort = octet16(bytes, at);
      view.destinationPort = octet16(bytes, at + 2);
      return;
    case IpProtocol.ICMP:
    case IpProtocol.ICMPV6:
      if (at + 2 > end) return;
      view.sourcePort = octet16(bytes, at);
      view.destinationPort = PORT_UNUSED;
      return;
    case IpProtocol.MOBILITY:
      if (at + 3 > end) return;
      view.sourcePort = octet(bytes, at + 2) << 8;
      view.destinationPort = PORT_UNUSED;
      return;
  }
}

function faulty(view: PacketView, fault: PacketFault): false {
  view.fault = fault;
  return false;
}

/** The callers have checked the bounds; `?? 0` only tells the type checker so. */
function octet(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

function octet16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
