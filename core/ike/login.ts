import { equalBytes } from '../lib/bytes.ts';
import { type Failure, failure } from '../lib/failure.ts';
import type { Millis } from '../lib/ports.ts';
import type { SecretBytes } from '../lib/secret.ts';
import { Notify } from '../wire/constants.ts';
import type { IkeHeader } from '../wire/header.ts';
import type { Message } from '../wire/message.ts';
import type { Payload } from '../wire/payload.ts';
import { notify } from '../wire/payloads/notify.ts';
import { type IkeEvent, type InboundDatagram, wipeKeysIn } from './events.ts';
import type { Exchanger } from './exchanger.ts';
import type { IkeSa } from './ike-sa.ts';
import { InitExchange, type InitStep, type Unreachable, usableTicket } from './init-exchange.ts';
import type { SessionPort } from './life-port.ts';
import { factsOfSilence, type Retransmitter } from './retransmitter.ts';
import { AuthTask } from './tasks/auth.ts';
import { DELETE_IKE_SA, partingTask } from './tasks/informational.ts';
import { ResumedAuthTask } from './tasks/resumed-auth.ts';
import type { LoginTask, Task, TaskStatus } from './tasks/task.ts';
import type { ResumptionTicket } from './ticket.ts';

/** What a login asks of, and tells, the session that it is for. */
export interface LoginPort extends SessionPort {
  /** Octets that no SA protects yet. */
  send(octets: Uint8Array): void;
  /** From now on messages go to the port for NAT traversal; or again to the other one. */
  moveToNatPort(): void;
  startOver(): void;
  /** The SA stands. `events` says what there is, `payloads` is the whole last answer. */
  stands(
    ike: Exchanger,
    login: LoginTask,
    events: readonly IkeEvent[],
    payloads: readonly Payload[],
    now: Millis,
  ): void;
}

type Phase =
  | { readonly name: 'idle' }
  | { readonly name: 'init'; readonly exchange: InitExchange }
  /** `leavingBy`: the user gave up; an SA that comes to be all the same is deleted at once. */
  | { readonly name: 'auth'; readonly ike: Exchanger; readonly task: LoginTask; leavingBy?: Millis }
  /** The gateway is told that an SA is not to be; `failure` is what we then report. */
  | { readonly name: 'refusing'; readonly ike: Exchanger; readonly failure: Failure | undefined };

/** The way from nothing to an IKE SA that stands: IKE_SA_INIT, or the resumption of an SA, and IKE_AUTH. */
export class Login {
  readonly #port: LoginPort;
  #phase: Phase = { name: 'idle' };
  /** The gateway lets no IKE SA stand that is begun with a Child SA. */
  #isChildless = false;

  constructor(port: LoginPort) {
    this.#port = port;
  }

  start(now: Millis): void {
    this.#begin(usableTicket(this.#port.config, this.#port.epoch(now)), now);
  }

  #begin(ticket: ResumptionTicket | undefined, now: Millis): void {
    const exchange = new InitExchange(this.#port.config, ticket, this.#port, now);
    this.#phase = { name: 'init', exchange };
    this.#followInit(exchange.start(now), now);
  }

  /** For what is reported of a session that ends while we are leaving for a reason. */
  get leaving(): { readonly failure: Failure | undefined } | undefined {
    return this.#phase.name === 'refusing' ? this.#phase : undefined;
  }

