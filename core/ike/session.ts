import { equalBytes } from '../lib/bytes.ts';
import { type Failure, failure } from '../lib/failure.ts';
import type { EpochMillis, Log, Millis, RandomBytes } from '../lib/ports.ts';
import type { SecretBytes } from '../lib/secret.ts';
import { Notify } from '../wire/constants.ts';
import { decodeHeader, type IkeHeader } from '../wire/header.ts';
import { decodeMessage } from '../wire/decode.ts';
import { describeMessage } from '../wire/describe.ts';
import { type Message } from '../wire/message.ts';
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
import type { IkeSa } from './ike-sa.ts';
import { InitExchange, type InitStep, type Unreachable } from './init-exchange.ts';
import { type IkeKeyLogEntry, ikeKeyLogEntry } from './keylog.ts';
import { Outbox } from './outbox.ts';
import { Responder } from './responder.ts';
import { factsOfSilence, Retransmitter } from './retransmitter.ts';
import { AuthTask } from './tasks/auth.ts';
import { DELETE_IKE_SA, livenessTask, partingTask } from './tasks/informational.ts';
import type { Task, TaskContext, TaskStatus } from './tasks/task.ts';
import { MessageIds } from './window.ts';

export interface SessionDeps {
  readonly random: RandomBytes;
  readonly log: Log;
  /** Add to a `now` to get the wall clock; certificates are checked against that. */
  readonly epochOffsetMs: number;
}

/** The one request that is under way. */
interface Active {
  readonly task: Task;
  readonly messageId: number;
  readonly retransmitter: Retransmitter;
}

type Phase =
  | { readonly name: 'idle' }
  | { readonly name: 'init'; readonly exchange: InitExchange }
  /** `leavingBy`: the user gave up; an SA that comes to be all the same is deleted at once. */
  | { readonly name: 'auth'; readonly sa: IkeSa; readonly task: AuthTask; leavingBy?: Millis }
  | { readonly name: 'established'; readonly sa: IkeSa }
  /** The gateway is told that we leave; `failure` is what we then report. */
  | { readonly name: 'closing'; readonly sa: IkeSa; readonly failure: Failure | undefined }
  | { readonly name: 'closed' };

/**
 * One IKE SA as its initiator, sans-IO (RFC 7296): datagrams, commands and the passing of time go in; datagrams and
 * events come out. It owns no socket, reads no clock and never sleeps: call handleTimeout at nextTimeout().
 */
export class IkeSession {
  readonly #config: IkeConfig;
  readonly #deps: SessionDeps;
  readonly #outbox: Outbox;
  readonly #responder: Responder;
  readonly #events: IkeEvent[] = [];
  readonly #keyLog: IkeKeyLogEntry[] = [];
  readonly #children = new Map<number, number>();
  #phase: Phase = { name: 'idle' };
  #queue: Task[] = [];
  #active: Active | undefined;
  readonly #ids = new MessageIds(1);
  /** When a fresh protected message came: a copy of an old one is no sign of life (RFC 7296 section 2.4). */
  #lastHeard: Millis = 0;

