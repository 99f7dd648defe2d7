import { sameAddress, type IpAddress } from './address.ts';
import type { LinkAddress, LinkRoute, NetworkLink, NetworkState } from './network-state.ts';
import { containsAddress, type Prefix } from './prefix.ts';

/** A local address from which a destination can be reached, and the link that it has to leave by. */
export interface Source {
  readonly address: IpAddress;
  readonly linkName: string;
  readonly linkIndex: number;
  readonly metric: number;
  /** The next router; absent when the destination is on the link itself. */
  readonly gateway?: IpAddress;
}

export interface SourceOptions {
  /** Temporary addresses go before lasting ones, as RFC 6724 rule 7 has it. True without it. */
  readonly preferTemporary?: boolean;
}

/**
 * The local addresses from which a destination can be reached now, one a link, best first: as the system would choose,
 * the most specific route, then the smallest metric. A link without a route to it, or without an address that may send
 * there, is not among them. A socket takes a way other than the first by binding to the address and to the link.
 */
export function sourcesFor(
  state: NetworkState,
  destination: IpAddress,
  options: SourceOptions = {},
): readonly Source[] {
  const ways: { readonly source: Source; readonly length: number }[] = [];
  for (const link of state.links) {
    const route = bestRoute(link.routes, destination);
    if (route === undefined || isRefused(state, route, destination)) continue;
    const address = sourceAddress(link, route, destination, options.preferTemporary ?? true);
    if (address === undefined) continue;
    const { metric, gateway } = route;
    const source = { address, linkName: link.name, linkIndex: link.index, metric };
    ways.push({
      source: gateway === undefined ? source : { ...source, gateway },
      length: route.destination.length,
    });
  }
  ways.sort((a, b) => b.length - a.length || a.source.metric - b.source.metric);
  return ways.map(({ source }) => source);
}

/** The longest prefix wins, then the smallest metric, then the first. */
function bestRoute<R extends { readonly destination: Prefix; readonly metric: number }>(
  routes: readonly R[],
  destination: IpAddress,
): R | undefined {
  let best: R | undefined;
  for (const route of routes) {
    if (!containsAddress(route.destination, destination)) continue;
    if (best === undefined || goesBefore(route, best)) best = route;
  }
  return best;
}

function goesBefore(
  a: { readonly destination: Prefix; readonly metric: number },
  b: { readonly destination: Prefix; readonly metric: number },
): boolean {
  const difference = a.destination.length - b.destination.length;
  return difference > 0 || (difference === 0 && a.metric < b.metric);
}

/** A refusing route counts for every link, also for a socket that is bound to one. */
function isRefused(state: NetworkState, route: LinkRoute, destination: IpAddress): boolean {
  const refusal = bestRoute(state.refusals, destination);
  return refusal !== undefined && goesBefore(refusal, route);
}

function sourceAddress(
  link: NetworkLink,
  route: LinkRoute,
  destination: IpAddress,
  preferTemporary: boolean,
): IpAddress | undefined {
  const wanted = route.preferredSource;
  if (wanted !== undefined && wanted.family === destination.family) {
    const own = link.addresses.find(({ address }) => sameAddress(address, wanted));
    // It may be another link's: the system has checked that it is ours.
    if (own === undefined || maySend(own)) return wanted;
  }
  const usable = link.addresses.filter(
    (one) => one.address.family === destination.family && maySend(one) && reaches(one, route, destination),
  );
  const neighbour = route.gateway ?? destination;
  const rank = (one: LinkAddress): readonly number[] => [
    // RFC 6724 section 5, rules 1, 2, 3, 7 and 8. Rule 5 is the link itself, rule 6 needs labels that say the same.
    sameAddress(one.address, destination) ? 0 : 1,
    Math.abs(scopeOf(one.address) - scopeOf(destination)),
    one.stage === 'deprecated' ? 1 : 0,
    destination.family === 6 && one.temporary === preferTemporary ? 0 : 1,
    // IPv4 takes an address of the network that the next hop is in (RFC 1122 section 3.3.4.3).
    destination.family === 4 && isNeighbour(one, neighbour) ? 0 : 1,
    -commonBits(one, destination),
  ];
  return lowest(usable, rank)?.address;
}

function maySend({ stage }: LinkAddress): boolean {
  return stage === 'preferred' || stage === 'deprecated';
}

function isNeighbour(own: LinkAddress, neighbour: IpAddress): boolean {
  return containsAddress({ address: own.address, length: own.prefixLength }, neighbour);
}

/**
 * An address of the link alone cannot be answered from beyond the link. In IPv4 it may go to whatever is on the link
 * itself, of any scope, but never to a router (RFC 3927 section 2.7).
 */
function reaches({ address }: LinkAddress, route: LinkRoute, destination: IpAddress): boolean {
  if (scopeOf(address) >= scopeOf(destination)) return true;
  return destination.family === 4 && route.gateway === undefined;
}

/** Scopes of RFC 4291 section 2.7 and, for IPv4, RFC 6724 section 3.2: 2 the link, 14 everywhere. */
function scopeOf({ family, octets }: IpAddress): number {
  const [a = 0, b = 0] = octets;
  if (family === 4) return a === 127 || (a === 169 && b === 254) ? 2 : 14;
  return a === 0xfe && (b & 0xc0) === 0x80 ? 2 : 14;
}

/** Leading bits that both share, no more than the prefix of our own (RFC 6724 section 2.2). */
function commonBits(own: LinkAddress, destination: IpAddress): number {
  if (destination.family === 4) return 0;
  for (let bit = 0; bit < own.prefixLength; bit++) {
    const difference = (own.address.octets[bit >>> 3] ?? 0) ^ (destination.octets[bit >>> 3] ?? 0);
    if ((difference & (0x80 >>> (bit & 7))) !== 0) return bit;
  }
  return own.prefixLength;
}

/** The first of those with the lowest rank, compared number by number. */
function lowest<T>(items: readonly T[], rank: (item: T) => readonly number[]): T | undefined {
  let best: { readonly item: T; readonly rank: readonly number[] } | undefined;
  for (const item of items) {
    const itsRank = rank(item);
    if (best === undefined || compareRanks(itsRank, best.rank) < 0) best = { item, rank: itsRank };
  }
  return best?.item;
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (const [i, number] of a.entries()) {
    const difference = number - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
