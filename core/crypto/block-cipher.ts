import { createCipheriv, createDecipheriv } from 'node:crypto';
import { checkLength, plain } from './octets.ts';

/** ENCR transform number (IANA) of AES-CBC (RFC 3602). */
export const ENCR_AES_CBC = 12;

const BLOCK_LENGTH = 16;

/** A block cipher in CBC mode, without integrity: it is only used together with an `Integrity`. Octets. */
export interface BlockCipher {
  readonly id: number;
  readonly keyBits: number;
  readonly keyLength: number;
  readonly blockLength: number;
  readonly ivLength: number;
  /** Throws RangeError when `key` is not `keyLength` octets. Keeps a copy of the key. */
  create(key: Uint8Array): BlockCipherKey;
}

export interface BlockCipherKey {
  /** Ciphertext as long as `data`. The caller pads: throws RangeError unless `data` is whole blocks. */
  encrypt(iv: Uint8Array, data: Uint8Array): Uint8Array;
  /** Plaintext as long as `data`, or undefined when `data` is not whole blocks. Check the ICV first. */
  decrypt(iv: Uint8Array, data: Uint8Array): Uint8Array | undefined;
  /** Forgets the key; the object cannot be used afterwards. */
  wipe(): void;
}

/** The CBC cipher of an ENCR transform with its Key Length attribute, or undefined when it is not supported. */
export function blockCipher(encrId: number, keyBits?: number): BlockCipher | undefined {
  if (encrId !== ENCR_AES_CBC) return undefined;
  if (keyBits !== 128 && keyBits !== 192 && keyBits !== 256) return undefined;
  const keyLength = keyBits / 8;
  return {
    id: encrId,
    keyBits,
    keyLength,
    blockLength: BLOCK_LENGTH,
    ivLength: BLOCK_LENGTH,
    create(key) {
      checkLength('cipher key', key, keyLength);
      return keyed(`aes-${keyBits}-cbc`, key.slice());
    },
  };
}

function keyed(name: string, key: Uint8Array): BlockCipherKey {
  let wiped = false;
  const live = (): Uint8Array => {
    if (wiped) throw new Error('the key was wiped');
    return key;
  };
  return {
    encrypt(iv, data) {
      checkLength('IV', iv, BLOCK_LENGTH);
      if (data.length % BLOCK_LENGTH !== 0) throw new RangeError('not whole blocks');
      return plain(createCipheriv(name, live(), iv).setAutoPadding(false).update(data));
    },
    decrypt(iv, data) {
      checkLength('IV', iv, BLOCK_LENGTH);
      if (data.length % BLOCK_LENGTH !== 0) return undefined;
      return plain(createDecipheriv(name, live(), iv).setAutoPadding(false).update(data));
    },
    wipe() {
      wiped = true;
      key.fill(0);
    },
  };
}
