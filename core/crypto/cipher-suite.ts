import { aead, type Aead } from './aead.ts';
import { blockCipher, type BlockCipher } from './block-cipher.ts';
import { integrity, type Integrity } from './integrity.ts';

/** How messages or packets are protected: one combined-mode cipher, or a cipher and an integrity algorithm. */
export type CipherSuite =
  | { readonly kind: 'aead'; readonly cipher: Aead }
  | { readonly kind: 'cbc'; readonly cipher: BlockCipher; readonly integrity: Integrity };

/** Octets of key material in each direction: the encryption key with its salt, then the integrity key. */
export interface KeyLengths {
  readonly encr: number;
  readonly integ: number;
}

/**
 * The suite of an ENCR transform, its Key Length attribute in bits and an INTEG transform (absent or 0, NONE, with a
 * combined-mode cipher). Undefined when we lack an algorithm, and for a pair that is none: a combined-mode cipher
 * with integrity of its own, or a cipher without any.
 */
export function cipherSuite(encr: number, keyBits?: number, integ = 0): CipherSuite | undefined {
  const combined = aead(encr, keyBits);
  if (combined !== undefined) return integ === 0 ? { kind: 'aead', cipher: combined } : undefined;
  const cipher = blockCipher(encr, keyBits);
  const mac = integrity(integ);
  return cipher === undefined || mac === undefined ? undefined : { kind: 'cbc', cipher, integrity: mac };
}

/** RFC 7296 sections 2.14 and 2.17; the salt belongs to the key (RFC 5282 section 7.1, RFC 4106 section 8.1). */
export function suiteKeyLengths(suite: CipherSuite): KeyLengths {
  return suite.kind === 'aead'
    ? { encr: suite.cipher.keyLength + suite.cipher.saltLength, integ: 0 }
    : { encr: suite.cipher.keyLength, integ: suite.integrity.keyLength };
}
