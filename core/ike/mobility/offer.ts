import { Notify } from '../../wire/constants.ts';
import type { Payload } from '../../wire/payload.ts';
import { notify } from '../../wire/payloads/notify.ts';
import type { IkeConfig } from '../config.ts';
import { notifyOf } from '../payloads.ts';
import type { TaskContext } from '../tasks/task.ts';
import { noNatsAllowed } from './no-nats.ts';

/** What the IKE_AUTH request with the SA payload says: that we speak MOBIKE (RFC 4555 section 3.2), and allow no NAT. */
export function mobilityOffer({ config, path }: TaskContext): Payload[] {
  if (!config.mobike) return [];
  return [
    notify(Notify.MOBIKE_SUPPORTED),
    ...(config.natProhibited ? [noNatsAllowed(path.local, path.remote)] : []),
  ];
}

/** Whether both ends speak it, by the response with the SA payload. What the notify holds is ignored (section 4.2.1). */
export function speaksMobility({ mobike }: IkeConfig, payloads: readonly Payload[]): boolean {
  return mobike && notifyOf(payloads, Notify.MOBIKE_SUPPORTED) !== undefined;
}
