import type { Millis } from '../lib/ports.ts';

/**
 * How much one direction of an SA may carry (RFC 4301 section 4.4.2.1). At a soft limit an event asks for a new
 * SA; behind a hard one nothing passes any more. Octets are those of the inner packets. Time is IKE's to watch.
 */
export interface SaLimits {
  readonly softOctets?: number;
  readonly hardOctets?: number;
  readonly softPackets?: number;
  readonly hardPackets?: number;
}

/** What passed through one direction of an SA. */
export interface SaTraffic {
  readonly packets: number;
  readonly octets: number;
  /** When the last authentic packet passed; undefined when none did. */
  readonly lastAt: Millis | undefined;
}

/** Counts what passes through one direction of an SA and knows its limits. */
export class Meter {
  readonly #softOctets: number;
  readonly #hardOctets: number;
  readonly #softPackets: number;
  readonly #hardPackets: number;
  #packets = 0;
  #octets = 0;
  #lastAt: Millis | undefined;

  constructor(limits: SaLimits = {}) {
    this.#softOctets = limits.softOctets ?? Infinity;
    this.#hardOctets = limits.hardOctets ?? Infinity;
    this.#softPackets = limits.softPackets ?? Infinity;
    this.#hardPackets = limits.hardPackets ?? Infinity;
  }

  record(octets: number, now: Millis): void {
    this.#packets++;
    this.#octets += octets;
    this.#lastAt = now;
  }

  /** True once something passed. */
  get used(): boolean {
    return this.#packets > 0;
  }

  /** True when the SA should be replaced. */
  get low(): boolean {
    return this.#octets >= this.#softOctets || this.#packets >= this.#softPackets;
  }

  /** True when nothing more may pass. */
  get spent(): boolean {
    return this.#octets >= this.#hardOctets || this.#packets >= this.#hardPackets;
  }

  traffic(): SaTraffic {
    return { packets: this.#packets, octets: this.#octets, lastAt: this.#lastAt };
  }
}
