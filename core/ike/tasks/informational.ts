import { ok } from '../../lib/result.ts';
import { ExchangeType, Protocol } from '../../wire/constants.ts';
import type { Payload } from '../../wire/payload.ts';
import { DONE, type Task, type TaskStatus } from './task.ts';

/** Delete of the IKE SA itself, and so of everything under it: no SPIs (RFC 7296 section 3.11). */
export const DELETE_IKE_SA: Payload = { kind: 'D', protocol: Protocol.IKE, spis: [] };

/** An INFORMATIONAL exchange whose answer only has to come (RFC 7296 section 1.4). */
function informational(kind: Task['kind'], payloads: readonly Payload[]): Task {
  return {
    kind,
    exchange: ExchangeType.INFORMATIONAL,
    build: () => ok(payloads),
    process: (): TaskStatus => DONE,
  };
}

/** Is the gateway there? An empty message (RFC 7296 section 2.4). */
export function livenessTask(): Task {
  return informational('liveness', []);
}

/** The last thing that the gateway hears from an SA of ours: a Delete, or why we refuse it. */
export function partingTask(payloads: readonly Payload[]): Task {
  return informational('parting', payloads);
}
