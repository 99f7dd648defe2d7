import { failure } from '../lib/failure.ts';
import type { Millis } from '../lib/ports.ts';
import { formatSelector, type Selector } from '../net/selector.ts';
import { nameOf, Notify } from '../wire/constants.ts';
import type { Payload } from '../wire/payload.ts';
import { answerCreate, answerDelete } from './child-answers.ts';
import { ChildPairs } from './child-pairs.ts';
import { redundantOf } from './children.ts';
import { type AssignedConfig, type EstablishedChild, wipeChild } from './events.ts';
import { alreadyHad, eachPair, fromOurAddresses } from './further-children.ts';
import type { Answer, LifePort, Requests } from './life-port.ts';
import { Retries } from './retries.ts';
import { type ChildOutcome, type ChildWish, CreateChildTask } from './tasks/create-child.ts';
import { DeleteChildTask } from './tasks/informational.ts';
import type { Task, TaskContext } from './tasks/task.ts';

/** So often at most is a pair replaced because the gateway says that it has none. */
const LACKED_EVERY_MS: Millis = 10_000;
/** Further pairs that we ask for without being told to. */
const MAX_FURTHER = 8;

type Created = Extract<ChildOutcome, { kind: 'created' }>;

/**
 * The Child SAs of an established session: replaced when their time is over, whichever side begins, and closed when
 * they are redundant (RFC 7296 sections 1.3, 1.4.1, 2.8, 2.8.1 and 2.25.1).
 */
export class ChildKeeper {
  readonly #port: LifePort;
  readonly #requests: Requests;
  readonly #pairs: ChildPairs;
  /** Exchanges for new pairs that wait for their turn or for an answer. */
  readonly #tasks = new Set<CreateChildTask>();
  /** What is asked for again later. */
  readonly #retries: Retries<ChildWish>;
  #assigned: AssignedConfig['addresses'] = [];
  #further = MAX_FURTHER;
  /** The group that the gateway took last. */
  #group: number;
  #lackedAt: Millis = -Infinity;

