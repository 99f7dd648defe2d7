import { createHmac } from 'node:crypto';
import { valuedNotify } from '../../../core/wire/notify-data.ts';
import type { NotifyPayload } from '../../../core/wire/payloads/notify.ts';
import type { GatewayConfig } from './types.ts';

/** The token of an IKE SA, made from nothing but a secret and the SPIs (RFC 6290 section 5.1); none without a secret. */
export function crashToken(
  { extensions }: GatewayConfig,
  sa: { readonly initiatorSpi: Uint8Array; readonly responderSpi: Uint8Array },
): NotifyPayload[] {
  const secret = extensions?.crashSecret;
  if (secret === undefined) return [];
  const mac = createHmac('sha256', secret).update(sa.initiatorSpi).update(sa.responderSpi);
  return [valuedNotify('QUICK_CRASH_DETECTION', { token: new Uint8Array(mac.digest()) })];
}
