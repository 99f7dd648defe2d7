import type { Rekeying, Replacement } from './sa.ts';

/**
 * Which of two SAs made at the same time in place of one is redundant, RFC 7296 section 2.8.1: the one from the
 * exchange with the lowest of the four nonces. Who created it deletes it.
 */
export function redundant(own: Replacement<unknown>, theirs: Replacement<unknown>): 'own' | 'theirs' {
  return compareNonces(lower(own), lower(theirs)) < 0 ? 'own' : 'theirs';
}

function lower({ nonceI, nonceR }: Replacement<unknown>): Uint8Array {
  return compareNonces(nonceI, nonceR) < 0 ? nonceI : nonceR;
}

/** Octet by octet; where one nonce ends, it is the lower one. */
function compareNonces(a: Uint8Array, b: Uint8Array): number {
  for (const [i, octet] of a.entries()) {
    const other = b[i];
    if (other === undefined) return 1;
    if (octet !== other) return octet - other;
  }
  return a.length - b.length;
}

/** What the gateway's own exchange led to, once it has. */
export function ownReplacement<T>({ own }: Rekeying<T>): Replacement<T> | undefined {
  return own === 'asked' ? undefined : own;
}
