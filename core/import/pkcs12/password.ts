import { EMPTY, utf8Text } from '../../lib/bytes.ts';
import { wipe, type SecretBytes } from '../../lib/secret.ts';

/** A passphrase in the two forms that key stores use. */
export interface StorePassword {
  /** For PBES2 (RFC 8018). */
  readonly utf8: Uint8Array;
  /** For the older ways: UTF-16, most significant octet first, with a zero at the end (RFC 7292 appendix B.1). */
  readonly bmp: Uint8Array;
}

export function storePassword(passphrase: SecretBytes): StorePassword {
  const utf8 = passphrase.reveal().slice();
  const text = utf8Text(utf8);
  const bmp = new Uint8Array(2 * text.length + 2);
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    bmp[2 * at] = unit >>> 8;
    bmp[2 * at + 1] = unit & 0xff;
  }
  return { utf8, bmp };
}

/** No passphrase at all, in the two ways that programs write it in the older form. */
export const NO_PASSWORDS: readonly StorePassword[] = [
  { utf8: EMPTY, bmp: Uint8Array.of(0, 0) },
  { utf8: EMPTY, bmp: EMPTY },
];

export function wipePassword({ utf8, bmp }: StorePassword): void {
  wipe(utf8, bmp);
}
