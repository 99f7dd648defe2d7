import type { RandomBytes } from '../lib/ports.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { SecretBytes } from '../lib/secret.ts';

/** A key exchange method by its IANA number (Transform Type 4). */
export interface KeyExchangeMethod {
  readonly id: number;
  /** A short name for logs and status, like 'modp2048' or 'x25519'. */
  readonly name: string;
  /** Octets of the Key Exchange Data field, ours and the peer's. */
  readonly publicLength: number;
  /** A fresh key pair. Every private octet comes from `random`, so a seeded source repeats it. */
  generate(random: RandomBytes): KeyExchange;
}

/** One side of one exchange. The private value lives here until `agree` succeeds or `wipe` is called. */
export interface KeyExchange {
  /** The Key Exchange Data to send (RFC 7296 section 3.4). */
  readonly publicValue: Uint8Array;
  /**
   * g^ir as SKEYSEED wants it: big-endian, padded to the length of the modulus for MODP (RFC 7296 section 2.14),
   * the x coordinate for ECP (RFC 5903 section 7), the u coordinate for x25519 and x448 (RFC 8031). The peer's
   * value is checked first (RFC 6989 section 2). A refused value leaves the key pair usable, so that a forged
   * answer does not cost us the true one; success forgets the private value, and a second call throws Error.
   */
  agree(peerPublic: Uint8Array): Result<SecretBytes, 'invalid public value'>;
  /** Forgets the private value. */
  wipe(): void;
}

/**
 * A key exchange around a private key. `derive` answers the shared secret, or undefined when the peer's value is
 * refused. The private key is a runtime's object that cannot be overwritten from here: it is let go instead.
 */
export function keyExchangeWith<PrivateKey>(
  privateKey: PrivateKey,
  publicValue: Uint8Array,
  derive: (privateKey: PrivateKey, peerPublic: Uint8Array) => Uint8Array | undefined,
): KeyExchange {
  let held: { readonly privateKey: PrivateKey } | undefined = { privateKey };
  return {
    publicValue,
    agree(peerPublic) {
      if (held === undefined) throw new Error('the private value was already used or wiped');
      const secret = derive(held.privateKey, peerPublic);
      if (secret === undefined) return err('invalid public value');
      held = undefined;
      return ok(new SecretBytes(secret));
    },
    wipe() {
      held = undefined;
    },
  };
}
