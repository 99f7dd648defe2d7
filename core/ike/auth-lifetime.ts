import { Notify } from '../wire/constants.ts';
import { readNotify } from '../wire/notify-data.ts';
import type { Payload } from '../wire/payload.ts';
import type { IkeEvent } from './events.ts';
import { allOf } from './payloads.ts';

/**
 * How long the gateway lets us be before it wants us to authenticate anew, from now on (RFC 4478). It may say so in its
 * last message of IKE_AUTH and in INFORMATIONAL requests; it counts in protected messages alone. Zero is at once; of
 * several the shortest holds.
 */
export function authLifetimeEvents(payloads: readonly Payload[]): IkeEvent[] {
  const lifetimes = allOf(payloads, 'N')
    .filter(({ notifyType }) => notifyType === Notify.AUTH_LIFETIME)
    .map((payload) => readNotify('AUTH_LIFETIME', payload))
    .flatMap((read) => (read.ok ? [read.value.lifetimeSeconds] : []));
  return lifetimes.length > 0 ? [{ kind: 'auth-lifetime', seconds: Math.min(...lifetimes) }] : [];
}
