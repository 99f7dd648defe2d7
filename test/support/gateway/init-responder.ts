import { equalBytes, toHex } from '../../../core/lib/bytes.ts';
import { formatEndpoint } from '../../../core/net/address.ts';
import { ExchangeType } from '../../../core/wire/constants.ts';
import type { Message } from '../../../core/wire/message.ts';
import { answerInit } from './answer-init.ts';
import { answerResume, type ShownTickets } from './answer-resume.ts';
import type { FirstHistory } from './first-parts.ts';
import type { Sender } from './sender.ts';
import type { Sa } from './sa.ts';
import type { GatewayDatagram, Responder } from './types.ts';

const FIRST_EXCHANGES: readonly number[] = [ExchangeType.IKE_SA_INIT, ExchangeType.IKE_SESSION_RESUME];

/** A request that led to an SA, so that its retransmission gets the same answer. */
interface Answered {
  readonly request: Uint8Array;
  readonly wire: readonly Uint8Array[];
}

/** IKE_SA_INIT and IKE_SESSION_RESUME requests: who asked before, who is answered again, who gets an SA. */
export class InitResponder {
  readonly #secret: Uint8Array;
  readonly #sender: Sender;
  readonly #histories = new Map<string, FirstHistory>();
  readonly #answered = new Map<string, Answered>();
  readonly #shown: ShownTickets = new Map();

  constructor(secret: Uint8Array, sender: Sender) {
    this.#secret = secret;
    this.#sender = sender;
  }

  /** Forgets who asked, like a machine that lost its power. */
  forget(): void {
    this.#histories.clear();
    this.#answered.clear();
  }

  /** The new SA when the request led to one. */
  handle(responder: Responder, datagram: GatewayDatagram, message: Message): Sa | undefined {
    const { octets, remote, localPort } = datagram;
    const { exchange, response, fromInitiator, messageId } = message;
    if (!FIRST_EXCHANGES.includes(exchange) || response || !fromInitiator || messageId !== 0) {
      responder.emit({ kind: 'violation', what: 'a first message that is no first request with id 0' });
      return undefined;
    }
    const key = `${toHex(message.initiatorSpi)} ${formatEndpoint(remote)}`;
    const earlier = this.#answered.get(key);
    if (earlier !== undefined && equalBytes(earlier.request, octets)) {
      responder.emit({ kind: 'ignored', reason: 'a retransmission' });
      this.#sender.repeat(earlier.wire, datagram);
      return undefined;
    }
    const history = this.#histories.get(key) ?? { cookies: 0, invalidKe: 0, request: undefined };
    this.#histories.set(key, history);
    const request = { message, octets: octets.slice(), remote, localPort, history, secret: this.#secret };
    const answer =
      exchange === ExchangeType.IKE_SA_INIT
        ? answerInit(responder, request)
        : answerResume(responder, request, this.#shown);
    const sent = answer.messages.map((reply) => this.#sender.clear(reply, 'init', datagram));
    if (answer.sa === undefined) return undefined;
    answer.sa.message2 = sent.at(-1)?.datagrams[0] ?? new Uint8Array();
    const wire = sent.flatMap((out) => out?.wire ?? []);
    this.#answered.set(key, { request: request.octets, wire });
    return answer.sa;
  }
}
