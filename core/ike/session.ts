import { equalBytes } from '../lib/bytes.ts';
import { type Failure, failure } from '../lib/failure.ts';
import type { EpochMillis, Log, Millis, RandomBytes } from '../lib/ports.ts';
import type { Result } from '../lib/result.ts';
import type { SecretBytes } from '../lib/secret.ts';
import { Notify } from '../wire/constants.ts';
import { decodeHeader, type IkeHeader } from '../wire/header.ts';
import type { Message, ProtectedError } from '../wire/message.ts';
import type { Payload } from '../wire/payload.ts';
import { notify } from '../wire/payloads/notify.ts';
import type { IkeConfig } from './config.ts';
import {
  wipeKeysIn,
  type IkeCommand,
  type IkeEvent,
  type InboundDatagram,
  type OutboundDatagram,
} from './events.ts';
import { Established } from './established.ts';
import { type ExchangeOwner, Exchanger, type Readiness } from './exchanger.ts';
import type { IkeSa } from './ike-sa.ts';
import { InitExchange, type InitStep, type Unreachable, usableTicket } from './init-exchange.ts';
import { type IkeKeyLogEntry, ikeKeyLogEntry } from './keylog.ts';
import { Outbox } from './outbox.ts';
import type { SessionPort } from './life-port.ts';
import { factsOfSilence, type Retransmitter, type RetransmitPolicy } from './retransmitter.ts';
import { AuthTask } from './tasks/auth.ts';
import { DELETE_IKE_SA, livenessTask, partingTask } from './tasks/informational.ts';
import { ResumedAuthTask } from './tasks/resumed-auth.ts';
import type { LoginTask, Task, TaskContext, TaskStatus } from './tasks/task.ts';
import { ticketTask } from './tasks/ticket.ts';
import type { ResumptionTicket } from './ticket.ts';
import { TicketKeeper } from './ticket-keeper.ts';

export interface SessionDeps {
  readonly random: RandomBytes;
  readonly log: Log;
  /** Add to a `now` to get the wall clock; certificates are checked against that. */
  readonly epochOffsetMs: number;
}

type Phase =
  | { readonly name: 'idle' }
  | { readonly name: 'init'; readonly exchange: InitExchange }
  /** `leavingBy`: the user gave up; an SA that comes to be all the same is deleted at once. */
  | { readonly name: 'auth'; readonly ike: Exchanger; readonly task: LoginTask; leavingBy?: Millis }
  | { readonly name: 'established'; readonly life: Established }
  /** The gateway is told that an SA is not to be; `failure` is what we then report. */
  | { readonly name: 'closing'; readonly ike: Exchanger; readonly failure: Failure | undefined }
  | { readonly name: 'closed' };

/**
 * One session with a gateway as its initiator, sans-IO (RFC 7296): datagrams, commands and the passing of time go in;
 * datagrams and events come out. It owns no socket, reads no clock and never sleeps: call handleTimeout at
 * nextTimeout().
 */
export class IkeSession {
  readonly #config: IkeConfig;
  readonly #deps: SessionDeps;
  readonly #outbox: Outbox;
  readonly #owner: ExchangeOwner;
  readonly #port: SessionPort;
  readonly #events: IkeEvent[] = [];
  readonly #keyLog: IkeKeyLogEntry[] = [];
  readonly #tickets: TicketKeeper;
  #phase: Phase = { name: 'idle' };
  /** When a fresh protected message came: a copy of an old one is no sign of life (RFC 7296 section 2.4). */
  #lastHeard: Millis = 0;

