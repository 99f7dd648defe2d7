import { formatAddress, type IpAddress } from './address.ts';
import { formatPrefix, type Prefix } from './prefix.ts';

/**
 * How far an address may be used (RFC 4862 section 5.5.4): `preferred` for anything, `deprecated` only when there is
 * no better one. A `tentative` one is still being checked for uniqueness and a `duplicate` one is another host's:
 * neither may send.
 */
export type AddressStage = 'preferred' | 'deprecated' | 'tentative' | 'duplicate';

/** An address that a link of this machine has. */
export interface LinkAddress {
  readonly address: IpAddress;
  /** Leading bits that all neighbours on the link share. */
  readonly prefixLength: number;
  readonly stage: AddressStage;
  /** Made at random and soon replaced, for privacy (RFC 8981). */
  readonly temporary: boolean;
}

/** A way out of the machine by one link. */
export interface LinkRoute {
  readonly destination: Prefix;
  /** The next router; absent when the destination is on the link itself. May be of the other family (RFC 5549). */
  readonly gateway?: IpAddress;
  /** Among routes to the same prefix the smallest wins. Compares within one family alone. */
  readonly metric: number;
  /** The source address that whoever made the route wants for it. */
  readonly preferredSource?: IpAddress;
}

/** A network link that can carry packets now: it is up and has a carrier. */
export interface NetworkLink {
  /** The system's number for it; another link that takes its place has another one. */
  readonly index: number;
  readonly name: string;
  /** The longest packet in octets, IP header included. */
  readonly mtu: number;
  /** In the system's own order, which is that of its preference. */
  readonly addresses: readonly LinkAddress[];
  readonly routes: readonly LinkRoute[];
}

/** A route that refuses what goes to its destination, by whatever link. */
export interface Refusal {
  readonly destination: Prefix;
  readonly metric: number;
}

/**
 * The networks that this machine is on, as they would be without us: our own tunnel device, its addresses and its
 * routes are not part of it, neither are the loopback and links that cannot carry packets. No links: no network.
 */
export interface NetworkState {
  /** Sorted by index. */
  readonly links: readonly NetworkLink[];
  readonly refusals: readonly Refusal[];
}

export const NO_NETWORK: NetworkState = { links: [], refusals: [] };

/** True when no answer to a question about the network would differ. The order of routes means nothing. */
export function sameNetwork(a: NetworkState, b: NetworkState): boolean {
  return networkKey(a) === networkKey(b);
}

/** A text that is the same for two states exactly when they are the same. */
export function networkKey(state: NetworkState): string {
  const links = state.links.map(({ index, name, mtu, addresses, routes }) => [
    index,
    name,
    mtu,
    addresses.map(addressKey),
    routes.map(routeKey).sort(),
  ]);
  return JSON.stringify([links, state.refusals.map(routeKey).sort()]);
}

function addressKey({ address, prefixLength, stage, temporary }: LinkAddress): string {
  return `${formatAddress(address)}/${prefixLength} ${stage}${temporary ? ' temporary' : ''}`;
}

function routeKey({ destination, metric, gateway, preferredSource }: LinkRoute): string {
  const via = gateway === undefined ? '' : ` via ${formatAddress(gateway)}`;
  const from = preferredSource === undefined ? '' : ` from ${formatAddress(preferredSource)}`;
  return `${formatPrefix(destination)} ${metric}${via}${from}`;
}
