import { toHex } from '../lib/bytes.ts';
import type { SecretBytes } from '../lib/secret.ts';
import type { IkeSa } from './ike-sa.ts';

const hex = (secret: SecretBytes): string => toHex(secret.reveal());

/** What Wireshark's ikev2_decryption_table needs of an IKE SA. Keys: only for the root-owned key log. */
export interface IkeKeyLogEntry {
  readonly kind: 'ike';
  readonly initiatorSpi: string;
  readonly responderSpi: string;
  readonly skEi: string;
  readonly skEr: string;
  readonly skAi: string;
  readonly skAr: string;
  /** IANA numbers and key length in bits, for the names that Wireshark uses. */
  readonly encr: number;
  readonly keyBits: number | undefined;
  readonly integ: number | undefined;
}

export function ikeKeyLogEntry(sa: IkeSa): IkeKeyLogEntry {
  const { init, keys } = sa;
  const { cipher } = init.suite;
  return {
    kind: 'ike',
    initiatorSpi: toHex(init.initiatorSpi),
    responderSpi: toHex(init.responderSpi),
    skEi: hex(keys.skEi),
    skEr: hex(keys.skEr),
    skAi: hex(keys.skAi),
    skAr: hex(keys.skAr),
    encr: cipher.cipher.id,
    keyBits: cipher.cipher.keyBits,
    integ: cipher.kind === 'cbc' ? cipher.integrity.id : undefined,
  };
}