  constructor(config: IkeConfig, deps: SessionDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#tickets = new TicketKeeper(config.resumption);
    this.#outbox = new Outbox(config.gateway, config.gatewayNatPort, config.path);
    this.#owner = {
      send: (datagrams) => datagrams.forEach((octets) => this.#outbox.push(octets)),
      reply: (datagrams, request) => datagrams.forEach((octets) => this.#outbox.reply(octets, request)),
      maxLength: () => this.#outbox.maxLength(config.fragmentOctets),
      retransmitPolicy: (task) => this.#retransmitPolicy(task),
      readiness: (ike, task) => this.#readiness(ike, task),
      build: (ike, task, now) => this.#build(ike, task, now),
      cannotSend: (ike, _task, why) => this.#cannotSend(ike, why),
      answered: (ike, task, message, _datagram, now) => this.#answered(ike, task, message, now),
      answeredBadly: (ike, task, reason, now) => this.#answeredBadly(ike, task, reason, now),
      gaveUp: (ike, _task, retransmitter, now) => this.#giveUp(ike, retransmitter, now),
      answer: (ike, message, _datagram, now) => this.#answer(ike, message, now),
      answersBrokenRequests: () => this.#phase.name !== 'auth',
      refused: (_ike, error, now) => this.#refused(error, now),
      hinted: (ike, notifies, now) => this.#hinted(ike, notifies, now),
    };
    this.#port = {
      config,
      random: deps.random,
      log: deps.log,
      emit: (event) => this.#events.push(event),
      context: (ike, now) => this.#context(ike.sa, now),
      exchangerFor: (sa) => this.#exchangerFor(sa, 0),
      succeeded: (ike, now) => this.#succeeded(ike, now),
      deleted: () => this.#tickets.void(),
      ended: (why) => this.#close(why),
    };
  }

  get closed(): boolean {
    return this.#phase.name === 'closed';
  }

  takeDatagrams(): OutboundDatagram[] {
    return this.#outbox.take();
  }

  takeEvents(): IkeEvent[] {
    return this.#events.splice(0);
  }

  /** Entries for the key log; empty unless the configuration asks for them. */
  takeKeyLog(): IkeKeyLogEntry[] {
    return this.#keyLog.splice(0);
  }

  /** Forgets every key at once. The gateway is told nothing, and nothing comes out of the session any more. */
  wipe(): void {
    this.#close(undefined);
    wipeKeysIn(this.takeEvents());
    this.takeDatagrams();
  }

  handleCommand(command: IkeCommand, now: Millis): void {
    const phase = this.#phase;
    switch (command.kind) {
      case 'connect':
        this.#connect(now);
        return;
      case 'password':
        this.#providePassword(command.password, now);
        return;
      case 'disconnect':
        this.#disconnect(now);
        return;
      case 'check-liveness':
        if (phase.name === 'established') this.#askForLife(phase.life, now);
        return;
      case 'paths':
        return;
      default:
        if (phase.name === 'established') phase.life.command(command, now);
        return;
    }
  }

