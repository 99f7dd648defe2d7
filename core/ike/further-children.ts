import type { Prefix } from '../net/prefix.ts';
import { type Selector, selectorOfPrefix } from '../net/selector.ts';
import type { ChildPair } from './children.ts';
import { covers } from './traffic.ts';

/** Both sides of the traffic of a pair of Child SAs. */
export interface Traffic {
  readonly local: readonly Selector[];
  readonly remote: readonly Selector[];
}

/** Traffic between the addresses that the gateway gave us and `remote`, or undefined when no family has both. */
export function fromOurAddresses(
  assigned: readonly Prefix[],
  remote: readonly Selector[],
): Traffic | undefined {
  const isThere = (family: 4 | 6): boolean => assigned.some(({ address }) => address.family === family);
  const reachable = remote.filter(({ family }) => isThere(family));
  const local = assigned
    .filter(({ address }) => reachable.some(({ family }) => family === address.family))
    .map((prefix) => selectorOfPrefix(prefix));
  return local.length > 0 ? { local, remote: reachable } : undefined;
}

/**
 * The traffic taken apart into single pairs, for a gateway that wants each in a Child SA of its own (RFC 7296
 * section 2.9). Nothing when it is a single pair already.
 */
export function eachPair({ local, remote }: Traffic): Traffic[] {
  const pairs = local.flatMap((one) =>
    remote.filter(({ family }) => family === one.family).map((other) => ({ local: [one], remote: [other] })),
  );
  return pairs.length > 1 ? pairs : [];
}

/** Whether the pairs that there are carry all of that traffic already. */
export function alreadyHad(pairs: readonly ChildPair[], { local, remote }: Traffic): boolean {
  return pairs.some((pair) => covers(pair.local, local) && covers(pair.remote, remote));
}
