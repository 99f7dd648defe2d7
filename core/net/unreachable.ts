import { internetChecksum, transportChecksum } from './checksum.ts';
import { IpProtocol, newPacketView, type PacketView, parsePacketInto } from './packet-view.ts';

const ICMP_HEADER = 8;
/** Octets of the whole error at most (RFC 1812 section 4.3.2.3, RFC 4443 section 2.4). */
const MAX_LENGTH = { 4: 576, 6: 1280 } as const;
const HOP_LIMIT = 64;

/**
 * The ICMP error that says that a packet cannot be sent as it is, because of a policy: for `to`, an address of the
 * packet's family, as from where the packet was going.
 *
 *   RFC 792, RFC 4443 section 3.1
 *   0                   1                   2                   3
 *  +---------------+---------------+-------------------------------+
 *  |     Type      |     Code      |           Checksum            |
 *  +---------------+---------------+-------------------------------+
 *  |                            Unused                             |
 *  +---------------------------------------------------------------+
 *  |            As much of the packet as there is room for         |
 */
export function unreachableFor(view: PacketView, to: Uint8Array): Uint8Array {
  const { version, bytes, offset, totalLength, destinationOffset, addressLength } = view;
  const header = version === 4 ? 20 : 40;
  const quoted = Math.min(totalLength, MAX_LENGTH[version] - header - ICMP_HEADER);
  const error = new Uint8Array(header + ICMP_HEADER + quoted);
  const from = bytes.subarray(destinationOffset, destinationOffset + addressLength);
  error.set(bytes.subarray(offset, offset + quoted), header + ICMP_HEADER);
  const words = new DataView(error.buffer);
  if (version === 4) {
    error[0] = 0x45;
    words.setUint16(2, error.length);
    error.set([HOP_LIMIT, IpProtocol.ICMP], 8);
    error.set(from, 12);
    error.set(to, 16);
    words.setUint16(10, internetChecksum(error, 0, header));
    // Destination unreachable: communication administratively prohibited.
    error.set([3, 13], header);
    words.setUint16(header + 2, internetChecksum(error, header, error.length - header));
    return error;
  }
  error[0] = 0x60;
  words.setUint16(4, error.length - header);
  error.set([IpProtocol.ICMPV6, HOP_LIMIT], 6);
  error.set(from, 8);
  error.set(to, 24);
  // Destination unreachable: source address failed ingress/egress policy.
  error.set([1, 5], header);
  fillTransportChecksum(error);
  return error;
}

/** The same echo request from another address of its family. */
export function echoFrom(view: PacketView, source: Uint8Array): Uint8Array {
  const { version, bytes, offset, totalLength, sourceOffset, payloadOffset } = view;
  const echo = bytes.slice(offset, offset + totalLength);
  echo.set(source, sourceOffset - offset);
  if (version === 6) fillTransportChecksum(echo);
  else {
    const words = new DataView(echo.buffer);
    words.setUint16(10, 0);
    words.setUint16(10, internetChecksum(echo, 0, payloadOffset - offset));
  }
  return echo;
}

export function isEchoRequest({ version, protocol, sourcePort, fragmented }: PacketView): boolean {
  if (fragmented || sourcePort < 0) return false;
  const type = sourcePort >>> 8;
  return version === 4
    ? protocol === IpProtocol.ICMP && type === 8
    : protocol === IpProtocol.ICMPV6 && type === 128;
}

/** Of an ICMPv6 message: its checksum is over the addresses too. */
function fillTransportChecksum(packet: Uint8Array): void {
  const view = newPacketView();
  if (!parsePacketInto(packet, 0, packet.length, view)) throw new Error('no packet');
  const words = new DataView(packet.buffer, packet.byteOffset);
  words.setUint16(view.payloadOffset + 2, 0);
  words.setUint16(view.payloadOffset + 2, transportChecksum(view));
}
