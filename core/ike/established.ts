import { type Failure, failure } from '../lib/failure.ts';
import type { Millis } from '../lib/ports.ts';
import type { Selector } from '../net/selector.ts';
import { ExchangeType, Notify, Protocol } from '../wire/constants.ts';
import type { IkeHeader } from '../wire/header.ts';
import type { Message } from '../wire/message.ts';
import type { Payload } from '../wire/payload.ts';
import { notify } from '../wire/payloads/notify.ts';
import { asksForIkeSa } from './answer-rekey-ike.ts';
import { ChildKeeper } from './child-keeper.ts';
import { type AssignedConfig, type EstablishedChild, type IkeCommand, wipeChild } from './events.ts';
import type { Exchanger, Readiness } from './exchanger.ts';
import { type Alone, firstPairTask, whyNoFirstPair } from './first-pair.ts';
import { gatewayNotices, spiLacked } from './gateway-notices.ts';
import { IkeSuccession } from './ike-succession.ts';
import type { Answer, LifePort, SessionPort } from './life-port.ts';
import { allOf, notifyOf } from './payloads.ts';
import { CreateChildTask } from './tasks/create-child.ts';
import type { Task, TaskContext } from './tasks/task.ts';
import { Timers } from './timers.ts';

/** Commands about the SAs of an established session. */
export type LifeCommand = Extract<
  IkeCommand,
  { kind: 'rekey-child' | 'child-spent' | 'child-used' | 'rekey-ike' | 'create-child' }
>;

/** For so long at most a session goes on whose keys the gateway does not replace. */
const NOTICE_MS = 60_000;

/**
 * A session from its login on to its end: IKE SAs that follow each other, the Child SAs under them, and the leaving. It
 * owns what the exchanges mean; when to ask whether the gateway lives, and over which path, is not decided here.
 */
export class Established {
  readonly #port: LifePort;
  readonly #timers = new Timers();
  readonly #ikes: IkeSuccession;
  readonly #children: ChildKeeper;
  #leaving: { readonly failure: Failure | undefined } | undefined;
  #hasGivenNotice = false;
  #first: { readonly task: CreateChildTask; readonly alone: Alone } | undefined;

