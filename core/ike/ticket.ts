import type { EpochMillis } from '../lib/ports.ts';
import { SecretBytes } from '../lib/secret.ts';
import { type Endpoint, sameEndpoint } from '../net/address.ts';
import type { Identity } from './identity.ts';
import type { IkeSuite } from './suite.ts';

export interface TicketParts {
  /** As the gateway gave it out; only the gateway can read it. */
  readonly opaque: Uint8Array;
  /** It must not be shown to the gateway from then on (RFC 5723 section 4.3.1). */
  readonly expiresAt: EpochMillis;
  /** SK_d of the SA that it was given out in. The ticket keeps a copy. */
  readonly skD: SecretBytes;
  /** The algorithms of that SA, which the resumed one uses as well. */
  readonly suite: IkeSuite;
  readonly localId: Identity;
  /** Whom the gateway proved to be. */
  readonly remoteId: Identity;
}

/** The one request that a ticket is shown in: to whom, and its octets from the IKE header on. */
export interface Presentation {
  readonly gateway: Endpoint;
  readonly initiatorSpi: Uint8Array;
  readonly nonceI: Uint8Array;
  readonly request: Uint8Array;
}

/**
 * What a client keeps to resume an IKE SA (RFC 5723 section 5): the gateway's opaque ticket and our half of it. It is
 * for one use. A gateway that is down leaves the request unanswered, which uses nothing up: then the very same request
 * may be repeated later, as any request is, but no other one is ever made with the ticket.
 */
export class ResumptionTicket {
  readonly opaque: Uint8Array;
  readonly expiresAt: EpochMillis;
  readonly skD: SecretBytes;
  readonly suite: IkeSuite;
  readonly localId: Identity;
  readonly remoteId: Identity;
  #presentation: Presentation | undefined;

  constructor({ opaque, expiresAt, skD, suite, localId, remoteId }: TicketParts) {
    this.opaque = opaque.slice();
    this.expiresAt = expiresAt;
    this.skD = SecretBytes.copyOf(skD.reveal());
    this.suite = suite;
    this.localId = localId;
    this.remoteId = remoteId;
  }

  /** It was used, or the SA that it stands for was deleted or replaced: it is of no use any more. */
  get wiped(): boolean {
    return this.skD.wiped;
  }

  /** Whether it can be shown to the gateway at this endpoint now. */
  isUsable(gateway: Endpoint, epochNow: EpochMillis): boolean {
    if (this.wiped || epochNow >= this.expiresAt) return false;
    return this.#presentation === undefined || sameEndpoint(this.#presentation.gateway, gateway);
  }

  /** The request that it is shown in: the one that it was shown in before, or else what `make` gives. */
  present(make: () => Presentation): Presentation {
    this.#presentation ??= make();
    return this.#presentation;
  }

  /** Forgets the secret. May be called again. */
  wipe(): void {
    this.skD.wipe();
    this.opaque.fill(0);
  }
}
