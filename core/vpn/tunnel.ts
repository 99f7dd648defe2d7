import type { Profile } from '../contract/profile.ts';
import { failure, type Failure } from '../lib/failure.ts';
import type { Millis } from '../lib/ports.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { type EstablishedChild, wipeChild } from '../ike/events.ts';
import { EspEngine, type PairTraffic } from '../ipsec/engine.ts';
import type { EspEvent } from '../ipsec/events.ts';
import type { SaLimits } from '../ipsec/lifetime.ts';
import { formatPrefix, type Prefix } from '../net/prefix.ts';
import { formatRange } from '../net/range.ts';
import { formatSelector, type Selector } from '../net/selector.ts';
import type { NetworkPlan, TunPort } from '../platform/ports.ts';
import { Alarm } from './alarm.ts';
import type { ChildEvent, Established } from './carrier.ts';
import { DataPath } from './data-path.ts';
import type { Demand } from './demand.ts';
import { bug, systemCode } from './faults.ts';
import { espKeyLogLines } from './keylog.ts';
import { nameServersOf, planNames } from './name-plan.ts';
import type { ConnectionPorts } from './ports.ts';
import { BYPASS_MARK, TUNNEL_MARK } from './outlet.ts';
import { screened } from './policy-screen.ts';
import type { SessionDriver } from './session-driver.ts';
import { TunnelChildren } from './tunnel-children.ts';
import type { TunnelNames } from './tunnel-names.ts';
import { placeholdersFor, type Shape, TAKES_ALL, tunnelMtu, type TunnelShaper } from './tunnel-plan.ts';

/** For so long packets that were sealed for the session before are taken: they were on their way. */
const HANDOVER_MS: Millis = 10_000;

export interface TunnelOptions {
  readonly profile: Profile;
  readonly ports: ConnectionPorts;
  readonly onBroken: (failure: Failure) => void;
  /** What one SA may carry at most, besides what its suite bears. */
  readonly limits?: SaLimits;
  readonly keyLog?: (line: string) => void;
  /** Says what belongs into the tunnel; all that the gateway takes without it. */
  readonly shaper?: TunnelShaper;
  /** Has names looked up through the tunnel; without it they are as they were. */
  readonly names?: TunnelNames;
  /** Sees whether the tunnel is used. With it the tunnel can stand without ever having had a session. */
  readonly demand?: Demand;
}

/** The first session of a tunnel. */
export interface FirstTenant {
  readonly established: Established;
  readonly session: SessionDriver;
  /** False once nobody wants the tunnel any more: then it carries nothing from the start. */
  readonly isWanted: () => boolean;
}

/** A session in the tunnel: what the gateway gave it, its Child SAs and the way that its ESP takes. */
interface Tenant {
  readonly session: SessionDriver;
  readonly established: Established;
  readonly children: TunnelChildren;
}

