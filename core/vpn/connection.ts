import { failedEvent, sentence } from '../contract/failure-text.ts';
import type { Profile } from '../contract/profile.ts';
import type { ConnectionEvent } from '../contract/snapshot.ts';
import { failure, type Failure } from '../lib/failure.ts';
import type { Millis } from '../lib/ports.ts';
import { type IkeEvent, wipeKeysIn } from '../ike/events.ts';
import type { IpAddress } from '../net/address.ts';
import { bug } from './faults.ts';
import {
  type Credentials,
  type PreparedConfig,
  prepareIkeConfig,
  wipeSecrets,
  withGateway,
} from './ike-config.ts';
import {
  INITIAL,
  type Effect,
  type Established,
  type Outcome,
  type VpnEvent,
  type VpnState,
} from './machine/state.ts';
import { step } from './machine/step.ts';
import { PhaseClock } from './phase-clock.ts';
import type { ConnectionPorts } from './ports.ts';
import { connectedEvent, countersEvent } from './reports.ts';
import { SessionDriver } from './session-driver.ts';
import { Tunnel } from './tunnel.ts';

export interface ConnectionOptions {
  readonly profile: Profile;
  readonly credentials: Credentials;
  readonly ports: ConnectionPorts;
  /** DER certificates of the system's store. */
  readonly systemAnchors: () => readonly Uint8Array[];
  readonly onEvent: (event: ConnectionEvent) => void;
  /** Takes lines with keys in clear; only for the root-owned key log. */
  readonly keyLog?: (line: string) => void;
}

