import { u16 } from '../../../core/lib/bytes.ts';
import { keyExchange } from '../../../core/crypto/key-exchange.ts';
import { Notify } from '../../../core/wire/constants.ts';
import type { KePayload } from '../../../core/wire/payloads/ke.ts';
import { notify, type NotifyPayload } from '../../../core/wire/payloads/notify.ts';
import type { LaterAnswer } from './answer-later.ts';
import type { Purpose, Sa } from './sa.ts';
import type { Responder } from './types.ts';

/** A refusal; nothing has changed. */
export function turnDown(
  responder: Responder,
  sa: Sa,
  purpose: Purpose,
  payload: NotifyPayload,
  reason: string,
): LaterAnswer {
  if (payload.notifyType === Notify.TEMPORARY_FAILURE) sa.temporaryFailure = { atMs: responder.now, purpose };
  responder.emit({ kind: 'refused', notify: payload.notifyType, reason });
  return { step: 'reply', payloads: [payload] };
}

/** The group that the gateway would accept (RFC 7296 section 1.3). */
export function wantGroup(responder: Responder, sa: Sa, purpose: Purpose, group: number): LaterAnswer {
  return turnDown(
    responder,
    sa,
    purpose,
    notify(Notify.INVALID_KE_PAYLOAD, u16(group)),
    `wants group ${group}`,
  );
}

/** The gateway's half of a key exchange that a request asked for, and what it led to. */
export function agree(
  { random }: Responder,
  ke: KePayload | undefined,
): { readonly payload: KePayload; readonly shared: Uint8Array } | 'invalid' {
  const exchange = ke === undefined ? undefined : keyExchange(ke.group)?.generate(random);
  const shared = exchange?.agree(ke?.data ?? new Uint8Array());
  if (ke === undefined || exchange === undefined || shared?.ok !== true) return 'invalid';
  const payload: KePayload = { kind: 'KE', group: ke.group, data: exchange.publicValue };
  return { payload, shared: shared.value.reveal() };
}
