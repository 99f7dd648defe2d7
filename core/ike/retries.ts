import type { Millis, RandomBytes } from '../lib/ports.ts';
import { fraction } from './lifetimes.ts';
import type { Timers } from './timers.ts';

/** Pause before the first new attempt, and the longest one. */
const FIRST_PAUSE_MS = 2_000;
const MAX_PAUSE_MS = 30_000;
/** A gateway that is never ready has other state than we (RFC 7296 section 2.25). */
const MAX_BUSY_MS = 300_000;

/** Attempts at one thing, which the gateway put off or refused. */
interface Row<T> {
  readonly item: T;
  readonly since: Millis;
  readonly count: number;
  readonly nextAt: Millis;
}

/** What the gateway had no time for, or did not want, is asked for again later, each thing under a key of its own. */
export class Retries<T> {
  readonly #timers: Timers;
  readonly #random: RandomBytes;
  readonly #rows = new Map<string, Row<T>>();

  constructor(timers: Timers, random: RandomBytes) {
    this.#timers = timers;
    this.#random = random;
  }

  /** What waits for another attempt. */
  get waiting(): readonly T[] {
    return [...this.#rows].flatMap(([key, { item }]) => (this.#timers.has(timerOf(key)) ? [item] : []));
  }

  /**
   * Tries again after a pause, a longer one each time. False when the gateway has been busy for so long that there is
   * no use in it. `refused`: it did not say that it may have time later, so it is not asked as often, and nothing can
   * be concluded from its saying so again.
   */
  later(key: string, item: T, refused: boolean, now: Millis, attempt: (now: Millis) => void): boolean {
    const before = this.#rows.get(key);
    // Whoever did not even ask in the meantime, for the machine slept or had no network, begins anew.
    const isFresh = !before || now > before.nextAt + 2 * MAX_PAUSE_MS;
    const { since, count } = isFresh ? { since: now, count: 0 } : before;
    if (!refused && now - since >= MAX_BUSY_MS) return false;
    const pauseMs = refused ? MAX_PAUSE_MS : Math.min(FIRST_PAUSE_MS * 2 ** count, MAX_PAUSE_MS);
    const nextAt = now + pauseMs * (1 + fraction(this.#random) / 2);
    this.#rows.set(key, { item, since, count: count + 1, nextAt });
    this.#timers.set(timerOf(key), nextAt, 'rekey', attempt);
    return true;
  }

  /** It was done, in this way or another. */
  done(key: string): void {
    this.#rows.delete(key);
    this.#timers.cancel(timerOf(key));
  }

  clear(): void {
    for (const key of [...this.#rows.keys()]) this.done(key);
  }
}

function timerOf(key: string): string {
  return `again ${key}`;
}
