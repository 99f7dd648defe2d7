import type { RandomBytes } from '../lib/ports.ts';
import { cipherSuite, type CipherSuite, type KeyLengths, suiteKeyLengths } from '../crypto/cipher-suite.ts';
import { newAeadTransform } from './aead-transform.ts';
import { newCbcTransform } from './cbc-transform.ts';
import type { EspTransform } from './transform.ts';

/** The algorithms of a child SA by their IANA transform numbers. */
export interface EspSuite {
  readonly encr: number;
  /** The Key Length attribute, where the cipher has one. */
  readonly keyBits?: number;
  /** INTEG transform; absent or 0 (NONE) with an AEAD. */
  readonly integ?: number;
  /** True when extended sequence numbers were negotiated. */
  readonly esn: boolean;
}

/** The lengths of everything that ESP adds around an inner packet, in octets. */
export interface EspShape {
  readonly ivLength: number;
  readonly icvLength: number;
  readonly alignment: number;
}

/**
 * Key lengths of a suite (RFC 7296 section 2.17, RFC 4106 section 8.1, RFC 7634 section 2), or undefined when the
 * suite is not one of ours: an unknown algorithm, an AEAD with an INTEG transform, or encryption without one.
 */
export function keyLengths(suite: EspSuite): KeyLengths | undefined {
  const parts = partsOf(suite);
  return parts && suiteKeyLengths(parts);
}

/** The lengths that a suite adds to a packet, or undefined as for keyLengths. */
export function shapeOf(suite: EspSuite): EspShape | undefined {
  const parts = partsOf(suite);
  if (parts === undefined) return undefined;
  return parts.kind === 'aead'
    ? { ivLength: parts.cipher.ivLength, icvLength: parts.cipher.icvLength, alignment: 4 }
    : {
        ivLength: parts.cipher.ivLength,
        icvLength: parts.integrity.icvLength,
        alignment: parts.cipher.blockLength,
      };
}

/**
 * Makes the transform of one direction. Keys are copied. Throws RangeError when it does not support the suite or a
 * key has the wrong length: negotiation offers only what keyLengths knows.
 */
export type TransformFactory = (
  suite: EspSuite,
  encrKey: Uint8Array,
  integKey: Uint8Array | undefined,
  random: RandomBytes,
) => EspTransform;

/** The transforms of node:crypto, for every suite that keyLengths knows. */
export const newTransform: TransformFactory = (suite, encrKey, integKey, random) => {
  const parts = partsOf(suite);
  if (parts === undefined) throw new RangeError('not a suite that ESP supports');
  if (parts.kind === 'cbc') {
    if (integKey === undefined) throw new RangeError('an integrity key is missing');
    return newCbcTransform(parts.cipher, parts.integrity, encrKey, integKey, suite.esn, random);
  }
  return newAeadTransform(parts.cipher, encrKey, suite.esn);
};

function partsOf({ encr, keyBits, integ }: EspSuite): CipherSuite | undefined {
  return cipherSuite(encr, keyBits, integ);
}
