import type { LinkRoute, NetworkLink, NetworkState, Refusal } from '../../../net/network-state.ts';
import type { NetworkDump } from './dump.ts';
import type { LinkValue, RouteValue } from './values.ts';

/** The state that a dump describes. `isOwn`: names of our own tunnel devices, which are not part of it. */
export function stateOf(dump: NetworkDump, isOwn: (name: string) => boolean): NetworkState {
  const links = dump.links
    .filter(({ name, usable, loopback }) => usable && !loopback && !isOwn(name))
    .sort((a, b) => a.index - b.index)
    .map((link) => linkOf(link, dump));
  const refusals = dump.routes.filter(({ refuses }) => refuses).map(refusalOf);
  return { links, refusals };
}

function linkOf({ index, name, mtu }: LinkValue, dump: NetworkDump): NetworkLink {
  const addresses = dump.addresses
    .filter(({ link }) => link === index)
    .map(({ address, prefixLength, stage, temporary }) => ({ address, prefixLength, stage, temporary }));
  return { index, name, mtu, addresses, routes: dump.routes.flatMap((route) => routesOf(route, index)) };
}

/** A route with several next hops is as many routes. */
function routesOf(route: RouteValue, link: number): LinkRoute[] {
  const { destination, metric, preferredSource } = route;
  return route.hops
    .filter((hop) => hop.link === link)
    .map(({ gateway }) => ({
      destination,
      metric,
      ...(gateway === undefined ? {} : { gateway }),
      ...(preferredSource === undefined ? {} : { preferredSource }),
    }));
}

function refusalOf({ destination, metric }: RouteValue): Refusal {
  return { destination, metric };
}
