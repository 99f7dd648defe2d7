import { equalBytes } from '../lib/bytes.ts';
import { failure } from '../lib/failure.ts';
import type { Millis } from '../lib/ports.ts';
import { nameOf, Notify } from '../wire/constants.ts';
import type { IkeHeader } from '../wire/header.ts';
import type { Payload } from '../wire/payload.ts';
import { notify } from '../wire/payloads/notify.ts';
import { grantIkeSa } from './answer-rekey-ike.ts';
import { redundantOf } from './children.ts';
import type { Exchanger, Readiness } from './exchanger.ts';
import type { Answer, LifePort, Requests } from './life-port.ts';
import { endOfKeys, lifetimeFrom } from './lifetimes.ts';
import { Retries } from './retries.ts';
import type { Nonces } from './tasks/create-child.ts';
import { DELETE_IKE_SA, partingTask, retireTask } from './tasks/informational.ts';
import { RekeyIkeTask } from './tasks/rekey-ike.ts';
import type { Task, TaskContext } from './tasks/task.ts';

/** For so long the gateway may take to delete, or to use, what its rekeying led to; then we do it. */
const TIDY_MS = 30_000;
/** For so long is a repeated request in a deleted SA answered again. */
const GONE_MS = 30_000;

/** SAs at once, however often the gateway rekeys; and those among them that are gone. */
const MAX_SAS = 16;
const MAX_GONE = 8;

/**
 * What an IKE SA is to its session:
 * 'current': our requests go out in it. 'heir': the gateway's rekeying made it, and whether the gateway has it is not
 * known yet. 'replaced': the gateway moved on to another, and deletes it. 'redundant': lost a collision, and the gateway
 * deletes it. 'retiring': we delete it. 'gone': deleted, and kept to repeat its last answer.
 */
type Standing = 'current' | 'heir' | 'replaced' | 'redundant' | 'retiring' | 'gone';

/**
 * The IKE SAs of an established session, one of which is current: replaced when their time is over, whichever side
 * begins (RFC 7296 sections 1.3.2, 2.8, 2.8.2 and 2.25.2). The Child SAs go on whatever happens here.
 */
export class IkeSuccession implements Requests {
  readonly #port: LifePort;
  readonly #standing = new Map<Exchanger, Standing>();
  #current: Exchanger;
  #heir: { readonly ike: Exchanger; readonly nonces: Nonces } | undefined;
  /** The exchange that replaces the current one: it waits for its turn, or for an answer. */
  #rekeying: RekeyIkeTask | undefined;
  readonly #retries: Retries<'ike'>;
  #endAt: Millis = Infinity;

  constructor(port: LifePort, ike: Exchanger, now: Millis) {
    this.#port = port;
    this.#retries = new Retries(port.timers, port.random);
    this.#current = ike;
    this.#standing.set(ike, 'current');
    this.#schedule(now);
  }

  get current(): Exchanger {
    return this.#current;
  }

  get activeTask(): Task | undefined {
    return this.#current.activeTask;
  }

