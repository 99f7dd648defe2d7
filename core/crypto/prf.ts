import { createHmac } from 'node:crypto';
import { plain } from './octets.ts';

/** PRF transform numbers (IANA): RFC 2104 and RFC 4868. */
export const PRF_HMAC_SHA1 = 2;
export const PRF_HMAC_SHA2_256 = 5;
export const PRF_HMAC_SHA2_384 = 6;
export const PRF_HMAC_SHA2_512 = 7;

/** A pseudo-random function. For HMAC the preferred key is as long as the output (RFC 7296 section 2.13). */
export interface Prf {
  readonly id: number;
  /** Octets. */
  readonly outputLength: number;
  /** Octets: the length of SK_d, SK_pi and SK_pr. */
  readonly preferredKeyLength: number;
  /** prf(key, parts in order): `outputLength` octets. Keys of any length are accepted (RFC 2104). */
  compute(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array;
}

/** The function of a PRF transform, or undefined when it is not supported. */
export function prf(prfId: number): Prf | undefined {
  switch (prfId) {
    case PRF_HMAC_SHA1:
      return describe(prfId, 'sha1', 20);
    case PRF_HMAC_SHA2_256:
      return describe(prfId, 'sha256', 32);
    case PRF_HMAC_SHA2_384:
      return describe(prfId, 'sha384', 48);
    case PRF_HMAC_SHA2_512:
      return describe(prfId, 'sha512', 64);
    default:
      return undefined;
  }
}

function describe(id: number, hash: string, outputLength: number): Prf {
  return {
    id,
    outputLength,
    preferredKeyLength: outputLength,
    compute(key, ...parts) {
      const hmac = createHmac(hash, key);
      for (const part of parts) hmac.update(part);
      return plain(hmac.digest());
    },
  };
}
