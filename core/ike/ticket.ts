import type { EpochMillis } from '../lib/ports.ts';
import type { SecretBytes } from '../lib/secret.ts';
import type { Identity } from './identity.ts';
import type { IkeSuite } from './suite.ts';

/** What a client keeps to resume an IKE SA (RFC 5723 section 5): the gateway's opaque ticket and our half of it. */
export interface ResumptionTicket {
  /** As the gateway gave it out; only the gateway can read it. */
  readonly opaque: Uint8Array;
  /** It must not be shown to the gateway from then on (section 4.3.1). */
  readonly expiresAt: EpochMillis;
  /** SK_d of the SA that it was given out in. */
  readonly skD: SecretBytes;
  /** The algorithms of that SA, which the resumed one uses as well. */
  readonly suite: IkeSuite;
  readonly localId: Identity;
  readonly remoteId: Identity;
  /** Forgets the secret. May be called again. */
  wipe(): void;
}
