import { createCipheriv, createDecipheriv } from 'node:crypto';
import { concat, equalBytes } from '../../core/lib/bytes.ts';
import type { MessageProtection } from '../../core/wire/message.ts';

const TRANSPARENT_IV = new Uint8Array(8).fill(0xa1);
const TRANSPARENT_ICV = new Uint8Array(12).fill(0xc3);

/**
 * A protection that hides nothing, so that octets can be written down by hand and mutated inside: eight octets
 * a1 for the IV, the payloads, a pad length of zero, twelve octets c3 for the ICV.
 */
export const transparentProtection: MessageProtection = {
  sealedLength: (plainLength) => TRANSPARENT_IV.length + plainLength + 1 + TRANSPARENT_ICV.length,
  seal: (_associated, plaintext) => concat(TRANSPARENT_IV, plaintext, Uint8Array.of(0), TRANSPARENT_ICV),
  open: (_associated, body) => {
    const end = body.length - TRANSPARENT_ICV.length - 1;
    if (end < TRANSPARENT_IV.length || body[end] !== 0) return undefined;
    return equalBytes(body.subarray(end + 1), TRANSPARENT_ICV)
      ? body.slice(TRANSPARENT_IV.length, end)
      : undefined;
  },
};

/** AES-128-GCM with the layout of RFC 5282: IV of 8 octets that counts up, no padding, ICV of 16 octets. */
export function gcmProtection(key: Uint8Array, salt: Uint8Array): MessageProtection {
  let counter = 0;
  return {
    sealedLength: (plainLength) => 8 + plainLength + 1 + 16,
    seal: (associated, plaintext) => {
      counter += 1;
      const iv = Uint8Array.of(0, 0, 0, 0, 0, 0, counter >>> 8, counter & 0xff);
      const cipher = createCipheriv('aes-128-gcm', key, concat(salt, iv)).setAAD(associated);
      const sealed = cipher.update(concat(plaintext, Uint8Array.of(0)));
      cipher.final();
      return concat(iv, sealed, cipher.getAuthTag());
    },
    open: (associated, body) => {
      if (body.length < 8 + 1 + 16) return undefined;
      const decipher = createDecipheriv('aes-128-gcm', key, concat(salt, body.subarray(0, 8)));
      decipher.setAAD(associated).setAuthTag(body.subarray(-16));
      const padded = new Uint8Array(decipher.update(body.subarray(8, -16)));
      try {
        decipher.final();
      } catch {
        return undefined;
      }
      const padLength = padded.at(-1) ?? 0;
      return padLength + 1 > padded.length ? undefined : padded.slice(0, -1 - padLength);
    },
  };
}
