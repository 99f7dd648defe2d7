import { failedEvent, sentence, toldFailure } from '../contract/failure-text.ts';
import type { Profile } from '../contract/profile.ts';
import type { ConnectionEvent, WarningCode, WarningFacts } from '../contract/snapshot.ts';
import { readU32 } from '../lib/bytes.ts';
import { failure, type Failure } from '../lib/failure.ts';
import type { Millis } from '../lib/ports.ts';
import type { SplitPolicy } from '../net/policy/model.ts';
import { wipeKeysIn } from '../ike/events.ts';
import type { CredentialSource } from './credential-source.ts';
import { Demand } from './demand.ts';
import { bug } from './faults.ts';
import type { ProtectionSettings } from './firewall-plan.ts';
import { findGateways } from './gateways-found.ts';
import { remoteSelectors, settingsOf } from './ike-config.ts';
import type { Current } from './machine/parts.ts';
import {
  INITIAL,
  type Effect,
  type Moment,
  type Outcome,
  type Transition,
  type VpnEvent,
  type VpnState,
} from './machine/state.ts';
import { addressesOf, isSigningIn, sessionsOf, step, wakeAt } from './machine/step.ts';
import { Online } from './online.ts';
import { PhaseClock } from './phase-clock.ts';
import type { ConnectionPorts } from './ports.ts';
import type { Protection, ProtectionChange } from './protection.ts';
import { connectedEvent, countersEvent } from './reports.ts';
import { Sessions } from './sessions.ts';
import { SharedSockets } from './shared-sockets.ts';
import { SignIn } from './sign-in.ts';
import { StateReport } from './state-report.ts';
import { type Surroundings, surroundings } from './surroundings.ts';
import { TunnelHolder } from './tunnel-holder.ts';

export interface ConnectionOptions {
  readonly profile: Profile;
  readonly credentials: CredentialSource;
  readonly ports: ConnectionPorts;
  /** DER certificates of the system's store. */
  readonly systemAnchors: () => readonly Uint8Array[];
  readonly onEvent: (event: ConnectionEvent) => void;
  /** Takes lines with keys in clear; only for the root-owned key log. */
  readonly keyLog?: (line: string) => void;
  /** What goes through the tunnel, past it or nowhere; needs a firewall. Without one: what the gateway takes does. */
  readonly policy?: SplitPolicy;
  readonly protection?: ProtectionSettings;
}

/** How often the counters are reported once there is a tunnel. */
const COUNTERS_EVERY_MS = 1000;

/**
 * One connection from start to end: runs the effects of the pure machine against the ports, and feeds what happens
 * back into it. Everything that it changed is undone before `done` resolves, whatever the end was.
 */
export class Connection {
  /** Settles once, when nothing of the connection is left on this machine. Never rejects. */
  readonly done: Promise<Outcome>;
  readonly #options: ConnectionOptions;
  readonly #startedAt: Millis;
  readonly #phases: PhaseClock;
  readonly #report: StateReport;
  readonly #signIn: SignIn;
  readonly #sessions: Sessions;
  readonly #tunnel: TunnelHolder;
  readonly #around: Surroundings;
  readonly #protection: Protection;
  /** Sees whether a connection on demand is wanted. */
  readonly #demand: Demand | undefined;
  readonly #online = new Online();
  readonly #finish: (outcome: Outcome) => void;
  readonly #pending: VpnEvent[] = [];
  #dispatching = false;
  #state: VpnState = INITIAL;
  #wake: { readonly at: Millis; readonly cancel: () => void } | undefined;
  #cancelCounters: (() => void) | undefined;
  /** Ends listening to the machine: its networks, its sleep. */
  #unlisten: readonly (() => void)[] = [];

