import type { Millis } from '../lib/ports.ts';

export interface RateLimit {
  /** Calls that may come at once after a silence. */
  readonly burst: number;
  readonly perSecond: number;
}

/** A token bucket: how often something may happen, with a burst after a silence. */
export class RateMeter {
  readonly #limit: RateLimit;
  #tokens: number;
  #at: Millis;

  constructor(limit: RateLimit, now: Millis) {
    this.#limit = limit;
    this.#tokens = limit.burst;
    this.#at = now;
  }

  /** Whether it may happen now; then it counts as having happened. */
  take(now: Millis): boolean {
    const { burst, perSecond } = this.#limit;
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#at) / 1000) * perSecond);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
