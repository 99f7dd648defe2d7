import { IpProtocol, parseQuotedInto, type PacketView } from './packet-view.ts';

/** ICMP error messages: unreachable, source quench, redirect, time exceeded, parameter problem (RFC 792). */
const ICMP_ERRORS: readonly number[] = [3, 4, 5, 11, 12];
/** ICMPv6 error messages are those with types below this; the ones in use are 1 to 4 (RFC 4443 section 2.1). */
const ICMPV6_FIRST_INFORMATIONAL = 128;
/** Both put the offending packet behind eight octets of ICMP header. */
const ICMP_HEADER_LENGTH = 8;

/** True when the packet is an ICMP error message that can quote a packet. */
export function isIcmpError(view: PacketView): boolean {
  if (view.sourcePort < 0) return false;
  const type = view.sourcePort >>> 8;
  if (view.version === 4) return view.protocol === IpProtocol.ICMP && ICMP_ERRORS.includes(type);
  return view.protocol === IpProtocol.ICMPV6 && type < ICMPV6_FIRST_INFORMATIONAL;
}

/**
 * Reads the packet that an ICMP error message quotes into `quoted`. False when the message is no error, or
 * quotes nothing that can be read, or quotes the other IP version.
 */
export function parseIcmpQuote(error: PacketView, quoted: PacketView): boolean {
  if (!isIcmpError(error)) return false;
  const at = error.payloadOffset + ICMP_HEADER_LENGTH;
  const length = error.offset + error.totalLength - at;
  return length > 0 && parseQuotedInto(error.bytes, at, length, quoted) && quoted.version === error.version;
}
