import type { Failure } from '../lib/failure.ts';
import type { Millis } from '../lib/ports.ts';
import { ok, type Result } from '../lib/result.ts';
import type { Path, Transport } from '../ike/events.ts';
import { type Endpoint, type IpAddress, sameAddress, sameEndpoint } from '../net/address.ts';
import type { UdpPort } from '../platform/ports.ts';
import { type Candidate, candidatesFor, type Departure, sameDeparture } from './candidates.ts';
import type { EspPath } from './carrier.ts';
import { firstDeparture, leavesBy, openOutlet, type Outlet, systemChoice } from './outlet.ts';
import type { ConnectionPorts } from './ports.ts';

const IKE_PORT = 500;
const NAT_PORT = 4500;

/** For so long a socket that nothing needs any more is read: late packets still come to it. */
const LATE_MS: Millis = 5_000;
/** Ways through one socket that are remembered besides those that are offered or in use. */
const MAX_WAYS = 32;
/** For so long a departure that failed is let alone, unless the networks change. */
const RETRY_MS: Millis = 1_000;

/** A path, and the router behind which it begins, where that is known. */
interface Way {
  path: Path;
  via: IpAddress | undefined;
}

/** An outlet on the port for NAT traversal, with the ways that go through it. */
interface NatOutlet extends Outlet {
  readonly ways: Way[];
  /** When it is closed unless it is needed again. */
  closeAt: Millis;
}

export interface PathsOptions {
  readonly ports: ConnectionPorts;
  /** Where IKE_SA_INIT goes to. */
  readonly gateway: Endpoint;
  readonly gatewayNatPort: number;
  /** Id of the first path. */
  readonly firstPath: number;
}

/** Reads a socket from now on. */
export type Listen = (outlet: Outlet, transport: Transport) => void;

/**
 * The sockets of one session: one for IKE_SA_INIT, and for each departure one that all paths from there share. A socket
 * for a new path is opened before one that is needed no more is closed, so that a packet can be taken on either.
 */
export class Paths {
  readonly #options: PathsOptions;
  readonly #ike: Outlet;
  #outlets: NatOutlet[];
  #nextId: number;
  /** Those of the last offer. */
  #offered: readonly Path[];
  /** Where ESP goes, and where it went when the gateway last confirmed a path. */
  #current: { readonly path: Path; readonly outlet: NatOutlet };
  #confirmed: NatOutlet;
  #listen: Listen | undefined;
  #isClosed = false;
  #failed: { readonly departure: Departure; readonly until: Millis }[] = [];

  private constructor(options: PathsOptions, ike: Outlet, nat: Outlet, via: IpAddress | undefined) {
    const { firstPath, gateway, gatewayNatPort } = options;
    const remote = { address: gateway.address, port: gatewayNatPort };
    const path = { id: firstPath, local: nat.local, remote };
    const outlet = { ...nat, ways: [{ path, via }], closeAt: Infinity };
    this.#options = options;
    this.#ike = ike;
    this.#outlets = [outlet];
    this.#nextId = firstPath + 1;
    this.#offered = [path];
    this.#current = { path, outlet };
    this.#confirmed = outlet;
  }

  /** Both sockets of the first path, or neither. Fails with network.no-route and with what openUdp fails with. */
  static open(options: PathsOptions): Result<Paths, Failure> {
    const { ports, gateway } = options;
    const { departure, via } = firstDeparture(ports, gateway);
    const ike = openOutlet(ports, departure, gateway, IKE_PORT);
    if (!ike.ok) return ike;
    const nat = openOutlet(ports, departure, gateway, NAT_PORT);
    if (!nat.ok) {
      ike.value.udp.close();
      return nat;
    }
    return ok(new Paths(options, ike.value, nat.value, via));
  }

