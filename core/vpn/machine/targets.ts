import { formatAddress, sameAddress, type IpAddress } from '../../net/address.ts';
import type { RedirectTarget } from '../../ike/events.ts';
import type { Place } from './parts.ts';
import type { Settings, Target } from './state.ts';

/** All gateways of the profile, the one at `first` before the others. */
export function placesOf({ gateways }: Settings, first = 0): readonly Place[] {
  const places = gateways.map((host, gateway) => ({ gateway, host }));
  return [
    ...places.filter(({ gateway }) => gateway === first),
    ...places.filter((one) => one.gateway !== first),
  ];
}

/**
 * The addresses of one place in the order in which they are tried: families take turns, the one that the system
 * prefers first (RFC 8305 section 4).
 */
export function targetsAt(place: Omit<Place, 'host'>, addresses: readonly IpAddress[]): readonly Target[] {
  const family = addresses[0]?.family;
  const one = addresses.filter((address) => address.family === family);
  const other = addresses.filter((address) => address.family !== family);
  const turns = Array.from({ length: Math.max(one.length, other.length) }, (_, i) => [one[i], other[i]]);
  const { gateway, redirectedFrom } = place;
  return turns
    .flat()
    .filter((address) => address !== undefined)
    .map((address) => ({ gateway, address, ...(redirectedFrom ? { redirectedFrom } : {}) }));
}

export function sameTarget(a: Target, b: Target): boolean {
  return a.gateway === b.gateway && sameAddress(a.address, b.address);
}

/** The place that `from` sent us to. Whoever is there has to prove to be the gateway that we wanted. */
export function redirectedPlace(from: Target, to: RedirectTarget): Place {
  return {
    gateway: from.gateway,
    host: to.kind === 'name' ? to.name : formatAddress(to.address),
    redirectedFrom: from.address,
  };
}
