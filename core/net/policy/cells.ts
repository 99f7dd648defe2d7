import { addressLength, addressOf, type IpAddress } from '../address.ts';
import type { AddressRange } from '../range.ts';

/** Addresses of one family as numbers: from `first` to `last`, both included. */
export interface Span {
  readonly first: bigint;
  readonly last: bigint;
}

export function addressNumber({ octets }: IpAddress): bigint {
  let value = 0n;
  for (const octet of octets) value = (value << 8n) | BigInt(octet);
  return value;
}

export function spanOf({ start, end }: AddressRange): Span {
  return { first: addressNumber(start), last: addressNumber(end) };
}

export function rangeOfSpan({ first, last }: Span, family: 4 | 6): AddressRange {
  return { start: numberedAddress(first, family), end: numberedAddress(last, family) };
}

function numberedAddress(value: bigint, family: 4 | 6): IpAddress {
  const octets = new Uint8Array(addressLength(family));
  let rest = value;
  for (let i = octets.length - 1; i >= 0; i--) {
    octets[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return addressOf(octets);
}

/** Every address of a family. */
export function wholeSpan(family: 4 | 6): Span {
  return { first: 0n, last: (1n << BigInt(8 * addressLength(family))) - 1n };
}

export function spanHas({ first, last }: Span, value: bigint): boolean {
  return first <= value && value <= last;
}

/**
 * Cuts a family's addresses wherever one of the spans begins or ends: within each piece every span holds all or
 * nothing. The pieces are in order and leave nothing out.
 */
export function cutAt(family: 4 | 6, spans: readonly Span[]): Span[] {
  const whole = wholeSpan(family);
  const begins = new Set<bigint>([whole.first]);
  for (const { first, last } of spans) {
    begins.add(first);
    if (last < whole.last) begins.add(last + 1n);
  }
  const sorted = [...begins].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return sorted.map((first, i) => ({ first, last: (sorted[i + 1] ?? whole.last + 1n) - 1n }));
}
