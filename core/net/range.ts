import { addressLength, addressOf, compareOctets, formatAddress, type IpAddress } from './address.ts';

/** All addresses from `start` to `end`, both included and of one family. */
export interface AddressRange {
  readonly start: IpAddress;
  readonly end: IpAddress;
}

/** Every address of a family. */
export function wholeRange(family: 4 | 6): AddressRange {
  const length = addressLength(family);
  return { start: addressOf(new Uint8Array(length)), end: addressOf(new Uint8Array(length).fill(0xff)) };
}

/** True when `address` lies in the range. An address of the other family never does. */
export function rangeHasAddress(range: AddressRange, address: IpAddress): boolean {
  return (
    range.start.family === address.family &&
    compareOctets(range.start.octets, address.octets) <= 0 &&
    compareOctets(address.octets, range.end.octets) <= 0
  );
}

/** True when every address of `inner` lies in `outer`. */
export function rangeContains(outer: AddressRange, inner: AddressRange): boolean {
  return rangeHasAddress(outer, inner.start) && rangeHasAddress(outer, inner.end);
}

/** The addresses that both have, or undefined when there are none. */
export function intersectRanges(a: AddressRange, b: AddressRange): AddressRange | undefined {
  if (a.start.family !== b.start.family) return undefined;
  const start = compareOctets(a.start.octets, b.start.octets) >= 0 ? a.start : b.start;
  const end = compareOctets(a.end.octets, b.end.octets) <= 0 ? a.end : b.end;
  return compareOctets(start.octets, end.octets) <= 0 ? { start, end } : undefined;
}

/** '10.0.0.1-10.0.0.9', or the address alone when there is only one. */
export function formatRange(range: AddressRange): string {
  const start = formatAddress(range.start);
  return compareOctets(range.start.octets, range.end.octets) === 0
    ? start
    : `${start}-${formatAddress(range.end)}`;
}
