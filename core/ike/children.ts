import type { Selector } from '../net/selector.ts';
import { compareOctets } from '../net/address.ts';
import type { EstablishedChild } from './events.ts';
import type { Lifetime } from './lifetimes.ts';
import type { Role } from './protection.ts';
import type { Nonces } from './tasks/create-child.ts';

/** A pair of Child SAs as IKE knows it. Its keys are with whoever carries the traffic. */
export interface ChildPair {
  readonly spiIn: number;
  readonly spiOut: number;
  readonly local: readonly Selector[];
  readonly remote: readonly Selector[];
  readonly lifetime: Lifetime;
  /** Whether we asked for it, or the gateway did. */
  readonly role: Role;
  /** Absent for the first one, which has those of IKE_SA_INIT. */
  readonly nonces?: Nonces;
  /** The inbound SPI of the pair whose place it takes. */
  readonly replaces?: number;
  /**
   * 'live': carries traffic, or will when the gateway is ready for it. 'redundant': lost a collision, and the gateway
   * deletes it. 'doomed': we delete it. 'deleting': and have said so.
   */
  state: 'live' | 'redundant' | 'doomed' | 'deleting';
  /** Traffic goes out through it, or did until another took its place. */
  sends: boolean;
}

/** The Child SAs of a session. They outlive the IKE SA under which they were made (RFC 7296 section 2.8). */
export class Children {
  readonly #pairs = new Map<number, ChildPair>();

  add(
    { spiIn, spiOut, local, remote }: EstablishedChild,
    rest: Omit<ChildPair, 'spiIn' | 'spiOut' | 'local' | 'remote'>,
  ): ChildPair {
    const pair = { spiIn, spiOut, local, remote, ...rest };
    this.#pairs.set(spiIn, pair);
    return pair;
  }

  get(spiIn: number): ChildPair | undefined {
    return this.#pairs.get(spiIn);
  }

  /** By the SPI that the gateway expects in what arrives there. */
  byOutbound(spiOut: number): ChildPair | undefined {
    return [...this.#pairs.values()].find((pair) => pair.spiOut === spiOut);
  }

  remove(spiIn: number): void {
    this.#pairs.delete(spiIn);
  }

  /** The pairs that carry traffic and are not on their way out. */
  get live(): readonly ChildPair[] {
    return [...this.#pairs.values()].filter(({ state }) => state === 'live');
  }

  get size(): number {
    return this.#pairs.size;
  }

  /** The pair that takes the place of another, by whom it was made if that matters. */
  heirOf(spiIn: number, role?: Role): ChildPair | undefined {
    return this.live.find((pair) => pair.replaces === spiIn && (role === undefined || pair.role === role));
  }

  clear(): void {
    this.#pairs.clear();
  }
}

/**
 * Which of two SAs in the place of one is redundant: the one with the lowest of the four nonces, compared octet by
 * octet, a shorter one that ends first being the lower (RFC 7296 section 2.8.1).
 */
export function redundantOf(ours: Nonces, theirs: Nonces): 'ours' | 'theirs' {
  return compareOctets(lowest(ours), lowest(theirs)) < 0 ? 'ours' : 'theirs';
}

function lowest({ nonceI, nonceR }: Nonces): Uint8Array {
  return compareOctets(nonceI, nonceR) < 0 ? nonceI : nonceR;
}
