import type { Failure } from '../lib/failure.ts';
import type { Log, Millis } from '../lib/ports.ts';
import type { Result } from '../lib/result.ts';
import { FragmentQueue } from '../wire/fragment-queue.ts';
import type { IkeHeader } from '../wire/header.ts';
import { decodeMessage } from '../wire/decode.ts';
import { describeMessage } from '../wire/describe.ts';
import type { DecodeResult, Fragment, Message, ProtectedError } from '../wire/message.ts';
import type { Payload } from '../wire/payload.ts';
import { notify } from '../wire/payloads/notify.ts';
import type { InboundDatagram } from './events.ts';
import type { IkeSa } from './ike-sa.ts';
import { Retransmitter, type RetransmitPolicy } from './retransmitter.ts';
import type { Task } from './tasks/task.ts';
import { MessageIds, RequestWindow } from './window.ts';

/** Whether a task that waits may begin: now, when something has changed, or never, because there is no need any more. */
export type Readiness = 'ready' | 'later' | 'never';

/** What an Exchanger asks of, and tells, whoever decides what messages mean. */
export interface ExchangeOwner {
  /** The datagrams of a request of ours, first or again, on the ways that the owner thinks best. */
  send(task: Task, request: Retransmitter, now: Millis): void;
  /** There is no network: requests wait, and patience with them. */
  isSuspended(): boolean;
  /** The datagrams of a response, to where `request` came from (RFC 7296 section 2.11). */
  reply(datagrams: readonly Uint8Array[], request: InboundDatagram): void;
  /** Octets of the longest IKE message, from the header on, that goes out uncut now. */
  maxLength(): number;
  retransmitPolicy(task: Task): RetransmitPolicy;
  /** What becomes of a task whose turn it is. One that may never begin is forgotten. */
  readiness(from: Exchanger, task: Task): Readiness;
  build(from: Exchanger, task: Task, now: Millis): Result<readonly Payload[], Failure>;
  /** There is no request to send: no payloads, or no Message ID left. The exchange never began. */
  cannotSend(from: Exchanger, task: Task, why: 'no-message-id' | Failure): void;
  /** The answer to the request that was under way; it is not any more. */
  answered(from: Exchanger, task: Task, message: Message, datagram: InboundDatagram, now: Millis): void;
  /** The other end made the answer, and it is broken (RFC 7296 section 2.21). */
  answeredBadly(from: Exchanger, task: Task, reason: string, now: Millis): void;
  /** No answer for as long as the policy says; the request is still under way. */
  gaveUp(from: Exchanger, task: Task, retransmitter: Retransmitter, now: Millis): void;
  /** The payloads that answer a new request, or undefined for none. `then` runs behind the sending. */
  answer(
    from: Exchanger,
    message: Message,
    datagram: InboundDatagram,
    now: Millis,
  ): { readonly payloads: readonly Payload[]; readonly then: () => void } | undefined;
  /** The other end made the request and it is broken; false leaves it unanswered. `then` as with `answer`. */
  answersBrokenRequests(from: Exchanger): boolean;
  refused(from: Exchanger, error: ProtectedError, datagram: InboundDatagram, now: Millis): void;
  /** Notifies in clear with the SPIs of the SA. Anybody can send them. */
  hinted(from: Exchanger, notifies: readonly Payload[], now: Millis): void;
}

/** For so long are the parts of a request of the other end kept that does not come whole (RFC 7383 section 2.6). */
const REASSEMBLY_MS = 30_000;

/** The one request that is under way. */
interface Active {
  readonly task: Task;
  readonly messageId: number;
  readonly retransmitter: Retransmitter;
}

/**
 * The messages of one IKE SA, whatever they mean: our requests one at a time, repeated until they are answered, the
 * other end's each answered once and the answer repeated for a repetition, long ones in fragments
 * (RFC 7296 sections 2.1 to 2.3, RFC 7383).
 */
export class Exchanger {
  readonly sa: IkeSa;
  readonly #owner: ExchangeOwner;
  readonly #log: Log;
  readonly #ids: MessageIds;
  readonly #window = new RequestWindow();
  readonly #responseParts = new FragmentQueue();
  readonly #requestParts = new FragmentQueue();
  /** When the parts of a request that there are began to come. */
  #partsSince: Millis = -Infinity;
  #queue: Task[] = [];
  #active: Active | undefined;
  /** An answer is being dealt with: what has to follow from it may still get before what waits. */
  #isDigesting = false;

  /** `firstId` is 1 behind IKE_SA_INIT, and 0 in an SA that replaces another (RFC 7296 section 2.2). */
  constructor(sa: IkeSa, owner: ExchangeOwner, log: Log, firstId: 0 | 1) {
    this.sa = sa;
    this.#owner = owner;
    this.#log = log;
    this.#ids = new MessageIds(firstId);
  }

