import { seeded } from '../../fuzz/mutate.ts';
import { decideFate, impaired, UNIMPAIRED, type Impairment } from './impairment.ts';
import type { DirectionCounters } from './types.ts';

const TWO_TO_32 = 2 ** 32;

/** One direction of the relay: the impairment in force, the luck, and the counters. */
export class RelayDirection {
  readonly counters: { -readonly [K in keyof DirectionCounters]: number } = {
    received: 0,
    receivedOctets: 0,
    forwarded: 0,
    lost: 0,
    duplicated: 0,
    heldBack: 0,
    blocked: 0,
    unmapped: 0,
  };
  blocked = false;
  #impairment: Impairment;
  readonly #random: () => number;

  constructor(seed: number, impairment: Partial<Impairment> = {}) {
    const random = seeded(seed);
    this.#random = () => random(TWO_TO_32) / TWO_TO_32;
    this.#impairment = impaired(UNIMPAIRED, impairment);
  }

  /** Changes the impairment. Throws RangeError. */
  impair(changes: Partial<Impairment>): void {
    this.#impairment = impaired(this.#impairment, changes);
  }

  /** Counts a datagram that came, and lets `deliver` be called for each copy of it when it is due. */
  take(octets: number, deliver: () => void): void {
    const { counters } = this;
    counters.received += 1;
    counters.receivedOctets += octets;
    if (this.blocked) {
      counters.blocked += 1;
      return;
    }
    const { delaysMs, heldBack } = decideFate(this.#impairment, this.#random);
    counters.heldBack += heldBack;
    if (delaysMs.length === 0) counters.lost += 1;
    if (delaysMs.length > 1) counters.duplicated += 1;
    for (const delayMs of delaysMs) {
      if (delayMs < 1) deliver();
      else setTimeout(deliver, delayMs);
    }
  }
}
