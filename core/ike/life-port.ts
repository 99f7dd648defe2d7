import type { Failure } from '../lib/failure.ts';
import type { EpochMillis, Log, Millis, RandomBytes } from '../lib/ports.ts';
import type { Endpoint } from '../net/address.ts';
import type { IkeConfig } from './config.ts';
import type { IkeEvent } from './events.ts';
import type { Exchanger } from './exchanger.ts';
import type { IkeSa } from './ike-sa.ts';
import type { Payload } from '../wire/payload.ts';
import type { Task, TaskContext } from './tasks/task.ts';
import type { Timers } from './timers.ts';

/** What an established session asks of, and tells, the session that it is part of. */
export interface SessionPort {
  readonly config: IkeConfig;
  readonly random: RandomBytes;
  readonly log: Log;
  /** The wall clock. */
  epoch(now: Millis): EpochMillis;
  /** Where our requests go. */
  remote(): Endpoint;
  emit(event: IkeEvent): void;
  context(ike: Exchanger, now: Millis): TaskContext;
  /**
   * The messages of a new SA. Our Message IDs go on from IKE_SA_INIT with 1, and begin at 0 when it takes the place of
   * another (RFC 7296 section 2.2).
   */
  exchangerFor(sa: IkeSa, firstId: 0 | 1): Exchanger;
  /** An SA took the place of the one that was current. */
  succeeded(ike: Exchanger, now: Millis): void;
  /** One side deletes the SAs in order: what was given out for them is void. */
  deleted(): void;
  /** Everything is over, for this reason if it has one. */
  ended(why: Failure | undefined): void;
}

/** The same among the parts of an established session. */
export interface LifePort extends SessionPort {
  readonly timers: Timers;
  /** The gateway is told, and the session ends for this reason. */
  leave(why: Failure | undefined, now: Millis): void;
  /** Keys came to their end: nothing may be sent under them, so nobody waits for the gateway's word. */
  expire(why: Failure, now: Millis): void;
  /** The gateway refuses to replace keys, which end then: a session in place of this one has to be made before. */
  cannotRekey(endAt: Millis, now: Millis): void;
}

/** Our requests, in the IKE SA that is current. */
export interface Requests {
  enqueue(task: Task, now: Millis): void;
  /** The task whose request waits for an answer. */
  readonly activeTask: Task | undefined;
}

/** What a request of the gateway is answered with, and what follows from it when the answer is on its way. */
export interface Answer {
  readonly payloads: readonly Payload[];
  readonly then: () => void;
}
