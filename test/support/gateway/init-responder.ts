import { equalBytes, toHex } from '../../../core/lib/bytes.ts';
import { formatEndpoint } from '../../../core/net/address.ts';
import { ExchangeType } from '../../../core/wire/constants.ts';
import type { Message } from '../../../core/wire/message.ts';
import { answerInit, type InitHistory } from './answer-init.ts';
import type { Sender } from './sender.ts';
import type { Sa } from './sa.ts';
import type { GatewayDatagram, Responder } from './types.ts';

/** A request that led to an SA, so that its retransmission gets the same answer. */
interface Answered {
  readonly request: Uint8Array;
  readonly wire: readonly Uint8Array[];
}

/** IKE_SA_INIT requests: who asked before, who is answered again, who gets an SA. */
export class InitResponder {
  readonly #secret: Uint8Array;
  readonly #sender: Sender;
  readonly #histories = new Map<string, InitHistory>();
  readonly #answered = new Map<string, Answered>();

  constructor(secret: Uint8Array, sender: Sender) {
    this.#secret = secret;
    this.#sender = sender;
  }

  /** The new SA when the request led to one. */
  handle(responder: Responder, datagram: GatewayDatagram, message: Message): Sa | undefined {
    const { octets, remote, localPort } = datagram;
    const { exchange, response, fromInitiator, messageId } = message;
    if (exchange !== ExchangeType.IKE_SA_INIT || response || !fromInitiator || messageId !== 0) {
      responder.emit({ kind: 'violation', what: 'a first message that is no IKE_SA_INIT request with id 0' });
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
    const request = { message, octets: octets.slice(), remote, localPort, history };
    const answer = answerInit(responder, { ...request, secret: this.#secret });
    const sent = answer.messages.map((reply) => this.#sender.clear(reply, 'init', datagram));
    if (answer.sa === undefined) return undefined;
    answer.sa.message2 = sent.at(-1)?.datagrams[0] ?? new Uint8Array();
    const wire = sent.flatMap((out) => out?.wire ?? []);
    this.#answered.set(key, { request: request.octets, wire });
    return answer.sa;
  }
}