  constructor(config: IkeConfig, deps: SessionDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#outbox = new Outbox(config.gateway, config.gatewayNatPort, config.path);
    this.#responder = new Responder(this.#outbox, deps.log);
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
        if (this.#phase.name === 'established' && !this.#active) this.#enqueue(livenessTask(), now);
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
    if (this.#active) return { at: this.#active.retransmitter.nextAt, why: 'retransmit' };
    if (phase.name === 'established' && this.#config.livenessMs > 0) {
      return { at: this.#lastHeard + this.#config.livenessMs, why: 'liveness' };
    }
    return undefined;
  }

  handleTimeout(now: Millis): void {
    const phase = this.#phase;
    if (phase.name === 'init') this.#followInit(phase.exchange.handleTimeout(now), now);
    else if (this.#active) this.#requestTimeout(this.#active, now);
    else if (phase.name === 'established' && this.#config.livenessMs > 0) {
      if (now >= this.#lastHeard + this.#config.livenessMs) this.#enqueue(livenessTask(), now);
    }
  }

  handleDatagram(datagram: InboundDatagram, now: Millis): void {
    const header = decodeHeader(datagram.octets);
    if (!header.ok) return this.#drop('header', header.error.reason);
    // The gateway never is the original initiator of this SA, whatever the direction of the message.
    if (header.value.fromInitiator) return this.#drop('flags', 'the initiator flag is set');
    const phase = this.#phase;
    if (phase.name === 'init') {
      return this.#followInit(phase.exchange.handleResponse(header.value, datagram, now), now);
    }
    if (phase.name === 'idle' || phase.name === 'closed') return this.#drop('phase', phase.name);
    const { initiatorSpi, responderSpi } = phase.sa.init;
    const ours =
      equalBytes(header.value.initiatorSpi, initiatorSpi) &&
      equalBytes(header.value.responderSpi, responderSpi);
    if (!ours) return this.#drop('spi', 'not an SA of ours');
    this.#protectedMessage(phase.sa, datagram, now);
  }

  #drop(where: string, reason: string): void {
    this.#deps.log('debug', 'ike-dropped', { where, reason });
  }

  // IKE_SA_INIT

  #connect(now: Millis): void {
    if (this.#phase.name !== 'idle') throw new Error('a session connects once');
    const exchange = new InitExchange(this.#config, this.#deps, now);
    this.#phase = { name: 'init', exchange };
    this.#outbox.push(exchange.request);
  }

  #followInit(step: InitStep, now: Millis): void {
    switch (step.kind) {
      case 'wait':
        return;
      case 'send':
        return this.#outbox.push(step.octets);
      case 'done':
        return this.#initiated(step.sa, now);
      case 'failed':
        return this.#close(step.failure);
    }
  }

  #initiated(sa: IkeSa, now: Millis): void {
    const { init } = sa;
    this.#outbox.moveToNatPort();
    if (this.#config.keyLog) this.#keyLog.push(ikeKeyLogEntry(sa));
    this.#lastHeard = now;
    this.#events.push({
      kind: 'initiated',
      suite: init.suite.name,
      nat: init.nat,
      initiatorSpi: init.initiatorSpi,
      responderSpi: init.responderSpi,
    });
    const task = new AuthTask(this.#context(sa, now));
    this.#phase = { name: 'auth', sa, task };
    this.#enqueue(task, now);
  }

  // Requests of ours

  #context(sa: IkeSa, now: Millis): TaskContext {
    return { config: this.#config, sa, random: this.#deps.random, epochNow: this.#epoch(now) };
  }

  #epoch(now: Millis): EpochMillis {
    return now + this.#deps.epochOffsetMs;
  }

  #enqueue(task: Task, now: Millis): void {
    this.#queue.push(task);
    this.#startNext(now);
  }

  #startNext(now: Millis): void {
    const phase = this.#phase;
    if (this.#active || !('sa' in phase)) return;
    const task = this.#queue.shift();
    if (task) this.#send(task, phase.sa, now);
  }

  #send(task: Task, sa: IkeSa, now: Millis): void {
    // An SA without a Message ID left must be closed (RFC 7296 section 2.2).
    if (this.#ids.exhausted)
      return this.#close(failure('protocol.unexpected', { detail: 'no Message ID is left' }));
    const payloads = task.build(this.#context(sa, now));
    if (!payloads.ok) return this.#close(payloads.error);
    const messageId = this.#ids.take();
    const { message, octets } = sa.seal({
      exchange: task.exchange,
      response: false,
      messageId,
      payloads: payloads.value,
    });
    const policy =
      task.kind === 'parting'
        ? { ...this.#config.retransmit, patienceMs: this.#config.goodbyeMs }
        : this.#config.retransmit;
    this.#active = { task, messageId, retransmitter: new Retransmitter(octets, policy, now) };
    this.#deps.log('debug', 'ike-sent', { message: describeMessage(message) });
    this.#outbox.push(octets);
  }

  #requestTimeout(active: Active, now: Millis): void {
    switch (active.retransmitter.poll(now)) {
      case 'send':
        return this.#outbox.push(active.retransmitter.octets);
      case 'give-up':
        return this.#giveUp(active, now);
      case 'wait':
        return;
    }
  }

  #giveUp(active: Active, now: Millis): void {
    const phase = this.#phase;
    if (phase.name === 'closing') return this.#close(undefined);
    if (this.#isLeaving) return this.#close(undefined);
    const context = factsOfSilence(this.#outbox.remote, active.retransmitter, now);
    if (phase.name === 'auth') {
      const silence = failure(phase.task.inEap ? 'timeout.eap' : 'timeout.auth', context);
      return this.#close(phase.task.refusal ?? silence);
    }
    return this.#close(failure('timeout.liveness', context));
  }

  // Protected messages of the gateway

  #protectedMessage(sa: IkeSa, datagram: InboundDatagram, now: Millis): void {
    const decoded = decodeMessage(datagram.octets, sa.protection.inbound);
    switch (decoded.kind) {
      case 'unprotected-error':
        return this.#drop('message', decoded.reason);
      case 'partial':
        // We never said that we take fragments (RFC 7383 section 2.3).
        return this.#drop('message', 'a fragment that nobody asked for');
      case 'protected-error':
        return this.#malformed(sa, decoded.header, decoded, datagram, now);
      case 'ok':
        // A message in clear proves nothing once there are keys, and is not even a sign of life.
        if (!decoded.protected) return this.#drop('message', 'in clear');
        this.#deps.log('debug', 'ike-received', { message: describeMessage(decoded.message) });
        return decoded.message.response
          ? this.#response(sa, decoded.message, now)
          : this.#request(sa, decoded.message, datagram, now);
    }
  }

  /** The other end made this message and it is broken (RFC 7296 section 2.21). */
  #malformed(
    sa: IkeSa,
    header: IkeHeader,
    error: { readonly notify: number; readonly data: Uint8Array; readonly reason: string },
    datagram: InboundDatagram,
    now: Millis,
  ): void {
    const why = failure('protocol.malformed', { detail: error.reason });
    const phase = this.#phase;
    if (header.response) {
      const active = this.#active;
      if (header.messageId !== active?.messageId) return this.#drop('response', 'nobody waits for it');
      this.#active = undefined;
      // Whatever the last answer says, it is the last one: no gateway can make us say goodbye for ever.
      if (phase.name === 'closing') {
        return active.task.kind === 'parting' ? this.#close(undefined) : this.#startNext(now);
      }
      // What does not stand yet cannot be deleted (section 1.4); it is refused instead (section 2.21.2).
      const refused = phase.name === 'auth';
      return this.#leave(sa, why, [refused ? notify(Notify.AUTHENTICATION_FAILED) : DELETE_IKE_SA], now);
    }
    if (phase.name === 'auth') return this.#drop('request', 'before the SA is authenticated');
    if (!this.#responder.refuse(sa, header, error, datagram)) return;
    this.#lastHeard = now;
    if (error.notify === Notify.INVALID_SYNTAX) this.#close(why);
  }

  #response(sa: IkeSa, message: Message, now: Millis): void {
    const active = this.#active;
    if (!active || message.messageId !== active.messageId)
      return this.#drop('response', 'nobody waits for it');
    if (message.exchange !== active.task.exchange) return this.#drop('response', 'of another exchange');
    this.#active = undefined;
    this.#lastHeard = now;
    // While we leave, answers to what was asked before have no one left to tell.
    if (this.#phase.name !== 'closing' || active.task.kind === 'parting') {
      this.#follow(active.task, sa, active.task.process(message.payloads, this.#context(sa, now)), now);
    }
    this.#startNext(now);
  }

  #follow(task: Task, sa: IkeSa, status: TaskStatus, now: Millis): void {
    switch (status.kind) {
      case 'more':
        this.#events.push(...status.events);
        return this.#isLeaving ? this.#close(undefined) : this.#send(task, sa, now);
      case 'need':
        if (this.#isLeaving) return this.#close(undefined);
        this.#events.push({ kind: 'need', what: status.what });
        return;
      case 'fail':
        return status.parting
          ? this.#leave(sa, status.failure, status.parting, now)
          : this.#close(status.failure);
      case 'done':
        return this.#finished(task, sa, status.events, now);
    }
  }

  get #isLeaving(): boolean {
    return this.#phase.name === 'auth' && this.#phase.leavingBy !== undefined;
  }