  /** ESP that passed its integrity check is a sign of life as good as an IKE message (RFC 7296 section 2.4). */
  noteTraffic(now: Millis): void {
    if (this.#phase.name === 'established') this.#lastHeard = Math.max(this.#lastHeard, now);
  }

  /** The network reported that a datagram of ours did not arrive (ICMP): a hint, never a proof. */
  noteUnreachable(what: Unreachable, now: Millis): void {
    if (this.#phase.name === 'init') this.#phase.exchange.noteUnreachable(what, now);
  }

  /** When handleTimeout has something to do, and what for. */
  nextTimeout(): { readonly at: Millis; readonly why: string } | undefined {
    const phase = this.#phase;
    if (phase.name === 'init') return phase.exchange.nextTimeout();
    if ('ike' in phase) {
      const at = phase.ike.nextTimeout();
      return at === undefined ? undefined : { at, why: 'retransmit' };
    }
    if (phase.name !== 'established') return undefined;
    const { life } = phase;
    const own = life.leaving || life.ike.activeTask ? [] : this.#ownTimeouts();
    return own.reduce((first, next) => (first && first.at <= next.at ? first : next), life.nextTimeout());
  }

  /** What is due when nothing is under way. */
  #ownTimeouts(): { readonly at: Millis; readonly why: string }[] {
    const { livenessMs } = this.#config;
    const { askAt } = this.#tickets;
    return [
      ...(livenessMs > 0 ? [{ at: this.#lastHeard + livenessMs, why: 'liveness' }] : []),
      ...(askAt === undefined ? [] : [{ at: askAt, why: 'ticket' }]),
    ];
  }

  handleTimeout(now: Millis): void {
    const phase = this.#phase;
    if (phase.name === 'init') return this.#followInit(phase.exchange.handleTimeout(now), now);
    if ('ike' in phase) return phase.ike.handleTimeout(now);
    if (phase.name !== 'established') return;
    const { life } = phase;
    life.handleTimeout(now);
    if (this.#phase !== phase || life.leaving || life.ike.activeTask) return;
    const due = this.#ownTimeouts().find(({ at }) => now >= at);
    if (due) life.ike.enqueue(due.why === 'ticket' ? ticketTask(this.#tickets) : livenessTask(), now);
  }

  #askForLife({ ike, leaving }: Established, now: Millis): void {
    if (!leaving && !ike.activeTask) ike.enqueue(livenessTask(), now);
  }

  handleDatagram(datagram: InboundDatagram, now: Millis): void {
    const header = decodeHeader(datagram.octets);
    if (!header.ok) return this.#drop('header', header.error.reason);
    const phase = this.#phase;
    if (phase.name === 'init') {
      return this.#followInit(phase.exchange.handleResponse(header.value, datagram, now), now);
    }
    if (phase.name === 'idle' || phase.name === 'closed') return this.#drop('phase', phase.name);
    const ike = phase.name === 'established' ? phase.life.find(header.value) : isOf(phase.ike, header.value);
    if (!ike) return this.#drop('spi', 'not an SA of ours');
    ike.handle(datagram, now);
  }

  #drop(where: string, reason: string): void {
    this.#deps.log('debug', 'ike-dropped', { where, reason });
  }

  // IKE_SA_INIT

  #connect(now: Millis): void {
    if (this.#phase.name !== 'idle') throw new Error('a session connects once');
    this.#begin(usableTicket(this.#config, this.#epoch(now)), now);
  }

  #begin(ticket: ResumptionTicket | undefined, now: Millis): void {
    const exchange = new InitExchange(this.#config, ticket, this.#deps, now);
    this.#phase = { name: 'init', exchange };
    this.#followInit(exchange.start(now), now);
  }

  #followInit(step: InitStep, now: Millis): void {
    switch (step.kind) {
      case 'wait':
        return;
      case 'send':
        return this.#outbox.push(step.octets);
      case 'done':
        return this.#initiated(step.sa, now);
      case 'redirected':
        this.#events.push({ kind: 'redirected', to: step.to });
        return this.#close(undefined);
      case 'failed':
        return this.#close(step.failure);
    }
  }

  #initiated(sa: IkeSa, now: Millis): void {
    const { init } = sa;
    if (this.#phase.name === 'init') this.#phase.exchange.wipe();
    this.#outbox.moveToNatPort();
    this.#lastHeard = now;
    this.#events.push({
      kind: 'initiated',
      suite: init.suite.name,
      nat: init.nat,
      initiatorSpi: init.initiatorSpi,
      responderSpi: init.responderSpi,
    });
    const ike = this.#exchangerFor(sa, 1);
    const context = this.#context(sa, now);
    const task = init.resumed ? new ResumedAuthTask(context, init.resumed) : new AuthTask(context);
    this.#phase = { name: 'auth', ike, task };
    ike.enqueue(task, now);
  }

  #exchangerFor(sa: IkeSa, firstId: 0 | 1): Exchanger {
    if (this.#config.keyLog) this.#keyLog.push(ikeKeyLogEntry(sa));
    return new Exchanger(sa, this.#owner, this.#deps.log, firstId);
  }

  #succeeded({ sa: { init } }: Exchanger, now: Millis): void {
    const { suite, initiatorSpi, responderSpi } = init;
    this.#events.push({ kind: 'rekeyed', suite: suite.name, initiatorSpi, responderSpi });
    this.#tickets.rekeyed(now);
  }

  // Requests of ours

  #context(sa: IkeSa, now: Millis): TaskContext {
    return { config: this.#config, sa, random: this.#deps.random, now, epochNow: this.#epoch(now) };
  }

  #epoch(now: Millis): EpochMillis {
    return now + this.#deps.epochOffsetMs;
  }

  #readiness(ike: Exchanger, task: Task): Readiness {
    return this.#phase.name === 'established' ? this.#phase.life.readiness(ike, task) : 'ready';
  }

  #build(ike: Exchanger, task: Task, now: Millis): Result<readonly Payload[], Failure> {
    if (this.#phase.name === 'established') this.#phase.life.begun(task);
    return task.build(this.#context(ike.sa, now));
  }

  #cannotSend(ike: Exchanger, why: 'no-message-id' | Failure): void {
    if (this.#phase.name === 'established' && this.#phase.life.silent(ike)) return;
    this.#close(
      why === 'no-message-id' ? failure('protocol.unexpected', { detail: 'no Message ID is left' }) : why,
    );
  }