  /** The task whose request waits for an answer. */
  get activeTask(): Task | undefined {
    return this.#active?.task;
  }

  get isExhausted(): boolean {
    return this.#ids.exhausted;
  }

  /** The tasks that wait for their turn, the next one first. */
  get waiting(): readonly Task[] {
    return this.#queue;
  }

  nextTimeout(): Millis | undefined {
    return this.#owner.isSuspended() ? undefined : this.#active?.retransmitter.nextAt;
  }

  handleTimeout(now: Millis): void {
    const active = this.#active;
    if (this.#owner.isSuspended()) return;
    switch (active?.retransmitter.poll(now)) {
      case 'send':
        return this.#owner.send(active.task, active.retransmitter, now);
      case 'give-up':
        return this.#owner.gaveUp(this, active.task, active.retransmitter, now);
      default:
        return;
    }
  }

  /** The task's request goes out as soon as nothing else is under way (a window of one, RFC 7296 section 2.3). */
  enqueue(task: Task, now: Millis): void {
    this.#queue.push(task);
    this.startNext(now);
  }

  /** As `enqueue`, but nothing that waits goes before it. */
  enqueueFirst(task: Task, now: Millis): void {
    this.#queue.unshift(task);
    this.startNext(now);
  }

  /** What waits is forgotten, or given to whoever carries it on. */
  takeWaiting(): Task[] {
    return this.#queue.splice(0);
  }

  startNext(now: Millis): void {
    if (this.#active || this.#isDigesting) return;
    for (const task of [...this.#queue]) {
      const readiness = this.#owner.readiness(this, task);
      if (readiness === 'later') continue;
      this.#queue = this.#queue.filter((waiting) => waiting !== task);
      if (readiness === 'ready') return this.send(task, now);
    }
  }

  /** The next request of a task at once: the answer to its last one has come. */
  send(task: Task, now: Millis): void {
    if (this.#active) throw new Error('a request is under way');
    // An SA without a Message ID left must be closed (RFC 7296 section 2.2).
    if (this.#ids.exhausted) return this.#owner.cannotSend(this, task, 'no-message-id');
    const payloads = this.#owner.build(this, task, now);
    if (!payloads.ok) return this.#owner.cannotSend(this, task, payloads.error);
    const messageId = this.#ids.take();
    const { message, datagrams } = this.sa.seal(
      { exchange: task.exchange, response: false, messageId, payloads: payloads.value },
      this.#owner.maxLength(),
    );
    const retransmitter = new Retransmitter(datagrams, this.#owner.retransmitPolicy(task), now);
    this.#responseParts.clear();
    this.#active = { task, messageId, retransmitter };
    this.#log('debug', 'ike-sent', { message: describeMessage(message) });
    this.#owner.send(task, retransmitter, now);
  }

  /** The request under way goes out again at once, with new patience: there is a new way for it. */
  sendAgain(now: Millis): void {
    if (!this.#active) return;
    const { task, retransmitter } = this.#active;
    retransmitter.restart(now);
    this.#owner.send(task, retransmitter, now);
  }

  /** Patience with the request under way ends at `at`, if not before. */
  limit(at: Millis): void {
    this.#active?.retransmitter.limit(at);
  }

  /** The request under way is not waited for any more; its task is for whoever carries it on. */
  abandon(): Task | undefined {
    const task = this.#active?.task;
    this.#active = undefined;
    return task;
  }

  /** Nothing is asked or waits any more. */
  forget(): void {
    this.#active = undefined;
    this.#queue = [];
  }

  wipe(): void {
    this.forget();
    this.#responseParts.clear();
    this.#requestParts.clear();
    this.sa.wipe();
  }

  /** A datagram with the SPIs of this SA. */
  handle(datagram: InboundDatagram, now: Millis): void {
    this.#follow(decodeMessage(datagram.octets, this.sa.protection.inbound), datagram, datagram.octets, now);
  }

  /** `first` is what a repetition is known by: the message, or its first fragment. */
  #follow(decoded: DecodeResult, datagram: InboundDatagram, first: Uint8Array, now: Millis): void {
    switch (decoded.kind) {
      case 'unprotected-error':
        this.#drop('message', decoded.reason);
        if (decoded.hints) this.#owner.hinted(this, decoded.hints, now);
        return;
      case 'partial':
        return this.#fragment(decoded.header, decoded.fragment, datagram, now);
      case 'protected-error':
        return this.#malformed(decoded, datagram, first, now);
      case 'ok':
        // A message in clear proves nothing once there are keys, and is not even a sign of life.
        if (!decoded.protected) return this.#drop('message', 'in clear');
        return decoded.message.response
          ? this.#response(decoded.message, datagram, now)
          : this.#request(decoded.message, datagram, first, now);
    }
  }

  #fragment(header: IkeHeader, fragment: Fragment, datagram: InboundDatagram, now: Millis): void {
    // Nobody may send them who was not told that we take them (RFC 7383 section 2.3).
    if (!this.sa.init.fragmentation) return this.#drop('message', 'a fragment that nobody asked for');
    const queue = header.response
      ? this.#expectsResponse(header)
      : this.#expectsRequest(header, fragment, datagram, now);
    if (!queue) return;
    const result = queue.add(header, fragment);
    if (result.kind === 'discarded') return this.#drop('fragment', result.reason);
    if (result.kind === 'complete') this.#follow(result.result, datagram, NO_OCTETS, now);
  }

  #expectsResponse(header: IkeHeader): FragmentQueue | undefined {
    if (header.messageId === this.#active?.messageId) return this.#responseParts;
    this.#drop('response', 'nobody waits for it');
    return undefined;
  }

  /** Of a request that was answered already the first fragment alone brings the answer again (RFC 7383 section 2.6.1). */
  #expectsRequest(
    { messageId }: IkeHeader,
    { number }: Fragment,
    datagram: InboundDatagram,
    now: Millis,
  ): FragmentQueue | undefined {
    if (messageId === this.#window.expected) {
      if (now - this.#partsSince > REASSEMBLY_MS) {
        this.#requestParts.clear();
        this.#partsSince = now;
      }
      return this.#requestParts;
    }
    const again = number === 1 ? this.#window.lastResponse(messageId) : undefined;
    if (again) this.#owner.reply(again, datagram);
    else this.#drop('request', 'outside the window');
    return undefined;
  }

  #response(message: Message, datagram: InboundDatagram, now: Millis): void {
    const active = this.#active;
    if (!active || message.messageId !== active.messageId)
      return this.#drop('response', 'nobody waits for it');
    if (message.exchange !== active.task.exchange) return this.#drop('response', 'of another exchange');
    this.#active = undefined;
    this.#log('debug', 'ike-received', { message: describeMessage(message) });
    this.#isDigesting = true;
    this.#owner.answered(this, active.task, message, datagram, now);
    this.#isDigesting = false;
    this.startNext(now);
  }

  #request(message: Message, datagram: InboundDatagram, first: Uint8Array, now: Millis): void {
    if (!this.#isNew(message.messageId, datagram, first)) return;
    this.#log('debug', 'ike-received', { message: describeMessage(message) });
    const answer = this.#owner.answer(this, message, datagram, now);
    if (!answer) return this.#drop('request', `exchange ${message.exchange}`);
    this.#reply(message, answer.payloads, datagram, first);
    answer.then();
  }

  #malformed(error: ProtectedError, datagram: InboundDatagram, first: Uint8Array, now: Millis): void {
    const { header } = error;
    if (header.response) {
      const active = this.#active;
      if (header.messageId !== active?.messageId) return this.#drop('response', 'nobody waits for it');
      this.#active = undefined;
      this.#owner.answeredBadly(this, active.task, error.reason, now);
      return this.startNext(now);
    }
    if (!this.#owner.answersBrokenRequests(this))
      return this.#drop('request', 'before the SA is authenticated');
    if (!this.#isNew(header.messageId, datagram, first)) return;
    this.#reply(header, [notify(error.notify, error.data)], datagram, first);
    this.#owner.refused(this, error, datagram, now);
  }

  #isNew(messageId: number, datagram: InboundDatagram, first: Uint8Array): boolean {
    const verdict = this.#window.judge(messageId, first);
    if (verdict.kind === 'repeat') this.#owner.reply(verdict.response, datagram);
    if (verdict.kind === 'outside') this.#drop('request', 'outside the window');
    return verdict.kind === 'new';
  }

  #reply(
    request: { readonly exchange: number; readonly messageId: number },
    payloads: readonly Payload[],
    datagram: InboundDatagram,
    first: Uint8Array,
  ): void {
    const { exchange, messageId } = request;
    const { message, datagrams } = this.sa.seal(
      { exchange, messageId, response: true, payloads },
      this.#owner.maxLength(),
    );
    this.#window.answered(first, datagrams);
    this.#requestParts.clear();
    this.#partsSince = -Infinity;
    this.#log('debug', 'ike-sent', { message: describeMessage(message) });
    this.#owner.reply(datagrams, datagram);
  }

  #drop(where: string, reason: string): void {
    this.#log('debug', 'ike-dropped', { where, reason });
  }
}

/** A reassembled request is not known again by its octets: its first fragment's number says it. */
const NO_OCTETS = new Uint8Array(0);
