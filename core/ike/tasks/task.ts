import type { Failure } from '../../lib/failure.ts';
import type { EpochMillis, Millis, RandomBytes } from '../../lib/ports.ts';
import type { Result } from '../../lib/result.ts';
import type { Payload } from '../../wire/payload.ts';
import type { IkeConfig } from '../config.ts';
import type { IkeEvent } from '../events.ts';
import type { IkeSa } from '../ike-sa.ts';

/** What a task may look at. Time and randomness come in here and nowhere else. */
export interface TaskContext {
  readonly config: IkeConfig;
  readonly sa: IkeSa;
  readonly random: RandomBytes;
  readonly now: Millis;
  /** The wall clock, for certificates. */
  readonly epochNow: EpochMillis;
}

export type TaskStatus =
  /** The exchange is over and did what it was for. */
  | { readonly kind: 'done'; readonly events: readonly IkeEvent[] }
  /** Another request of the same task follows: build() has it. */
  | { readonly kind: 'more'; readonly events: readonly IkeEvent[] }
  /** Nothing can be sent before the person gave this; then provide() goes on. */
  | { readonly kind: 'need'; readonly what: 'password' }
  /** The SA cannot live. `parting` is what the gateway is told in one last request, if anything. */
  | { readonly kind: 'fail'; readonly failure: Failure; readonly parting?: readonly Payload[] };

/** One exchange that we start, or a row of exchanges that belong together. */
export interface Task {
  readonly kind:
    'auth' | 'liveness' | 'parting' | 'create-child' | 'delete-children' | 'rekey-ike' | 'delete-ike';
  readonly exchange: number;
  /** The payloads of the next request, or why there can be none. */
  build(context: TaskContext): Result<readonly Payload[], Failure>;
  /** Takes the payloads of the response. */
  process(payloads: readonly Payload[], context: TaskContext): TaskStatus;
}

export const DONE: TaskStatus = { kind: 'done', events: [] };
export const MORE: TaskStatus = { kind: 'more', events: [] };
