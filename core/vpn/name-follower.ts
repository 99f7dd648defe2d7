import type { Failure } from '../lib/failure.ts';
import type { Log } from '../lib/ports.ts';
import type { IpAddress } from '../net/address.ts';
import type { NameAnswer } from '../net/dns/answers.ts';
import type { KnownName, SplitPolicy } from '../net/policy/model.ts';
import { Alarm } from './alarm.ts';
import { KnownNames } from './known-names.ts';
import type { Clock } from './ports.ts';

/** Not more often is looked for what is to be forgotten. */
const SWEEP_MS = 30_000;

export interface NameFollowerOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Remote addresses of the connections that programs have now, as text. */
  readonly inUse: () => ReadonlySet<string>;
  /** Routes, engine and firewall follow what is known. The failure is why they do not. */
  readonly reshape: () => Promise<Failure | undefined>;
  /** What was so cannot be kept up. */
  readonly onBroken: (failure: Failure) => void;
}

/**
 * Has rules about names hold for the addresses that the names have just now: whoever asked gets an address only when
 * everything on this machine knows it.
 */
export class NameFollower {
  readonly #options: NameFollowerOptions;
  readonly #names = new KnownNames();
  readonly #sweep: Alarm;
  #follows = false;
  #last: Promise<Failure | undefined> | undefined;
  /** A turn that has not begun, and takes along what is learned until it does. */
  #next: Promise<Failure | undefined> | undefined;

  constructor(options: NameFollowerOptions) {
    this.#options = options;
    this.#sweep = new Alarm(options.clock, () => void this.#expire());
  }

  /** Another policy holds from now on. */
  follow(policy: SplitPolicy): void {
    this.#follows = speaksOfNames(policy);
    this.#names.follow(policy);
  }

  /** Whether there are rules about names. */
  get follows(): boolean {
    return this.#follows;
  }

  /** What rules speak of. */
  get known(): readonly KnownName[] {
    return this.#names.followed;
  }

  addressesOf(name: string): readonly IpAddress[] {
    return this.#names.addressesOf(name);
  }

  /** Resolves when the addresses may be used; rejects when they must not. */
  async learn(answers: readonly NameAnswer[]): Promise<void> {
    const { clock, inUse, onBroken } = this.#options;
    let fresh = this.#names.learn(answers, clock.now());
    if (!fresh) {
      // Some of them may be too old.
      this.#names.expire(clock.now(), inUse());
      fresh = this.#names.learn(answers, clock.now());
    }
    if (!fresh) throw new Error('more names than can be followed');
    this.#schedule();
    const problem = await (fresh.length > 0 ? this.#carryOut() : this.#last);
    if (!problem) return;
    this.#names.unlearn(fresh);
    // A policy in too many pieces is as it was before; anything else is not.
    if (problem.code !== 'config.policy-unusable') onBroken(problem);
    throw new Error(problem.code);
  }

  close(): void {
    this.#sweep.set(Infinity);
  }

  #carryOut(): Promise<Failure | undefined> {
    if (this.#next) return this.#next;
    const next = (this.#last ?? Promise.resolve(undefined)).then(() => {
      this.#next = undefined;
      return this.#options.reshape();
    });
    this.#next = next;
    this.#last = next;
    void next.then(() => {
      if (this.#last === next) this.#last = undefined;
    });
    return next;
  }

  #schedule(): void {
    const { nextExpiry } = this.#names;
    this.#sweep.set(
      nextExpiry === Infinity ? Infinity : Math.max(nextExpiry, this.#options.clock.now() + SWEEP_MS),
    );
  }

  async #expire(): Promise<void> {
    const { clock, inUse, log } = this.#options;
    const changed = this.#names.expire(clock.now(), inUse());
    this.#schedule();
    const problem = changed ? await this.#carryOut() : undefined;
    // What is left of names that nobody uses does no harm.
    if (problem) log('warn', 'names-not-forgotten', { code: problem.code });
  }
}

function speaksOfNames({ rules }: SplitPolicy): boolean {
  return rules.some(({ destinations }) => destinations.some(({ kind }) => kind !== 'range'));
}
