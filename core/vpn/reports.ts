import type { Profile } from '../contract/profile.ts';
import type { ConnectedEvent, ConnectionPhase, CountersEvent } from '../contract/snapshot.ts';
import { formatAddress } from '../net/address.ts';
import { formatPrefix } from '../net/prefix.ts';
import { formatSelector } from '../net/selector.ts';
import type { DnsPlan } from '../platform/ports.ts';
import type { Established } from './carrier.ts';
import type { SessionDriver } from './session-driver.ts';
import type { Tunnel } from './tunnel.ts';

/** What watchers are told once the tunnel carries traffic. */
export function connectedEvent(facts: {
  readonly atMs: number;
  readonly profile: Profile;
  readonly established: Established;
  readonly tunnel: Tunnel;
  readonly session: SessionDriver;
  readonly timing: Readonly<Partial<Record<ConnectionPhase, number>>>;
  /** Whom names are asked of; undefined: nothing is changed about that. */
  readonly names: DnsPlan | undefined;
}): ConnectedEvent {
  const { established, session, tunnel, names } = facts;
  const { child, config } = established;
  const { gateway } = session.espPath;
  return {
    event: 'connected',
    atMs: facts.atMs,
    gateway: {
      host: facts.profile.gateway.address,
      address: formatAddress(gateway.address),
      port: gateway.port,
      identity: established.gatewayIdentity,
    },
    addresses: config.addresses.map(({ address }) => formatAddress(address)),
    dns: (names?.servers ?? []).map(formatAddress),
    domains: names ? [...new Set([...names.searchDomains, ...names.matchDomains])] : [],
    allNames: names !== undefined && names.fullTunnel && names.servers.length > 0,
    selectors: { local: child.local.map(formatSelector), remote: child.remote.map(formatSelector) },
    ...(config.subnets.length > 0 ? { subnets: config.subnets.map(formatPrefix) } : {}),
    suite: { ike: session.suite, esp: child.suite.name },
    // A gateway that wants encapsulation always claims a NAT before itself; one before us is the only true finding.
    nat: session.nat.local,
    spis: { in: hex32(child.spiIn), out: hex32(child.spiOut) },
    mtu: tunnel.mtu,
    tun: tunnel.name,
    timing: { ...facts.timing },
  };
}

function hex32(spi: number): string {
  return spi.toString(16).padStart(8, '0');
}

/** Counters that are no drops. */
const TALLIES: ReadonlySet<string> = new Set([
  'packets-out',
  'octets-out',
  'packets-in',
  'octets-in',
  'keepalives-in',
  'ike-in',
  'dummies-out',
  'dummies-in',
]);

export function countersEvent(atMs: number, tunnel: Tunnel): CountersEvent {
  const counters = tunnel.counters();
  const drops = Object.entries(counters).filter(([name, count]) => !TALLIES.has(name) && count > 0);
  return {
    event: 'counters',
    atMs,
    bytesIn: counters['octets-in'] ?? 0,
    bytesOut: counters['octets-out'] ?? 0,
    packetsIn: counters['packets-in'] ?? 0,
    packetsOut: counters['packets-out'] ?? 0,
    drops: Object.fromEntries(drops),
  };
}
