import { type Failure, failure } from '../lib/failure.ts';
import type { EpochMillis, Log, Millis, RandomBytes } from '../lib/ports.ts';
import type { Result } from '../lib/result.ts';
import { ExchangeType, Notify } from '../wire/constants.ts';
import { decodeHeader } from '../wire/header.ts';
import type { ProtectedError } from '../wire/message.ts';
import type { Payload } from '../wire/payload.ts';
import type { IkeConfig } from './config.ts';
import { Established } from './established.ts';
import {
  wipeKeysIn,
  type AssignedConfig,
  type EstablishedChild,
  type IkeCommand,
  type IkeEvent,
  type InboundDatagram,
  type OutboundDatagram,
} from './events.ts';
import { type ExchangeOwner, Exchanger, type Readiness } from './exchanger.ts';
import type { ProvedGateway } from './gateway-proof.ts';
import type { IkeSa } from './ike-sa.ts';
import type { Unreachable } from './init-exchange.ts';
import { type IkeKeyLogEntry, ikeKeyLogEntry } from './keylog.ts';
import type { Answer } from './life-port.ts';
import { Login, type LoginPort } from './login.ts';
import { Mobility } from './mobility/mobility.ts';
import { Outbox } from './outbox.ts';
import { factsOfSilence, type Retransmitter, type RetransmitPolicy } from './retransmitter.ts';
import { establishedEvent } from './standing.ts';
import type { LoginTask, Task, TaskContext } from './tasks/task.ts';
import { ticketTask } from './tasks/ticket.ts';
import { TicketKeeper } from './ticket-keeper.ts';

export interface SessionDeps {
  readonly random: RandomBytes;
  readonly log: Log;
  /** Add to a `now` to get the wall clock; certificates are checked against that. */
  readonly epochOffsetMs: number;
}

/** When a session has something to do, and what for. */
interface Timeout {
  readonly at: Millis;
  readonly why: string;
}

type Phase =
  | { readonly name: 'idle' | 'closed' }
  | { readonly name: 'login'; readonly login: Login }
  | { readonly name: 'established'; readonly life: Established };

/**
 * One session with a gateway as its initiator, sans-IO (RFC 7296): datagrams, commands and the passing of time go in;
 * datagrams and events come out. It owns no socket, reads no clock and never sleeps: call handleTimeout at
 * nextTimeout(). What messages mean is up to Login first, and to Established then.
 */
export class IkeSession {
  readonly #config: IkeConfig;
  readonly #deps: SessionDeps;
  readonly #outbox: Outbox;
  readonly #owner: ExchangeOwner;
  readonly #port: LoginPort;
  readonly #events: IkeEvent[] = [];
  readonly #keyLog: IkeKeyLogEntry[] = [];
  readonly #tickets: TicketKeeper;
  readonly #mobility: Mobility;
  /** What nextTimeout said last. */
  #toldAt: Millis = Infinity;
  #phase: Phase = { name: 'idle' };

  constructor(config: IkeConfig, deps: SessionDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#tickets = new TicketKeeper(config.resumption);
    this.#outbox = new Outbox(config.gateway, config.gatewayNatPort, config.path);
    this.#mobility = new Mobility(config, this.#outbox, (event) => this.#events.push(event));
    this.#owner = this.#makeOwner();
    this.#port = this.#makePort();
  }

  #makeOwner(): ExchangeOwner {
    return {
      send: (task, request, now) => this.#mobility.send(task, request, now),
      isSuspended: () => this.#mobility.isSuspended,
      reply: (datagrams, request) => datagrams.forEach((octets) => this.#outbox.reply(octets, request)),
      maxLength: () => this.#outbox.maxLength(this.#config.fragmentOctets),
      retransmitPolicy: (task) => this.#retransmitPolicy(task),
      readiness: (ike, task) => this.#readiness(ike, task),
      build: (ike, task, now) => this.#build(ike, task, now),
      cannotSend: (ike, _task, why) => this.#cannotSend(ike, why),
      answered: (...answer) => this.#answered(...answer),
      answeredBadly: (ike, task, reason, now) => this.#answeredBadly(ike, task, reason, now),
      gaveUp: (ike, _task, retransmitter, now) => this.#giveUp(ike, retransmitter, now),
      answer: (...request) => this.#answer(...request),
      // Nothing is asked of us before the SA is authenticated.
      answersBrokenRequests: () => this.#phase.name === 'established',
      refused: (_ike, error, datagram, now) => this.#refused(error, datagram, now),
      hinted: (ike, notifies, now) => this.#hinted(ike, notifies, now),
    };
  }

