import { addressOf, compareOctets } from './address.ts';
import { formatPrefix, prefixToRange, rangeToPrefixes, type Prefix } from './prefix.ts';
import { formatRange } from './range.ts';

/**
 * What a policy or an SA says about one side of the traffic (RFC 4301 section 4.4.1.1, RFC 7296 section
 * 3.13.1): an address range, a protocol and, for protocols that have them, a port range. For ICMP and ICMPv6
 * the "port" is type * 256 + code. Ports 0..65535 mean any port, also none at all; 65535..0 means OPAQUE: only
 * packets whose port is not visible, such as later fragments.
 */
export interface Selector {
  readonly family: 4 | 6;
  /** IP protocol number; 0 is any. */
  readonly protocol: number;
  readonly startPort: number;
  readonly endPort: number;
  /** First and last address, both included. */
  readonly start: Uint8Array;
  readonly end: Uint8Array;
}

/** In place of a port: the packet does not show one, so only ANY and OPAQUE match. */
export const PORT_HIDDEN = -1;
/** In place of a port: the protocol has no such field on this side, so every port range matches. */
export const PORT_UNUSED = -2;

/** One side of a packet as a selector sees it. `port` may be PORT_HIDDEN or PORT_UNUSED. */
export interface SelectorSubject {
  readonly address: Uint8Array;
  readonly protocol: number;
  readonly port: number;
}

/** The selector of a whole prefix, any protocol and port. */
export function selectorOfPrefix(prefix: Prefix, protocol = 0, startPort = 0, endPort = 0xffff): Selector {
  const { start, end } = prefixToRange(prefix);
  return {
    family: start.family,
    protocol,
    startPort,
    endPort,
    start: start.octets,
    end: end.octets,
  };
}

export function anyPort(selector: Selector): boolean {
  return selector.startPort === 0 && selector.endPort === 0xffff;
}

/** True for the port range 65535..0 of RFC 7296 section 3.13.1. */
export function opaquePort(selector: Selector): boolean {
  return selector.startPort === 0xffff && selector.endPort === 0;
}

export function matches(selector: Selector, subject: SelectorSubject): boolean {
  const { address, protocol, port } = subject;
  return (
    address.length === selector.start.length &&
    protocolMatches(selector, protocol) &&
    portMatches(selector, port) &&
    addressMatches(selector, address, 0)
  );
}

export function protocolMatches(selector: Selector, protocol: number): boolean {
  return selector.protocol === 0 || selector.protocol === protocol;
}

/** True when a packet with this port, PORT_HIDDEN or PORT_UNUSED is within the port range. */
export function portMatches(selector: Selector, port: number): boolean {
  if (selector.startPort === 0 && selector.endPort === 0xffff) return true;
  if (port === PORT_UNUSED) return true;
  if (port === PORT_HIDDEN) return opaquePort(selector);
  return selector.startPort <= port && port <= selector.endPort;
}

/** True when the address at `offset`, which must be of the selector's family, is within the range. */
export function addressMatches(selector: Selector, bytes: Uint8Array, offset: number): boolean {
  const { start, end } = selector;
  let aboveStart = false;
  let belowEnd = false;
  for (let i = 0; i < start.length; i++) {
    const octet = bytes[offset + i] ?? 0;
    const low = start[i] ?? 0;
    const high = end[i] ?? 0;
    if (!aboveStart && octet < low) return false;
    if (!belowEnd && octet > high) return false;
    aboveStart ||= octet > low;
    belowEnd ||= octet < high;
    if (aboveStart && belowEnd) return true;
  }
  return true;
}

/** True when everything that `inner` matches, `outer` matches too. */
export function contains(outer: Selector, inner: Selector): boolean {
  return (
    outer.family === inner.family &&
    (outer.protocol === 0 || outer.protocol === inner.protocol) &&
    containsPorts(outer, inner) &&
    compareOctets(outer.start, inner.start) <= 0 &&
    compareOctets(inner.end, outer.end) <= 0
  );
}

function containsPorts(outer: Selector, inner: Selector): boolean {
  if (anyPort(outer)) return true;
  if (opaquePort(outer) || opaquePort(inner)) return opaquePort(outer) && opaquePort(inner);
  return outer.startPort <= inner.startPort && inner.endPort <= outer.endPort;
}

/** What both match, or undefined when that is nothing. */
export function intersect(a: Selector, b: Selector): Selector | undefined {
  if (a.family !== b.family) return undefined;
  if (a.protocol !== 0 && b.protocol !== 0 && a.protocol !== b.protocol) return undefined;
  const ports = intersectPorts(a, b);
  if (ports === undefined) return undefined;
  const start = compareOctets(a.start, b.start) >= 0 ? a.start : b.start;
  const end = compareOctets(a.end, b.end) <= 0 ? a.end : b.end;
  if (compareOctets(start, end) > 0) return undefined;
  const protocol = a.protocol === 0 ? b.protocol : a.protocol;
  return { family: a.family, protocol, startPort: ports[0], endPort: ports[1], start, end };
}

function intersectPorts(a: Selector, b: Selector): readonly [number, number] | undefined {
  if (anyPort(a)) return [b.startPort, b.endPort];
  if (anyPort(b)) return [a.startPort, a.endPort];
  if (opaquePort(a) || opaquePort(b)) return opaquePort(a) && opaquePort(b) ? [0xffff, 0] : undefined;
  const start = Math.max(a.startPort, b.startPort);
  const end = Math.min(a.endPort, b.endPort);
  return start <= end ? [start, end] : undefined;
}

const PROTOCOL_NAMES: Readonly<Record<number, string>> = {
  1: 'icmp',
  6: 'tcp',
  17: 'udp',
  58: 'ipv6-icmp',
  132: 'sctp',
};

/** '10.0.0.0/8', '10.1.0.0/16[tcp/443]', '10.0.0.1-10.0.0.9[udp]', '::/0[tcp/1024-65535]'. */
export function formatSelector(selector: Selector): string {
  const start = addressOf(selector.start);
  const end = addressOf(selector.end);
  const prefixes = rangeToPrefixes(start, end);
  const [only] = prefixes;
  const where =
    only !== undefined && prefixes.length === 1 ? formatPrefix(only) : formatRange({ start, end });
  if (selector.protocol === 0 && anyPort(selector)) return where;
  const name =
    selector.protocol === 0 ? 'any' : (PROTOCOL_NAMES[selector.protocol] ?? `${selector.protocol}`);
  return anyPort(selector) ? `${where}[${name}]` : `${where}[${name}/${formatPorts(selector)}]`;
}

function formatPorts({ startPort, endPort }: Selector): string {
  if (startPort === 0xffff && endPort === 0) return 'opaque';
  return startPort === endPort ? `${startPort}` : `${startPort}-${endPort}`;
}
