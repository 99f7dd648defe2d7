import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import { isZero } from '../lib/bytes.ts';
import { wipe } from '../lib/secret.ts';
import { keyExchangeWith, type KeyExchangeMethod } from './key-exchange-method.ts';
import { plain } from './octets.ts';

/** A curve of RFC 7748, for IKE by RFC 8031. Private, public and shared values all have `length` octets. */
interface Curve {
  readonly name: 'x25519' | 'x448';
  readonly length: number;
}

const CURVES: Readonly<Record<number, Curve>> = {
  31: { name: 'x25519', length: 32 },
  32: { name: 'x448', length: 56 },
};

/** The method with this number (31 or 32), or undefined. */
export function montgomeryMethod(id: number): KeyExchangeMethod | undefined {
  const curve = CURVES[id];
  if (curve === undefined) return undefined;
  return {
    id,
    name: curve.name,
    publicLength: curve.length,
    generate(random) {
      const secret = random(curve.length);
      const privateKey = createPrivateKey({
        key: secret,
        format: 'raw-private',
        asymmetricKeyType: curve.name,
      });
      wipe(secret);
      const publicValue = plain(createPublicKey(privateKey).export({ format: 'raw-public' }));
      return keyExchangeWith(privateKey, publicValue, (key, peer) =>
        peer.length === curve.length ? derive(curve, key, peer) : undefined,
      );
    },
  };
}

/** The shared u coordinate; undefined when it is all zero, which low-order values lead to (RFC 8031 section 2.1). */
function derive(curve: Curve, privateKey: KeyObject, peer: Uint8Array): Uint8Array | undefined {
  try {
    const publicKey = createPublicKey({ key: peer, format: 'raw-public', asymmetricKeyType: curve.name });
    const shared = plain(diffieHellman({ privateKey, publicKey }));
    return isZero(shared) ? undefined : shared;
  } catch {
    return undefined;
  }
}
