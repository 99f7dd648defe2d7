import type { Millis } from '../lib/ports.ts';
import { type Endpoint, formatAddress } from '../net/address.ts';

/** When an unanswered request is sent again, and when we stop believing in an answer. */
export interface RetransmitPolicy {
  /** Pause before the first repetition. */
  readonly initialMs: number;
  /** Each pause is this many times the one before; above 1 (RFC 7296 section 2.4). */
  readonly factor: number;
  /** No pause is longer. */
  readonly maxMs: number;
  /** Silence for this long after the first transmission ends the exchange. */
  readonly patienceMs: number;
}

export const DEFAULT_RETRANSMIT: RetransmitPolicy = {
  initialMs: 500,
  factor: 1.8,
  maxMs: 4_000,
  patienceMs: 30_000,
};

/** Whoever comes later than this did not run, or could not send, in between. */
const LATE_MS: Millis = 2_000;

/**
 * Keeps one request until its answer came, and says when to send the very same octets again
 * (RFC 7296 section 2.1: a retransmission is bitwise identical to the original).
 */
export class Retransmitter {
  /** One, or several fragments (RFC 7383). */
  readonly datagrams: readonly Uint8Array[];
  readonly startedAt: Millis;
  readonly #policy: RetransmitPolicy;
  #pauseMs: number;
  #nextAt: Millis;
  #endAt: Millis;
  #limit: Millis = Infinity;
  #sent = 1;

  constructor(datagrams: readonly Uint8Array[], policy: RetransmitPolicy, now: Millis) {
    this.datagrams = datagrams;
    this.startedAt = now;
    this.#policy = policy;
    this.#pauseMs = policy.initialMs;
    this.#endAt = now + policy.patienceMs;
    this.#nextAt = Math.min(now + policy.initialMs, this.#endAt);
  }

  /** Transmissions so far, the first included. */
  get sent(): number {
    return this.#sent;
  }

  get nextAt(): Millis {
    return this.#nextAt;
  }

  /** Patience ends at `at`, if it would not have ended before, and whatever happens. */
  limit(at: Millis): void {
    this.#limit = Math.min(this.#limit, at);
    this.#endAt = Math.min(this.#endAt, at);
    this.#nextAt = Math.min(this.#nextAt, this.#endAt);
  }

  /** Sent again at `now` for a reason of its own, such as a new way to go: pauses and patience begin anew. */
  restart(now: Millis): void {
    this.#sent += 1;
    this.#pauseMs = this.#policy.initialMs;
    this.#endAt = Math.min(now + this.#policy.patienceMs, this.#limit);
    this.#nextAt = Math.min(now + this.#pauseMs, this.#endAt);
  }

  /** What to do at `now`: nothing yet, send `datagrams` again, or give up. */
  poll(now: Millis): 'wait' | 'send' | 'give-up' {
    if (now < this.#nextAt) return 'wait';
    this.#forgive(now - this.#nextAt);
    if (now >= this.#endAt) return 'give-up';
    this.#sent += 1;
    this.#pauseMs = Math.min(this.#pauseMs * this.#policy.factor, this.#policy.maxMs);
    this.#nextAt = Math.min(now + this.#pauseMs, this.#endAt);
    return 'send';
  }

  /** Nobody can be silent while nobody asks: the machine slept, or there was no network. */
  #forgive(lateMs: Millis): void {
    if (lateMs <= LATE_MS) return;
    const { initialMs } = this.#policy;
    this.#pauseMs = initialMs;
    this.#endAt = Math.min(Math.max(this.#endAt, this.#nextAt + initialMs) + lateMs, this.#limit);
  }
}

/** What is told of a silence: who was asked, for how long and how often. */
export function factsOfSilence(
  { address, port }: Endpoint,
  { startedAt, sent }: Retransmitter,
  now: Millis,
): { gateway: string; port: number; seconds: number; tries: number } {
  return {
    gateway: formatAddress(address),
    port,
    seconds: Math.round((now - startedAt) / 1000),
    tries: sent,
  };
}