  nextTimeout(): { readonly at: Millis; readonly why: string } | undefined {
    if (this.#phase.name === 'init') return this.#phase.exchange.nextTimeout();
    const at = 'ike' in this.#phase ? this.#phase.ike.nextTimeout() : undefined;
    return at === undefined ? undefined : { at, why: 'retransmit' };
  }

  handleTimeout(now: Millis): void {
    if (this.#phase.name === 'init') this.#followInit(this.#phase.exchange.handleTimeout(now), now);
    else if ('ike' in this.#phase) this.#phase.ike.handleTimeout(now);
  }

  noteUnreachable(what: Unreachable, now: Millis): void {
    if (this.#phase.name === 'init') this.#phase.exchange.noteUnreachable(what, now);
  }

  /** False when the datagram has nothing to do with the SA that is to be. */
  handle(header: IkeHeader, datagram: InboundDatagram, now: Millis): boolean {
    if (this.#phase.name === 'init') {
      this.#followInit(this.#phase.exchange.handleResponse(header, datagram, now), now);
      return true;
    }
    if (!('ike' in this.#phase)) return false;
    const { ike } = this.#phase;
    const { initiatorSpi, responderSpi } = ike.sa.init;
    const isOurs =
      equalBytes(header.initiatorSpi, initiatorSpi) && equalBytes(header.responderSpi, responderSpi);
    // The gateway is not the original initiator of an SA that we began, whatever the direction of the message.
    if (!isOurs || header.fromInitiator) return false;
    ike.handle(datagram, now);
    return true;
  }

  // IKE_SA_INIT

  #followInit(step: InitStep, now: Millis): void {
    switch (step.kind) {
      case 'wait':
        return;
      case 'send':
        return step.datagrams.forEach((octets) => this.#port.send(octets));
      case 'done':
        return this.#initiated(step.sa, now);
      case 'redirected':
        this.#port.emit({ kind: 'redirected', to: step.to });
        return this.#port.ended(undefined);
      case 'failed':
        return this.#port.ended(step.failure);
    }
  }

  #initiated(sa: IkeSa, now: Millis): void {
    const { suite, nat, initiatorSpi, responderSpi, resumed } = sa.init;
    if (this.#phase.name === 'init') this.#phase.exchange.wipe();
    this.#port.moveToNatPort();
    this.#port.emit({ kind: 'initiated', suite: suite.name, nat, initiatorSpi, responderSpi });
    const ike = this.#port.exchangerFor(sa, 1);
    const context = this.#port.context(ike, now);
    const task = resumed
      ? new ResumedAuthTask(context, resumed)
      : new AuthTask(context, this.#isChildless && sa.init.childless);
    this.#phase = { name: 'auth', ike, task };
    ike.enqueue(task, now);
  }

  // IKE_AUTH

  get #isLeaving(): boolean {
    return this.#phase.name === 'auth' && this.#phase.leavingBy !== undefined;
  }

  answered(ike: Exchanger, task: Task, { payloads }: Message, now: Millis): void {
    // While we leave, answers to what was asked before have no one left to tell.
    if (this.#phase.name === 'refusing' && task.kind !== 'parting') return;
    this.#follow(ike, task, task.process(payloads, this.#port.context(ike, now)), payloads, now);
  }

  #follow(ike: Exchanger, task: Task, status: TaskStatus, payloads: readonly Payload[], now: Millis): void {
    switch (status.kind) {
      case 'more':
        status.events.forEach((event) => this.#port.emit(event));
        return this.#isLeaving ? this.#port.ended(undefined) : ike.send(task, now);
      case 'need':
        if (this.#isLeaving) return this.#port.ended(undefined);
        return this.#port.emit(status);
      case 'redirect':
        if (!this.#isLeaving) this.#port.emit({ kind: 'redirected', to: status.to });
        return this.#refuse(ike, undefined, status.parting, now);
      case 'begin-anew':
        return this.#isLeaving ? this.#port.ended(undefined) : this.#beginAnew(ike, status, now);
      case 'fail':
        return this.#refuse(ike, status.failure, status.parting, now);
      case 'done':
        return this.#finished(ike, status.events, payloads, now);
    }
  }

  #finished(ike: Exchanger, events: readonly IkeEvent[], payloads: readonly Payload[], now: Millis): void {
    if (this.#phase.name !== 'auth') return this.#port.ended(undefined);
    if (!this.#isLeaving) return this.#port.stands(ike, this.#phase.task, events, payloads, now);
    wipeKeysIn(events);
    this.#refuse(ike, undefined, [DELETE_IKE_SA], now);
  }

  /** An SA is given up for one that is begun in another way. */
  #beginAnew(
    ike: Exchanger,
    { why, childless }: { readonly why: string; readonly childless: boolean },
    now: Millis,
  ): void {
    this.#port.log('debug', 'ike-begins-anew', { why });
    this.#isChildless ||= childless;
    if (this.#phase.name === 'auth') this.#phase.task.wipe();
    ike.wipe();
    this.#port.startOver();
    this.#begin(undefined, now);
  }

  providePassword(password: SecretBytes, now: Millis): void {
    if (this.#phase.name !== 'auth') return;
    const { ike, task } = this.#phase;
    const status = task.provide(password);
    if (status) this.#follow(ike, task, status, [], now);
  }

  // What goes wrong

  silent(retransmitter: Retransmitter, now: Millis): void {
    const phase = this.#phase;
    if (phase.name !== 'auth' || this.#isLeaving) return this.#port.ended(undefined);
    if (phase.task.isResumed) return this.#beginAnew(phase.ike, { why: 'silence', childless: false }, now);
    const facts = factsOfSilence(this.#port.remote(), retransmitter, now);
    const silence = failure(phase.task.inEap ? 'timeout.eap' : 'timeout.auth', facts);
    this.#port.ended(phase.task.refusal ?? silence);
  }

  answeredBadly(ike: Exchanger, task: Task, reason: string, now: Millis): void {
    const phase = this.#phase;
    // Whatever the last answer says, it is the last one: no gateway can make us say goodbye for ever.
    if (phase.name === 'refusing') {
      if (task.kind === 'parting') this.#port.ended(undefined);
      return;
    }
    if (phase.name === 'auth' && phase.task.isResumed && !this.#isLeaving) {
      return this.#beginAnew(ike, { why: 'malformed', childless: false }, now);
    }
    const why = failure('protocol.malformed', { detail: reason });
    // What does not stand yet cannot be deleted (RFC 7296 section 1.4); it is refused instead (section 2.21.2).
    this.#refuse(ike, why, [notify(Notify.AUTHENTICATION_FAILED)], now);
  }

  // The end

  disconnect(now: Millis): void {
    const phase = this.#phase;
    if (phase.name === 'refusing') return;
    // A Delete may only follow the initial exchanges (RFC 7296 section 1.4). So hear the answer that is under way
    // first: it may make an SA at the gateway that must not stay behind.
    if (phase.name !== 'auth' || !phase.ike.activeTask) return this.#port.ended(undefined);
    phase.leavingBy = now + this.#port.config.goodbyeMs;
    phase.ike.limit(phase.leavingBy);
  }

  /** Tells the gateway that an SA is not to be, and reports `why` when it knows or does not answer. */
  #refuse(
    ike: Exchanger,
    why: Failure | undefined,
    parting: readonly Payload[] | undefined,
    now: Millis,
  ): void {
    if (!parting || ike.isExhausted) return this.#port.ended(why);
    if (this.#phase.name === 'auth') this.#phase.task.wipe();
    this.#phase = { name: 'refusing', ike, failure: why };
    // One request at a time (RFC 7296 section 2.3): one that is under way keeps its place, but not for long.
    ike.takeWaiting();
    ike.limit(now + this.#port.config.goodbyeMs);
    ike.enqueue(partingTask(parting), now);
  }

  /** Forgets what the login itself knew, and with `ike` also the SA that it led to. */
  wipe(what: 'login' | 'ike'): void {
    const phase = this.#phase;
    if (phase.name === 'init') phase.exchange.wipe();
    if (phase.name === 'auth') phase.task.wipe();
    if (what === 'ike' && 'ike' in phase) phase.ike.wipe();
  }
}
