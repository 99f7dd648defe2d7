import type { Millis } from '../lib/ports.ts';

/** ESP that went out for so long without a word from the gateway makes us ask before it is time. */
const EARLY_MS: Millis = 2_500;
/** Not more often than this: traffic that needs no answer is no reason to ask all the time. */
const EARLY_PAUSE_MS: Millis = 10_000;
/** A question is given at least so long before we say that it is not answered. */
const GRACE_MS: Millis = 2_000;
/** The same when we wake: the gateway may have forgotten us, and somebody is waiting. */
const WAKING_GRACE_MS: Millis = 1_000;
/** What comes so soon after a sleep may have come, and waited for us, during it. */
const STALE_MS: Millis = 200;
/** Whoever comes later than this was not awake in between. */
const LATE_MS: Millis = 2_000;

export type LivenessStep =
  | 'wait'
  /** Nothing was heard for a while: ask. */
  | 'ask'
  /** ESP goes out and nothing comes back: ask, and look for a changed NAT mapping. */
  | 'suspect'
  /** The gateway was asked and is silent: nobody knows any more whether anything passes. */
  | 'unanswered';

/**
 * Whether the gateway is there (RFC 7296 section 2.4). Whatever it protected and is fresh proves it: ESP as well as IKE.
 *
 *   last heard              half a period            a period
 *       |-----------------------|------------------------|-------------- ... patience of the request
 *                             'ask'                 'unanswered'
 *
 * Nothing is sent before that, except on suspicion. How long we go on asking, and the end, are the request's own.
 */
export class Liveness {
  readonly #periodMs: Millis;
  #lastHeard: Millis;
  /** Since when a request waits for its answer, or since we began to run again. */
  #askedAt: Millis | undefined;
  /** The first ESP that went out since we heard something. */
  #sentAt: Millis | undefined;
  #suspectedAt: Millis = -Infinity;
  #isUnanswered = false;
  /** The end of a sleep since which the gateway has shown no life. */
  #wokeAt: Millis | undefined;

  /** A period of 0 never asks. */
  constructor(periodMs: Millis, now: Millis) {
    this.#periodMs = periodMs;
    this.#lastHeard = now;
  }

  get lastHeard(): Millis {
    return this.#lastHeard;
  }

  get isUnanswered(): boolean {
    return this.#isUnanswered;
  }

  /** Something fresh and protected came. True when that ends a silence that was told of. */
  heard(now: Millis): boolean {
    this.#lastHeard = Math.max(this.#lastHeard, now);
    if (this.#wokeAt !== undefined && now > this.#wokeAt + STALE_MS) this.#wokeAt = undefined;
    this.#sentAt = undefined;
    const wasUnanswered = this.#isUnanswered;
    this.#isUnanswered = false;
    return wasUnanswered;
  }

  /** No request is under way any more. */
  answered(): void {
    this.#askedAt = undefined;
    this.#wokeAt = undefined;
  }

  /** The machine slept until now. */
  woke(now: Millis): void {
    this.#wokeAt = now;
  }

  /** A request went out. */
  asked(now: Millis): void {
    this.#askedAt ??= now;
  }

  /** ESP went out. True for the first since something was heard. */
  sent(now: Millis): boolean {
    const isFirst = this.#sentAt === undefined;
    this.#sentAt ??= now;
    return isFirst;
  }

  /** Somebody whom we cannot believe says that our packets do not arrive: ask soon. */
  hint(now: Millis): void {
    this.#sentAt = Math.min(this.#sentAt ?? now, now - EARLY_MS);
  }

  /** A suspicion was right: the next one may follow at once. */
  confirmSuspicion(): void {
    this.#suspectedAt = -Infinity;
  }

  /** We know that nothing can pass. True when that is news. */
  declareUnanswered(): boolean {
    const isNews = !this.#isUnanswered;
    this.#isUnanswered = true;
    return isNews;
  }

  /** When poll has something to say, if ever. `isAsking`: a request is under way. */
  nextAt(isAsking: boolean): Millis | undefined {
    if (this.#periodMs === 0) return undefined;
    if (!isAsking) return Math.min(this.#lastHeard + this.#periodMs / 2, this.#earlyAt);
    return this.#isUnanswered ? undefined : this.#unansweredAt;
  }

  poll(now: Millis, isAsking: boolean): LivenessStep {
    const at = this.nextAt(isAsking);
    if (at === undefined || now < at) return 'wait';
    if (!isAsking) {
      if (now < this.#earlyAt) return 'ask';
      this.#suspectedAt = now;
      return 'suspect';
    }
    if (now > at + LATE_MS) {
      // The question was asked before we slept: what was answered to it is lost, so it counts from now.
      this.#askedAt = now;
      return 'wait';
    }
    this.#isUnanswered = true;
    return 'unanswered';
  }

  get #earlyAt(): Millis {
    if (this.#sentAt === undefined) return Infinity;
    return Math.max(this.#sentAt + EARLY_MS, this.#suspectedAt + EARLY_PAUSE_MS);
  }

  get #unansweredAt(): Millis {
    const askedAt = this.#askedAt ?? this.#lastHeard;
    const at = Math.max(this.#lastHeard + this.#periodMs, askedAt + GRACE_MS);
    if (this.#wokeAt === undefined) return at;
    return Math.min(at, Math.max(this.#wokeAt, this.#askedAt ?? -Infinity) + WAKING_GRACE_MS);
  }
}
