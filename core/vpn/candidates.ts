import { type IpAddress, sameAddress } from '../net/address.ts';
import type { NetworkLink, NetworkState } from '../net/network-state.ts';
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