  #makePort(): LoginPort {
    return {
      config: this.#config,
      random: this.#deps.random,
      log: this.#deps.log,
      epoch: (now) => this.#epoch(now),
      remote: () => this.#outbox.remote,
      emit: (event) => this.#events.push(event),
      context: (ike, now) => this.#context(ike.sa, now),
      exchangerFor: (sa, firstId) => this.#exchangerFor(sa, firstId),
      send: (octets) => this.#outbox.push(octets),
      moveToNatPort: () => this.#outbox.moveToNatPort(),
      startOver: () => this.#outbox.startOver(),
      stands: (ike, login, events, payloads, now) => this.#stands(ike, login, events, payloads, now),
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
        return this.#connect(now);
      case 'password':
        if (phase.name === 'login') phase.login.providePassword(command.password, now);
        return;
      case 'disconnect':
        return this.#disconnect(now);
      case 'check-liveness':
        return this.#mobility.check(now, command.afterSleep);
      case 'paths':
        return this.#mobility.setPaths(command.paths, now);
      default:
        if (phase.name === 'established') phase.life.command(command, now);
        return;
    }
  }

  /**
   * ESP that passed its integrity check came over a path (its id): as good as an IKE message (RFC 7296 section 2.4). True
   * when there is an event because of it.
   */
  noteTraffic(now: Millis, path?: number): boolean {
    return this.#phase.name === 'established' && this.#mobility.noteTraffic(now, path);
  }

  /** ESP went out. True when nextTimeout is earlier than it was, because an answer is missed soon. */
  noteSent(now: Millis): boolean {
    return this.#phase.name === 'established' && (this.#mobility.noteSent(now) ?? Infinity) < this.#toldAt;
  }

  /** The network reported that a datagram of ours did not arrive (ICMP): a hint, never a proof. */
  noteUnreachable(what: Unreachable, now: Millis): void {
    if (this.#phase.name === 'login') this.#phase.login.noteUnreachable(what, now);
    if (this.#phase.name === 'established') this.#mobility.noteUnreachable(now);
  }

  /** When handleTimeout has something to do, and what for. */
  nextTimeout(): Timeout | undefined {
    const next = this.#nextTimeout();
    this.#toldAt = next?.at ?? Infinity;
    return next;
  }

  #nextTimeout(): Timeout | undefined {
    const phase = this.#phase;
    if (phase.name === 'login') return phase.login.nextTimeout();
    if (phase.name !== 'established') return undefined;
    const livenessAt = this.#mobility.nextTimeout();
    const ticketAt = this.#mayAskForTicket(phase.life) ? this.#tickets.askAt : undefined;
    const timeouts = [
      phase.life.nextTimeout(),
      livenessAt === undefined ? undefined : { at: livenessAt, why: 'liveness' },
      ticketAt === undefined ? undefined : { at: ticketAt, why: 'ticket' },
    ];
    return timeouts.reduce((first, next) => (first && (!next || first.at <= next.at) ? first : next));
  }

  handleTimeout(now: Millis): void {
    const phase = this.#phase;
    if (phase.name === 'login') return phase.login.handleTimeout(now);
    if (phase.name !== 'established') return;
    const { life } = phase;
    life.handleTimeout(now);
    if (this.#phase !== phase) return;
    this.#mobility.handleTimeout(now);
    if (this.#mayAskForTicket(life) && now >= (this.#tickets.askAt ?? Infinity)) {
      life.ike.enqueue(ticketTask(this.#tickets), now);
    }
  }

  #mayAskForTicket({ ike, leaving }: Established): boolean {
    return !leaving && !ike.activeTask && !this.#mobility.isSuspended;
  }

  handleDatagram(datagram: InboundDatagram, now: Millis): void {
    const header = decodeHeader(datagram.octets);
    if (!header.ok) return this.#drop('header', header.error.reason);
    const phase = this.#phase;
    switch (phase.name) {
      case 'login':
        this.#mobility.noteArrival(datagram);
        if (!phase.login.handle(header.value, datagram, now)) this.#drop('spi', 'not an SA of ours');
        return;
      case 'established': {
        const ike = phase.life.find(header.value);
        return ike ? ike.handle(datagram, now) : this.#drop('spi', 'not an SA of ours');
      }
      default:
        return this.#drop('phase', phase.name);
    }
  }

  #drop(where: string, reason: string): void {
    this.#deps.log('debug', 'ike-dropped', { where, reason });
  }

  // From nothing to an SA that stands

  #connect(now: Millis): void {
    if (this.#phase.name !== 'idle') throw new Error('a session connects once');
    const login = new Login(this.#port);
    this.#phase = { name: 'login', login };
    login.start(now);
  }

  #stands(
    ike: Exchanger,
    task: LoginTask,
    events: readonly IkeEvent[],
    payloads: readonly Payload[],
    now: Millis,
  ): void {
    if (this.#phase.name === 'login') this.#phase.login.wipe('login');
    const life = new Established(this.#port, ike, now);
    this.#phase = { name: 'established', life };
    this.#events.push(...events);
    for (const event of events) {
      if (event.kind === 'established') life.begin(event.child, event.config, task.rest, now);
    }
    if (task.alone && task.gateway) this.#standsAlone(life, task.alone, task.gateway, payloads, now);
    // The final response of IKE_AUTH may have a ticket. The one that we came with stood for an SA that is gone.
    this.#config.ticket?.wipe();
    if (!task.gateway) return;
    const context = { ...this.#context(ike.sa, now), localId: this.#config.localId };
    this.#events.push(...this.#tickets.authenticated(payloads, task.gateway.identity, context));
  }

  /** What is told of it waits for its first pair of Child SAs. */
  #standsAlone(
    life: Established,
    assigned: AssignedConfig,
    gateway: ProvedGateway,
    payloads: readonly Payload[],
    now: Millis,
  ): void {
    const established = (child: EstablishedChild): IkeEvent =>
      establishedEvent(this.#config, payloads, gateway, child, assigned);
    life.beginAlone({ assigned, established }, now);
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
    const { path } = this.#mobility;
    return { config: this.#config, sa, random: this.#deps.random, now, path, epochNow: this.#epoch(now) };
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
    const initialMs = task.initialMs ?? retransmit.initialMs;
    return { ...retransmit, initialMs, patienceMs: Math.min(patienceMs, retransmit.patienceMs) };
  }

  #giveUp(ike: Exchanger, retransmitter: Retransmitter, now: Millis): void {
    const phase = this.#phase;
    if (phase.name === 'login') return phase.login.silent(retransmitter, now);
    if (phase.name !== 'established' || phase.life.silent(ike)) return;
    this.#close(failure('timeout.liveness', factsOfSilence(this.#outbox.remote, retransmitter, now)));
  }

  #answeredBadly(ike: Exchanger, task: Task, reason: string, now: Millis): void {
    const phase = this.#phase;
    if (phase.name === 'login') return phase.login.answeredBadly(ike, task, reason, now);
    if (phase.name !== 'established' || phase.life.failed(ike, task)) return;
    phase.life.leave(failure('protocol.malformed', { detail: reason }), now);
  }

  #answered(...[ike, task, message, datagram, now]: Parameters<ExchangeOwner['answered']>): void {
    const phase = this.#phase;
    if (phase.name === 'login') phase.login.answered(ike, task, message, now);
    if (phase.name === 'established') phase.life.answered(ike, task, message.payloads, now);
    if (this.#phase.name !== 'established') return;
    if (phase.name === 'established') this.#mobility.answered(ike, task, message, datagram, now);
    else this.#mobility.establish(this.#phase.life, message.payloads, datagram, now);
  }

  // Requests of the gateway

  #answer(...[ike, message, datagram, now]: Parameters<ExchangeOwner['answer']>): Answer | undefined {
    if (this.#phase.name !== 'established') return undefined;
    ike.sa.crash.learn(message.payloads);
    const answer = this.#phase.life.answer(ike, message, now);
    if (!answer) return undefined;
    const isInformational = message.exchange === ExchangeType.INFORMATIONAL;
    const more = isInformational ? this.#mobility.answer(ike, message.payloads, datagram) : [];
    const then = (): void => {
      this.#mobility.heard(datagram, now);
      answer.then();
    };
    return { payloads: [...answer.payloads, ...more], then };
  }

  #refused(error: ProtectedError, datagram: InboundDatagram, now: Millis): void {
    this.#mobility.heard(datagram, now);
    if (error.notify === Notify.INVALID_SYNTAX) {
      this.#close(failure('protocol.malformed', { detail: error.reason }));
    }
  }

  /** Somebody said, in clear, that the gateway does not know the SA. */
  #hinted(ike: Exchanger, notifies: readonly Payload[], now: Millis): void {
    const phase = this.#phase;
    switch (ike.sa.crash.judge(notifies, now)) {
      case 'restarted':
        // Of an SA that was replaced it says no more than that this is gone, as it should be.
        if (phase.name === 'established' && phase.life.silent(ike)) return;
        return this.#close(failure('peer.restarted'));
      case 'suspect':
        return this.#mobility.ask(now);
      case 'nothing':
        return;
    }
  }

  // The end

  #disconnect(now: Millis): void {
    const phase = this.#phase;
    if (phase.name === 'idle') return this.#close(undefined);
    if (phase.name === 'login') phase.login.disconnect(now);
    if (phase.name !== 'established') return;
    phase.life.leave(undefined, now);
    this.#mobility.part(now);
  }

  /** The end, and why. A reason for which we are leaving already stands. */
  #close(why: Failure | undefined): void {
    const phase = this.#phase;
    if (phase.name === 'closed') return;
    this.#phase = { name: 'closed' };
    this.#mobility.end();
    const life = phase.name === 'established' ? phase.life : undefined;
    const login = phase.name === 'login' ? phase.login : undefined;
    const leaving = life?.leaving ?? login?.leaving;
    const reason = leaving ? leaving.failure : why;
    life?.wipe();
    login?.wipe('ike');
    this.#events.push({ kind: 'closed', ...(reason ? { failure: reason } : {}) });
  }
}
