import type { Payload } from '../wire/payload.ts';
import { authLifetimeEvents } from './auth-lifetime.ts';
import type { IkeEvent } from './events.ts';
import { protectedRedirect } from './redirect.ts';

/**
 * What an INFORMATIONAL request of the gateway asks of us beyond an answer: to go to another gateway (RFC 5685 section
 * 5), to authenticate anew (RFC 4478). Both leave the SA as it is, until whoever owns the session ends it: there is time
 * to make another one first.
 */
export function gatewayNotices(payloads: readonly Payload[]): IkeEvent[] {
  const to = protectedRedirect(payloads);
  return [...authLifetimeEvents(payloads), ...(to ? [{ kind: 'redirected', to } as const] : [])];
}
