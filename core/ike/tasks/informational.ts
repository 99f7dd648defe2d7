import { u32 } from '../../lib/bytes.ts';
import { ok, type Result } from '../../lib/result.ts';
import { ExchangeType, Protocol } from '../../wire/constants.ts';
import type { Payload } from '../../wire/payload.ts';
import { DONE, type Task, type TaskStatus } from './task.ts';

/** Delete of the IKE SA itself, and so of everything under it: no SPIs (RFC 7296 section 3.11). */
export const DELETE_IKE_SA: Payload = { kind: 'D', protocol: Protocol.IKE, spis: [] };

/** Delete of Child SAs by the SPIs that we expect in what comes in. */
export function deleteOf(spisIn: readonly number[]): Payload {
  return { kind: 'D', protocol: Protocol.ESP, spis: spisIn.map(u32) };
}

/** An INFORMATIONAL exchange whose answer only has to come (RFC 7296 section 1.4). */
function informational(kind: Task['kind'], payloads: readonly Payload[]): Task {
  return {
    kind,
    exchange: ExchangeType.INFORMATIONAL,
    build: () => ok(payloads),
    process: (): TaskStatus => DONE,
  };
}

/** The last thing that the gateway hears from an SA of ours: a Delete, or why we refuse it. */
export function partingTask(payloads: readonly Payload[]): Task {
  return informational('parting', payloads);
}

/** Deletes an IKE SA that another one has replaced; its Child SAs went there. */
export function retireTask(): Task {
  return informational('delete-ike', [DELETE_IKE_SA]);
}

/** Deletes one pair of Child SAs (RFC 7296 section 1.4.1). */
export class DeleteChildTask implements Task {
  readonly kind = 'delete-child';
  readonly exchange = ExchangeType.INFORMATIONAL;
  readonly spiIn: number;
  /** Whether it was ever of use here: the gateway may have made one that is not. */
  readonly wasUsed: boolean;

  constructor(spiIn: number, wasUsed: boolean) {
    this.spiIn = spiIn;
    this.wasUsed = wasUsed;
  }

  build(): Result<readonly Payload[], never> {
    return ok([deleteOf([this.spiIn])]);
  }

  process(): TaskStatus {
    return DONE;
  }
}
