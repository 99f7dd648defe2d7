import type { Selector } from '../net/selector.ts';
import type { SaLimits } from './lifetime.ts';
import type { EspSuite } from './suite.ts';

/**
 * A pair of ESP SAs in tunnel mode as IKE negotiated them. `In` and `Out` are seen from here. Keys are KEYMAT
 * (RFC 7296 section 2.17) of keyLengths(suite) octets; the engine keeps copies and the caller wipes its own.
 */
export interface ChildSaSpec {
  /** The engine's name for the child; a rekeyed pair is installed under the same one. */
  readonly childId: number;
  /** The SPI that we chose: in packets that come in. Never zero. */
  readonly spiIn: number;
  /** The SPI that the peer chose: in packets that go out. Never zero. */
  readonly spiOut: number;
  readonly suite: EspSuite;
  /** Encryption keys; for an AEAD the key and then its 4 octets of salt. */
  readonly keyIn: Uint8Array;
  readonly keyOut: Uint8Array;
  /** Integrity keys; absent for an AEAD. */
  readonly integIn?: Uint8Array;
  readonly integOut?: Uint8Array;
  /** Our side of the traffic as granted: TSi of an exchange that we began. */
  readonly local: readonly Selector[];
  /** The peer's side of the traffic as granted. */
  readonly remote: readonly Selector[];
  /** True when the ESP packets travel in UDP (RFC 3948). They are the same octets either way. */
  readonly udpEncap: boolean;
  /** For each direction; those of the suite (limits.ts) when absent. */
  readonly limits?: SaLimits;
}
