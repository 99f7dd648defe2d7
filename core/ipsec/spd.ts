import type { PacketView } from '../net/packet-view.ts';
import { selectorOfPrefix, type Selector } from '../net/selector.ts';
import { addressOf } from '../net/address.ts';
import { ruleMatches, ruleMatchesIcmpError, type Direction, type TrafficRule } from './traffic.ts';

/** What happens to traffic of a rule (RFC 4301 section 4.4.1). */
export type Policy = TrafficRule &
  (
    | { readonly action: 'protect'; /** The child SA to send through. */ readonly childId: number }
    | { readonly action: 'bypass' }
    | { readonly action: 'discard' }
  );

/** Every address, protocol and port of both families: the wildcard for one side of a policy. */
export const ANYTHING: readonly Selector[] = [
  selectorOfPrefix({ address: addressOf(new Uint8Array(4)), length: 0 }),
  selectorOfPrefix({ address: addressOf(new Uint8Array(16)), length: 0 }),
];

/**
 * The security policy database: an ordered list, where the first entry that matches decides, for both
 * directions. What no entry matches is discarded (RFC 4301 section 5).
 */
export class Spd {
  #policies: readonly Policy[] = [];

  /** Replaces all entries. */
  set(policies: readonly Policy[]): void {
    this.#policies = [...policies];
  }

  /** The entry that decides about a packet, or undefined when none does and the packet must be discarded. */
  match(view: PacketView, direction: Direction): Policy | undefined {
    for (const policy of this.#policies) if (ruleMatches(policy, view, direction)) return policy;
    // Only when no entry speaks of an ICMP error itself does it follow the packet that it is about.
    for (const policy of this.#policies)
      if (policy.action === 'protect' && ruleMatchesIcmpError(policy, view, direction)) return policy;
    return undefined;
  }
}