/** How often the counters are reported while connected. */
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
  readonly #finish: (outcome: Outcome) => void;
  readonly #pending: VpnEvent[] = [];
  #dispatching = false;
  #state: VpnState = INITIAL;
  #prepared: PreparedConfig | undefined;
  #session: SessionDriver | undefined;
  #tunnel: Promise<Tunnel | undefined> = Promise.resolve(undefined);
  #cancelCounters: (() => void) | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#startedAt = options.ports.clock.now();
    this.#phases = new PhaseClock(options.profile, options.onEvent);
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.done = promise;
    this.#finish = resolve;
  }

  start(): void {
    this.#dispatch({ kind: 'start' });
  }

  /** Deletes the SAs at the gateway unless it is to end 'at-once', and resolves when everything is undone. */
  async stop(how: 'orderly' | 'at-once' = 'orderly'): Promise<void> {
    this.#dispatch({ kind: how === 'orderly' ? 'stop' : 'abandon' });
    await this.done;
  }

  /** Events that effects cause are handled behind the effects, in order: no transition inside another. */
  #dispatch(event: VpnEvent): void {
    this.#pending.push(event);
    if (this.#dispatching) return;
    this.#dispatching = true;
    for (let next = this.#pending.shift(); next; next = this.#pending.shift()) {
      const { state, effects } = step(this.#state, next);
      // Keys that come when nobody waits for them any more.
      if (next.kind === 'ike' && effects.length === 0) wipeKeysIn([next.event]);
      this.#state = state;
      this.#guarded(() => this.#phases.note(state, this.#atMs()));
      for (const effect of effects) this.#guarded(() => this.#run(effect));
    }
    this.#dispatching = false;
  }

  /** What throws in `work`, which nothing should, ends the connection in order. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#dispatch({ kind: 'broken', failure: bug(error) });
    }
  }

  #run(effect: Effect): void {
    switch (effect.kind) {
      case 'prepare':
        this.#prepare().then(
          (event) => this.#dispatch(event),
          (error: unknown) => this.#dispatch({ kind: 'prepare-failed', failure: bug(error) }),
        );
        return;
      case 'open':
        return this.#open(effect.address);
      case 'give-password':
        return this.#givePassword();
      case 'say-goodbye':
        return this.#sayGoodbye();
      case 'configure':
        return this.#configure(effect.established);
      case 'clear':
        if (this.#state.name !== 'ended') throw new Error('cleared before the end');
        void this.#clear(this.#state.outcome);
        return;
    }
  }

  async #prepare(): Promise<VpnEvent> {
    const { ports, profile, credentials, systemAnchors, keyLog } = this.#options;
    const prepared = prepareIkeConfig(profile, {
      credentials,
      systemAnchors,
      keyLog: keyLog !== undefined,
      now: ports.clock.epoch(),
    });
    credentials.passphrase?.wipe();
    if (!prepared.ok) return { kind: 'prepare-failed', failure: prepared.error };
    this.#prepared = prepared.value;
    const problem = await ports.preflight();
    if (problem) return { kind: 'prepare-failed', failure: problem };
    const found = await ports.resolve(profile.gateway.address);
    return found.ok
      ? { kind: 'prepared', addresses: found.value }
      : { kind: 'prepare-failed', failure: found.error };
  }

  #open(address: IpAddress): void {
    const { ports, profile, keyLog } = this.#options;
    if (!this.#prepared) throw new Error('opened before it was prepared');
    this.#session?.close();
    this.#session = undefined;
    const opened = SessionDriver.open({
      config: withGateway(this.#prepared, profile, address),
      ports,
      onEvent: (event) => this.#onIke(event),
      onBroken: (why) => this.#dispatch({ kind: 'broken', failure: why }),
      ...(keyLog ? { keyLog } : {}),
    });
    if (!opened.ok) return this.#dispatch({ kind: 'open-failed', failure: opened.error });
    this.#session = opened.value;
    this.#session.command({ kind: 'connect' });
  }

  #onIke(event: IkeEvent): void {
    if (event.kind === 'notice') this.#warn(event.notice, event.text);
    this.#dispatch({ kind: 'ike', event });
  }

  #givePassword(): void {
    const { password } = this.#options.credentials;
    if (password) return this.#session?.command({ kind: 'password', password });
    this.#dispatch({ kind: 'refused', failure: failure('config.credential-missing', { what: 'password' }) });
  }

  /** A session that never came to be has nothing to say, and nobody else would say that it is closed. */
  #sayGoodbye(): void {
    if (this.#session) this.#session.command({ kind: 'disconnect' });
    else this.#dispatch({ kind: 'ike', event: { kind: 'closed' } });
  }

  #configure(established: Established): void {
    const { ports, profile, keyLog } = this.#options;
    const session = this.#session;
    if (!session) throw new Error('configured without a session');
    this.#forgetSecrets();
    const opening = Tunnel.open({
      established,
      profile,
      ports,
      session,
      isWanted: () => this.#state.name === 'configuring',
      onBroken: (why) => this.#dispatch({ kind: 'broken', failure: why }),
      ...(keyLog ? { keyLog } : {}),
    });
    this.#tunnel = opening.then(
      (opened) => {
        if (!opened.ok) {
          this.#dispatch({ kind: 'configure-failed', failure: opened.error });
          return undefined;
        }
        this.#dispatch({ kind: 'configured' });
        this.#guarded(() => {
          if (this.#state.name === 'connected') this.#announce(established, opened.value, session);
        });
        return opened.value;
      },
      (error: unknown) => {
        this.#dispatch({ kind: 'configure-failed', failure: bug(error) });
        return undefined;
      },
    );
  }

  #announce(established: Established, tunnel: Tunnel, session: SessionDriver): void {
    const { profile, onEvent } = this.#options;
    const { timing } = this.#phases;
    onEvent(connectedEvent({ atMs: this.#atMs(), profile, established, tunnel, session, timing }));
    this.#scheduleCounters(tunnel);
  }

  #scheduleCounters(tunnel: Tunnel): void {
    const { clock } = this.#options.ports;
    this.#cancelCounters = clock.at(clock.now() + COUNTERS_EVERY_MS, () => {
      this.#guarded(() => {
        this.#options.onEvent(countersEvent(this.#atMs(), tunnel));
        this.#scheduleCounters(tunnel);
      });
    });
  }

  /** Host first, then the sockets: as long as a route leads into the tunnel something must be there to take it. */
  async #clear(outcome: Outcome): Promise<void> {
    try {
      this.#cancelCounters?.();
      const tunnel = await this.#tunnel;
      const notUndone = await tunnel?.close();
      this.#session?.close();
      this.#forgetSecrets();
      this.#report(outcome, tunnel, notUndone);
    } catch (error) {
      this.#options.ports.log('error', 'clear-failed', { detail: String(error) });
    } finally {
      this.#finish(outcome);
    }
  }

  /** Nobody can be authenticated any more after this. */
  #forgetSecrets(): void {
    const { password, passphrase } = this.#options.credentials;
    password?.wipe();
    passphrase?.wipe();
    if (this.#prepared) wipeSecrets(this.#prepared);
    this.#prepared = undefined;
  }

  #report(outcome: Outcome, tunnel: Tunnel | undefined, notUndone: Failure | undefined): void {
    const { onEvent } = this.#options;
    if (tunnel && this.#phases.wasConnected) onEvent(countersEvent(this.#atMs(), tunnel));
    if (notUndone) this.#warn('not-undone', sentence(notUndone).why);
    if (outcome.kind === 'failed') onEvent(failedEvent(outcome.failure, this.#atMs()));
    onEvent({
      event: 'disconnected',
      atMs: this.#atMs(),
      reason: outcome.kind === 'failed' ? 'failure' : 'user',
    });
  }

  #atMs(): number {
    return this.#options.ports.clock.now() - this.#startedAt;
  }

  #warn(code: string, message: string): void {
    this.#options.onEvent({ event: 'warning', atMs: this.#atMs(), code, message });
  }
}
