import type { AutomaticStatus } from '../contract/automatic.ts';
import type { Profile } from '../contract/profile.ts';
import { failure, FAILURES, type Failure, type FailureCode } from '../lib/failure.ts';
import type { Log, Millis } from '../lib/ports.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { NO_NETWORK, type NetworkState } from '../net/network-state.ts';
import type { NetworkMonitor, SleepMonitor } from '../platform/ports.ts';
import { decide, type Decision, noteEnding, pauseAfter, type Situation } from '../vpn/trust/automatic.ts';
import { type BeaconAnswer, judge, newTrust, type Trust, type TrustEvent } from '../vpn/trust/judge.ts';
import { mainLinks, placeOf } from '../vpn/trust/place.ts';
import type { AutomaticStore, Chosen } from './automatic-store.ts';
import type { Beacon } from './beacons.ts';
import type { ProfileStore } from './profile-store.ts';

export interface AutomaticOptions {
  readonly store: Pick<AutomaticStore, 'read' | 'write'>;
  readonly profiles: Pick<ProfileStore, 'read'>;
  /** Opened while there is something to be done by itself. */
  readonly monitors: () => { readonly network?: NetworkMonitor; readonly sleep: SleepMonitor };
  /** Asks past the tunnel. Never rejects. */
  readonly ask: (beacons: readonly Beacon[], state: NetworkState) => Promise<readonly BeaconAnswer[]>;
  /** Whether nothing passes on this machine without a connection. */
  readonly isClosed: () => boolean;
  readonly now: () => Millis;
  readonly epoch: () => number;
  readonly after: (ms: Millis, callback: () => void) => () => void;
  readonly log: Log;
}

/** The service's one connection, as far as it is made and ended from here. */
export interface ConnectionHandle {
  up(uid: number, profile: string): Result<null, Failure>;
  down(): Promise<unknown>;
  running(): Chosen | undefined;
  /** What `status` says is different. */
  onChange(): void;
}

interface Watching {
  readonly monitors: ReturnType<AutomaticOptions['monitors']>;
  readonly undo: readonly (() => void)[];
}

/**
 * Connects and disconnects by itself, for one user and profile: asks the beacons of the profile when the network changes,
 * and follows what the pure rules in vpn/trust make of the answers.
 */
export class Automatic {
  readonly #options: AutomaticOptions;
  #handle: ConnectionHandle | undefined;
  #chosen: Chosen | undefined;
  #profile: Profile | undefined;
  #trust: Trust;
  #watching: Watching | undefined;
  #hand: Situation['hand'];
  #pause: Situation['pause'];
  #failures = 0;
  #endings: readonly Millis[] = [];
  #decision: Decision = { act: undefined, what: 'wait' };
  #isEnding = false;
  #cancelWake: (() => void) | undefined;
  #told = '';

  constructor(options: AutomaticOptions) {
    this.#options = options;
    this.#trust = newTrust(options.now());
  }

  /** Begins, if somebody chose it before. */
  start(handle: ConnectionHandle): void {
    this.#handle = handle;
    this.#begin(this.#options.store.read());
  }

  /** Does nothing any more. */
  end(): void {
    this.#begin(undefined);
  }

  /** The user who chose it. */
  get owner(): number | undefined {
    return this.#chosen?.uid;
  }

  /** From now on this is done with that profile of this user, or not at all. */
  choose(uid: number, id: string | null): Result<null, Failure> {
    const { profiles, store, log } = this.#options;
    const chosen = id === null ? undefined : { uid, profile: id };
    if (chosen) {
      const found = profiles.read(uid, chosen.profile);
      if (!found.ok) return found;
      const { name, automatic } = found.value.profile;
      if (automatic.connect === 'never') return err(failure('config.not-automatic', { profile: name }));
    }
    const written = store.write(chosen);
    if (!written.ok) return written;
    log('info', 'automatic-chosen', { uid, profile: id ?? undefined });
    this.#begin(chosen);
    return ok(null);
  }

