import type { RandomBytes } from '../lib/ports.ts';

const POOL_LENGTH = 4096;

/** Gives out random octets in small pieces and asks its source for them in large ones. */
export class RandomPool {
  readonly #random: RandomBytes;
  #pool: Uint8Array = new Uint8Array(0);
  #at = 0;

  constructor(random: RandomBytes) {
    this.#random = random;
  }

  /** Writes `length` fresh octets, at most 4096, at `at`. Each octet of the pool is given out once. */
  fill(target: Uint8Array, at: number, length: number): void {
    if (this.#at + length > this.#pool.length) {
      this.#pool = this.#random(POOL_LENGTH);
      this.#at = 0;
    }
    target.set(this.#pool.subarray(this.#at, this.#at + length), at);
    this.#pool.fill(0, this.#at, this.#at + length);
    this.#at += length;
  }
}
