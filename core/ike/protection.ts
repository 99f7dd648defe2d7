import { concat } from '../lib/bytes.ts';
import type { RandomBytes } from '../lib/ports.ts';
import type { SecretBytes } from '../lib/secret.ts';
import type { Aead } from '../crypto/aead.ts';
import type { BlockCipher } from '../crypto/block-cipher.ts';
import type { Integrity } from '../crypto/integrity.ts';
import type { MessageProtection } from '../wire/message.ts';
import type { IkeKeys } from './key-schedule.ts';
import type { IkeSuite } from './suite.ts';

/** Which end of an IKE SA we are: its original initiator, or the end that was asked for it (RFC 7296 section 3.1). */
export type Role = 'initiator' | 'responder';

/** The two directions of an IKE SA's protection as one of its ends sees them. */
export interface SessionProtection {
  readonly outbound: MessageProtection;
  readonly inbound: MessageProtection;
  /** Forgets the keys, of which the ciphers have copies. Neither direction can be used afterwards. */
  wipe(): void;
}

interface Direction extends MessageProtection {
  wipe(): void;
}

export function sessionProtection(
  suite: IkeSuite,
  keys: IkeKeys,
  role: Role,
  random: RandomBytes,
): SessionProtection {
  const { cipher } = suite;
  const directed = (skE: SecretBytes, skA: SecretBytes): Direction =>
    cipher.kind === 'aead'
      ? aeadProtection(cipher.cipher, skE)
      : cbcProtection(cipher.cipher, cipher.integrity, skE, skA, random);
  const ofInitiator = directed(keys.skEi, keys.skAi);
  const ofResponder = directed(keys.skEr, keys.skAr);
  const [outbound, inbound] = role === 'initiator' ? [ofInitiator, ofResponder] : [ofResponder, ofInitiator];
  const wipe = (): void => {
    outbound.wipe();
    inbound.wipe();
  };
  return { outbound, inbound, wipe };
}

/**
 * The Encrypted payload with a combined-mode cipher (RFC 5282 section 3):
 * ```
 *   | IV (8) | ciphertext of: inner payloads, padding, Pad Length (1) | ICV (16) |
 * ```
 * The nonce is the salt (the end of SK_e) and the IV. The IV is a counter, which no key ever sees twice.
 */
function aeadProtection(algorithm: Aead, skE: SecretBytes): Direction {
  const octets = skE.reveal();
  const key = algorithm.create(octets.subarray(0, algorithm.keyLength));
  const salt = octets.slice(algorithm.keyLength, algorithm.keyLength + algorithm.saltLength);
  const { ivLength, icvLength } = algorithm;
  let counter = 0n;
  return {
    sealedLength: (plainLength) => ivLength + plainLength + 1 + icvLength,
    seal(associated, plaintext) {
      counter += 1n;
      const iv = new Uint8Array(ivLength);
      new DataView(iv.buffer).setBigUint64(ivLength - 8, counter);
      return concat(iv, key.seal(concat(salt, iv), associated, concat(plaintext, Uint8Array.of(0))));
    },
    open(associated, body) {
      if (body.length < ivLength + 1 + icvLength) return undefined;
      const iv = body.subarray(0, ivLength);
      const padded = key.open(concat(salt, iv), associated, body.subarray(ivLength));
      return padded && withoutPadding(padded);
    },
    wipe() {
      key.wipe();
      salt.fill(0);
    },
  };
}

/**
 * The Encrypted payload with a block cipher in CBC mode and a MAC over everything before it
 * (RFC 7296 section 3.14). The IV is random and unpredictable; the ICV is checked before anything is decrypted.
 * ```
 *   | IV (block) | ciphertext of: inner payloads, padding, Pad Length (1) | ICV |
 * ```
 */
function cbcProtection(
  algorithm: BlockCipher,
  mac: Integrity,
  skE: SecretBytes,
  skA: SecretBytes,
  random: RandomBytes,
): Direction {
  const cipher = algorithm.create(skE.reveal());
  const tag = mac.create(skA.reveal());
  const { blockLength, ivLength } = algorithm;
  const paddedLength = (plainLength: number): number =>
    Math.ceil((plainLength + 1) / blockLength) * blockLength;
  return {
    sealedLength: (plainLength) => ivLength + paddedLength(plainLength) + mac.icvLength,
    seal(associated, plaintext) {
      const padLength = paddedLength(plaintext.length) - plaintext.length - 1;
      const padded = new Uint8Array(plaintext.length + padLength + 1);
      padded.set(plaintext);
      padded[padded.length - 1] = padLength;
      const iv = random(ivLength);
      const body = concat(iv, cipher.encrypt(iv, padded));
      padded.fill(0);
      return concat(body, tag.compute(associated, body));
    },
    open(associated, body) {
      const end = body.length - mac.icvLength;
      const cipherLength = end - ivLength;
      if (cipherLength < blockLength || cipherLength % blockLength !== 0) return undefined;
      const covered = body.subarray(0, end);
      if (!tag.verify(body.subarray(end), associated, covered)) return undefined;
      const padded = cipher.decrypt(body.subarray(0, ivLength), body.subarray(ivLength, end));
      return padded && withoutPadding(padded);
    },
    wipe() {
      cipher.wipe();
      tag.wipe();
    },
  };
}

/**
 * Takes the Pad Length and the padding off. The contents of the padding are not looked at: any are allowed
 * (RFC 7296 section 3.14). Undefined when the Pad Length says more than there is.
 */
function withoutPadding(padded: Uint8Array): Uint8Array | undefined {
  const padLength = padded[padded.length - 1] ?? 0;
  const end = padded.length - 1 - padLength;
  return end < 0 ? undefined : padded.subarray(0, end);
}
