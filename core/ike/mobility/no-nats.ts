import { equalBytes } from '../../lib/bytes.ts';
import type { Endpoint } from '../../net/address.ts';
import { Notify } from '../../wire/constants.ts';
import { readNotify, valuedNotify } from '../../wire/notify-data.ts';
import type { Payload } from '../../wire/payload.ts';
import type { NotifyPayload } from '../../wire/payloads/notify.ts';
import { notifyOf } from '../payloads.ts';

/** "Whoever finds other addresses on this message than these, a NAT is between us" (RFC 4555 section 3.9). */
export function noNatsAllowed(source: Endpoint, destination: Endpoint): NotifyPayload {
  return valuedNotify('NO_NATS_ALLOWED', {
    source: source.address.octets,
    destination: destination.address.octets,
    sourcePort: source.port,
    destinationPort: destination.port,
  });
}

/** Whether a message says that no NAT may be on its way, and came with other addresses than its sender gave it. */
export function showsForbiddenNat(
  payloads: readonly Payload[],
  arrived: { readonly local: Endpoint; readonly remote: Endpoint },
): boolean {
  const payload = notifyOf(payloads, Notify.NO_NATS_ALLOWED);
  if (!payload) return false;
  const said = readNotify('NO_NATS_ALLOWED', payload);
  if (!said.ok) return true;
  const { source, destination, sourcePort, destinationPort } = said.value;
  const { local, remote } = arrived;
  return !(
    equalBytes(source, remote.address.octets) &&
    equalBytes(destination, local.address.octets) &&
    sourcePort === remote.port &&
    destinationPort === local.port
  );
}
