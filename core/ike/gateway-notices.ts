import { readU32 } from '../lib/bytes.ts';
import { Notify } from '../wire/constants.ts';
import type { Payload } from '../wire/payload.ts';
import { authLifetimeEvents } from './auth-lifetime.ts';
import type { IkeEvent } from './events.ts';
import { notifyOf } from './payloads.ts';
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

/** The SPI of ESP that the gateway gets and has no SA for, if it says so (RFC 7296 section 1.5). */
export function spiLacked(payloads: readonly Payload[]): number | undefined {
  const data = notifyOf(payloads, Notify.INVALID_SPI)?.data;
  return data?.length === 4 ? readU32(data) : undefined;
}
