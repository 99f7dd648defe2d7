import type { Log } from '../lib/ports.ts';
import type { IkeHeader } from '../wire/header.ts';
import type { Message } from '../wire/message.ts';
import { describeMessage } from '../wire/describe.ts';
import type { Payload } from '../wire/payload.ts';
import { notify } from '../wire/payloads/notify.ts';
import type { InboundDatagram } from './events.ts';
import type { IkeSa } from './ike-sa.ts';
import type { Outbox } from './outbox.ts';
import { type Answer, answerRequest, type ChildIndex } from './requests.ts';
import { RequestWindow } from './window.ts';

/** The other role: answers the gateway's requests, each once, and repeats an answer for a repeated request. */
export class Responder {
  readonly #outbox: Outbox;
  readonly #log: Log;
  readonly #window = new RequestWindow();

  constructor(outbox: Outbox, log: Log) {
    this.#outbox = outbox;
    this.#log = log;
  }

  /** Answers a request and tells what follows from it; undefined when it was a repetition or nothing for us. */
  handle(sa: IkeSa, message: Message, datagram: InboundDatagram, children: ChildIndex): Answer | undefined {
    if (!this.#isNew(message.messageId, datagram)) return undefined;
    const answer = answerRequest(message, children);
    if (answer) this.#reply(sa, message, answer.payloads, datagram);
    else this.#log('debug', 'ike-dropped', { where: 'request', reason: `exchange ${message.exchange}` });
    return answer;
  }

  /** Answers a request that passed its integrity check and is broken. False when it was no new one. */
  refuse(
    sa: IkeSa,
    header: IkeHeader,
    error: { readonly notify: number; readonly data: Uint8Array },
    datagram: InboundDatagram,
  ): boolean {
    if (!this.#isNew(header.messageId, datagram)) return false;
    this.#reply(sa, header, [notify(error.notify, error.data)], datagram);
    return true;
  }

  #isNew(messageId: number, datagram: InboundDatagram): boolean {
    const verdict = this.#window.judge(messageId, datagram.octets);
    if (verdict.kind === 'repeat') this.#outbox.reply(verdict.response, datagram);
    if (verdict.kind === 'outside') {
      this.#log('debug', 'ike-dropped', { where: 'request', reason: 'outside the window' });
    }
    return verdict.kind === 'new';
  }

  #reply(
    sa: IkeSa,
    request: { readonly exchange: number; readonly messageId: number },
    payloads: readonly Payload[],
    datagram: InboundDatagram,
  ): void {
    const { message, octets } = sa.seal({ ...request, response: true, payloads });
    this.#window.answered(datagram.octets, octets);
    this.#log('debug', 'ike-sent', { message: describeMessage(message) });
    this.#outbox.reply(octets, datagram);
  }
}
