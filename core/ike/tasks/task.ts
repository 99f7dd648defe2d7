import type { Failure } from '../../lib/failure.ts';
import type { EpochMillis, Millis, RandomBytes } from '../../lib/ports.ts';
import type { Result } from '../../lib/result.ts';
import type { SecretBytes } from '../../lib/secret.ts';
import type { EapNeed } from '../../eap/method.ts';
import type { Selector } from '../../net/selector.ts';
import type { Payload } from '../../wire/payload.ts';
import type { IkeConfig } from '../config.ts';
import type { AssignedConfig, IkeEvent, Path, RedirectTarget } from '../events.ts';
import type { ProvedGateway } from '../gateway-proof.ts';
import type { IkeSa } from '../ike-sa.ts';

/** What a task may look at. Time and randomness come in here and nowhere else. */
export interface TaskContext {
  readonly config: IkeConfig;
  readonly sa: IkeSa;
  readonly random: RandomBytes;
  readonly now: Millis;
  /** The way to the gateway that is used now. */
  readonly path: Path;
  /** The wall clock, for certificates. */
  readonly epochNow: EpochMillis;
}

export type TaskStatus =
  /** The exchange is over and did what it was for. */
  | { readonly kind: 'done'; readonly events: readonly IkeEvent[] }
  /** Another request of the same task follows: build() has it. */
  | { readonly kind: 'more'; readonly events: readonly IkeEvent[] }
  /** Nothing can be sent before the person gave this; then provide() goes on. */
  | EapNeed
  /** The gateway sends us to another one (RFC 5685 section 6). `parting` is what it is told, if there is an SA. */
  | { readonly kind: 'redirect'; readonly to: RedirectTarget; readonly parting?: readonly Payload[] }
  /**
   * This SA comes to nothing: one that was to be resumed gives way to a full login, and one with a Child SA to one
   * without, if that is what the gateway wants (RFC 6023).
   */
  | { readonly kind: 'begin-anew'; readonly why: string; readonly childless: boolean }
  /** The SA cannot live. `parting` is what the gateway is told in one last request, if anything. */
  | { readonly kind: 'fail'; readonly failure: Failure; readonly parting?: readonly Payload[] };

/** One exchange that we start, or a row of exchanges that belong together. */
export interface Task {
  readonly kind:
    | 'auth'
    | 'liveness'
    | 'update-addresses'
    | 'parting'
    | 'create-child'
    | 'delete-child'
    | 'rekey-ike'
    | 'delete-ike'
    | 'ticket';
  readonly exchange: number;
  /** The pause before the request is repeated first, where it is not the usual one. */
  readonly initialMs?: Millis | undefined;
  /** Silence for so long ends it, where the configuration would wait longer. */
  readonly patienceMs?: Millis;
  /** The payloads of the next request, or why there can be none. */
  build(context: TaskContext): Result<readonly Payload[], Failure>;
  /** Takes the payloads of the response. */
  process(payloads: readonly Payload[], context: TaskContext): TaskStatus;
}

/** The IKE_AUTH exchanges, by whatever way the two ends prove themselves. */
export interface LoginTask extends Task {
  readonly kind: 'auth';
  /** It rests on an SA that was there before (RFC 5723). */
  readonly isResumed: boolean;
  /** Whether the method of EAP has run: what a silence or a refusal means depends on it. */
  readonly inEap: boolean;
  /** The reason that the gateway gave in EAP, if it did. What comes after it may be a bare error, or nothing. */
  readonly refusal: Failure | undefined;
  /** What was assigned with an IKE SA alone, whose first Child SA has still to be asked for (RFC 6023). */
  readonly alone: AssignedConfig | undefined;
  /** The gateway, as soon as it has proved itself. */
  readonly gateway: ProvedGateway | undefined;
  /** Traffic that was asked for and may be had in Child SAs of its own. */
  readonly rest: readonly Selector[];
  /** Goes on with what waited for it, if something did. A password is kept until then, a code is used once. */
  provide(password: SecretBytes): TaskStatus | undefined;
  /** Forgets what it knew, however it ended. */
  wipe(): void;
}

export const DONE: TaskStatus = { kind: 'done', events: [] };
export const MORE: TaskStatus = { kind: 'more', events: [] };
