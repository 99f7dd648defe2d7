import type { Profile } from '../contract/profile.ts';
import { failure, type Failure } from '../lib/failure.ts';
import type { Millis } from '../lib/ports.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { type EstablishedChild, wipeChild } from '../ike/events.ts';
import { EspEngine, type PairTraffic } from '../ipsec/engine.ts';
import type { EspEvent } from '../ipsec/events.ts';
import type { SaLimits } from '../ipsec/lifetime.ts';
import { formatPrefix, type Prefix } from '../net/prefix.ts';
import type { NetworkPlan, TunPort } from '../platform/ports.ts';
import { Alarm } from './alarm.ts';
import type { ChildEvent, Established } from './carrier.ts';
import { DataPath } from './data-path.ts';
import { bug, systemCode } from './faults.ts';
import { espKeyLogLines } from './keylog.ts';
import type { ConnectionPorts } from './ports.ts';
import { BYPASS_MARK } from './outlet.ts';
import type { SessionDriver } from './session-driver.ts';
import { TunnelChildren } from './tunnel-children.ts';
import { routesTo, tunnelMtu } from './tunnel-plan.ts';

/** For so long packets that were sealed for the session before are taken: they were on their way. */
const HANDOVER_MS: Millis = 10_000;

export interface TunnelOptions {
  readonly established: Established;
  readonly profile: Profile;
  readonly ports: ConnectionPorts;
  readonly session: SessionDriver;
  /** False once nobody wants the tunnel any more: then it carries nothing from the start. */
  readonly isWanted: () => boolean;
  readonly onBroken: (failure: Failure) => void;
  /** What one SA may carry at most, besides what its suite bears. */
  readonly limits?: SaLimits;
  readonly keyLog?: (line: string) => void;
}

/** A session in the tunnel: what the gateway gave it, its Child SAs and the way that its ESP takes. */
interface Tenant {
  readonly session: SessionDriver;
  readonly established: Established;
  readonly children: TunnelChildren;
  /** All that its children ever led to: a route that goes would let traffic out beside the tunnel. */
  routes: readonly Prefix[];
}

/**
 * The tunnel on this machine: device, addresses, routes, and the engine between device and sockets. It outlives the
 * session that it was opened with.
 *
 *   open(options)                  all of it or nothing, carrying for `options.session`
 *   adopt(session, established)    another session carries from now on (reconnected, authenticated anew); what was on
 *                                  its way for the one before still comes in, as long as that one is not closed
 *   suspend()                      no session carries: packets of the machine are dropped, routes stay
 *   close()                        undoes everything
 *
 * What open and adopt are given in `established` is the tunnel's: its keys are in the engine then, or nowhere. What a
 * session does afterwards (Child SAs, paths) the tunnel hears from its driver itself.
 */
export class Tunnel {
  readonly name: string;
  readonly mtu: number;
  readonly #options: TunnelOptions;
  readonly #tun: TunPort;
  readonly #engine: EspEngine;
  readonly #dataPath: DataPath;
  readonly #expiry: Alarm;
  #tenant: Tenant | undefined;
  #lastChildId = 0;
  /** Counts what session the tunnel is meant for: only the newest one gets it. */
  #turn = 0;
  #closing: Promise<Failure | undefined> | undefined;

