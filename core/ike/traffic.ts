import { compareOctets } from '../net/address.ts';
import { contains, type Selector } from '../net/selector.ts';
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
  const known = granted.filter((ts) => ts.tsType === TsType.IPV4 || ts.tsType === TsType.IPV6);
  if (known.length === 0 || known.length !== granted.length) return undefined;
  const selectors = known.map(fromTrafficSelector);
  const within = selectors.every(
    (selector) =>
      compareOctets(selector.start, selector.end) <= 0 && proposed.some((outer) => contains(outer, selector)),
  );
  return within ? selectors : undefined;
}