  get all(): readonly Exchanger[] {
    return [...this.#standing.keys()];
  }

  /** By the SPIs of a message; what the gateway says of itself there must be true (the I flag). */
  find({ initiatorSpi, responderSpi, fromInitiator }: IkeHeader): Exchanger | undefined {
    return this.all.find(
      ({ sa: { init, role } }) =>
        equalBytes(initiatorSpi, init.initiatorSpi) &&
        equalBytes(responderSpi, init.responderSpi) &&
        fromInitiator === (role === 'responder'),
    );
  }

  enqueue(task: Task, now: Millis): void {
    this.#current.enqueue(task, now);
  }

  isGone(ike: Exchanger): boolean {
    return this.#standing.get(ike) === 'gone';
  }

  /** No Child SA can be made in it: it is being replaced, or was (section 2.25.2). */
  isPassing(ike: Exchanger): boolean {
    return ike !== this.#current || this.#heir !== undefined || ike.activeTask instanceof RekeyIkeTask;
  }

  /** Nothing new is begun in an SA that is being replaced (section 1.3.2). */
  readiness(from: Exchanger, task: Task): Readiness {
    if (task instanceof RekeyIkeTask) {
      if (from === this.#current && !this.#heir) return 'ready';
      if (task === this.#rekeying) this.#rekeying = undefined;
      return 'never';
    }
    return task.kind === 'create-child' && this.#heir ? 'later' : 'ready';
  }

  // Our rekeying

  rekey(now: Millis): void {
    if (this.#rekeying || this.#heir || this.#retries.waiting.length > 0) return;
    this.#rekeying = new RekeyIkeTask();
    this.#current.enqueue(this.#rekeying, now);
  }

  #schedule(now: Millis): void {
    const { config, random, timers } = this.#port;
    const { rekeyAt, endAt } = lifetimeFrom(now, config.rekey.ikeMs, config.rekey.jitter, random);
    this.#endAt = endAt;
    timers.set('ike rekey', rekeyAt, 'rekey', (then) => {
      if (then < endAt) this.rekey(then);
    });
    timers.set('ike end', endAt, 'lifetime', (then) => this.#port.expire(endOfKeys(endAt, then), then));
  }

  finished(from: Exchanger, task: Task, now: Millis): void {
    if (task.kind === 'delete-ike' || task.kind === 'parting') return this.#drop(from);
    if (!(task instanceof RekeyIkeTask) || !task.outcome) return;
    this.#rekeying = undefined;
    const { outcome } = task;
    if (outcome.kind === 'refused') return this.#refused(outcome.notify.notifyType, now);
    const ike = this.#port.exchangerFor(outcome.sa, 0);
    const heir = this.#heir;
    if (heir && redundantOf(outcome.nonces, heir.nonces) === 'ours') return this.#retire(ike, now);
    if (heir) {
      this.#standing.set(heir.ike, 'redundant');
      this.#tidyLater(heir.ike, now);
    }
    this.#adopt(ike, now);
    this.#retire(from, now);
  }

  #refused(type: number, now: Millis): void {
    // The gateway's own rekeying came first: it stands.
    if (this.#heir) return;
    const why = nameOf(Notify, type);
    const isBusy = type === Notify.TEMPORARY_FAILURE;
    this.#port.log(isBusy ? 'debug' : 'info', 'ike-rekey-refused', { why });
    if (type === Notify.INVALID_SYNTAX) {
      return this.#port.expire(failure('peer.rekey-failed', { notify: why }), now);
    }
    if (!isBusy) this.#port.cannotRekey(this.#endAt, now);
    const isUseful = this.#retries.later('ike', 'ike', !isBusy, now, (then) => this.rekey(then));
    if (!isUseful) this.#port.leave(failure('peer.lost-state', { detail: why }), now);
  }

  // The gateway's rekeying

  answerRekey(from: Exchanger, payloads: readonly Payload[], context: TaskContext): Answer {
    const { now } = context;
    const active = from.activeTask?.kind;
    // Sections 2.25.1 and 2.25.2: there are Child SAs under way that would not know where they belong, or it is over.
    const isBusy = from !== this.#current || active === 'create-child' || active === 'delete-child';
    if (isBusy || this.#standing.size >= MAX_SAS) {
      return { payloads: [notify(Notify.TEMPORARY_FAILURE)], then: () => undefined };
    }
    const grant = grantIkeSa(payloads, context);
    if (!grant.ok) return { payloads: [grant.error], then: () => undefined };
    const { sa, nonces } = grant.value;
    return {
      payloads: grant.value.payloads,
      then: () => {
        // A gateway that asks once more did not take what it got before.
        if (this.#heir) this.#drop(this.#heir.ike);
        const ike = this.#port.exchangerFor(sa, 0);
        this.#heir = { ike, nonces };
        this.#standing.set(ike, 'heir');
        this.#inheritLater(now);
      },
    };
  }

  /** A request of the gateway came in an SA, which the gateway therefore has. */
  heard(from: Exchanger, now: Millis): void {
    if (from === this.#heir?.ike) this.#inherit(now);
  }

  /** The heir takes over now, if there is one: what is agreed in the SA before it does not hold for it any more. */
  takeOver(now: Millis): void {
    this.#inherit(now);
  }

  #inheritLater(now: Millis): void {
    this.#port.timers.set('ike heir', now + TIDY_MS, 'tidy', (then) => this.#inherit(then));
  }

  /** The heir takes over, unless our own rekeying has still to decide which SA does (section 2.8.2). */
  #inherit(now: Millis): void {
    const heir = this.#heir;
    const old = this.#current;
    if (!heir) return;
    // It may decide nothing, and then nobody else comes back to this.
    if (old.activeTask instanceof RekeyIkeTask) return this.#inheritLater(now);
    this.#adopt(heir.ike, now);
    this.#standing.set(old, 'replaced');
    this.#tidyLater(old, now);
  }

  /** Delete of an IKE SA. False when the session ends with it. */
  deleted(from: Exchanger, now: Millis): boolean {
    const heir = this.#heir;
    if (from === this.#current) {
      if (!heir) return false;
      // The other end did not see that both were at it: our own attempt is forgotten (section 2.8.2).
      this.#forgetRekeying();
      this.#adopt(heir.ike, now);
    } else if (from === heir?.ike) {
      this.#heir = undefined;
      this.#port.timers.cancel('ike heir');
    }
    const interrupted = from.abandon();
    this.#standing.set(from, 'gone');
    const gone = this.all.filter((ike) => this.isGone(ike));
    for (const oldest of gone.slice(0, -MAX_GONE)) this.#drop(oldest);
    this.#port.timers.set(keyOf(from), now + GONE_MS, 'tidy', () => this.#drop(from));
    if (interrupted && !(interrupted instanceof RekeyIkeTask) && interrupted.kind !== 'delete-ike') {
      this.#current.enqueueFirst(interrupted, now);
    }
    // What waited for an heir that is gone goes on.
    this.#current.startNext(now);
    return true;
  }

  // What becomes of SAs

  #adopt(ike: Exchanger, now: Millis): void {
    const old = this.#current;
    this.#current = ike;
    this.#standing.set(ike, 'current');
    this.#heir = undefined;
    this.#port.timers.cancel('ike heir');
    this.#retries.done('ike');
    this.#schedule(now);
    this.#port.succeeded(ike, now);
    for (const task of old.takeWaiting()) ike.enqueue(task, now);
  }

  #retire(ike: Exchanger, now: Millis): void {
    this.#port.timers.cancel(keyOf(ike));
    this.#standing.set(ike, 'retiring');
    ike.enqueue(retireTask(), now);
  }

  #tidyLater(ike: Exchanger, now: Millis): void {
    this.#port.timers.set(keyOf(ike), now + TIDY_MS, 'tidy', (then) => this.#retire(ike, then));
  }

  #forgetRekeying(): void {
    this.#rekeying?.wipe();
    this.#rekeying = undefined;
  }

