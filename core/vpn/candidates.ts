import { addressOf, type IpAddress, sameAddress } from '../net/address.ts';
import type { NetworkLink, NetworkState } from '../net/network-state.ts';
import { containsAddress, type Prefix } from '../net/prefix.ts';
import { sourcesFor } from '../net/reachability.ts';

/** Where datagrams leave: a local address, and the link that they are held to. Without a link the routes decide. */
export interface Departure {
  readonly address: IpAddress;
  readonly link?: { readonly name: string; readonly index: number };
}

/** A way to the gateway that the networks offer. */
export interface Candidate {
  readonly departure: Departure;
  readonly remote: IpAddress;
  /** The next router: with another one there the same address is in another network. */
  readonly via?: IpAddress;
}

/** Networks whose addresses mean something else elsewhere (RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291). */
const LOCAL_NETWORKS: readonly Prefix[] = [
  { address: addressOf(Uint8Array.of(10, 0, 0, 0)), length: 8 },
  { address: addressOf(Uint8Array.of(172, 16, 0, 0)), length: 12 },
  { address: addressOf(Uint8Array.of(192, 168, 0, 0)), length: 16 },
  { address: addressOf(Uint8Array.of(100, 64, 0, 0)), length: 10 },
  { address: addressOf(Uint8Array.of(169, 254, 0, 0)), length: 16 },
  { address: addressOf(Uint8Array.of(0xfc, ...new Uint8Array(15))), length: 7 },
  { address: addressOf(Uint8Array.of(0xfe, 0x80, ...new Uint8Array(14))), length: 10 },
];

/**
 * The gateway's addresses in the order in which they are worth a try: the one in use, then those of its kind. A gateway
 * tells its addresses in the office too, where we are seldom, and elsewhere they are other hosts'.
 */
export function inOrder(inUse: IpAddress, known: readonly IpAddress[]): IpAddress[] {
  const others = known.filter((address) => !sameAddress(address, inUse));
  const isAlike = (address: IpAddress): boolean => isLocal(address) === isLocal(inUse);
  return [inUse, ...others.filter(isAlike), ...others.filter((address) => !isAlike(address))];
}

function isLocal(address: IpAddress): boolean {
  return LOCAL_NETWORKS.some((network) => containsAddress(network, address));
}

/** No gateway can make us open more sockets, and probe more paths, than these. */
const MAX_CANDIDATES = 8;

/**
 * The ways to any of the gateway's addresses, best first: first the best departure towards each address, in their
 * order, then the second best ones, and so on. `inUse` stays in place of a new address of the same link as long as it
 * is as good as that: IPv6 makes new ones all the time.
 */
export function candidatesFor(
  state: NetworkState,
  gateways: readonly IpAddress[],
  inUse?: Candidate,
): Candidate[] {
  const ranks = gateways.map((remote) =>
    sourcesFor(state, remote).map(({ address, linkName: name, linkIndex: index, gateway: via }) => {
      const kept = inUse && sameAddress(remote, inUse.remote) && staysOn(state, index, inUse.departure);
      const departure = { address: kept ? inUse.departure.address : address, link: { name, index } };
      return { departure, remote, ...(via ? { via } : {}) };
    }),
  );
  const rounds = Math.max(0, ...ranks.map(({ length }) => length));
  return Array.from({ length: rounds }, (_, round) => ranks.flatMap((ways) => ways[round] ?? []))
    .flat()
    .slice(0, MAX_CANDIDATES);
}

/** Whether the address in use is on this link still, and will be. */
function staysOn(state: NetworkState, index: number, inUse: Departure): boolean {
  if (inUse.link && inUse.link.index !== index) return false;
  const link = state.links.find((one) => one.index === index);
  return link !== undefined && isPreferred(link, inUse.address);
}

function isPreferred(link: NetworkLink, wanted: IpAddress): boolean {
  return link.addresses.some(({ address, stage }) => stage === 'preferred' && sameAddress(address, wanted));
}

export function sameDeparture(a: Departure, b: Departure): boolean {
  return (
    sameAddress(a.address, b.address) && a.link?.index === b.link?.index && a.link?.name === b.link?.name
  );
}