/**
 * The tunnel on this machine: device, addresses, routes, and the engine between device and sockets. It outlives the
 * session that it was opened with.
 *
 *   open(options)                  all of it or nothing, carrying for `options.session`
 *   arm(options, remote)           all of it or nothing, for nobody yet, as if a gateway took `remote`
 *   adopt(session, established)    another session carries from now on (reconnected, authenticated anew); what was on
 *                                  its way for the one before still comes in, as long as that one is not closed
 *   suspend()                      no session carries: packets of the machine are dropped, routes stay
 *   reshape()                      what belongs into the tunnel is asked for anew
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
  /** Whom the machine is, or is being, made for; the tenant, or the last one. */
  #latest: Tenant | undefined;
  /** All that any session ever led to: a route that goes would let traffic out beside the tunnel. */
  #granted: readonly Selector[] = [];
  /** What a gateway will be asked to take, before any has been. */
  #asked: readonly Selector[] = [];
  readonly #placeholders: readonly Prefix[];
  #shape: Shape = { routes: [] };
  /** Whom the gateway says to ask for which names, and which networks it calls its own, as the latest session has it. */
  #given: Omit<Established['config'], 'addresses'> = { dnsServers: [], searchDomains: [], subnets: [] };
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
    this.#placeholders = placeholdersFor(options.profile);
    this.#engine = new EspEngine({ random: ports.random, onEvent: (event) => this.#onEsp(event) });
    this.#expiry = new Alarm(ports.clock, () => this.#expire());
    this.#dataPath = new DataPath({
      engine: this.#engine,
      tun,
      mtu,
      now: ports.clock.now,
      onBroken: (error) => options.onBroken(deviceFault(tun.name, error)),
      ...(options.demand ? { demand: options.demand } : {}),
    });
  }

  static async arm(options: TunnelOptions, remote: readonly Selector[]): Promise<Result<Tunnel, Failure>> {
    const { profile, ports } = options;
    const mtu = tunnelMtu(profile, undefined);
    const tun = ports.openTun({ mtu });
    if (!tun.ok) return tun;
    const tunnel = new Tunnel(options, tun.value, mtu);
    tunnel.#asked = remote;
    tunnel.#dataPath.start();
    const problem = tunnel.#lead([]) ?? (await tunnel.#apply(undefined));
    if (!problem) return ok(tunnel);
    await tunnel.close();
    return err(problem);
  }

  static async open(options: TunnelOptions & FirstTenant): Promise<Result<Tunnel, Failure>> {
    const { established, profile, ports, session, isWanted } = options;
    try {
      const servers = nameServersOf(profile, established.config);
      const { shaper = TAKES_ALL } = options;
      const shape = shaper.shape(established.child.remote, servers, established.config.subnets);
      if (!shape.ok) return shape;
      const mtu = tunnelMtu(profile, established.child.suite);
      const tun = ports.openTun({ mtu });
      if (!tun.ok) return tun;
      const tunnel = new Tunnel(options, tun.value, mtu);
      const problem = await tunnel.#moveIn(session, established, isWanted);
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
      return await this.#moveIn(session, established, () => true);
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
    isWanted: () => boolean,
  ): Promise<Failure | undefined> {
    const turn = ++this.#turn;
    const isOurs = (): boolean => turn === this.#turn && !this.#closing && isWanted();
    const tenant: Tenant = {
      session,
      established,
      children: new TunnelChildren({
        engine: this.#engine,
        addresses: established.config.addresses,
        newChildId: () => ++this.#lastChildId,
        random: this.#options.ports.random,
        ...(this.#options.limits ? { limits: this.#options.limits } : {}),
      }),
    };
    try {
      const before = this.#tenant && needsOf(this.#tenant, this.#shape);
      this.#given = established.config;
      const problem = this.#lead(established.child.remote);
      if (problem) return problem;
      this.#latest = tenant;
      this.#dataPath.tell(this.#options.demand?.refuse(established.config.addresses) ?? []);
      // Where nothing changes for the machine, not one packet has to wait for it.
      if (before === needsOf(tenant, this.#shape)) this.#carry(tenant);
      const refused = await this.#apply(tenant);
      if (!isOurs()) return undefined;
      if (refused) this.suspend();
      else if (this.#tenant !== tenant) this.#carry(tenant);
      return refused;
    } catch (error) {
      return bug(error);
    }
  }

  /** What belongs into the tunnel follows from that too from now on; the failure is why it cannot. */
  #lead(further: readonly Selector[]): Failure | undefined {
    const known = [...this.#granted, ...further];
    const all = (known.length > 0 ? known : this.#asked).map((one) => [formatSelector(one), one] as const);
    const remote = [...new Map(all).values()];
    const { shaper = TAKES_ALL, profile } = this.#options;
    const shape = shaper.shape(remote, nameServersOf(profile, this.#given), this.#given.subnets);
    if (!shape.ok) return shape.error;
    if (known.length > 0) this.#granted = remote;
    this.#shape = shape.value;
    this.#options.demand?.protect(remote, shape.value.policy?.screen);
    return undefined;
  }

  /** Another policy holds from now on. The failure is why it cannot; then everything is as before. */
  async reshape(): Promise<Failure | undefined> {
    const problem = this.#lead([]);
    const tenant = this.#latest;
    if (problem || this.#closing) return problem;
    this.#enforce();
    return this.#apply(tenant);
  }

  #enforce(): void {
    if (!this.#tenant) return;
    const { policy } = this.#shape;
    const policies = this.#tenant.children.policies();
    this.#engine.setPolicies(policy ? screened(policy.screen, policies) : policies);
  }

  #plan(tenant: Tenant | undefined): NetworkPlan {
    const { routes, policy } = this.#shape;
    const { profile, demand } = this.#options;
    // What came through the wider tunnel before must fit this one, and the buffers are made for that one.
    const mtu = Math.min(this.mtu, tunnelMtu(profile, tenant?.established.child.suite));
    return {
      tun: { name: this.name, mtu },
      addresses: tenant?.established.config.addresses ?? this.#placeholders,
      routes,
      ...(demand ? { followAddresses: true } : {}),
      bypassMark: BYPASS_MARK,
      ...(policy ? { localFirst: policy.localFirst, past: policy.past } : {}),
      ...(policy && policy.firewall.steering.length > 0 ? { tunnelMark: TUNNEL_MARK } : {}),
      ...(tenant ? { gateway: tenant.session.espPath.gateway.address } : {}),
    };
  }

  #carry(tenant: Tenant): void {
    const { session, established } = tenant;
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
    this.#enforce();
    this.#dataPath.start();
    const held = this.#options.demand?.release(established.config.addresses);
    this.#dataPath.send(held?.send ?? []);
    this.#dataPath.tell(held?.tell ?? []);
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
    this.#enforce();
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

  /** Where a further child leads belongs into the tunnel too. */
  #leadTo(tenant: Tenant): void {
    const before = needsOf(tenant, this.#shape);
    const problem = this.#lead(tenant.children.remotes());
    if (problem) {
      const { code, context } = problem;
      return this.#options.ports.log('warn', 'child-without-routes', { ...context, code });
    }
    if (before !== needsOf(tenant, this.#shape)) void this.#applyAgain(tenant);
  }

  /** The machine as the session wants it now. It is asked to change only what is not so already. */
  async #applyAgain(tenant: Tenant): Promise<void> {
    // It is another's already, who makes it as it has to be.
    if (this.#latest !== tenant) return;
    const problem = await this.#apply(tenant);
    if (problem && this.#tenant === tenant && !this.#closing) this.#options.onBroken(problem);
  }

  async #apply(tenant: Tenant | undefined): Promise<Failure | undefined> {
    const { shaper = TAKES_ALL, ports, profile, names } = this.#options;
    try {
      const plan = this.#plan(tenant);
      // Before a route changes, what must not pass beside the tunnel cannot.
      const asked = { shape: this.#shape, device: this.name, follows: shaper.followsNames };
      const toAsk = planNames(profile, this.#given, asked);
      const ownsNames = names !== undefined && toAsk.ownsNames;
      const guarding = shaper.guard({ name: this.name, addresses: plan.addresses, ownsNames }, this.#shape);
      const problem = guarding && (await guarding);
      if (problem) return problem;
      const applied = await ports.routes.apply(plan);
      // That no gateway gave name servers yet says nothing about the gateway.
      const told = tenant ? toAsk : { ...toAsk, takesAll: false };
      return applied.ok ? await names?.apply(told) : applied.error;
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

  /** All that any session ever led to; undefined before there was one. */
  get granted(): readonly Selector[] | undefined {
    return this.#latest && this.#granted;
  }

  /** The networks that the gateway of the latest session calls its own. */
  get subnets(): readonly Prefix[] {
    return this.#given.subnets;
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
    const { names, ports } = this.#options;
    try {
      const namesLeft = await names?.clear();
      const cleared = await ports.routes.clear();
      return cleared.ok ? namesLeft : cleared.error;
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

/** How the machine has to be, as a text that is the same for what is the same. */
function needsOf({ established }: Tenant, { routes, policy }: Shape): string {
  const { protectedRanges = [], passing = [], refused = [], steering = [] } = policy?.firewall ?? {};
  return JSON.stringify([
    established.config.addresses.map(formatPrefix),
    routes.map(formatPrefix).sort(),
    policy?.past.map(formatPrefix),
    [protectedRanges, passing, refused].map((ranges) => ranges.map(formatRange)),
    steering.map(({ range, ...rest }) => [formatRange(range), rest]),
  ]);
}
