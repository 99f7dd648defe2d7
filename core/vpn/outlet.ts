import { failure, type Failure } from '../lib/failure.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { addressOf, type Endpoint, formatAddress, type IpAddress, sameAddress } from '../net/address.ts';
import { NO_NETWORK, type NetworkState } from '../net/network-state.ts';
import { sourcesFor } from '../net/reachability.ts';
import type { UdpPort } from '../platform/ports.ts';
import type { Departure } from './candidates.ts';
import { encodeEndpoint } from './endpoint.ts';
import { systemCode } from './faults.ts';
import type { ConnectionPorts } from './ports.ts';

/** Packets with this mark go around the tunnel: they are ours, to the gateway. */
export const BYPASS_MARK = 0xca75;
/** Packets with this mark go into the tunnel, whatever their address is. */
export const TUNNEL_MARK = 0xca76;

/** A socket, and where its datagrams leave. */
export interface Outlet {
  readonly udp: UdpPort;
  readonly departure: Departure;
  readonly local: Endpoint;
}

/** Whether the routes still make an outlet without a link leave from the address that it is known by. */
export function leavesBy({ udp, departure }: Outlet, destination: Endpoint): boolean {
  try {
    return sameAddress(addressOf(udp.localAddressFor(encodeEndpoint(destination))), departure.address);
  } catch {
    return false;
  }
}

/** The address that the system itself would leave from; undefined without a route. */
export function systemChoice(ports: ConnectionPorts, destination: Endpoint): IpAddress | undefined {
  const opened = ports.openUdp({ family: destination.address.family, preferredPort: 0, mark: BYPASS_MARK });
  if (!opened.ok) return undefined;
  try {
    return addressOf(opened.value.localAddressFor(encodeEndpoint(destination)));
  } catch {
    return undefined;
  } finally {
    opened.value.close();
  }
}

/**
 * Where the first path leaves: as the system would choose, held to its link so that other links can have their own. When
 * the system and the monitor do not agree it is left to the system, and so it is without a monitor.
 */
export function firstDeparture(
  ports: ConnectionPorts,
  gateway: Endpoint,
): { readonly departure?: Departure; readonly via?: IpAddress } {
  const state = ports.network?.current() ?? NO_NETWORK;
  const sources = sourcesFor(state, gateway.address);
  if (sources.length === 0) return {};
  const chosen = systemChoice(ports, gateway);
  const source = chosen ? sources.find(({ linkIndex }) => hasAddress(state, linkIndex, chosen)) : sources[0];
  if (!source) return {};
  const { address, linkName: name, linkIndex: index, gateway: via } = source;
  // Of several addresses of the link the system may prefer another one than we would.
  return { departure: { address: chosen ?? address, link: { name, index } }, ...(via ? { via } : {}) };
}

function hasAddress(state: NetworkState, linkIndex: number, wanted: IpAddress): boolean {
  const link = state.links.find(({ index }) => index === linkIndex);
  return link?.addresses.some(({ address }) => sameAddress(address, wanted)) ?? false;
}

/**
 * A socket that leaves there, or without a departure wherever the system says. Fails with network.no-route and with what
 * openUdp fails with.
 */
export function openOutlet(
  ports: ConnectionPorts,
  departure: Departure | undefined,
  destination: Endpoint,
  preferredPort: number,
): Result<Outlet, Failure> {
  const { family } = destination.address;
  const held = departure?.link && { localAddress: departure.address, device: departure.link.name };
  const udp = ports.openUdp({ family, preferredPort, mark: BYPASS_MARK, ...held });
  if (!udp.ok) return udp;
  const { localPort } = udp.value;
  if (departure?.link)
    return ok({ udp: udp.value, departure, local: { address: departure.address, port: localPort } });
  try {
    const address = addressOf(udp.value.localAddressFor(encodeEndpoint(destination)));
    return ok({ udp: udp.value, departure: { address }, local: { address, port: localPort } });
  } catch (error) {
    udp.value.close();
    ports.log('debug', 'no-route', { code: systemCode(error) ?? 'unknown' });
    return err(failure('network.no-route', { gateway: formatAddress(destination.address) }));
  }
}
