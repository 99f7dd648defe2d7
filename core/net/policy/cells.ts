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

/** Whether one of the spans has a value; asked often, it takes no longer for many spans than for few. */
export function membership(spans: readonly Span[]): (value: bigint) => boolean {
  const merged: Span[] = [];
  for (const span of [...spans].sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0))) {
    const before = merged.at(-1);
    if (!before || span.first > before.last + 1n) merged.push(span);
    else if (span.last > before.last) merged[merged.length - 1] = { first: before.first, last: span.last };
  }
  return (value) => {
    let [low, high] = [0, merged.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const span = merged[middle];
      if (span && span.last < value) low = middle + 1;
      else high = middle;
    }
    const found = merged[low];
    return found !== undefined && spanHas(found, value);
  };
}

/**
 * Goes through a family's addresses from the first to the last, piece by piece as `cutAt` makes them of all groups
 * together, and says which groups, by their places, have each piece.
 */
export function* sweep(
  family: 4 | 6,
  groups: readonly (readonly Span[])[],
): Generator<{ readonly span: Span; readonly groups: readonly number[] }> {
  const changes = new Map<bigint, { readonly group: number; readonly by: 1 | -1 }[]>();
  const note = (at: bigint, group: number, by: 1 | -1): void => {
    const there = changes.get(at);
    if (there) there.push({ group, by });
    else changes.set(at, [{ group, by }]);
  };
  for (const [group, spans] of groups.entries()) {
    for (const { first, last } of spans) {
      note(first, group, 1);
      note(last + 1n, group, -1);
    }
  }
  const depths = groups.map(() => 0);
  let inside: readonly number[] = [];
  for (const span of cutAt(family, groups.flat())) {
    const here = changes.get(span.first) ?? [];
    for (const { group, by } of here) depths[group] = (depths[group] ?? 0) + by;
    if (here.length > 0) {
      const touched = new Set(here.map(({ group }) => group));
      const kept = inside.filter((group) => !touched.has(group));
      const fresh = [...touched].filter((group) => (depths[group] ?? 0) > 0);
      inside = [...kept, ...fresh].sort((a, b) => a - b);
    }
    yield { span, groups: inside };
  }
}
