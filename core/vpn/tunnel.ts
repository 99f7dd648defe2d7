import type { Profile } from '../contract/profile.ts';
import { failure, type Failure } from '../lib/failure.ts';
import { addressOf } from '../net/address.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { type EstablishedChild, wipeChild } from '../ike/events.ts';
import type { ChildSaSpec } from '../ipsec/child-sa.ts';
import { EspEngine, type PairTraffic } from '../ipsec/engine.ts';
import { innerMtu } from '../ipsec/mtu.ts';
import { type Prefix, rangeToPrefixes } from '../net/prefix.ts';
import { intersect, type Selector, selectorOfPrefix } from '../net/selector.ts';
import type { NetworkPlan, TunPort } from '../platform/ports.ts';
import { DataPath } from './data-path.ts';
import { bug, systemCode } from './faults.ts';
import { espKeyLogLines } from './keylog.ts';
import type { Established } from './machine/state.ts';
import type { ConnectionPorts } from './ports.ts';
import { BYPASS_MARK, type SessionDriver } from './session-driver.ts';

/** The only child so far; the engine's name for it outlives its SAs. */
const CHILD_ID = 1;
/** What we suppose of a path before it is measured: Ethernet. */
const PATH_MTU = 1500;
/** Inner packets stay under this, so that paths a bit narrower than Ethernet (PPPoE, mobile) carry them too. */
const CAUTIOUS_MTU = 1400;
/** More than any network plan has; a gateway that narrows to odd ranges could ask for many thousands. */
const MAX_ROUTES = 1024;
/** IPv6 asks for this of every link (RFC 8200 section 5). */
const MIN_MTU6 = 1280;

export interface TunnelOptions {
  readonly established: Established;
  readonly profile: Profile;
  readonly ports: ConnectionPorts;
  readonly session: SessionDriver;
  /** False once nobody wants the tunnel any more: then it carries nothing from the start. */
  readonly isWanted: () => boolean;
  readonly onBroken: (failure: Failure) => void;
  readonly keyLog?: (line: string) => void;
}

/** The established tunnel on this machine: device, addresses, routes, and the engine between device and socket. */
export class Tunnel {
  readonly name: string;
  readonly mtu: number;
  readonly #options: TunnelOptions;
  readonly #tun: TunPort;
  readonly #engine: EspEngine;
  readonly #dataPath: DataPath;
  #closing: Promise<Failure | undefined> | undefined;