  #drop(ike: Exchanger): void {
    if (ike === this.#heir?.ike) this.#heir = undefined;
    this.#port.timers.cancel(keyOf(ike));
    this.#standing.delete(ike);
    ike.wipe();
  }

  /** An SA that is not current any more ends with the exchange that failed in it. False for the current one. */
  failed(from: Exchanger): boolean {
    if (from === this.#current) return false;
    this.#drop(from);
    return true;
  }

  // The end

  /** Deletes every SA that the gateway may have. Nothing else is asked any more. */
  part(now: Millis): void {
    for (const ike of this.all) this.#part(ike, now);
  }

  #part(ike: Exchanger, now: Millis): void {
    if (this.isGone(ike) || ike.isExhausted) return this.#drop(ike);
    // One request at a time (RFC 7296 section 2.3): one that is under way keeps its place, but not for long.
    ike.takeWaiting();
    ike.limit(now + this.#port.config.goodbyeMs);
    if (ike.activeTask?.kind !== 'delete-ike') ike.enqueue(partingTask([DELETE_IKE_SA]), now);
  }

  /** While we leave: the end of a task, after which an SA may be gone, or have to be deleted. */
  finishedLast(from: Exchanger, task: Task, now: Millis): void {
    if (task.kind === 'delete-ike' || task.kind === 'parting') return this.#drop(from);
    if (!(task instanceof RekeyIkeTask) || task.outcome?.kind !== 'created') return;
    const ike = this.#port.exchangerFor(task.outcome.sa, 0);
    this.#standing.set(ike, 'retiring');
    this.#part(ike, now);
  }

  /** While we leave: nothing more will be heard in an SA. */
  over(from: Exchanger): void {
    this.#drop(from);
  }

  wipe(): void {
    this.#forgetRekeying();
    for (const ike of this.all) ike.wipe();
    this.#standing.clear();
  }
}

function keyOf({ sa: { init } }: Exchanger): string {
  return `ike ${init.initiatorSpi.join()} ${init.responderSpi.join()}`;
}
