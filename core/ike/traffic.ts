import { compareOctets } from '../net/address.ts';
import { contains, intersect, type Selector } from '../net/selector.ts';
import { TsType } from '../wire/constants.ts';
import type { TrafficSelector } from '../wire/payloads/ts.ts';

/** Selectors as TSi and TSr carry them (RFC 7296 section 3.13.1). */
export function toTrafficSelectors(selectors: readonly Selector[]): TrafficSelector[] {
  return selectors.map((selector) => ({
    tsType: selector.family === 4 ? TsType.IPV4 : TsType.IPV6,
    ipProtocol: selector.protocol,
    startPort: selector.startPort,
    endPort: selector.endPort,
    startAddress: selector.start,
    endAddress: selector.end,
  }));
}

function fromTrafficSelector(ts: TrafficSelector): Selector {
  return {
    family: ts.tsType === TsType.IPV4 ? 4 : 6,
    protocol: ts.ipProtocol,
    startPort: ts.startPort,
    endPort: ts.endPort,
    start: ts.startAddress,
    end: ts.endAddress,
  };
}

/**
 * What the gateway granted, or undefined when it is no narrowing of what we asked for (RFC 7296 section 2.9):
 * each granted selector must be a range within one that we proposed, and there must be one.
 */
export function narrowed(
  proposed: readonly Selector[],
  granted: readonly TrafficSelector[],
): readonly Selector[] | undefined {
  const selectors = fromTrafficSelectors(granted);
  if (selectors.length === 0 || selectors.length !== granted.length) return undefined;
  const within = selectors.every((selector) => proposed.some((outer) => contains(outer, selector)));
  return within ? selectors : undefined;
}

/** The selectors of TSi or TSr. Types that we do not know, and ranges that end before they begin, are passed over. */
export function fromTrafficSelectors(selectors: readonly TrafficSelector[]): Selector[] {
  return selectors
    .filter((ts) => ts.tsType === TsType.IPV4 || ts.tsType === TsType.IPV6)
    .map(fromTrafficSelector)
    .filter(({ start, end }) => compareOctets(start, end) <= 0);
}

/** What is in one of `a` and in one of `b`, each part once. */
export function common(a: readonly Selector[], b: readonly Selector[]): Selector[] {
  const parts = a.flatMap((one) => b.flatMap((other) => intersect(one, other) ?? []));
  return parts.filter(
    (part, i) =>
      !parts.some((other, j) => i !== j && contains(other, part) && (j < i || !contains(part, other))),
  );
}

/** Whether everything that one of `inner` matches is matched by `outer`. */
export function covers(outer: readonly Selector[], inner: readonly Selector[]): boolean {
  return remainder(inner, outer).length === 0;
}

/**
 * What is left of `whole` without `taken`, by addresses: where only some protocols or ports of an address are taken,
 * it is left as it is.
 */
export function remainder(whole: readonly Selector[], taken: readonly Selector[]): Selector[] {
  let left = [...whole];
  for (const part of taken) left = left.flatMap((selector) => without(selector, part));
  return left;
}

function without(whole: Selector, part: Selector): Selector[] {
  const both = intersect(whole, part);
  if (!both) return [whole];
  const { protocol, startPort, endPort } = whole;
  if (!contains(part, { ...both, protocol, startPort, endPort })) return [whole];
  const pieces: Selector[] = [];
  if (compareOctets(whole.start, both.start) < 0) pieces.push({ ...whole, end: neighbour(both.start, -1) });
  if (compareOctets(both.end, whole.end) < 0) pieces.push({ ...whole, start: neighbour(both.end, 1) });
  return pieces;
}

/** The address before or behind this one, which is neither the first nor the last of all. */
function neighbour(address: Uint8Array, step: 1 | -1): Uint8Array {
  const octets = address.slice();
  for (let i = octets.length - 1; i >= 0; i--) {
    const octet = ((octets[i] ?? 0) + step) & 0xff;
    octets[i] = octet;
    if (octet !== (step === 1 ? 0 : 0xff)) break;
  }
  return octets;
}
