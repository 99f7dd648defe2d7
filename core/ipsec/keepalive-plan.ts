import type { Millis } from '../lib/ports.ts';

/** What goes at first when nothing else does (RFC 3948 section 4). */
const START_MS: Millis = 20_000;
const SHORTEST_MS: Millis = 10_000;
const LONGEST_MS: Millis = 120_000;

/** How much longer the next silence may be that is tried. */
const GROWTH = 1.5;
/** A trial that gains less than this is not worth the risk. */
const GAIN = 1.1;
/** So many keepalives in a row, with nothing between them, before something is tried. */
const QUIET = 3;

/** What is due next if nothing else is sent until then. */
export interface KeepaliveDue {
  readonly at: Millis;
  /** 'check': something that is answered with word of the mapping, instead of a keepalive. */
  readonly what: 'keepalive' | 'check';
}

/**
 * When packets are sent for nothing but the mapping in the NAT before us: only behind silence of our own, for what comes
 * in need not keep it alive (RFC 3948 section 4). It begins with the RFC's interval. Where the gateway's answers tell
 * whether the mapping is still the same, it tries, while nobody sends anything anyway, whether a longer silence does no
 * harm, and asks at its end. Once a mapping did not live through a silence it goes back to what is known to be safe, and
 * tries nothing any more. A plan is good for one path.
 */
export class KeepalivePlan {
  #interval = START_MS;
  /** The longest silence that may be tried. */
  #ceiling = Infinity;
  /** The longest silence that a mapping is known to have survived. */
  #proven = 0;
  /** The longest silence since an answer last told. */
  #silence = 0;
  #quiet = 0;
  #isTold = false;
  #lastSentAt: Millis;

  constructor(now: Millis) {
    this.#lastSentAt = now;
  }

  /** The silence that is allowed now. */
  get intervalMs(): Millis {
    return this.#interval;
  }

  get due(): KeepaliveDue {
    const trial = this.#quiet >= QUIET && this.#isTold ? this.#trial() : undefined;
    return trial === undefined
      ? { at: this.#lastSentAt + this.#interval, what: 'keepalive' }
      : { at: this.#lastSentAt + trial, what: 'check' };
  }

  /** The silence that is worth a question: what is not sure yet, then what is longer. */
  #trial(): Millis | undefined {
    if (this.#proven < this.#interval) return this.#interval;
    const longer = Math.min(this.#interval * GROWTH, this.#ceiling, LONGEST_MS);
    return longer >= this.#interval * GAIN ? longer : undefined;
  }

  /** A packet went to the gateway. */
  noteSent(now: Millis): void {
    this.#quiet = 0;
    this.#note(now);
  }

  noteKeepalive(now: Millis): void {
    this.#quiet += 1;
    this.#note(now);
  }

  #note(now: Millis): void {
    this.#silence = Math.max(this.#silence, now - this.#lastSentAt);
    this.#lastSentAt = now;
  }

  /** An answer to something sent since told that the mapping is as it was, or that it is another one now. */
  noteMapping(kept: boolean): void {
    const silence = this.#silence;
    this.#silence = 0;
    this.#quiet = 0;
    this.#isTold = true;
    if (kept) this.#survived(silence);
    // Lost without silence, a NAT began anew, which no keepalive prevents; and nobody would try to sleep through a night.
    else if (silence >= SHORTEST_MS && silence <= LONGEST_MS) this.#perished(silence);
  }

  #survived(silence: Millis): void {
    this.#proven = Math.max(this.#proven, silence);
    if (silence > this.#interval) this.#interval = Math.min(silence, this.#ceiling, LONGEST_MS);
  }

  #perished(silence: Millis): void {
    // What was proven and now is refuted was luck.
    if (this.#proven >= silence) this.#proven = 0;
    const fallback = Math.max(this.#proven, silence / 2);
    this.#interval = Math.max(SHORTEST_MS, Math.min(fallback, this.#interval));
    this.#ceiling = this.#interval;
  }
}
