import { formatAddress } from '../../net/address.ts';
import type { LinkRoute, NetworkLink, NetworkState } from '../../net/network-state.ts';

/**
 * Where a machine is, as a text that changes when it goes somewhere else: its links and their default routers.
 * Addresses that are renewed are no other place. Undefined without any link that has an address to send from.
 */
export function placeOf(state: NetworkState): string | undefined {
  const links = state.links.filter(isUsable);
  if (links.length === 0) return undefined;
  return JSON.stringify(
    links.map(({ index, name, routes }) => [index, name, routes.filter(isDefault).map(routerOf).sort()]),
  );
}

/**
 * The names of the links by which this machine sends what no narrower route leads elsewhere: one a family, where it has
 * a default route at all.
 */
export function mainLinks(state: NetworkState): readonly string[] {
  const names = ([4, 6] as const).flatMap((family) => {
    const ways = state.links.flatMap((link) =>
      link.routes
        .filter((route) => isDefault(route) && route.destination.address.family === family)
        .filter(() =>
          link.addresses.some((one) => one.address.family === family && !isLinkLocal(one.address.octets)),
        )
        .map(({ metric }) => ({ name: link.name, metric })),
    );
    const [best] = ways.sort((a, b) => a.metric - b.metric);
    return best ? [best.name] : [];
  });
  return [...new Set(names)];
}

function isUsable({ addresses }: NetworkLink): boolean {
  return addresses.some(({ address, stage }) => stage !== 'duplicate' && !isLinkLocal(address.octets));
}

/** 169.254/16 and fe80::/10: what a link has that leads nowhere. */
function isLinkLocal(octets: Uint8Array): boolean {
  const [a = 0, b = 0] = octets;
  return octets.length === 4 ? a === 169 && b === 254 : a === 0xfe && (b & 0xc0) === 0x80;
}

function isDefault({ destination }: LinkRoute): boolean {
  return destination.length === 0;
}

function routerOf({ gateway, destination }: LinkRoute): string {
  return `${destination.address.family} ${gateway ? formatAddress(gateway) : ''}`;
}
