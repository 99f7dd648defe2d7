import type { Millis } from '../../../core/lib/ports.ts';
import type { Message } from '../../../core/wire/message.ts';
import type { OwnRequest, Sa } from './types.ts';

export interface OwnRequestsOptions {
  readonly firstWaitMs: Millis;
  readonly retransmits: number;
  /** Encodes and sends a new message; gives the octets to repeat. */
  readonly send: (sa: Sa, message: Message) => readonly Uint8Array[];
  readonly resend: (sa: Sa, wire: Uint8Array) => void;
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
    sa.queue.push(request);
    this.#next(sa, now);
  }

  /** The request that an answer belongs to, which is then no longer outstanding. */
  handleResponse(sa: Sa, messageId: number, exchange: number, now: Millis): OwnRequest | undefined {
    const { outstanding } = sa;
    if (outstanding?.messageId !== messageId || outstanding.request.exchange !== exchange) return undefined;
    sa.outstanding = undefined;
    this.#next(sa, now);
    return outstanding.request;
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
    for (const wire of outstanding.octets) this.#options.resend(sa, wire);
  }

  #next(sa: Sa, now: Millis): void {
    if (sa.outstanding !== undefined) return;
    const request = sa.queue.shift();
    if (request === undefined) return;
    const messageId = sa.ownId++;
    const message: Message = {
      initiatorSpi: sa.initiatorSpi,
      responderSpi: sa.responderSpi,
      exchange: request.exchange,
      fromInitiator: false,
      response: false,
      messageId,
      payloads: request.payloads,
    };
    const octets = this.#options.send(sa, message);
    sa.outstanding = { request, messageId, octets, tries: 1, dueMs: now + this.#options.firstWaitMs };
  }
}
