import type { EpochMillis, Millis } from '../lib/ports.ts';
import { Notify } from '../wire/constants.ts';
import { readNotify } from '../wire/notify-data.ts';
import type { Payload } from '../wire/payload.ts';
import { notify } from '../wire/payloads/notify.ts';
import type { IkeEvent } from './events.ts';
import type { Identity } from './identity.ts';
import type { IkeSa } from './ike-sa.ts';
import { notifyOf } from './payloads.ts';
import { ResumptionTicket } from './ticket.ts';

/** Octets of the longest ticket that we take: it goes out again in one datagram, in clear and so without fragments. */
const MAX_TICKET = 4096;
/** Another one is asked for when so much of a lifetime is over. */
const RENEW_AFTER = 0.8;
/** But no sooner, and no later, than this after the last time that we asked, whatever the lifetime. */
const MIN_PAUSE_MS: Millis = 60_000;
const MAX_PAUSE_MS: Millis = 86_400_000;
/** When a gateway that has none to give yet is asked again. */
const ASK_AGAIN_MS: Millis = 300_000;

/** What the keeper has to know of the SA that a ticket is given out in. */
export interface TicketContext {
  readonly sa: IkeSa;
  readonly localId: Identity;
  readonly now: Millis;
  readonly epochNow: EpochMillis;
}

/** The notify that asks for a ticket. */
export const TICKET_REQUEST: Payload = notify(Notify.TICKET_REQUEST);

/**
 * Sees to it that there is a ticket for as long as the gateway gives any (RFC 5723 section 4.1): asks in the first
 * IKE_AUTH, again before the ticket runs out, and after the IKE SA was replaced. It wipes the last one when that stands
 * for nothing any more (section 6.2), so whoever holds it sees that.
 */
export class TicketKeeper {
  readonly #wanted: boolean;
  #last: ResumptionTicket | undefined;
  /** The gateway gives out tickets, if not at every time. */
  #offered = false;
  #remoteId: Identity | undefined;
  /** When to ask; undefined while there is nothing to ask for. */
  #askAt: Millis | undefined;

  /** `wanted`: the requests have TICKET_REQUEST in them. */
  constructor(wanted: boolean) {
    this.#wanted = wanted;
  }

  /** When a task for a ticket is due. */
  get askAt(): Millis | undefined {
    return this.#askAt;
  }

  /** The gateway proved itself in its final response of IKE_AUTH, which may have the answer to our request. */
  authenticated(payloads: readonly Payload[], remoteId: Identity, context: TicketContext): IkeEvent[] {
    this.#remoteId = remoteId;
    return this.answered(payloads, context);
  }

  /** Takes the answer to a request for a ticket. A gateway that has nothing to say to one is not asked again. */
  answered(payloads: readonly Payload[], context: TicketContext): IkeEvent[] {
    if (!this.#wanted) return [];
    const ticket = this.#ticketIn(payloads, context);
    const later = notifyOf(payloads, Notify.TICKET_ACK) !== undefined;
    this.#offered = ticket !== undefined || later;
    if (!ticket) {
      this.#askAt = later ? context.now + ASK_AGAIN_MS : undefined;
      return [];
    }
    const pauseMs = (ticket.expiresAt - context.epochNow) * RENEW_AFTER;
    this.#askAt = context.now + Math.min(Math.max(pauseMs, MIN_PAUSE_MS), MAX_PAUSE_MS);
    this.#last?.wipe();
    this.#last = ticket;
    return [{ kind: 'ticket', ticket }];
  }

  #ticketIn(payloads: readonly Payload[], context: TicketContext): ResumptionTicket | undefined {
    const payload = notifyOf(payloads, Notify.TICKET_LT_OPAQUE);
    const read = payload && readNotify('TICKET_LT_OPAQUE', payload);
    if (!read?.ok || !this.#remoteId) return undefined;
    const { lifetimeSeconds, ticket: opaque } = read.value;
    if (lifetimeSeconds === 0 || opaque.length > MAX_TICKET) return undefined;
    const { sa, localId, epochNow } = context;
    return new ResumptionTicket({
      opaque,
      expiresAt: epochNow + lifetimeSeconds * 1000,
      skD: sa.keys.skD,
      suite: sa.init.suite,
      localId,
      remoteId: this.#remoteId,
    });
  }

  /** The request for a ticket goes out, and its answer says when the next one is due. */
  asking(): void {
    this.#askAt = undefined;
  }

  /** The IKE SA was replaced: the last ticket is void, and another one is wanted. */
  rekeyed(now: Millis): void {
    this.void();
    if (this.#offered) this.#askAt = now;
  }

  /** The IKE SA is deleted, and what was given out in it is void. */
  void(): void {
    this.#last?.wipe();
    this.#last = undefined;
    this.#askAt = undefined;
  }
}
