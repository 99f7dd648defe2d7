import { createECDH, type ECDH } from 'node:crypto';
import { concat } from '../lib/bytes.ts';
import type { RandomBytes } from '../lib/ports.ts';
import { wipe } from '../lib/secret.ts';
import { keyExchangeWith, type KeyExchangeMethod } from './key-exchange-method.ts';
import { plain } from './octets.ts';

/** A random curve of RFC 5903. */
interface EcpGroup {
  readonly name: string;
  readonly opensslName: string;
  /** Octets of one coordinate and of a private value. */
  readonly length: number;
  /** Bits of the first octet of a private value that the group order can use. */
  readonly topMask: number;
}

const GROUPS: Readonly<Record<number, EcpGroup>> = {
  19: { name: 'ecp256', opensslName: 'prime256v1', length: 32, topMask: 0xff },
  20: { name: 'ecp384', opensslName: 'secp384r1', length: 48, topMask: 0xff },
  21: { name: 'ecp521', opensslName: 'secp521r1', length: 66, topMask: 0x01 },
};

/** How SEC 1 marks an uncompressed point. IKE sends x | y without it (RFC 5903 section 7). */
const UNCOMPRESSED = Uint8Array.of(4);

/** A drawn value is refused with a probability under 2^-31: so many refusals mean that `random` is broken. */
const MAX_DRAWS = 16;

/** The ECP group with this number (19 to 21), or undefined. */
export function ecpMethod(id: number): KeyExchangeMethod | undefined {
  const group = GROUPS[id];
  if (group === undefined) return undefined;
  return {
    id,
    name: group.name,
    publicLength: 2 * group.length,
    generate(random) {
      const pair = createECDH(group.opensslName);
      drawPrivate(pair, group, random);
      const publicValue = plain(pair.getPublicKey()).slice(1);
      return keyExchangeWith(pair, publicValue, (own, peer) =>
        peer.length === 2 * group.length ? derive(own, peer) : undefined,
      );
    },
  };
}

/** Sets a private value in 1..n-1, drawing again when the octets are not one. */
function drawPrivate(pair: ECDH, group: EcpGroup, random: RandomBytes): void {
  for (let draw = 0; draw < MAX_DRAWS; draw++) {
    const secret = random(group.length);
    secret[0] = (secret[0] ?? 0) & group.topMask;
    try {
      pair.setPrivateKey(secret);
      return;
    } catch {
      continue;
    } finally {
      wipe(secret);
    }
  }
  throw new Error('the random source gives no private value');
}

/** The x coordinate of the common point; undefined when the peer's point is not on the curve. */
function derive(pair: ECDH, peer: Uint8Array): Uint8Array | undefined {
  try {
    return plain(pair.computeSecret(concat(UNCOMPRESSED, peer)));
  } catch {
    return undefined;
  }
}
