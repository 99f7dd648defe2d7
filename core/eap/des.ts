import { createCipheriv } from 'node:crypto';
import { concat } from '../lib/bytes.ts';
import { wipe } from '../lib/secret.ts';

/**
 * The 8-octet DES key of 56 bits: seven bits to an octet and a bit that makes the count of ones odd (RFC 2759
 * section 9.3).
 *
 *   raw   |0000000 0|000000 00|00000 000| ...        7 octets
 *   key   |0000000p|0000000p|0000000p| ...           8 octets, p for parity
 */
export function desKey(raw: Uint8Array): Uint8Array {
  if (raw.length !== 7) throw new RangeError(`a DES key of ${raw.length} octets, not 7`);
  return Uint8Array.from({ length: 8 }, (_, i) => {
    const pair = ((raw[i - 1] ?? 0) << 8) | (raw[i] ?? 0);
    const bits = (pair >>> i) & 0xfe;
    const ones = bits.toString(2).replaceAll('0', '').length;
    return bits | (ones % 2 === 0 ? 1 : 0);
  });
}

/**
 * DES of one 8-octet block under a 7-octet key, DesEncrypt of RFC 2759 section 8.6. OpenSSL 3 keeps single DES in its
 * legacy provider; triple DES with one key thrice is the same permutation, as the second step undoes the first.
 */
export function desEncrypt(block: Uint8Array, raw: Uint8Array): Uint8Array {
  if (block.length !== 8) throw new RangeError(`a DES block of ${block.length} octets, not 8`);
  const key = desKey(raw);
  const thrice = concat(key, key, key);
  const cipher = createCipheriv('des-ede3', thrice, null).setAutoPadding(false);
  const out = concat(cipher.update(block), cipher.final());
  wipe(key, thrice);
  return out;
}