  private constructor(options: TunnelOptions, tun: TunPort, mtu: number) {
    const { ports } = options;
    this.#options = options;
    this.#tun = tun;
    this.name = tun.name;
    this.mtu = mtu;
    this.#engine = new EspEngine({ random: ports.random, onEvent: (event) => this.#onEsp(event) });
    this.#expiry = new Alarm(ports.clock, () => this.#expire());
    this.#dataPath = new DataPath({
      engine: this.#engine,
      tun,
      mtu,
      now: ports.clock.now,
      onBroken: (error) => options.onBroken(deviceFault(tun.name, error)),
    });
  }

  static async open(options: TunnelOptions): Promise<Result<Tunnel, Failure>> {
    const { established, profile, ports, session, isWanted } = options;
    try {
      const routes = routesTo(established.child.remote);
      if (!routes.ok) return routes;
      const mtu = tunnelMtu(profile, established.child.suite);
      const tun = ports.openTun({ mtu });
      if (!tun.ok) return tun;
      const tunnel = new Tunnel(options, tun.value, mtu);
      const problem = await tunnel.#moveIn(session, established, routes.value, isWanted);
      if (!problem) return ok(tunnel);
      await tunnel.close();
      return err(problem);
    } finally {
      wipeChild(established.child);
    }
  }

  /**
   * The failure says why the tunnel cannot be as this session wants it; it then carries for nobody, and the machine may
   * be without its routes. Nothing happens when the tunnel is closed, suspended or given to another meanwhile.
   */
  async adopt(session: SessionDriver, established: Established): Promise<Failure | undefined> {
    try {
      const routes = routesTo(established.child.remote);
      if (!routes.ok) return routes.error;
      return await this.#moveIn(session, established, routes.value, () => true);
    } finally {
      wipeChild(established.child);
    }
  }

  /** The keys of the session that carried are gone at once. */
  suspend(): void {
    this.#turn += 1;
    this.#moveOut(this.#now());
    this.#dataPath.hold();
  }

  async #moveIn(
    session: SessionDriver,
    established: Established,
    routes: readonly Prefix[],
    isWanted: () => boolean,
  ): Promise<Failure | undefined> {
    const turn = ++this.#turn;
    const isOurs = (): boolean => turn === this.#turn && !this.#closing && isWanted();
    const tenant: Tenant = {
      session,
      established,
      routes,
      children: new TunnelChildren({
        engine: this.#engine,
        addresses: established.config.addresses,
        newChildId: () => ++this.#lastChildId,
        random: this.#options.ports.random,
        ...(this.#options.limits ? { limits: this.#options.limits } : {}),
      }),
    };
    try {
      // Where nothing changes for the machine, not one packet has to wait for it.
      if (this.#tenant && sameNeeds(this.#tenant, tenant)) this.#carry(tenant);
      const problem = await this.#apply(tenant);
      if (!isOurs()) return undefined;
      if (problem) this.suspend();
      else if (this.#tenant !== tenant) this.#carry(tenant);
      return problem;
    } catch (error) {
      return bug(error);
    }
  }

  #plan({ established, routes, session }: Tenant): NetworkPlan {
    // What came through the wider tunnel before must fit this one, and the buffers are made for that one.
    const mtu = Math.min(this.mtu, tunnelMtu(this.#options.profile, established.child.suite));
    return {
      tun: { name: this.name, mtu },
      addresses: established.config.addresses,
      routes,
      bypassMark: BYPASS_MARK,
      gateway: session.espPath.gateway.address,
    };
  }

  #carry(tenant: Tenant): void {
    const { session, children, established } = tenant;
    this.#moveOut(this.#now() + HANDOVER_MS);
    this.#tenant = tenant;
    this.#add(tenant, established.child, { sendNow: true });
    this.#dataPath.sendTo(session.espPath, session);
    session.carry({
      onEsp: (batch, path) => {
        if (this.#dataPath.inbound(batch)) session.noteTraffic(this.#now(), path);
      },
      onChild: (event) => this.#onChild(tenant, event),
      onPath: (path) => {
        if (this.#tenant !== tenant) return;
        this.#dataPath.sendTo(path, session);
        void this.#applyAgain(tenant);
      },
    });
    this.#engine.setPolicies(children.policies());
    this.#dataPath.start();
  }

  /** What was on its way to the session that carried may still come in until then. */
  #moveOut(until: Millis): void {
    this.#tenant?.children.closeAll(until);
    this.#tenant = undefined;
    this.#expire();
  }

  #onChild(tenant: Tenant, event: ChildEvent): void {
    const { children } = tenant;
    if (this.#tenant !== tenant) {
      if (event.kind === 'child-added') wipeChild(event.child);
      return;
    }
    switch (event.kind) {
      case 'child-added': {
        const { child, sendNow, replaces } = event;
        this.#add(tenant, child, { sendNow, ...(replaces === undefined ? {} : { replaces }) });
        this.#leadTo(tenant);
        break;
      }
      case 'child-send':
        children.send(event.spiIn);
        break;
      case 'child-closed':
        children.close(event.spiIn, this.#now() + event.lingerMs);
        this.#expire();
        break;
    }
    this.#engine.setPolicies(children.policies());
  }

  #add(
    { children, session }: Tenant,
    child: EstablishedChild,
    how: { readonly replaces?: number; readonly sendNow: boolean },
  ): void {
    const { keyLog } = this.#options;
    if (keyLog) espKeyLogLines(child, session.outerFamily).forEach(keyLog);
    children.add(child, how);
  }

  /** Routes to where a further child leads, besides those that there are. */
  #leadTo(tenant: Tenant): void {
    const found = routesTo(tenant.children.remotes());
    if (!found.ok)
      return this.#options.ports.log('warn', 'child-without-routes', {
        ...found.error.context,
        code: found.error.code,
      });
    const known = new Set(tenant.routes.map(formatPrefix));
    const further = found.value.filter((prefix) => !known.has(formatPrefix(prefix)));
    if (further.length === 0) return;
    tenant.routes = [...tenant.routes, ...further];
    void this.#applyAgain(tenant);
  }

  /** The machine as the session wants it now. It is asked to change only what is not so already. */
  async #applyAgain(tenant: Tenant): Promise<void> {
    const problem = await this.#apply(tenant);
    if (problem && this.#tenant === tenant && !this.#closing) this.#options.onBroken(problem);
  }

  async #apply(tenant: Tenant): Promise<Failure | undefined> {
    try {
      const applied = await this.#options.ports.routes.apply(this.#plan(tenant));
      return applied.ok ? undefined : applied.error;
    } catch (error) {
      return bug(error);
    }
  }

  #onEsp(event: EspEvent): void {
    const tenant = this.#tenant;
    const notice = tenant?.children.follow(event);
    if (notice) tenant?.session.command(notice);
  }

  /** Keys of retired SAs are wiped on time, whether packets come or not. */
  #expire(): void {
    this.#engine.expire(this.#now());
    this.#expiry.set(this.#engine.nextExpiry);
  }

  #now(): Millis {
    return this.#options.ports.clock.now();
  }

  /** What passed through each pair that there still is, by child, oldest first. */
  traffic(): PairTraffic[] {
    return this.#engine.traffic();
  }

  counters(): Readonly<Record<string, number>> {
    const { notSent, noSession } = this.#dataPath;
    return { ...this.#engine.counters(), 'out-not-sent': notSent, 'out-no-session': noSession };
  }

  /** Undoes everything; the failure is what could not be undone. Safe to call again, and never rejects. */
  close(): Promise<Failure | undefined> {
    this.#closing ??= this.#undo();
    return this.#closing;
  }

  async #undo(): Promise<Failure | undefined> {
    this.#tenant?.session.carry(undefined);
    this.#dataPath.stop();
    this.#moveOut(this.#now());
    this.#engine.expire(Infinity);
    this.#expiry.set(Infinity);
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

/** True when the machine has to be the same for both. */
function sameNeeds(a: Tenant, b: Tenant): boolean {
  const key = ({ established, routes }: Tenant): string =>
    JSON.stringify([established.config.addresses.map(formatPrefix), routes.map(formatPrefix).sort()]);
  return key(a) === key(b);
}
