import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { CipherGCMTypes, CipherChaCha20Poly1305Types } from 'node:crypto';
import { checkLength, plain } from './octets.ts';

/** ENCR transform numbers (IANA) of the authenticated ciphers. Only the 16-octet ICV is spoken (RFC 5282 3.2). */
export const ENCR_AES_GCM_16 = 20;
export const ENCR_CHACHA20_POLY1305 = 28;

const SALT_LENGTH = 4;
const IV_LENGTH = 8;
const NONCE_LENGTH = SALT_LENGTH + IV_LENGTH;
const ICV_LENGTH = 16;

/** An authenticated cipher of IKE and ESP (RFC 5282, RFC 4106, RFC 7634). Lengths are in octets. */
export interface Aead {
  readonly id: number;
  readonly keyBits: number;
  /** The key alone. KEYMAT and SK_e* are the key followed by `saltLength` octets of salt. */
  readonly keyLength: number;
  readonly saltLength: number;
  readonly ivLength: number;
  readonly icvLength: number;
  /** Throws RangeError when `key` (without its salt) is not `keyLength` octets. Keeps a copy of the key. */
  create(key: Uint8Array): AeadKey;
}

/** A keyed authenticated cipher. `nonce` is salt | IV, 12 octets in that order (RFC 5282 section 4). */
export interface AeadKey {
  /** ciphertext | ICV. A nonce must never seal twice under one key. */
  seal(nonce: Uint8Array, associated: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** The plaintext of ciphertext | ICV, or undefined when anything was changed or is too short. */
  open(nonce: Uint8Array, associated: Uint8Array, sealed: Uint8Array): Uint8Array | undefined;
  /**
   * As seal, but writes ciphertext | ICV into `out` at `at`, where there must be room (RangeError otherwise).
   * `plaintext` may be a view of the same place: nothing is written before all of it was read.
   */
  sealInto(
    nonce: Uint8Array,
    associated: Uint8Array,
    plaintext: Uint8Array,
    out: Uint8Array,
    at: number,
  ): void;
  /** As open, but writes the plaintext into `out` at `at`. False, and `out` untouched, where open has undefined. */
  openInto(
    nonce: Uint8Array,
    associated: Uint8Array,
    sealed: Uint8Array,
    out: Uint8Array,
    at: number,
  ): boolean;
  /** Forgets the key; the object cannot be used afterwards. */
  wipe(): void;
}

type CipherName = CipherGCMTypes | CipherChaCha20Poly1305Types;

/**
 * The authenticated cipher of an ENCR transform, or undefined when it is not supported. `keyBits` is the value of
 * the Key Length attribute: AES-GCM demands one of 128, 192, 256 (RFC 5282 section 7.3); ChaCha20-Poly1305 has
 * one key size and no such attribute (RFC 7634 section 4), so any value there is refused.
 */
export function aead(encrId: number, keyBits?: number): Aead | undefined {
  if (encrId === ENCR_AES_GCM_16) {
    if (keyBits === 128) return describe(encrId, 128, 'aes-128-gcm');
    if (keyBits === 192) return describe(encrId, 192, 'aes-192-gcm');
    if (keyBits === 256) return describe(encrId, 256, 'aes-256-gcm');
  }
  if (encrId === ENCR_CHACHA20_POLY1305 && keyBits === undefined)
    return describe(encrId, 256, 'chacha20-poly1305');
  return undefined;
}

function describe(id: number, keyBits: number, name: CipherName): Aead {
  const keyLength = keyBits / 8;
  return {
    id,
    keyBits,
    keyLength,
    saltLength: SALT_LENGTH,
    ivLength: IV_LENGTH,
    icvLength: ICV_LENGTH,
    create(key) {
      checkLength('AEAD key', key, keyLength);
      return keyed(name, key.slice());
    },
  };
}

function keyed(name: CipherName, key: Uint8Array): AeadKey {
  // node:crypto types each AEAD family apart; both take the same calls.
  const cipher = name as CipherGCMTypes;
  const options = { authTagLength: ICV_LENGTH };
  let wiped = false;
  const live = (): Uint8Array => {
    if (wiped) throw new Error('the key was wiped');
    return key;
  };
  const sealInto: AeadKey['sealInto'] = (nonce, associated, plaintext, out, at) => {
    checkLength('nonce', nonce, NONCE_LENGTH);
    const sealer = createCipheriv(cipher, live(), nonce, options);
    sealer.setAAD(associated);
    const ciphertext = sealer.update(plaintext);
    sealer.final();
    out.set(ciphertext, at);
    out.set(sealer.getAuthTag(), at + ciphertext.length);
  };
  /** The plaintext in a Buffer of its own, or undefined. */
  const open = (
    nonce: Uint8Array,
    associated: Uint8Array,
    sealed: Uint8Array,
  ): Buffer<ArrayBuffer> | undefined => {
    checkLength('nonce', nonce, NONCE_LENGTH);
    const length = sealed.length - ICV_LENGTH;
    if (length < 0) return undefined;
    const opener = createDecipheriv(cipher, live(), nonce, options);
    opener.setAuthTag(sealed.subarray(length));
    opener.setAAD(associated);
    const plaintext = opener.update(sealed.subarray(0, length));
    try {
      opener.final();
    } catch {
      plaintext.fill(0);
      return undefined;
    }
    return plaintext;
  };
  return {
    sealInto,
    seal(nonce, associated, plaintext) {
      const out = new Uint8Array(plaintext.length + ICV_LENGTH);
      sealInto(nonce, associated, plaintext, out, 0);
      return out;
    },
    open(nonce, associated, sealed) {
      const plaintext = open(nonce, associated, sealed);
      return plaintext === undefined ? undefined : plain(plaintext);
    },
    openInto(nonce, associated, sealed, out, at) {
      const plaintext = open(nonce, associated, sealed);
      if (plaintext === undefined) return false;
      out.set(plaintext, at);
      return true;
    },
    wipe() {
      wiped = true;
      key.fill(0);
    },
  };
}
