import { EMPTY } from '../lib/bytes.ts';
import { wipe } from '../lib/secret.ts';
import type { Prf } from './prf.ts';

/** The last counter value of prf+: it is one octet and starts at 1. */
const MAX_BLOCKS = 255;

/**
 * The first `length` octets of prf+ (RFC 7296 section 2.13):
 *
 *     prf+ (K,S) = T1 | T2 | T3 | ...      T1 = prf (K, S | 0x01)      Tn = prf (K, Tn-1 | S | n)
 *
 * Throws RangeError past 255 blocks, where prf+ is not defined. The caller owns the result and wipes it.
 */
export function prfPlus(prf: Prf, key: Uint8Array, seed: Uint8Array, length: number): Uint8Array {
  if (!Number.isInteger(length) || length < 0 || length > MAX_BLOCKS * prf.outputLength)
    throw new RangeError(`prf+ is not defined for ${length} octets`);
  const out = new Uint8Array(length);
  let previous: Uint8Array = EMPTY;
  for (let at = 0, counter = 1; at < length; at += prf.outputLength, counter++) {
    const block = prf.compute(key, previous, seed, Uint8Array.of(counter));
    wipe(previous);
    out.set(block.subarray(0, length - at), at);
    previous = block;
  }
  wipe(previous);
  return out;
}
