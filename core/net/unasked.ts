import { isIcmpError } from './icmp-error.ts';
import { IpProtocol, type PacketView } from './packet-view.ts';

/**
 * UDP ports of what systems say without anybody having asked for anything: DHCP of both families, time, NetBIOS, SSDP,
 * WS-Discovery, mDNS, LLMNR.
 */
const CHATTER: ReadonlySet<number> = new Set([67, 68, 123, 137, 138, 546, 547, 1900, 3702, 5353, 5355]);

const TCP_FLAGS_AT = 13;
const SYN = 0x02;
const RST = 0x04;

/** ICMPv6 about neighbours, routers and groups on a link (RFC 4861, RFC 2710, RFC 3810). */
const LINK_TYPES: ReadonlySet<number> = new Set([130, 131, 132, 133, 134, 135, 136, 137, 143]);

/**
 * Whether somebody wants something that the packet is a part of. False for what goes to many or stays on the link, for
 * what systems send by themselves, and for what only answers, keeps alive or ends what was before: no session is made
 * for such packets alone, and none is kept.
 */
export function isAskedFor(view: PacketView): boolean {
  if (goesNowhereFar(view)) return false;
  if (view.fragmentOffset !== 0) return true;
  switch (view.protocol) {
    case IpProtocol.UDP:
      return !CHATTER.has(view.destinationPort) && !CHATTER.has(view.sourcePort);
    case IpProtocol.TCP:
      return beginsOrCarries(view);
    case IpProtocol.ICMP:
      return !isIcmpError(view);
    case IpProtocol.ICMPV6:
      return !isIcmpError(view) && !LINK_TYPES.has(view.sourcePort >>> 8);
    default:
      return true;
  }
}

/** To many, to nobody, or to the link that the packet is on. */
function goesNowhereFar({ version, bytes, destinationOffset: at }: PacketView): boolean {
  const first = bytes[at] ?? 0;
  const second = bytes[at + 1] ?? 0;
  if (version === 4) return first === 0 || first >= 224 || (first === 169 && second === 254);
  return first === 0xff || (first === 0xfe && (second & 0xc0) === 0x80);
}

/** A segment that opens a connection, or has data. */
function beginsOrCarries({ bytes, offset, totalLength, payloadOffset: at }: PacketView): boolean {
  const flags = bytes[at + TCP_FLAGS_AT] ?? 0;
  if ((flags & RST) !== 0) return false;
  const headerLength = ((bytes[at + TCP_FLAGS_AT - 1] ?? 0) >>> 4) * 4;
  return (flags & SYN) !== 0 || offset + totalLength > at + headerLength;
}
