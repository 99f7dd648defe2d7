import type { RandomBytes } from '../lib/ports.ts';
import { aead } from '../crypto/aead.ts';
import { blockCipher } from '../crypto/block-cipher.ts';
import { integrity } from '../crypto/integrity.ts';
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

/** What each direction takes from KEYMAT, in octets: the encryption key with its salt, then the integrity key. */
export interface KeyLengths {
  readonly encr: number;
  readonly integ: number;
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
  if (parts === undefined) return undefined;
  return parts.kind === 'aead'
    ? { encr: parts.cipher.keyLength + parts.cipher.saltLength, integ: 0 }
    : { encr: parts.cipher.keyLength, integ: parts.integ.keyLength };
}

/** The lengths that a suite adds to a packet, or undefined as for keyLengths. */
export function shapeOf(suite: EspSuite): EspShape | undefined {
  const parts = partsOf(suite);
  if (parts === undefined) return undefined;
  return parts.kind === 'aead'
    ? { ivLength: parts.cipher.ivLength, icvLength: parts.cipher.icvLength, alignment: 4 }
    : {
        ivLength: parts.cipher.ivLength,
        icvLength: parts.integ.icvLength,
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
    return newCbcTransform(parts.cipher, parts.integ, encrKey, integKey, suite.esn, random);
  }
  return newAeadTransform(parts.cipher, encrKey, suite.esn);
};

type Parts =
  | { readonly kind: 'aead'; readonly cipher: NonNullable<ReturnType<typeof aead>> }
  | {
      readonly kind: 'cbc';
      readonly cipher: NonNullable<ReturnType<typeof blockCipher>>;
      readonly integ: NonNullable<ReturnType<typeof integrity>>;
    };

function partsOf({ encr, keyBits, integ = 0 }: EspSuite): Parts | undefined {
  const combined = aead(encr, keyBits);
  if (combined !== undefined) return integ === 0 ? { kind: 'aead', cipher: combined } : undefined;
  const cipher = blockCipher(encr, keyBits);
  const mac = integrity(integ);
  return cipher === undefined || mac === undefined ? undefined : { kind: 'cbc', cipher, integ: mac };
}