  #retransmitPolicy(task: Task): RetransmitPolicy {
    const { retransmit, goodbyeMs } = this.#config;
    const patienceMs = task.kind === 'parting' ? goodbyeMs : (task.patienceMs ?? Infinity);
    return { ...retransmit, patienceMs: Math.min(patienceMs, retransmit.patienceMs) };
  }

  #giveUp(ike: Exchanger, retransmitter: Retransmitter, now: Millis): void {
    const phase = this.#phase;
    if (phase.name === 'closing') return this.#close(undefined);
    if (phase.name === 'established' && phase.life.silent(ike)) return;
    if (this.#isLeaving) return this.#close(undefined);
    if (phase.name === 'auth' && phase.task.isResumed) return this.#beginAnew(phase.ike, 'silence', now);
    const context = factsOfSilence(this.#outbox.remote, retransmitter, now);
    if (phase.name === 'auth') {
      const silence = failure(phase.task.inEap ? 'timeout.eap' : 'timeout.auth', context);
      return this.#close(phase.task.refusal ?? silence);
    }
    return this.#close(failure('timeout.liveness', context));
  }

  #answeredBadly(ike: Exchanger, task: Task, reason: string, now: Millis): void {
    const phase = this.#phase;
    // Whatever the last answer says, it is the last one: no gateway can make us say goodbye for ever.
    if (phase.name === 'closing') {
      if (task.kind === 'parting') this.#close(undefined);
      return;
    }
    const why = failure('protocol.malformed', { detail: reason });
    if (phase.name === 'established') {
      if (!phase.life.failed(ike, task)) phase.life.leave(why, now);
      return;
    }
    if (phase.name === 'auth' && phase.task.isResumed && !this.#isLeaving) {
      return this.#beginAnew(ike, 'malformed', now);
    }
    // What does not stand yet cannot be deleted (section 1.4); it is refused instead (section 2.21.2).
    this.#refuse(ike, why, [notify(Notify.AUTHENTICATION_FAILED)], now);
  }

  #answered(ike: Exchanger, task: Task, message: Message, now: Millis): void {
    this.#lastHeard = now;
    const phase = this.#phase;
    if (phase.name === 'established') return phase.life.answered(ike, task, message.payloads, now);
    // While we leave, answers to what was asked before have no one left to tell.
    if (phase.name === 'closing' && task.kind !== 'parting') return;
    const context = this.#context(ike.sa, now);
    this.#follow(task, ike, task.process(message.payloads, context), now);
    if (phase.name === 'auth' && this.#phase.name === 'established')
      this.#loggedIn(phase.task, message.payloads, context);
  }

  /** The final response of IKE_AUTH may have a ticket. The one that we came with stood for an SA that is gone. */
  #loggedIn({ gateway }: LoginTask, payloads: readonly Payload[], context: TaskContext): void {
    this.#config.ticket?.wipe();
    if (!gateway) return;
    const { localId } = this.#config;
    this.#events.push(...this.#tickets.authenticated(payloads, gateway.identity, { ...context, localId }));
  }

  #follow(task: Task, ike: Exchanger, status: TaskStatus, now: Millis): void {
    switch (status.kind) {
      case 'more':
        this.#events.push(...status.events);
        return this.#isLeaving ? this.#close(undefined) : ike.send(task, now);
      case 'need':
        if (this.#isLeaving) return this.#close(undefined);
        this.#events.push({ kind: 'need', what: status.what });
        return;
      case 'redirect':
        if (!this.#isLeaving) this.#events.push({ kind: 'redirected', to: status.to });
        return status.parting ? this.#refuse(ike, undefined, status.parting, now) : this.#close(undefined);
      case 'begin-anew':
        return this.#isLeaving ? this.#close(undefined) : this.#beginAnew(ike, status.why, now);
      case 'fail':
        return status.parting
          ? this.#refuse(ike, status.failure, status.parting, now)
          : this.#close(status.failure);
      case 'done':
        return this.#finished(ike, status.events, now);
    }
  }

  /** An SA that was to be resumed is given up, and a full login takes its place (RFC 5723 section 4.3.2). */
  #beginAnew(ike: Exchanger, why: string, now: Millis): void {
    this.#deps.log('debug', 'ike-not-resumed', { why });
    ike.wipe();
    this.#outbox.startOver();
    this.#begin(undefined, now);
  }

  get #isLeaving(): boolean {
    return this.#phase.name === 'auth' && this.#phase.leavingBy !== undefined;
  }

  #finished(ike: Exchanger, events: readonly IkeEvent[], now: Millis): void {
    const phase = this.#phase;
    if (phase.name !== 'auth') return this.#close(undefined);
    if (this.#isLeaving) {
      wipeKeysIn(events);
      return this.#refuse(ike, undefined, [DELETE_IKE_SA], now);
    }
    const life = new Established(this.#port, ike, now);
    this.#phase = { name: 'established', life };
    this.#events.push(...events);
    for (const event of events) {
      if (event.kind === 'established') life.begin(event.child, event.config, phase.task.rest, now);
    }
  }

  // Requests of the gateway

  #answer(ike: Exchanger, message: Message, now: Millis): ReturnType<ExchangeOwner['answer']> {
    // Nothing is asked of us before the SA is authenticated, or when it is not to be.
    if (this.#phase.name !== 'established') return undefined;
    ike.sa.crash.learn(message.payloads);
    const answer = this.#phase.life.answer(ike, message, now);
    if (!answer) return undefined;
    const then = (): void => {
      this.#lastHeard = now;
      answer.then();
    };
    return { payloads: answer.payloads, then };
  }

  #refused(error: ProtectedError, now: Millis): void {
    this.#lastHeard = now;
    if (error.notify === Notify.INVALID_SYNTAX) {
      this.#close(failure('protocol.malformed', { detail: error.reason }));
    }
  }

  /** Somebody said, in clear, that the gateway does not know the SA. */
  #hinted(ike: Exchanger, notifies: readonly Payload[], now: Millis): void {
    switch (ike.sa.crash.judge(notifies, now)) {
      case 'restarted':
        return this.#close(failure('peer.restarted'));
      case 'suspect':
        if (this.#phase.name === 'established') this.#askForLife(this.#phase.life, now);
        return;
      case 'nothing':
        return;
    }
  }

  // The end

  #providePassword(password: SecretBytes, now: Millis): void {
    const phase = this.#phase;
    if (phase.name !== 'auth') return;
    const status = phase.task.provide(password);
    if (status) this.#follow(phase.task, phase.ike, status, now);
  }

  #disconnect(now: Millis): void {
    const phase = this.#phase;
    switch (phase.name) {
      case 'established':
        return phase.life.leave(undefined, now);
      case 'auth':
        // A Delete may only follow the initial exchanges (RFC 7296 section 1.4). So hear the answer that is under
        // way first: it may make an SA at the gateway that must not stay behind.
        if (!phase.ike.activeTask) return this.#close(undefined);
        phase.leavingBy = now + this.#config.goodbyeMs;
        return phase.ike.limit(phase.leavingBy);
      case 'closing':
      case 'closed':
        return;
      default:
        return this.#close(undefined);
    }
  }

  /** Tells the gateway that an SA is not to be, and reports `why` when it knows or does not answer. */
  #refuse(ike: Exchanger, why: Failure | undefined, parting: readonly Payload[], now: Millis): void {
    if (ike.isExhausted) return this.#close(why);
    if (this.#phase.name === 'auth') this.#phase.task.wipe();
    this.#phase = { name: 'closing', ike, failure: why };
    // One request at a time (RFC 7296 section 2.3): one that is under way keeps its place, but not for long.
    ike.takeWaiting();
    ike.limit(now + this.#config.goodbyeMs);
    ike.enqueue(partingTask(parting), now);
  }

  /** The end, and why. A reason for which we are leaving already stands. */
  #close(why: Failure | undefined): void {
    const phase = this.#phase;
    if (phase.name === 'closed') return;
    const life = phase.name === 'established' ? phase.life : undefined;
    const leaving = phase.name === 'closing' ? phase : life?.leaving;
    const reason = leaving ? leaving.failure : why;
    if (phase.name === 'init') phase.exchange.wipe();
    if (phase.name === 'auth') phase.task.wipe();
    if ('ike' in phase) phase.ike.wipe();
    this.#phase = { name: 'closed' };
    life?.wipe();
    this.#events.push({ kind: 'closed', ...(reason ? { failure: reason } : {}) });
  }
}

function isOf(
  ike: Exchanger,
  { initiatorSpi, responderSpi, fromInitiator }: IkeHeader,
): Exchanger | undefined {
  const { init } = ike.sa;
  const ours = equalBytes(initiatorSpi, init.initiatorSpi) && equalBytes(responderSpi, init.responderSpi);
  // The gateway is not the original initiator of an SA that we began, whatever the direction of the message.
  return ours && !fromInitiator ? ike : undefined;
}
