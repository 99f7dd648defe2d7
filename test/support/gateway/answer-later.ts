import { readU32, u32 } from '../../../core/lib/bytes.ts';
import { ExchangeType, isErrorNotify, Notify, Protocol } from '../../../core/wire/constants.ts';
import type { Message } from '../../../core/wire/message.ts';
import type { Payload } from '../../../core/wire/payload.ts';
import { notify } from '../../../core/wire/payloads/notify.ts';
import { payloadsOf } from './pick.ts';
import type { CloseReason, Responder, Sa } from './types.ts';

export interface LaterAnswer {
  readonly step: 'reply';
  readonly payloads: readonly Payload[];
  /** Why the IKE SA is gone with this answer, if it is. */
  readonly closes?: CloseReason;
}

/** Answers INFORMATIONAL (RFC 7296 section 1.4) and refuses CREATE_CHILD_SA (section 1.3). */
export function answerLater(responder: Responder, sa: Sa, message: Message): LaterAnswer | undefined {
  if (message.exchange === ExchangeType.CREATE_CHILD_SA) {
    responder.emit({ kind: 'refused', notify: Notify.NO_ADDITIONAL_SAS, reason: 'one Child SA a client' });
    return { step: 'reply', payloads: [notify(Notify.NO_ADDITIONAL_SAS)] };
  }
  if (message.exchange !== ExchangeType.INFORMATIONAL) {
    responder.emit({ kind: 'ignored', reason: `exchange ${message.exchange}` });
    return undefined;
  }
  const notifies = payloadsOf(message, 'N');
  for (const { notifyType } of notifies) {
    responder.emit({ kind: 'client-notify', saId: sa.id, notify: notifyType });
  }
  const deletes = payloadsOf(message, 'D');
  if (deletes.some(({ protocol }) => protocol === Protocol.IKE))
    return { step: 'reply', payloads: [], closes: 'client' };
  // An error that ends the IKE SA by itself (RFC 7296 section 2.21.2).
  if (notifies.some(({ notifyType }) => FATAL.includes(notifyType)))
    return { step: 'reply', payloads: [], closes: 'client' };
  const spis = deletes.filter(({ protocol }) => protocol === Protocol.ESP).flatMap((payload) => payload.spis);
  return { step: 'reply', payloads: spis.flatMap((spi) => removeChild(responder, sa, spi)) };
}

const FATAL: readonly number[] = [
  Notify.UNSUPPORTED_CRITICAL_PAYLOAD,
  Notify.INVALID_SYNTAX,
  Notify.AUTHENTICATION_FAILED,
].filter(isErrorNotify);

/** The client deletes the SA that it receives on; the answer names the one of the other direction. */
function removeChild(responder: Responder, sa: Sa, spi: Uint8Array): Payload[] {
  const spec = sa.child?.spec;
  if (spec === undefined || readU32(spi) !== spec.spiOut) {
    responder.emit({ kind: 'violation', what: 'deletes a Child SA that is not there' });
    return [];
  }
  sa.child = undefined;
  responder.emit({ kind: 'child-removed', saId: sa.id, childId: spec.childId });
  return [{ kind: 'D', protocol: Protocol.ESP, spis: [u32(spec.spiIn)] }];
}