  private constructor(options: TunnelOptions, tun: TunPort, mtu: number) {
    const { ports, session } = options;
    this.#options = options;
    this.#tun = tun;
    this.name = tun.name;
    this.mtu = mtu;
    this.#engine = new EspEngine({ random: ports.random });
    this.#dataPath = new DataPath({
      engine: this.#engine,
      tun,
      mtu,
      ...session.espPath,
      now: ports.clock.now,
      onReceived: (now) => session.noteTraffic(now),
      onSent: (now) => session.noteSent(now),
      onBroken: (error) => options.onBroken(deviceFault(tun.name, error)),
    });
  }

  /** Opens all of it or nothing; the keys of the Child SA are in the engine then, or nowhere. */
  static async open(options: TunnelOptions): Promise<Result<Tunnel, Failure>> {
    try {
      const routes = routesTo(options.established.child.remote);
      if (!routes.ok) return routes;
      const mtu = mtuFor(options);
      const tun = options.ports.openTun({ mtu });
      if (!tun.ok) return tun;
      const tunnel = new Tunnel(options, tun.value, mtu);
      const problem = await tunnel.#raise(routes.value);
      if (!problem) return ok(tunnel);
      await tunnel.close();
      return err(problem);
    } finally {
      wipeChild(options.established.child);
    }
  }

  async #raise(routes: readonly Prefix[]): Promise<Failure | undefined> {
    const { established, isWanted, ports } = this.#options;
    try {
      const applied = await ports.routes.apply(this.#plan(routes));
      if (!applied.ok) return applied.error;
      if (isWanted()) this.#carry(established);
      return undefined;
    } catch (error) {
      return bug(error);
    }
  }

  #plan(routes: readonly Prefix[]): NetworkPlan {
    return {
      tun: { name: this.name, mtu: this.mtu },
      addresses: this.#options.established.config.addresses,
      routes,
      bypassMark: BYPASS_MARK,
      gateway: this.#options.session.espPath.gateway.address,
    };
  }

  #carry({ child, config }: Established): void {
    const { keyLog, session } = this.#options;
    if (keyLog) espKeyLogLines(child, session.outerFamily).forEach(keyLog);
    this.#engine.install(childSpec(child));
    const local = ownTraffic(child.local, config.addresses);
    this.#engine.setPolicies([{ action: 'protect', childId: CHILD_ID, local, remote: child.remote }]);
    session.onEsp((batch) => this.#dataPath.inbound(batch));
    this.#dataPath.start();
  }

  traffic(): PairTraffic[] {
    return this.#engine.traffic(CHILD_ID);
  }

  counters(): Readonly<Record<string, number>> {
    return { ...this.#engine.counters(), 'out-not-sent': this.#dataPath.notSent };
  }

  /** Undoes everything; the failure is what could not be undone. Safe to call again, and never rejects. */
  close(): Promise<Failure | undefined> {
    this.#closing ??= this.#undo();
    return this.#closing;
  }

  async #undo(): Promise<Failure | undefined> {
    this.#options.session.onEsp(undefined);
    this.#dataPath.stop();
    this.#engine.remove(CHILD_ID);
    try {
      const cleared = await this.#options.ports.routes.clear();
      return cleared.ok ? undefined : cleared.error;
    } catch (error) {
      return bug(error);
    } finally {
      this.#tun.close();
    }
  }
}

function deviceFault(name: string, error: unknown): Failure {
  const code = systemCode(error);
  return code === undefined ? bug(error) : failure('platform.tun-failed', { name, detail: code });
}

/** What leads into the tunnel: everything that the gateway takes. */
function routesTo(remote: readonly Selector[]): Result<readonly Prefix[], Failure> {
  const routes: Prefix[] = [];
  for (const { start, end } of remote) {
    routes.push(...rangeToPrefixes(addressOf(start), addressOf(end)));
    if (routes.length > MAX_ROUTES) {
      const detail = `TSr is made up of more than ${MAX_ROUTES} networks`;
      return err(failure('protocol.unexpected', { detail }));
    }
  }
  return ok(routes);
}

/**
 * The part of the granted TSi that is ours. A gateway that grants more could otherwise send to every other address
 * of this machine, and through it into the networks that it forwards to.
 */
function ownTraffic(granted: readonly Selector[], addresses: readonly Prefix[]): Selector[] {
  return addresses.flatMap((address) => {
    const own = selectorOfPrefix(address);
    return granted.flatMap((selector) => intersect(selector, own) ?? []);
  });
}

function mtuFor({ profile, session, established }: TunnelOptions): number {
  if (profile.tunnel.mtu !== undefined) return profile.tunnel.mtu;
  const fits = innerMtu(PATH_MTU, session.outerFamily, established.child.suite, true) ?? MIN_MTU6;
  return Math.max(MIN_MTU6, Math.min(fits, CAUTIOUS_MTU));
}

function childSpec(child: EstablishedChild): ChildSaSpec {
  const { suite } = child;
  return {
    childId: CHILD_ID,
    spiIn: child.spiIn,
    spiOut: child.spiOut,
    suite,
    keyIn: child.encrIn.reveal(),
    keyOut: child.encrOut.reveal(),
    ...(suite.integ === undefined
      ? {}
      : { integIn: child.integIn.reveal(), integOut: child.integOut.reveal() }),
    local: child.local,
    remote: child.remote,
    udpEncap: child.udpEncap,
  };
}