  #finished(task: Task, sa: IkeSa, events: readonly IkeEvent[], now: Millis): void {
    if (task.kind === 'parting') return this.#close(undefined);
    if (this.#isLeaving) {
      wipeKeysIn(events);
      return this.#leave(sa, undefined, [DELETE_IKE_SA], now);
    }
    if (task.kind === 'auth') this.#phase = { name: 'established', sa };
    for (const event of events) {
      if (event.kind === 'established') this.#children.set(event.child.spiIn, event.child.spiOut);
      this.#events.push(event);
    }
  }

  #request(sa: IkeSa, message: Message, datagram: InboundDatagram, now: Millis): void {
    if (this.#phase.name === 'auth') return this.#drop('request', 'before the SA is authenticated');
    const answer = this.#responder.handle(sa, message, datagram, {
      inboundFor: (spiOut) => [...this.#children].find(([, out]) => out === spiOut)?.[0],
      remove: (spiIn) => this.#children.delete(spiIn),
    });
    if (!answer) return;
    this.#lastHeard = now;
    this.#events.push(...answer.events);
    if (answer.closes) return this.#close(answer.closes);
    if (answer.events.length > 0 && this.#children.size === 0 && this.#phase.name === 'established') {
      // An SA without a Child SA carries nothing for the user: leave it, so that a new one can be made.
      this.#leave(sa, failure('peer.deleted', { child: true }), [DELETE_IKE_SA], now);
    }
  }

  // The end

  #providePassword(password: SecretBytes, now: Millis): void {
    const phase = this.#phase;
    if (phase.name !== 'auth') return;
    const status = phase.task.provide(password);
    if (status) this.#follow(phase.task, phase.sa, status, now);
  }

  #disconnect(now: Millis): void {
    const phase = this.#phase;
    switch (phase.name) {
      case 'established':
        return this.#leave(phase.sa, undefined, [DELETE_IKE_SA], now);
      case 'auth':
        // A Delete may only follow the initial exchanges (RFC 7296 section 1.4). So hear the answer that is under
        // way first: it may make an SA at the gateway that must not stay behind.
        if (!this.#active) return this.#close(undefined);
        phase.leavingBy = now + this.#config.goodbyeMs;
        return this.#active.retransmitter.limit(phase.leavingBy);
      case 'closing':
      case 'closed':
        return;
      default:
        return this.#close(undefined);
    }
  }

  /** Tells the gateway that the SA ends, and reports `why` when it knows or does not answer. */
  #leave(sa: IkeSa, why: Failure | undefined, parting: readonly Payload[], now: Millis): void {
    if (this.#ids.exhausted) return this.#close(why);
    if (this.#phase.name === 'auth') this.#phase.task.wipe();
    this.#phase = { name: 'closing', sa, failure: why };
    // One request at a time (RFC 7296 section 2.3): one that is under way keeps its place, but not for long.
    this.#queue = [partingTask(parting)];
    this.#active?.retransmitter.limit(now + this.#config.goodbyeMs);
    this.#startNext(now);
  }

  /** The end, and why. A reason for which we are leaving already stands. */
  #close(why: Failure | undefined): void {
    const phase = this.#phase;
    if (phase.name === 'closed') return;
    const reason = phase.name === 'closing' ? phase.failure : why;
    if (phase.name === 'init') phase.exchange.wipe();
    if (phase.name === 'auth') phase.task.wipe();
    if ('sa' in phase) phase.sa.wipe();
    this.#phase = { name: 'closed' };
    this.#active = undefined;
    this.#queue = [];
    this.#children.clear();
    this.#events.push({ kind: 'closed', ...(reason ? { failure: reason } : {}) });
  }
}
