import { createHmac } from 'node:crypto';
import { constantTimeEqual } from '../lib/bytes.ts';
import { checkLength, plain } from './octets.ts';

/** INTEG transform numbers (IANA): RFC 2404 and RFC 4868. */
export const AUTH_HMAC_SHA1_96 = 2;
export const AUTH_HMAC_SHA2_256_128 = 12;
export const AUTH_HMAC_SHA2_384_192 = 13;
export const AUTH_HMAC_SHA2_512_256 = 14;

/** An integrity algorithm. Lengths are in octets; the key is as long as the hash output (RFC 7296 2.13). */
export interface Integrity {
  readonly id: number;
  readonly keyLength: number;
  readonly icvLength: number;
  /** Throws RangeError when `key` is not `keyLength` octets. Keeps a copy of the key. */
  create(key: Uint8Array): IntegrityKey;
}

export interface IntegrityKey {
  /** The ICV, truncated to `icvLength`, over the parts in order. */
  compute(...parts: readonly Uint8Array[]): Uint8Array;
  /** True when `icv` has the full `icvLength` and is right for the parts; takes constant time. */
  verify(icv: Uint8Array, ...parts: readonly Uint8Array[]): boolean;
  /** Forgets the key; the object cannot be used afterwards. */
  wipe(): void;
}

/** The integrity algorithm of an INTEG transform, or undefined when it is not supported. */
export function integrity(integId: number): Integrity | undefined {
  switch (integId) {
    case AUTH_HMAC_SHA1_96:
      return describe(integId, 'sha1', 20, 12);
    case AUTH_HMAC_SHA2_256_128:
      return describe(integId, 'sha256', 32, 16);
    case AUTH_HMAC_SHA2_384_192:
      return describe(integId, 'sha384', 48, 24);
    case AUTH_HMAC_SHA2_512_256:
      return describe(integId, 'sha512', 64, 32);
    default:
      return undefined;
  }
}

function describe(id: number, hash: string, keyLength: number, icvLength: number): Integrity {
  return {
    id,
    keyLength,
    icvLength,
    create(key) {
      checkLength('integrity key', key, keyLength);
      return keyed(hash, key.slice(), icvLength);
    },
  };
}

function keyed(hash: string, key: Uint8Array, icvLength: number): IntegrityKey {
  let wiped = false;
  const compute = (parts: readonly Uint8Array[]): Uint8Array => {
    if (wiped) throw new Error('the key was wiped');
    const hmac = createHmac(hash, key);
    for (const part of parts) hmac.update(part);
    return plain(hmac.digest()).subarray(0, icvLength);
  };
  return {
    compute: (...parts) => compute(parts),
    verify: (icv, ...parts) => constantTimeEqual(icv, compute(parts)),
    wipe() {
      wiped = true;
      key.fill(0);
    },
  };
}
