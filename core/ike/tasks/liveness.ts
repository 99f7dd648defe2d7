import type { Failure } from '../../lib/failure.ts';
import type { Millis } from '../../lib/ports.ts';
import { ok, type Result } from '../../lib/result.ts';
import { ExchangeType } from '../../wire/constants.ts';
import type { Payload } from '../../wire/payload.ts';
import { natDetectionNotifies } from '../nat-detection.ts';
import { DONE, type Task, type TaskContext, type TaskStatus } from './task.ts';

export interface LivenessOptions {
  /** Asks a gateway that speaks MOBIKE what it sees of our address too (RFC 4555 section 3.8). */
  readonly detectsNat?: boolean;
  /** The first pause before it is repeated, if not the usual one. */
  readonly initialMs?: Millis;
  /** It tries paths that are not in use (RFC 4555 section 3.10). */
  readonly isProbe?: boolean;
}

/** Is the gateway there? An empty message (RFC 7296 section 2.4), or one that looks for NATs as well. */
export class LivenessTask implements Task {
  readonly kind = 'liveness';
  readonly exchange = ExchangeType.INFORMATIONAL;
  readonly initialMs: Millis | undefined;
  readonly isProbe: boolean;
  readonly #detectsNat: boolean;

  constructor({ detectsNat = false, initialMs, isProbe = false }: LivenessOptions = {}) {
    this.#detectsNat = detectsNat;
    this.initialMs = initialMs;
    this.isProbe = isProbe;
  }

  build({ sa, path }: TaskContext): Result<readonly Payload[], Failure> {
    return ok(this.#detectsNat ? natDetectionNotifies(sa.init, path.remote) : []);
  }

  process(): TaskStatus {
    return DONE;
  }
}
