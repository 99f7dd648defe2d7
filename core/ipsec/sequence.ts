/** The last number before a 32-bit counter would cycle (RFC 4303 section 3.3.3). */
export const LAST_SEQUENCE = 0xffff_ffff;
/**
 * The last number that is counted with extended sequence numbers. The field has 64 bits; a JavaScript number
 * counts exactly up to here, which at a million packets a second takes 285 years.
 */
export const LAST_EXTENDED_SEQUENCE = Number.MAX_SAFE_INTEGER;

/** Numbers that are left when a new SA should be asked for: nine minutes at half a million packets a second. */
const SOFT_MARGIN = 2 ** 28;

/** What a sender counts its packets with: 1, 2, 3, ... and never the same number twice. */
export class SequenceCounter {
  readonly #last: number;
  #current = 0;

  /** `start` is the number before the first one given out; 0 for every new SA. */
  constructor(extended: boolean, start = 0) {
    this.#last = extended ? LAST_EXTENDED_SEQUENCE : LAST_SEQUENCE;
    this.#current = start;
  }

  /** The number given out last; 0 before the first. */
  get current(): number {
    return this.#current;
  }

  /** True when the SA should be replaced before the numbers run out. */
  get low(): boolean {
    return this.#current >= this.#last - SOFT_MARGIN;
  }

  /** True when no number is left: the SA must not send again. */
  get exhausted(): boolean {
    return this.#current >= this.#last;
  }

  /** The next number. Throws RangeError when none is left; ask `exhausted` first. */
  next(): number {
    if (this.exhausted) throw new RangeError('the sequence numbers of the SA are used up');
    return ++this.#current;
  }
}

/** The low 32 bits of a sequence number: what is sent. */
export function lowHalf(sequence: number): number {
  return sequence >>> 0;
}

/** The high 32 bits of a sequence number: what is only authenticated (RFC 4303 section 2.2.1). */
export function highHalf(sequence: number): number {
  return Math.floor(sequence / 2 ** 32);
}
