import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import { concat, fromHex } from '../lib/bytes.ts';
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
  /** The order n of the base point, in hexadecimal. */
  readonly order: string;
}

const GROUPS: Readonly<Record<number, EcpGroup>> = {
  19: {
    name: 'ecp256',
    opensslName: 'P-256',
    length: 32,
    order: 'ffffffff00000000 ffffffffffffffff bce6faada7179e84 f3b9cac2fc632551',
  },
  20: {
    name: 'ecp384',
    opensslName: 'P-384',
    length: 48,
    order: `ffffffffffffffff ffffffffffffffff ffffffffffffffff
      c7634d81f4372ddf 581a0db248b0a77a ecec196accc52973`,
  },
  21: {
    name: 'ecp521',
    opensslName: 'P-521',
    length: 66,
    order: `01ff ffffffffffffffff ffffffffffffffff ffffffffffffffff fffffffffffffffa
      51868783bf2f966b 7fcc0148f709a5d0 3bb5c9b8899c47ae bb6fb71e91386409`,
  },
};

/** How SEC 1 marks an uncompressed point. IKE sends x | y without it (RFC 5903 section 7). */
const UNCOMPRESSED = Uint8Array.of(4);

/** A draw is refused with a probability under 2^-31, so this many refusals mean that `random` is broken. */
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
      const secret = drawPrivate(group, random);
      const privateKey = createPrivateKey({ key: secret, format: 'raw-private', ...curve(group) });
      wipe(secret);
      const point = plain(createPublicKey(privateKey).export({ format: 'raw-public' }));
      return keyExchangeWith(privateKey, point.slice(1), (key, peer) =>
        peer.length === 2 * group.length ? derive(group, key, peer) : undefined,
      );
    },
  };
}

function curve(group: EcpGroup): { asymmetricKeyType: 'ec'; namedCurve: string } {
  return { asymmetricKeyType: 'ec', namedCurve: group.opensslName };
}

/**
 * A uniform private value in 1..n-1: drawn again while it is not one, so no value is likelier than another.
 * OpenSSL does not check the range of a raw private key.
 */
function drawPrivate(group: EcpGroup, random: RandomBytes): Uint8Array {
  const order = fromHex(group.order);
  // The order of P-521 uses a single bit of its first octet; every other order starts with a full octet.
  const topMask = order[0] === 1 ? 0x01 : 0xff;
  for (let draw = 0; draw < MAX_DRAWS; draw++) {
    const secret = random(group.length);
    secret[0] = (secret[0] ?? 0) & topMask;
    if (inRange(secret, order)) return secret;
    wipe(secret);
  }
  throw new Error('the random source gives no private value');
}

/** 0 < value < order, in time that does not depend on the value. Both are big-endian and of one length. */
function inRange(value: Uint8Array, order: Uint8Array): boolean {
  let any = 0;
  let borrow = 0;
  for (let at = value.length - 1; at >= 0; at--) {
    const octet = value[at] ?? 0;
    any |= octet;
    borrow = ((octet - (order[at] ?? 0) - borrow) >> 8) & 1;
  }
  return (borrow & (any === 0 ? 0 : 1)) === 1;
}

/** The x coordinate of the common point; undefined when the peer's point is not on the curve. */
function derive(group: EcpGroup, privateKey: KeyObject, peer: Uint8Array): Uint8Array | undefined {
  try {
    const point = concat(UNCOMPRESSED, peer);
    const publicKey = createPublicKey({ key: point, format: 'raw-public', ...curve(group) });
    return plain(diffieHellman({ privateKey, publicKey }));
  } catch {
    return undefined;
  }
}
