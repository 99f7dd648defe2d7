import { compareOctets, type IpAddress } from '../../../core/net/address.ts';
import type { Prefix } from '../../../core/net/prefix.ts';
import { prefixToRange } from '../../../core/net/prefix.ts';
import type { Selector } from '../../../core/net/selector.ts';
import { TsType } from '../../../core/wire/constants.ts';
import type { TrafficSelector } from '../../../core/wire/payloads/ts.ts';
import type { TrafficFault } from './create-faults.ts';

const ALL_PORTS = { startPort: 0, endPort: 0xffff } as const;

/** The selector of a prefix, any protocol and port. */
export function selectorOf(prefix: Prefix): TrafficSelector {
  const { start, end } = prefixToRange(prefix);
  return {
    tsType: prefix.address.family === 4 ? TsType.IPV4 : TsType.IPV6,
    ipProtocol: 0,
    ...ALL_PORTS,
    startAddress: start.octets,
    endAddress: end.octets,
  };
}

export function selectorOfAddress(address: IpAddress): TrafficSelector {
  return selectorOf({ address, length: address.octets.length * 8 });
}

/** What of the offered selectors the gateway permits, RFC 7296 section 2.9: the overlaps, each once. */
export function narrow(
  offered: readonly TrafficSelector[],
  permitted: readonly TrafficSelector[],
): TrafficSelector[] {
  const out: TrafficSelector[] = [];
  for (const a of offered) {
    for (const b of permitted) {
      const both = overlap(a, b);
      if (both !== undefined && !out.some((other) => covers(other, both))) out.push(both);
    }
  }
  return out.filter((one, index) => !out.some((other, at) => at > index && covers(other, one)));
}

function overlap(a: TrafficSelector, b: TrafficSelector): TrafficSelector | undefined {
  if (a.tsType !== b.tsType) return undefined;
  if (a.ipProtocol !== 0 && b.ipProtocol !== 0 && a.ipProtocol !== b.ipProtocol) return undefined;
  const startAddress = later(a.startAddress, b.startAddress);
  const endAddress = later(a.endAddress, b.endAddress) === a.endAddress ? b.endAddress : a.endAddress;
  const startPort = Math.max(a.startPort, b.startPort);
  const endPort = Math.min(a.endPort, b.endPort);
  if (startPort > endPort || compareOctets(startAddress, endAddress) > 0) return undefined;
  const ipProtocol = a.ipProtocol === 0 ? b.ipProtocol : a.ipProtocol;
  return { tsType: a.tsType, ipProtocol, startPort, endPort, startAddress, endAddress };
}

function later(a: Uint8Array, b: Uint8Array): Uint8Array {
  return compareOctets(a, b) >= 0 ? a : b;
}

/** Whether all traffic of `inner` is traffic of `outer` too. */
export function covers(outer: TrafficSelector, inner: TrafficSelector): boolean {
  return (
    outer.tsType === inner.tsType &&
    (outer.ipProtocol === 0 || outer.ipProtocol === inner.ipProtocol) &&
    outer.startPort <= inner.startPort &&
    inner.endPort <= outer.endPort &&
    compareOctets(outer.startAddress, inner.startAddress) <= 0 &&
    compareOctets(inner.endAddress, outer.endAddress) <= 0
  );
}

/** The selector as core/net and the ESP engine have it. */
export function engineSelector(selector: TrafficSelector): Selector {
  return {
    family: selector.tsType === TsType.IPV4 ? 4 : 6,
    protocol: selector.ipProtocol,
    startPort: selector.startPort,
    endPort: selector.endPort,
    start: selector.startAddress,
    end: selector.endAddress,
  };
}

/** What is sent as TSi and TSr under a fault; the gateway itself goes on with the honest ones. */
export function spoilTraffic(
  tsi: readonly TrafficSelector[],
  tsr: readonly TrafficSelector[],
  fault: TrafficFault | undefined,
): { tsi: readonly TrafficSelector[]; tsr: readonly TrafficSelector[] } {
  const everything = (selector: TrafficSelector): TrafficSelector => ({
    ...selector,
    ...ALL_PORTS,
    ipProtocol: 0,
    startAddress: new Uint8Array(selector.startAddress.length),
    endAddress: new Uint8Array(selector.endAddress.length).fill(0xff),
  });
  const foreign = (selector: TrafficSelector): TrafficSelector => {
    const octets = new Uint8Array(selector.startAddress.length).fill(203);
    return { ...selector, startAddress: octets, endAddress: octets };
  };
  switch (fault) {
    case undefined:
      return { tsi, tsr };
    case 'wider-local':
      return { tsi: tsi.map(everything), tsr };
    case 'wider-remote':
      return { tsi, tsr: tsr.map(everything) };
    case 'narrower':
      return { tsi, tsr: tsr.map((selector) => ({ ...selector, endAddress: selector.startAddress })) };
    case 'foreign':
      return { tsi, tsr: tsr.map(foreign) };
    case 'empty':
      return { tsi, tsr: [] };
    case 'reversed':
      return {
        tsi,
        tsr: tsr.map((s) => ({ ...s, startAddress: s.endAddress, endAddress: s.startAddress })),
      };
  }
}
