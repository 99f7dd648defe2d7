import { isZero } from '../lib/bytes.ts';
import type { IpAddress } from '../net/address.ts';

const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/i;

/** A domain name in the letters that name servers know, without a final dot; undefined for anything else. */
export function domainName(text: string): string | undefined {
  const name = text.replace(/\.$/, '').toLowerCase();
  if (name.length === 0 || name.length > 253) return undefined;
  return name.split('.').every((label) => LABEL.test(label)) ? name : undefined;
}

/**
 * Whether a host can have it, beyond one link: no unspecified, loopback, multicast or reserved address (RFC 6890), and
 * in IPv6 no link-local one and none that stands for an IPv4 address.
 */
export function isHostAddress({ family, octets }: IpAddress): boolean {
  const first = octets[0] ?? 0;
  if (family === 4) return first !== 0 && first !== 127 && first < 224;
  const isLinkLocal = first === 0xfe && ((octets[1] ?? 0) & 0xc0) === 0x80;
  return first !== 0xff && !isLinkLocal && !isZero(octets.subarray(0, 10));
}