  constructor(port: LifePort, requests: Requests, group: number) {
    this.#port = port;
    this.#requests = requests;
    this.#pairs = new ChildPairs(port, requests, {
      rekey: (spiIn, now) => this.rekey(spiIn, now),
      isAskedFor: (spiIn) => this.#isAskedFor(spiIn),
    });
    this.#retries = new Retries(port.timers, port.random);
    this.#group = group;
  }

  /** The pair that IKE_AUTH made, and what it left out. The event about it is the session's. */
  first(
    child: EstablishedChild,
    { addresses }: AssignedConfig,
    rest: readonly Selector[],
    now: Millis,
  ): void {
    this.#assigned = addresses;
    this.#pairs.keep(child, { role: 'initiator', sendNow: true }, now);
    this.#askForRest(rest, now);
  }

  // What we ask for

  /** Replaces a pair, unless that is under way or was done. */
  rekey(spiIn: number, now: Millis): void {
    const pair = this.#pairs.all.get(spiIn);
    if (!pair || !this.#pairs.isToBeRekeyed(pair) || this.#isAskedFor(spiIn)) return;
    this.#ask({ local: pair.local, remote: pair.remote, replaces: spiIn, rekeys: true }, now);
  }

  /** Asks for a further pair for traffic between our addresses and these. */
  create(remote: readonly Selector[], now: Millis): void {
    const traffic = fromOurAddresses(this.#assigned, remote);
    if (traffic) this.#ask({ ...traffic, rekeys: false }, now);
  }

  #isAskedFor(spiIn: number): boolean {
    const wishes = [...this.#tasks].map(({ wish }) => wish);
    return [...wishes, ...this.#retries.waiting].some(({ replaces }) => replaces === spiIn);
  }

  #ask(wish: ChildWish, now: Millis): void {
    const task = new CreateChildTask(wish, this.#group, (spi) => this.#pairs.isTaken(spi));
    this.#tasks.add(task);
    this.#requests.enqueue(task, now);
  }

  #askForRest(rest: readonly Selector[], now: Millis): void {
    if (rest.length === 0 || this.#further === 0) return;
    this.#further -= 1;
    this.create(rest, now);
  }

  /** Whether what a waiting task is for was done in another way: it is forgotten then. */
  isObsolete(task: Task): boolean {
    if (task instanceof DeleteChildTask) return task.wasUsed && !this.#pairs.all.get(task.spiIn);
    if (!(task instanceof CreateChildTask)) return false;
    const { replaces, rekeys } = task.wish;
    if (replaces === undefined) return false;
    const pair = this.#pairs.all.get(replaces);
    return rekeys
      ? !pair || !this.#pairs.isToBeRekeyed(pair)
      : this.#pairs.all.heirOf(replaces) !== undefined;
  }

  forget(task: Task): void {
    if (task instanceof CreateChildTask) this.#tasks.delete(task);
  }

  /** The request of a task goes out. */
  begun(task: Task): void {
    const pair = task instanceof DeleteChildTask ? this.#pairs.all.get(task.spiIn) : undefined;
    if (pair) pair.state = 'deleting';
  }

  // What the gateway answered

  finished(task: Task, now: Millis): void {
    if (task instanceof DeleteChildTask) {
      const pair = this.#pairs.all.get(task.spiIn);
      if (pair) this.#pairs.close(pair, now);
    }
    if (!(task instanceof CreateChildTask) || !task.outcome) return;
    this.#tasks.delete(task);
    this.#group = task.group;
    const { outcome, wish } = task;
    switch (outcome.kind) {
      case 'created':
        if (this.#pairs.all.byOutbound(outcome.child.spiOut)) {
          // What we send through either could not be told apart from what goes through the other.
          wipeChild(outcome.child);
          return this.#unusable(wish, outcome.child.spiIn, 'an SPI that is in use', now);
        }
        this.#retries.done(keyOf(wish));
        return wish.rekeys && wish.replaces !== undefined
          ? this.#rekeyed(wish.replaces, outcome, now)
          : this.#created(wish, outcome, now);
      case 'unusable':
        return this.#unusable(wish, outcome.spiIn, outcome.detail, now);
      case 'refused': {
        const { notifyType } = outcome.notify;
        return this.#refused(wish, notifyType, nameOf(Notify, notifyType), now);
      }
    }
  }

  /** The gateway has made something that we cannot use. */
  #unusable(wish: ChildWish, spiIn: number, why: string, now: Millis): void {
    this.#requests.enqueue(new DeleteChildTask(spiIn, false), now);
    this.#refused(wish, undefined, why, now);
  }

  #rekeyed(replaces: number, { child, nonces }: Created, now: Millis): void {
    // The gateway may have rekeyed the same pair at the same time.
    const rival = this.#pairs.all.heirOf(replaces, 'responder');
    const isRedundant = rival?.nonces && redundantOf(nonces, rival.nonces) === 'ours';
    this.#pairs.add(child, { role: 'initiator', nonces, replaces, sendNow: !isRedundant }, now);
    if (isRedundant) return this.#pairs.delete(child.spiIn, now);
    if (rival) {
      rival.state = 'redundant';
      this.#pairs.tidyLater(rival.spiIn, now);
    }
    this.#pairs.delete(replaces, now);
  }

  #created(wish: ChildWish, { child, nonces, rest }: Created, now: Millis): void {
    const { replaces } = wish;
    if (replaces === undefined && alreadyHad(this.#pairs.all.live, child)) {
      wipeChild(child);
      this.#requests.enqueue(new DeleteChildTask(child.spiIn, false), now);
      return;
    }
    const place = replaces === undefined ? {} : { replaces };
    this.#pairs.add(child, { role: 'initiator', nonces, ...place, sendNow: true }, now);
    const old = replaces === undefined ? undefined : this.#pairs.all.get(replaces);
    if (old) this.#pairs.close(old, now);
    this.#askForRest(rest, now);
  }

  /** No pair came of it; `type` is the error notify that said so, and absent when the answer made no sense. */
  #refused(wish: ChildWish, type: number | undefined, why: string, now: Millis): void {
    const isBusy = type === Notify.TEMPORARY_FAILURE;
    this.#port.log(isBusy ? 'debug' : 'info', 'child-refused', { why, rekeys: wish.rekeys });
    if (type === Notify.INVALID_SYNTAX) {
      return this.#port.expire(failure('peer.rekey-failed', { notify: why }), now);
    }
    const { replaces } = wish;
    if (wish.rekeys && replaces !== undefined) return this.#notRekeyed(wish, replaces, type, now);
    if (isBusy) return this.#tryLater(wish, false, now);
    if (replaces !== undefined) {
      const old = this.#pairs.all.get(replaces);
      if (old) this.#pairs.close(old, now);
      return this.#checkPurpose(now);
    }
    if (type !== Notify.SINGLE_PAIR_REQUIRED) return;
    for (const traffic of eachPair(wish).slice(0, this.#further)) {
      this.#further -= 1;
      this.#ask({ ...traffic, rekeys: false }, now);
    }
  }

  #notRekeyed(wish: ChildWish, replaces: number, type: number | undefined, now: Millis): void {
    // The gateway's own rekeying came first: an error of ours means nothing (RFC 7296 section 2.8.1).
    if (this.#pairs.all.heirOf(replaces)) return;
    const pair = this.#pairs.all.get(replaces);
    if (!pair || type === Notify.CHILD_SA_NOT_FOUND) {
      // The gateway has no such pair: a new one takes its place (section 2.25).
      if (pair) pair.state = 'doomed';
      return this.#ask({ ...wish, rekeys: false }, now);
    }
    const isBusy = type === Notify.TEMPORARY_FAILURE;
    if (!isBusy) this.#port.cannotRekey(pair.lifetime.endAt, now);
    this.#tryLater(wish, !isBusy, now);
  }

  #tryLater(wish: ChildWish, refused: boolean, now: Millis): void {
    const isUseful = this.#retries.later(keyOf(wish), wish, refused, now, (then) => {
      if (wish.rekeys && wish.replaces !== undefined) this.rekey(wish.replaces, then);
      else this.#ask(wish, then);
    });
    if (!isUseful) this.#port.leave(failure('peer.lost-state', { detail: 'TEMPORARY_FAILURE' }), now);
  }

  // What the gateway asks for

  /** CREATE_CHILD_SA for a pair, in an IKE SA that is not being replaced. */
  answerCreate(payloads: readonly Payload[], context: TaskContext): Answer {
    return answerCreate(this.#pairs, this.#assigned, payloads, context);
  }

  /** Delete of pairs by the gateway's SPIs. */
  answerDelete(spisOut: readonly Uint8Array[], now: Millis): Answer {
    const answer = answerDelete(this.#pairs, spisOut, now);
    return {
      payloads: answer.payloads,
      then: () => {
        answer.then();
        if (spisOut.length > 0) this.#checkPurpose(now);
      },
    };
  }

  /**
   * INVALID_SPI inside the IKE SA: the gateway gets ESP with that SPI of ours to it, and knows no such SA (RFC 7296 section
   * 1.5). Of the pair that we send through that means that it is lost there. A rekeying finds out: a gateway that has no
   * such pair refuses, and a new one takes its place.
   */
  lacked(spiOut: number, now: Millis): void {
    const pair = this.#pairs.all.byOutbound(spiOut);
    if (!pair?.sends || now < this.#lackedAt + LACKED_EVERY_MS) return;
    this.#lackedAt = now;
    this.rekey(pair.spiIn, now);
  }

  /** Its keys are used up before their time: that is their end all the same. */
  spent(spiIn: number, now: Millis): void {
    this.#pairs.end(spiIn, now);
  }

  /** Something came in through a pair: the gateway has it. */
  used(spiIn: number): void {
    const pair = this.#pairs.all.get(spiIn);
    if (pair?.state === 'live') this.#pairs.send(pair);
  }

  /** An SA without a Child SA carries nothing for the user: leave it, so that a new one can be made. */
  #checkPurpose(now: Millis): void {
    if (this.#pairs.all.live.length > 0) return;
    const active = this.#requests.activeTask;
    const isComing =
      [...this.#tasks].some((task) => task === active || !this.isObsolete(task)) ||
      this.#retries.waiting.some(({ rekeys }) => !rekeys);
    if (!isComing) this.#port.leave(failure('peer.deleted', { child: true }), now);
  }

  wipe(): void {
    for (const task of this.#tasks) task.wipe();
    this.#tasks.clear();
    this.#retries.clear();
    this.#pairs.all.clear();
  }
}

function keyOf({ replaces, rekeys, local, remote }: ChildWish): string {
  if (replaces !== undefined) return `${rekeys ? 'rekey' : 'place'} ${replaces}`;
  return [...local, ...remote].map(formatSelector).join(' ');
}