  /**
   * Somebody made the connection, or ended it: that holds until the machine is somewhere else. What others do with
   * connections of theirs, or where there is none, says nothing about this one; an administrator may end it too.
   */
  byHand(what: 'up' | 'down', by: { readonly uid: number; readonly isAdministrator: boolean }): void {
    if (by.uid !== this.#chosen?.uid && !(by.isAdministrator && what === 'down')) return;
    this.#hand = what;
    this.#pause = undefined;
    this.#failures = 0;
    this.#go();
  }

  /** The connection is gone. */
  ended(was: Chosen, wasConnected: boolean, code: FailureCode | undefined): void {
    const isOurs = was.uid === this.#chosen?.uid && was.profile === this.#chosen.profile;
    if (wasConnected) this.#failures = 0;
    if (isOurs && !this.#isEnding && this.#hand !== 'down') this.#failed(code);
    this.#go();
  }

  /** A program of this user looks at the service: somebody may be there now who was not. */
  clientCame(uid: number): void {
    if (this.#pause?.what !== 'nobody' || uid !== this.#chosen?.uid) return;
    this.#pause = undefined;
    this.#go();
  }

  /** Profiles, or settings of the machine, may be others than they were. */
  reread(): void {
    if (!this.#chosen) return;
    const before = JSON.stringify(this.#profile?.automatic);
    this.#read();
    // Other beacons have not been asked yet.
    if (JSON.stringify(this.#profile?.automatic) === before) this.#go();
    else this.#happened({ kind: 'woke' });
  }

  /** What a watcher sees of it; nothing when nobody chose it. */
  seenBy(watcher: { readonly uid: number; readonly isAdministrator: boolean }): AutomaticStatus | undefined {
    if (!this.#chosen) return undefined;
    const { uid, profile: id } = this.#chosen;
    const { verdict, since, grounds, askAt } = this.#trust;
    const { what, at } = this.#decision;
    const isYours = uid === watcher.uid;
    return {
      profile: { id, name: this.#profile?.name ?? id },
      isYours,
      verdict,
      since: this.#epochOf(since),
      ...(isYours || watcher.isAdministrator ? { reason: grounds } : {}),
      next: { what, ...(at === undefined ? {} : { at: this.#epochOf(at) }) },
      ...(askAt === undefined ? {} : { askAt: this.#epochOf(askAt) }),
    };
  }

  #epochOf(at: Millis): number {
    const { epoch, now } = this.#options;
    return Math.max(0, Math.round(epoch() + at - now()));
  }

  #begin(chosen: Chosen | undefined): void {
    this.#unwatch();
    this.#cancelWake?.();
    this.#cancelWake = undefined;
    this.#chosen = chosen;
    this.#trust = newTrust(this.#options.now());
    [this.#hand, this.#pause, this.#failures, this.#endings] = [undefined, undefined, 0, []];
    if (chosen) {
      this.#read();
      this.#watch();
    }
    this.#go();
  }

  #watch(): void {
    const monitors = this.#options.monitors();
    const { network, sleep } = monitors;
    this.#watching = {
      monitors,
      undo: [
        network?.changes((state) => this.#networkIs(state)),
        sleep.changes(({ kind }) => {
          if (kind === 'woke') this.#happened({ kind: 'woke' });
        }),
      ].filter((undo) => undo !== undefined),
    };
    this.#networkIs(this.#state);
  }

  #unwatch(): void {
    for (const undo of this.#watching?.undo ?? []) undo();
    this.#watching?.monitors.network?.close();
    this.#watching?.monitors.sleep.close();
    this.#watching = undefined;
  }

  get #state(): NetworkState {
    return this.#watching?.monitors.network?.current() ?? NO_NETWORK;
  }

  #read(): void {
    const { uid = 0, profile = '' } = this.#chosen ?? {};
    const found = this.#options.profiles.read(uid, profile);
    this.#profile = found.ok ? found.value.profile : undefined;
  }

  #networkIs(state: NetworkState): void {
    const place = placeOf(state);
    if (place !== this.#trust.place) {
      // What held there holds there: this is somewhere else.
      [this.#hand, this.#pause, this.#failures] = [undefined, undefined, 0];
    }
    this.#happened({ kind: 'network', place });
  }

  #happened(event: TrustEvent): void {
    const { now, log } = this.#options;
    const before = this.#trust;
    this.#trust = judge(before, event, now());
    const { verdict, grounds, asking } = this.#trust;
    if (verdict !== before.verdict || grounds.code !== before.grounds.code) {
      log('info', 'network-judged', { verdict, reason: grounds.code });
    }
    if (asking !== undefined && asking !== before.asking) this.#ask(asking);
    this.#go();
  }

  #ask(round: number): void {
    this.#read();
    const state = this.#state;
    const beacons = this.#profile?.automatic.beacons ?? [];
    void this.#options.ask(beacons, state).then((answers) => {
      this.#happened({ kind: 'answers', round, answers, mainLinks: mainLinks(state) });
    });
  }

  #failed(code: FailureCode | undefined): void {
    if (code === 'config.credential-missing') {
      this.#pause = { what: 'nobody' };
      return;
    }
    const retry = code === undefined ? 'backoff' : FAILURES[code];
    const isLasting = retry === 'never' || retry === 'after-user';
    // What is wrong with this machine may come right without anybody's word to us.
    if (isLasting && code?.startsWith('platform.') !== true) {
      this.#pause = { what: 'failed' };
      return;
    }
    this.#failures += 1;
    this.#pause = { what: 'failed', until: this.#options.now() + pauseAfter(this.#failures) };
  }

  /** Does what follows from all that is known, and waits for what comes next. */
  #go(): void {
    const { log } = this.#options;
    if (this.#chosen && this.#handle && !this.#isEnding) {
      this.#decision = this.#decide();
      const { act } = this.#decision;
      if (act !== undefined) log('info', `automatic-${act}`, { reason: this.#trust.grounds.code });
      if (act === 'connect') this.#connect(this.#handle, this.#chosen);
      if (act === 'disconnect') this.#disconnect(this.#handle);
    }
    this.#arm();
    this.#tell();
  }

  #decide(): Decision {
    const { isClosed, now } = this.#options;
    const { verdict, since, place } = this.#trust;
    const running = this.#handle?.running();
    const isOurs = running?.uid === this.#chosen?.uid && running?.profile === this.#chosen?.profile;
    return decide(
      {
        wish: this.#profile?.automatic ?? { connect: 'never', onTrusted: 'stay' },
        verdict,
        since,
        isOnline: place !== undefined,
        isClosed: isClosed(),
        connection: running === undefined ? 'none' : isOurs ? 'ours' : 'other',
        hand: this.#hand,
        pause: this.#pause,
        endings: this.#endings,
      },
      now(),
    );
  }

  #connect(handle: ConnectionHandle, { uid, profile }: Chosen): void {
    const begun = handle.up(uid, profile);
    if (begun.ok) return;
    this.#options.log('warn', 'automatic-refused', { code: begun.error.code });
    this.#failed(begun.error.code);
    this.#decision = this.#decide();
  }

  #disconnect(handle: ConnectionHandle): void {
    this.#isEnding = true;
    this.#endings = noteEnding(this.#endings, this.#options.now());
    void handle.down().finally(() => {
      this.#isEnding = false;
      this.#go();
    });
  }

  #arm(): void {
    const { now, after } = this.#options;
    this.#cancelWake?.();
    this.#cancelWake = undefined;
    if (!this.#chosen) return;
    const times = [this.#trust.askAt, this.#decision.at].filter((at) => at !== undefined);
    if (times.length === 0) return;
    this.#cancelWake = after(Math.max(0, Math.min(...times) - now()), () => this.#happened({ kind: 'time' }));
  }

  #tell(): void {
    const shown = JSON.stringify([this.#chosen, this.#profile?.name, this.#trust, this.#decision]);
    if (shown === this.#told) return;
    this.#told = shown;
    this.#handle?.onChange();
  }
}
