import type { Millis } from '../../../core/lib/ports.ts';
import { ExchangeType } from '../../../core/wire/constants.ts';
import type { Message } from '../../../core/wire/message.ts';
import { envelope, type Outstanding, type OwnRequest, type Purpose, type Sa } from './sa.ts';

/** An empty INFORMATIONAL request: is the client there? */
export const LIVENESS_CHECK: OwnRequest = { exchange: ExchangeType.INFORMATIONAL, payloads: [] };

export interface OwnRequestsOptions {
  readonly firstWaitMs: Millis;
  readonly retransmits: number;
  /** Encodes and sends a new message; gives the octets to repeat. */
  readonly send: (sa: Sa, message: Message) => readonly Uint8Array[];
  readonly resend: (sa: Sa, wire: readonly Uint8Array[]) => void;
  /** The client did not answer at all. */
  readonly dead: (sa: Sa) => void;
}

/**
 * The requests that the gateway itself makes: one at a time (a window of one, RFC 7296 section 2.3), with ids of
 * their own from zero, repeated octet by octet with growing pauses until they are answered.
 */
export class OwnRequests {
  readonly #options: OwnRequestsOptions;

  constructor(options: OwnRequestsOptions) {
    this.#options = options;
  }

  enqueue(sa: Sa, request: OwnRequest, now: Millis): void {
    if (request.rush === true) {
      const sent = this.#send(sa, request, now);
      if (sent !== undefined) sa.rushed.push(sent);
      return;
    }
    sa.queue.push(request);
    this.next(sa, now);
  }

  /** The request that an answer belongs to, which is then no longer outstanding. Call `next` behind it. */
  handleResponse(sa: Sa, messageId: number, exchange: number): OwnRequest | undefined {
    const found = [sa.outstanding, ...sa.rushed].find((one) => one?.messageId === messageId);
    if (found?.request.exchange !== exchange) return undefined;
    if (found === sa.outstanding) sa.outstanding = undefined;
    else sa.rushed = sa.rushed.filter((one) => one !== found);
    return found.request;
  }

  handleTimeout(sa: Sa, now: Millis): void {
    const { outstanding } = sa;
    if (outstanding === undefined || outstanding.dueMs > now) return;
    if (outstanding.tries > this.#options.retransmits) {
      this.#options.dead(sa);
      return;
    }
    outstanding.dueMs = now + this.#options.firstWaitMs * 2 ** outstanding.tries;
    outstanding.tries++;
    this.#options.resend(sa, outstanding.octets);
  }

  /** Sends the next request whose turn it is, if it is anyone's. */
  next(sa: Sa, now: Millis): void {
    while (sa.outstanding === undefined && sa.state.name !== 'closed') {
      const at = sa.queue.findIndex((request) => mayGo(sa, request));
      const [request] = at < 0 ? [] : sa.queue.splice(at, 1);
      if (request === undefined) return;
      sa.outstanding = this.#send(sa, request, now);
    }
  }

  /** Undefined when the request has nothing left to ask for. */
  #send(sa: Sa, request: OwnRequest, now: Millis): Outstanding | undefined {
    const payloads = typeof request.payloads === 'function' ? request.payloads(sa) : request.payloads;
    if (payloads === undefined) return undefined;
    const messageId = sa.ownId++;
    const message = { ...envelope(sa), exchange: request.exchange, response: false, messageId, payloads };
    const octets = this.#options.send(sa, message);
    return { request, messageId, octets, tries: 1, dueMs: now + this.#options.firstWaitMs };
  }
}

/** What the gateway is asking the client for on this IKE SA, if it asks for anything. */
export function underWay(sa: Sa): Purpose | undefined {
  return sa.outstanding === undefined ? undefined : (sa.outstanding.request.purpose ?? 'other');
}

/** No new CREATE_CHILD_SA exchange on an IKE SA that is being rekeyed (RFC 7296 section 1.3.2). */
function mayGo({ rekeying }: Sa, { exchange }: OwnRequest): boolean {
  const replaced = rekeying.own !== undefined || rekeying.theirs !== undefined;
  return !replaced || exchange !== ExchangeType.CREATE_CHILD_SA;
}