  constructor(session: SessionPort, ike: Exchanger, now: Millis) {
    this.#port = {
      ...session,
      timers: this.#timers,
      leave: (why, then) => this.leave(why, then),
      expire: (why, then) => this.#expire(why, then),
      cannotRekey: (endAt, then) => this.#giveNotice(endAt, then),
    };
    this.#ikes = new IkeSuccession(this.#port, ike, now);
    this.#children = new ChildKeeper(this.#port, this.#ikes, ike.sa.init.suite.group.id);
  }

  /** The Child SA that came with the login, and what could be had beside it. */
  begin(child: EstablishedChild, config: AssignedConfig, rest: readonly Selector[], now: Millis): void {
    this.#children.first(child, config, rest, now);
  }

  /** The login led to an IKE SA alone: the Child SA is asked for now (RFC 6023). */
  beginAlone(alone: Alone, now: Millis): void {
    const { config } = this.#port;
    const task = firstPairTask(alone, config, this.ike.sa.init.suite.group.id);
    this.#first = { task, alone };
    this.#ikes.enqueue(task, now);
  }

  /** The IKE SA that our requests go out in. */
  get ike(): Exchanger {
    return this.#ikes.current;
  }

  /** All IKE SAs that messages may still be about. */
  get ikes(): readonly Exchanger[] {
    return this.#ikes.all;
  }

  /** From now on our requests go out in the newest IKE SA that the gateway may have. */
  takeOver(now: Millis): void {
    if (!this.#leaving) this.#ikes.takeOver(now);
  }

  /** The SAs are being deleted, for this reason if there is one. */
  get leaving(): { readonly failure: Failure | undefined } | undefined {
    return this.#leaving;
  }

  find(header: IkeHeader): Exchanger | undefined {
    return this.#ikes.find(header);
  }

  nextTimeout(): { readonly at: Millis; readonly why: string } | undefined {
    let next = this.#timers.next();
    for (const ike of this.#ikes.all) {
      const at = ike.nextTimeout();
      if (at !== undefined && (!next || at < next.at)) next = { at, why: 'retransmit' };
    }
    return next;
  }

  handleTimeout(now: Millis): void {
    for (const ike of this.#ikes.all) ike.handleTimeout(now);
    this.#timers.run(now);
  }

  command(command: LifeCommand, now: Millis): void {
    if (this.#leaving) return;
    switch (command.kind) {
      case 'rekey-child':
        return this.#children.rekey(command.spiIn, now);
      case 'child-spent':
        return this.#children.spent(command.spiIn, now);
      case 'child-used':
        return this.#children.used(command.spiIn);
      case 'rekey-ike':
        return this.#ikes.rekey(now);
      case 'create-child':
        return this.#children.create(command.remote, now);
    }
  }

  // Our requests

  readiness(from: Exchanger, task: Task): Readiness {
    if (this.#leaving) return 'ready';
    if (!this.#children.isObsolete(task)) return this.#ikes.readiness(from, task);
    this.#children.forget(task);
    return 'never';
  }

  /** The request of a task is about to go out. */
  begun(task: Task): void {
    this.#children.begun(task);
  }

  answered(from: Exchanger, task: Task, payloads: readonly Payload[], now: Millis): void {
    if (this.#leaving) return this.#answeredLast(from, task, payloads, now);
    const status = task.process(payloads, this.#port.context(from, now));
    switch (status.kind) {
      case 'more':
        status.events.forEach((event) => this.#port.emit(event));
        return from.send(task, now);
      case 'done':
        status.events.forEach((event) => this.#port.emit(event));
        if (task === this.#first?.task) this.#born(this.#first, now);
        else this.#children.finished(task, now);
        return this.#ikes.finished(from, task, now);
      case 'fail':
        return this.leave(status.failure, now);
      default:
        throw new Error(`${task.kind} after the login: ${status.kind}`);
    }
  }

  /** The first pair of an IKE SA that was begun alone; without it the session is of no use. */
  #born({ task, alone }: { readonly task: CreateChildTask; readonly alone: Alone }, now: Millis): void {
    this.#first = undefined;
    const { outcome } = task;
    if (outcome?.kind !== 'created') return this.leave(whyNoFirstPair(outcome, this.#port.config), now);
    this.#port.emit(alone.established(outcome.child));
    this.#children.first(outcome.child, alone.assigned, outcome.rest, now);
  }

  /** Answers to what was asked before we began to leave have no one left to tell, but may make SAs. */
  #answeredLast(from: Exchanger, task: Task, payloads: readonly Payload[], now: Millis): void {
    task.process(payloads, this.#port.context(from, now));
    if (task instanceof CreateChildTask && task.outcome?.kind === 'created') wipeChild(task.outcome.child);
    this.#ikes.finishedLast(from, task, now);
    this.#endIfAlone();
  }

  /** No answer, or one that makes no sense. False when the session cannot go on as it is. */
  failed(from: Exchanger, task: Task): boolean {
    if (this.#leaving) {
      // Whatever the last answer says, it is the last one: no gateway can make us say goodbye for ever.
      if (task.kind === 'parting' || task.kind === 'delete-ike') this.#ikes.over(from);
      this.#endIfAlone();
      return true;
    }
    return this.#ikes.failed(from);
  }

  /** The gateway did not answer what was under way in an SA that we leave: nor will it answer anything else. */
  silent(from: Exchanger): boolean {
    if (!this.#leaving) return this.#ikes.failed(from);
    this.#ikes.over(from);
    this.#endIfAlone();
    return true;
  }

  // Requests of the gateway

  answer(from: Exchanger, { exchange, payloads }: Message, now: Millis): Answer | undefined {
    if (this.#ikes.isGone(from)) return undefined;
    // An SA whose first message ends it takes over nothing.
    if (!this.#leaving && !endsIkeSa(payloads)) this.#ikes.heard(from, now);
    switch (exchange) {
      case ExchangeType.INFORMATIONAL:
        return this.#answerInformational(from, payloads, now);
      case ExchangeType.CREATE_CHILD_SA:
        return this.#answerCreate(from, payloads, this.#port.context(from, now));
      default:
        return undefined;
    }
  }

  /**
   * Delete of an IKE SA is answered with an empty message; Delete of Child SAs with the SPIs of our halves of those
   * pairs; anything else, a liveness check above all, with an empty message (RFC 7296 sections 1.4 and 1.4.1).
   */
  #answerInformational(from: Exchanger, payloads: readonly Payload[], now: Millis): Answer {
    if (endsIkeSa(payloads)) {
      return { payloads: [], then: () => this.#deleted(from, isRefused(payloads), now) };
    }
    const spis = allOf(payloads, 'D')
      .filter(({ protocol }) => protocol === Protocol.ESP)
      .flatMap((payload) => payload.spis);
    const answer = this.#children.answerDelete(spis, now);
    return {
      payloads: answer.payloads,
      then: () => {
        if (!this.#leaving) gatewayNotices(payloads).forEach((event) => this.#port.emit(event));
        answer.then();
        const lacked = spiLacked(payloads);
        if (lacked !== undefined && !this.#leaving) this.#children.lacked(lacked, now);
      },
    };
  }

  #deleted(from: Exchanger, refused: boolean, now: Millis): void {
    if (this.#leaving) {
      this.#ikes.over(from);
      return this.#endIfAlone();
    }
    if (this.#ikes.deleted(from, now)) return;
    this.#port.deleted();
    this.#port.ended(failure('peer.deleted', { refused }));
  }

  #answerCreate(from: Exchanger, payloads: readonly Payload[], context: TaskContext): Answer {
    if (this.#leaving) return busy();
    const answer = asksForIkeSa(payloads)
      ? this.#ikes.answerRekey(from, payloads, context)
      : this.#ikes.isPassing(from)
        ? busy()
        : this.#children.answerCreate(payloads, context);
    // Whoever says this of a message means that its sender is broken, and that the SA is over (section 2.21.3).
    if (!notifyOf(answer.payloads, Notify.INVALID_SYNTAX)) return answer;
    return {
      payloads: answer.payloads,
      then: () => this.#port.ended(failure('protocol.malformed', { detail: 'CREATE_CHILD_SA' })),
    };
  }

  // The end

  /** Tells the gateway that all SAs end, and reports `why` when it knows or does not answer. */
  leave(why: Failure | undefined, now: Millis): void {
    if (this.#leaving) return;
    this.#leaving = { failure: why };
    this.#port.deleted();
    this.#timers.clear();
    this.#ikes.part(now);
    this.#endIfAlone();
  }

  #expire(why: Failure, now: Millis): void {
    this.leave(why, now);
    this.#port.ended(why);
  }

  #giveNotice(endAt: Millis, now: Millis): void {
    if (this.#hasGivenNotice) return;
    this.#hasGivenNotice = true;
    const seconds = Math.max(1, Math.floor(Math.min(endAt - now, NOTICE_MS) / 1000));
    this.#port.emit({ kind: 'auth-lifetime', seconds });
  }

  #endIfAlone(): void {
    if (this.#ikes.all.length === 0) this.#port.ended(undefined);
  }

  wipe(): void {
    this.#timers.clear();
    this.#first?.task.wipe();
    this.#children.wipe();
    this.#ikes.wipe();
  }
}

/** Our sign-in does not hold any more: such a notify ends the SA as a Delete does (RFC 7296 section 2.21.2). */
function isRefused(payloads: readonly Payload[]): boolean {
  return notifyOf(payloads, Notify.AUTHENTICATION_FAILED) !== undefined;
}

function endsIkeSa(payloads: readonly Payload[]): boolean {
  return isRefused(payloads) || allOf(payloads, 'D').some(({ protocol }) => protocol === Protocol.IKE);
}

/** For a request that comes while something is under way with which it has to wait (RFC 7296 section 2.25). */
function busy(): Answer {
  return { payloads: [notify(Notify.TEMPORARY_FAILURE)], then: () => undefined };
}