  constructor(options: ConnectionOptions) {
    const { profile, credentials, ports, systemAnchors, onEvent, keyLog } = options;
    const lines = keyLog ? { keyLog } : {};
    this.#options = options;
    this.#startedAt = ports.clock.now();
    this.#phases = new PhaseClock(profile, onEvent);
    this.#report = new StateReport(this.#startedAt, onEvent);
    const { epoch } = ports.clock;
    this.#signIn = new SignIn({ profile, credentials, systemAnchors, keyLog: keyLog !== undefined, epoch });
    this.#sessions = new Sessions({
      ports: { ...ports, openUdp: new SharedSockets(ports.openUdp).open },
      onEvent: (id, event) => {
        if (event.kind === 'notice') this.#warn(event.notice, event.text, { said: event.text });
        this.#dispatch({ kind: 'session', id, event });
      },
      onWay: (id, way) => this.#dispatch({ kind: 'way', id, way }),
      onBroken: (id, why) => this.#dispatch({ kind: 'broken', id, failure: why }),
      ...lines,
    });
    const onBroken = (why: Failure): void => this.#dispatch({ kind: 'broken', failure: why });
    const warn = this.#warn.bind(this);
    this.#around = surroundings({ ...options, onBroken, warn, reshape: () => this.#tunnel.reshape() });
    this.#protection = this.#around.protection;
    this.#demand = profile.onDemand.enabled ? new Demand(ports.clock.now) : undefined;
    this.#tunnel = new TunnelHolder({
      profile,
      ports,
      onBroken,
      shaper: this.#protection,
      names: this.#around.names,
      ...(this.#demand ? { demand: this.#demand } : {}),
      ...lines,
    });
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.done = promise;
    this.#finish = resolve;
  }

  start(): void {
    const { profile, ports } = this.#options;
    if (this.#state.name !== 'disconnected') return;
    // Before any session listens: the machine hears of the networks before it hears what they mean for a session.
    this.#unlisten = [
      ports.network?.changes(() => this.#dispatch({ kind: 'network', online: this.#isOnline() })),
      ports.sleep?.changes((event) => {
        if (event.kind === 'woke') this.#dispatch({ kind: 'woke', asleepMs: event.asleepMs });
      }),
    ].filter((undo) => undo !== undefined);
    this.#dispatch({ kind: 'start', settings: settingsOf(profile), online: true });
  }

  /** Deletes the SAs at the gateway unless it is to end 'at-once', and resolves when everything is undone. */
  async stop(how: 'orderly' | 'at-once' = 'orderly'): Promise<void> {
    this.#dispatch({ kind: how === 'orderly' ? 'stop' : 'abandon' });
    await this.done;
  }

  /**
   * Another policy or other settings hold from now on, without a new session. The failure says why they cannot; then
   * the ones before still do.
   */
  async protect(to: ProtectionChange): Promise<Failure | undefined> {
    if (this.#state.name === 'ended') return undefined;
    return this.#protection.change(to, () => this.#tunnel.reshape());
  }

  /** How names are looked up, and which addresses they have. */
  get lookups(): Pick<Surroundings, 'follower' | 'names'> {
    return this.#around;
  }

  /** The tunnel's device, what the gateway takes and what it calls its own, while there is one. */
  get tunnel(): Pick<NonNullable<TunnelHolder['tunnel']>, 'name' | 'granted' | 'subnets'> | undefined {
    const { tunnel } = this.#tunnel;
    return tunnel && this.#state.name !== 'ended'
      ? { name: tunnel.name, granted: tunnel.granted, subnets: tunnel.subnets }
      : undefined;
  }

  #isOnline(): boolean {
    const { network } = this.#options.ports;
    const addresses = [...addressesOf(this.#state), ...this.#sessions.gatewayAddresses];
    return !network || this.#online.judge(network.current(), addresses);
  }

  /** Events that effects cause are handled behind the effects, in order: no transition inside another. */
  #dispatch(event: VpnEvent): void {
    // Whatever a sleep led to, the sleep itself comes first.
    if (!this.#dispatching) this.#options.ports.sleep?.look();
    this.#pending.push(event);
    if (this.#dispatching) return;
    this.#dispatching = true;
    for (let next = this.#pending.shift(); next; next = this.#pending.shift()) {
      const transition = this.#step(next);
      const { state, effects } = transition;
      if (next.kind === 'session' && !effects.some(({ kind }) => kind === 'configure')) {
        // Keys that come when nobody waits for them any more.
        wipeKeysIn([next.event]);
      }
      this.#state = state;
      this.#guarded(() => this.#protection.note(state));
      this.#guarded(() => this.#phases.note(state, this.#atMs()));
      this.#guarded(() => this.#report.note(state, this.#now()));
      for (const effect of effects) this.#guarded(() => this.#run(effect));
      if (!isSigningIn(this.#state)) this.#signIn.release();
    }
    this.#dispatching = false;
    this.#scheduleWake();
  }

  #step(event: VpnEvent): Transition {
    const { clock, random } = this.#options.ports;
    const moment: Moment = {
      now: clock.now(),
      // Hardly any event needs it.
      get chance() {
        return readU32(random(4)) / 2 ** 32;
      },
    };
    try {
      return step(this.#state, event, moment);
    } catch (error) {
      return step(this.#state, { kind: 'broken', failure: bug(error) }, moment);
    }
  }

  /** What throws in `work`, which nothing should, ends the connection in order. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#dispatch({ kind: 'broken', failure: bug(error) });
    }
  }

  #scheduleWake(): void {
    const at = wakeAt(this.#state);
    if (at === this.#wake?.at) return;
    this.#wake?.cancel();
    if (at === undefined) return void (this.#wake = undefined);
    const cancel = this.#options.ports.clock.at(at, () => {
      this.#wake = undefined;
      this.#dispatch({ kind: 'time' });
    });
    this.#wake = { at, cancel };
  }

  #run(effect: Effect): void {
    switch (effect.kind) {
      case 'prepare':
        return this.#later(this.#prepare(), (why) => ({ kind: 'prepare-failed', failure: why }));
      case 'arm':
        return this.#later(this.#arm(), (why) => ({ kind: 'arm-failed', failure: why }));
      case 'rest':
        this.#tunnel.rest();
        this.#cancelCounters?.();
        this.#cancelCounters = undefined;
        return;
      case 'watch':
        return this.#demand?.watch(effect.from, () => this.#dispatch({ kind: 'acquire' }));
      case 'look-up': {
        const { id, host } = effect;
        return this.#later(this.#lookUp(id, host), (why) => ({ kind: 'not-found', id, failure: why }));
      }
      case 'open': {
        const { id } = effect;
        if (this.#signIn.prepared) return this.#open(effect);
        return this.#later(this.#prepareAndOpen(effect), (why) => ({
          kind: 'open-failed',
          id,
          failure: why,
        }));
      }
      case 'drop':
        this.#tunnel.forsake(effect.id);
        return this.#sessions.drop(effect.id);
      case 'give-password': {
        const { id } = effect;
        return this.#later(this.#givePassword(effect), (why) => ({
          kind: 'refused',
          id,
          failure: why,
        }));
      }
      case 'say-goodbye':
        return this.#sayGoodbye(effect.id, effect.unlessTicket);
      case 'check':
        this.#sessions.command(effect.id, { kind: 'check-liveness', afterSleep: effect.afterSleep });
        return;
      case 'configure': {
        const { id } = effect.current;
        return this.#later(this.#configure(effect.current), (why) => ({
          kind: 'configure-failed',
          id,
          failure: why,
        }));
      }
      case 'announce':
        return this.#announce(effect.current);
      case 'clear':
        if (this.#state.name !== 'ended') throw new Error('cleared before the end');
        void this.#clear(this.#state.outcome);
        return;
    }
  }

  /** What comes of `work` is dispatched when it is there; if it throws, `failed` is. */
  #later(work: Promise<VpnEvent | undefined>, failed: (why: Failure) => VpnEvent): void {
    work.then(
      (event) => {
        if (event) this.#dispatch(event);
      },
      (error: unknown) => this.#dispatch(failed(bug(error))),
    );
  }

  async #prepare(): Promise<VpnEvent> {
    const { ports, profile } = this.#options;
    const problem =
      (await this.#signIn.prepare()) ??
      (await this.#protection.done) ??
      // What it would find now is ours.
      (this.#tunnel.tunnel ? undefined : await ports.preflight());
    if (problem) return { kind: 'prepare-failed', failure: problem };
    const found = await ports.resolve(profile.gateway.address);
    return found.ok
      ? { kind: 'prepared', addresses: found.value }
      : { kind: 'prepare-failed', failure: found.error };
  }

  /** The tunnel without a session. Where the gateways are is asked while names are looked up past it. */
  async #arm(): Promise<VpnEvent> {
    const { ports, profile } = this.#options;
    const problem = (await this.#protection.done) ?? (await ports.preflight());
    if (problem) return { kind: 'arm-failed', failure: problem };
    const known = await findGateways(profile, ports.resolve);
    if (!known.ok) return { kind: 'arm-failed', failure: known.error };
    const isWanted = (): boolean => this.#state.name === 'preparing';
    const refused = await this.#tunnel.arm(remoteSelectors(profile), isWanted);
    return refused ? { kind: 'arm-failed', failure: refused } : { kind: 'armed', known: known.value };
  }

  async #lookUp(id: number, host: string): Promise<VpnEvent> {
    await this.#protection.done;
    const found = await this.#options.ports.resolve(host);
    return found.ok
      ? { kind: 'found', id, addresses: found.value }
      : { kind: 'not-found', id, failure: found.error };
  }

  async #prepareAndOpen(effect: Extract<Effect, { kind: 'open' }>): Promise<VpnEvent | undefined> {
    const problem = await this.#signIn.prepare();
    if (problem) return { kind: 'open-failed', id: effect.id, failure: problem };
    if (this.#isWanted(effect.id)) this.#guarded(() => this.#open(effect));
    return undefined;
  }

  #isWanted(id: number): boolean {
    return sessionsOf(this.#state).includes(id);
  }

  #open(effect: Extract<Effect, { kind: 'open' }>): void {
    const { id } = effect;
    const { prepared } = this.#signIn;
    if (!prepared) throw new Error('opened before it was prepared');
    const problem = this.#sessions.open(id, prepared, effect);
    if (problem) this.#dispatch({ kind: 'open-failed', id, failure: problem });
  }

  async #givePassword(effect: Extract<Effect, { kind: 'give-password' }>): Promise<VpnEvent | undefined> {
    const { id, rejected, code } = effect;
    const what = code ? 'one-time code' : 'password';
    const password = await this.#signIn.answer({ what, rejected, ...(code?.message ? code : {}) });
    if (!password) {
      return { kind: 'refused', id, failure: failure('config.credential-missing', { what }) };
    }
    this.#sessions.command(id, { kind: 'password', password });
    if (!isSigningIn(this.#state)) this.#signIn.release();
    return undefined;
  }

  /** A session that never came to be has nothing to say, and nobody else would say that it is closed. */
  #sayGoodbye(id: number, unlessTicket = false): void {
    const isSilent = unlessTicket && this.#sessions.hasTicket;
    if (!isSilent && this.#sessions.command(id, { kind: 'disconnect' })) return;
    this.#dispatch({ kind: 'session', id, event: { kind: 'closed' } });
  }

  async #configure({ id, established }: Current): Promise<VpnEvent> {
    const session = this.#sessions.get(id);
    if (!session) {
      wipeKeysIn([established]);
      throw new Error('no session to configure for');
    }
    const problem = await this.#tunnel.carry(id, session, established, () => this.#isWanted(id));
    return problem ? { kind: 'configure-failed', id, failure: problem } : { kind: 'configured', id };
  }

  #announce({ id, established }: Current): void {
    const { profile, onEvent } = this.#options;
    const session = this.#sessions.get(id);
    const { tunnel } = this.#tunnel;
    if (!session || !tunnel) return;
    // There is a way: if the monitor sees one, it can be believed when it sees none.
    this.#isOnline();
    const told = { profile, timing: this.#phases.timing, names: this.#around.names.standing };
    onEvent(connectedEvent({ atMs: this.#atMs(), established, tunnel, session, ...told }));
    if (!this.#cancelCounters) this.#scheduleCounters();
  }

  #scheduleCounters(): void {
    const { clock } = this.#options.ports;
    this.#cancelCounters = clock.at(clock.now() + COUNTERS_EVERY_MS, () => {
      this.#guarded(() => {
        const { tunnel } = this.#tunnel;
        if (tunnel) this.#options.onEvent(countersEvent(this.#atMs(), tunnel));
        if (this.#demand?.takeUse()) this.#dispatch({ kind: 'used' });
        this.#scheduleCounters();
      });
    });
  }

  /** Host first, then the sockets: as long as a route leads into the tunnel something must be there to take it. */
  async #clear(outcome: Outcome): Promise<void> {
    try {
      for (const undo of this.#unlisten) undo();
      this.#cancelCounters?.();
      this.#signIn.forget();
      this.#around.follower.close();
      const notUndone = (await this.#tunnel.close()) ?? (await this.#protection.end());
      this.#sessions.close();
      this.#tell(outcome, notUndone);
    } catch (error) {
      this.#options.ports.log('error', 'clear-failed', { detail: String(error) });
    } finally {
      this.#finish(outcome);
    }
  }

  #tell(outcome: Outcome, notUndone: Failure | undefined): void {
    const { onEvent } = this.#options;
    const { tunnel } = this.#tunnel;
    if (tunnel && this.#phases.wasConnected) onEvent(countersEvent(this.#atMs(), tunnel));
    if (notUndone) this.#warn('not-undone', sentence(notUndone).why, { failure: toldFailure(notUndone) });
    if (outcome.kind === 'failed') onEvent(failedEvent(outcome.failure, this.#atMs()));
    onEvent({
      event: 'disconnected',
      atMs: this.#atMs(),
      reason: outcome.kind === 'failed' ? 'failure' : 'user',
    });
  }

  #now(): Millis {
    return this.#options.ports.clock.now();
  }

  #atMs(): number {
    return this.#now() - this.#startedAt;
  }

  #warn(code: WarningCode, message: string, facts?: WarningFacts): void {
    const told = { code, message, ...(facts ? { facts } : {}) };
    this.#options.onEvent({ event: 'warning', atMs: this.#atMs(), ...told });
  }
}
