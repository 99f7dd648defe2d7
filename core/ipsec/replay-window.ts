import { LAST_EXTENDED_SEQUENCE } from './sequence.ts';

/** `new` may pass; `seen` came before; `stale` lies behind the window, so nobody knows. */
export type Freshness = 'new' | 'seen' | 'stale';

const WORD_BITS = 32;
const HALF = 2 ** 32;

/**
 * The anti-replay window of one inbound SA (RFC 4303 section 3.4.3). `check` before the integrity check costs
 * little and changes nothing; `commit` after it decides, also between two copies that were checked together.
 *
 * The bits are a ring of words one word longer than the window, so sliding it clears whole words and never
 * shifts (RFC 6479). Sequence numbers are whole: with extended numbers `infer` finds the high half first.
 */
export class ReplayWindow {
  readonly size: number;
  readonly #words: Uint32Array;
  #top: number;

  /** `size` is in packets, a multiple of 32 and at least 32. `top` is the highest number seen; 0 for a new SA. */
  constructor(size = 1024, top = 0) {
    if (size < WORD_BITS || size % WORD_BITS !== 0)
      throw new RangeError(`a replay window of ${size} packets`);
    this.size = size;
    this.#words = new Uint32Array(size / WORD_BITS + 1);
    this.#top = top;
    this.#mark(top);
  }

  /** The highest sequence number that was committed; 0 before the first. */
  get top(): number {
    return this.#top;
  }

  /**
   * The whole extended sequence number whose low half was received (RFC 4303 appendix A2.1), or undefined when
   * it would lie before the first or behind the last number of the SA.
   */
  infer(sequenceLow: number): number | undefined {
    const topLow = this.#top >>> 0;
    const topHigh = Math.floor(this.#top / HALF);
    const bottomLow = (topLow - this.size + 1) >>> 0;
    let high = topHigh;
    if (topLow >= this.size - 1) {
      // The window lies within one subspace: a lower number belongs to the next one.
      if (sequenceLow < bottomLow) high = topHigh + 1;
    } else if (sequenceLow >= bottomLow) {
      // The window reaches back into the subspace before.
      high = topHigh - 1;
    }
    const sequence = high * HALF + sequenceLow;
    return high < 0 || sequence > LAST_EXTENDED_SEQUENCE ? undefined : sequence;
  }

  /** What is known about `sequence` so far. Zero is never sent, and counts as seen from the beginning. */
  check(sequence: number): Freshness {
    if (sequence > this.#top) return 'new';
    if (sequence <= this.#top - this.size) return 'stale';
    return this.#bit(sequence) ? 'seen' : 'new';
  }

  /** Notes an authentic packet. False when it must be dropped because `check` would not call it new. */
  commit(sequence: number): boolean {
    if (this.check(sequence) !== 'new') return false;
    if (sequence > this.#top) this.#slideTo(sequence);
    this.#mark(sequence);
    return true;
  }

  #mark(sequence: number): void {
    const word = Math.floor(sequence / WORD_BITS) % this.#words.length;
    this.#words[word] = (this.#words[word] ?? 0) | (1 << (sequence % WORD_BITS));
  }

  #bit(sequence: number): boolean {
    const word = this.#words[Math.floor(sequence / WORD_BITS) % this.#words.length] ?? 0;
    return ((word >>> (sequence % WORD_BITS)) & 1) === 1;
  }

  #slideTo(sequence: number): void {
    const count = this.#words.length;
    const from = Math.floor(this.#top / WORD_BITS);
    const to = Math.floor(sequence / WORD_BITS);
    if (to - from >= count) this.#words.fill(0);
    else for (let word = from + 1; word <= to; word++) this.#words[word % count] = 0;
    this.#top = sequence;
  }
}