  /** Has every socket read, those that there are and those to come. */
  listen(listen: Listen): void {
    this.#listen = listen;
    listen(this.#ike, 'ike');
    for (const outlet of this.#outlets) listen(outlet, 'nat');
  }

  /** False once the socket is closed. */
  has({ udp }: Outlet): boolean {
    return !this.#isClosed && (udp === this.#ike.udp || this.#outlets.some((outlet) => outlet.udp === udp));
  }

  /** The path that ESP takes. */
  get current(): Path {
    return this.#current.path;
  }

  get espPath(): EspPath {
    const { path, outlet } = this.#current;
    return { udp: outlet.udp, gateway: path.remote };
  }

  /** The socket that a datagram of the session goes through; undefined when there is none any more. */
  socketFor(transport: Transport, pathId: number): UdpPort | undefined {
    return transport === 'ike' ? this.#ike.udp : this.#find(pathId)?.outlet.udp;
  }

  /** The path that a datagram took that came to this socket from there, or from wherever it usually comes. */
  pathOf(outlet: Outlet, remote?: Endpoint): number {
    const { path, outlet: inUse } = this.#current;
    const isInUse = inUse.udp === outlet.udp;
    if (isInUse && (!remote || sameEndpoint(path.remote, remote))) return path.id;
    const ways = this.#outlets.find(({ udp }) => udp === outlet.udp)?.ways ?? [];
    const exact = remote && ways.findLast((way) => sameEndpoint(way.path.remote, remote));
    return (exact ?? (isInUse ? undefined : ways.at(-1)))?.path.id ?? path.id;
  }

  /**
   * The ways to these addresses of the gateway that there are now, best first, with their sockets. What no way needs any
   * more is closed a while later.
   */
  offer(gateways: readonly IpAddress[], now: Millis): readonly Path[] {
    const paths: Path[] = [];
    for (const candidate of this.#candidates(gateways)) {
      const outlet = this.#outletFor(candidate.departure, candidate.remote, now);
      if (outlet) paths.push(this.#pathOver(outlet, candidate));
    }
    this.#offered = [...new Set(paths)];
    this.#settle(now);
    return this.#offered;
  }

  /**
   * ESP takes this path from now on; once it is `confirmed` the one before is not needed. The gateway may be elsewhere
   * on it than it was. False when there is no such path any more.
   */
  moveTo(path: Path, confirmed: boolean, now: Millis): boolean {
    const found = this.#find(path.id);
    if (!found) return false;
    const { way, outlet } = found;
    if (!sameEndpoint(way.path.remote, path.remote)) way.path = path;
    this.#current = { path: way.path, outlet };
    if (confirmed) this.#confirmed = outlet;
    this.#settle(now);
    return true;
  }

  /** The socket does not work any more: it goes, and its paths with it. False when it had gone before. */
  fail(outlet: Outlet, now: Millis): boolean {
    const kept = this.#outlets.filter(({ udp }) => udp !== outlet.udp);
    if (kept.length === this.#outlets.length) return false;
    this.#outlets = kept;
    this.#failed = [...this.#failed, { departure: outlet.departure, until: now + RETRY_MS }];
    outlet.udp.close();
    return true;
  }

  /** When `handleTimeout` has something to do. */
  nextTimeout(): Millis {
    return Math.min(
      ...this.#outlets.map(({ closeAt }) => closeAt),
      ...this.#failed.map(({ until }) => until),
    );
  }

  /** Closes what is not needed any more. True when another offer may find a way that the last one did not. */
  handleTimeout(now: Millis): boolean {
    for (const { udp } of this.#outlets.filter(({ closeAt }) => now >= closeAt)) udp.close();
    this.#outlets = this.#outlets.filter(({ closeAt }) => now < closeAt);
    const failed = this.#failed.length;
    this.#failed = this.#failed.filter(({ until }) => now < until);
    return this.#failed.length < failed;
  }

  /** What did not work may work now. */
  forgetFailures(): void {
    this.#failed = [];
  }

  close(): void {
    this.#isClosed = true;
    this.#ike.udp.close();
    for (const { udp } of this.#outlets) udp.close();
    this.#outlets = [];
  }

  #find(pathId: number): { readonly way: Way; readonly outlet: NatOutlet } | undefined {
    for (const outlet of this.#outlets) {
      const way = outlet.ways.find(({ path }) => path.id === pathId);
      if (way) return { way, outlet };
    }
    return undefined;
  }

  #candidates(gateways: readonly IpAddress[]): Candidate[] {
    const { network } = this.#options.ports;
    const { path, outlet } = this.#current;
    const inUse = { departure: outlet.departure, remote: path.remote.address };
    const known = network ? candidatesFor(network.current(), gateways, inUse) : [];
    if (network && outlet.departure.link) return known;
    // The system chose for us at first, and what it chooses may be more than the monitor knows of.
    const chosen = systemChoice(this.#options.ports, path.remote);
    const isKnown = ({ departure, remote }: Candidate): boolean =>
      chosen !== undefined && sameAddress(departure.address, chosen) && sameAddress(remote, inUse.remote);
    if (!chosen || known.some(isKnown)) return known;
    return [{ departure: { address: chosen }, remote: inUse.remote }, ...known];
  }

  /** The outlet that leaves there, opened if need be; undefined when that does not work now. */
  #outletFor(departure: Departure, remote: IpAddress, now: Millis): NatOutlet | undefined {
    const there = this.#outlets.find((one) => sameDeparture(one.departure, departure));
    if (there) return there;
    const destination = { address: remote, port: this.#options.gatewayNatPort };
    const free = this.#outlets.find(
      (one) =>
        !one.departure.link &&
        sameAddress(one.departure.address, departure.address) &&
        leavesBy(one, destination),
    );
    if (free) return free;
    if (this.#failed.some((one) => sameDeparture(one.departure, departure))) return undefined;
    const opened = openOutlet(this.#options.ports, departure, destination, NAT_PORT);
    if (!opened.ok) {
      this.#options.ports.log('debug', 'path-not-opened', { code: opened.error.code });
      this.#failed = [...this.#failed, { departure, until: now + RETRY_MS }];
      return undefined;
    }
    const outlet = { ...opened.value, ways: [], closeAt: Infinity };
    this.#outlets = [...this.#outlets, outlet];
    this.#listen?.(outlet, 'nat');
    return outlet;
  }

  #pathOver(outlet: NatOutlet, { remote: address, via }: Candidate): Path {
    const known = outlet.ways.find(
      (way) =>
        sameAddress(way.path.remote.address, address) && (!way.via || !via || sameAddress(way.via, via)),
    );
    if (known) {
      known.via ??= via;
      return known.path;
    }
    const remote = { address, port: this.#options.gatewayNatPort };
    const path = { id: this.#nextId++, local: outlet.local, remote };
    outlet.ways.push({ path, via });
    return path;
  }

  #settle(now: Millis): void {
    for (const outlet of this.#outlets) {
      const isNeeded =
        outlet === this.#current.outlet ||
        outlet === this.#confirmed ||
        outlet.ways.some(({ path }) => this.#offered.includes(path));
      outlet.closeAt = isNeeded ? Infinity : Math.min(outlet.closeAt, now + LATE_MS);
      this.#forgetOldest(outlet);
    }
  }

  /** A gateway can tell of ever new addresses. A way that comes back after so many others is a new one. */
  #forgetOldest({ ways }: NatOutlet): void {
    const idle = ways.filter(({ path }) => path !== this.#current.path && !this.#offered.includes(path));
    for (const way of idle.slice(0, -MAX_WAYS)) ways.splice(ways.indexOf(way), 1);
  }
}
