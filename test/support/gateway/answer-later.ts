import { readU32, u32 } from '../../../core/lib/bytes.ts';
import { ExchangeType, isErrorNotify, Notify, Protocol } from '../../../core/wire/constants.ts';
import type { Message } from '../../../core/wire/message.ts';
import type { Payload } from '../../../core/wire/payload.ts';
import { answerCreate } from './answer-create.ts';
import { answerMobike } from './mobike.ts';
import { findChild, removeChild } from './new-child.ts';
import { inheritChildren } from './new-ike.ts';
import { payloadsOf } from './pick.ts';
import type { Sa } from './sa.ts';
import { ticketAnswer, wantsTicket } from './tickets.ts';
import type { CloseReason, GatewayDatagram, Responder } from './types.ts';

export interface LaterAnswer {
  readonly step: 'reply';
  readonly payloads: readonly Payload[];
  /** Why the IKE SA is gone with this answer, if it is. */
  readonly closes?: CloseReason;
  /** What follows once it was sent. */
  readonly after?: () => void;
}

/** Answers INFORMATIONAL (RFC 7296 section 1.4) and CREATE_CHILD_SA (section 1.3). */
export function answerLater(
  responder: Responder,
  sa: Sa,
  message: Message,
  datagram: GatewayDatagram,
): LaterAnswer | undefined {
  if (message.exchange === ExchangeType.CREATE_CHILD_SA) return answerCreate(responder, sa, message);
  if (message.exchange !== ExchangeType.INFORMATIONAL) {
    responder.emit({ kind: 'ignored', reason: `exchange ${message.exchange}` });
    return undefined;
  }
  const notifies = payloadsOf(message, 'N');
  for (const { notifyType } of notifies) {
    responder.emit({ kind: 'client-notify', saId: sa.id, notify: notifyType });
  }
  const deletes = payloadsOf(message, 'D');
  if (deletes.some(({ protocol }) => protocol === Protocol.IKE)) return answerDelete(responder, sa);
  // An error that ends the IKE SA by itself (RFC 7296 section 2.21.2).
  if (notifies.some(({ notifyType }) => FATAL.includes(notifyType)))
    return { step: 'reply', payloads: [], closes: 'client' };
  const spis = deletes.filter(({ protocol }) => protocol === Protocol.ESP).flatMap((payload) => payload.spis);
  const paired = spis.flatMap((spi) => deleteChild(responder, sa, readU32(spi)));
  return {
    step: 'reply',
    payloads: [
      ...(wantsTicket(message) ? ticketAnswer(responder, sa) : []),
      ...(paired.length === 0 ? [] : [{ kind: 'D', protocol: Protocol.ESP, spis: paired } as const]),
      ...answerMobike(responder, sa, message, datagram),
    ],
  };
}

const FATAL: readonly number[] = [
  Notify.UNSUPPORTED_CRITICAL_PAYLOAD,
  Notify.INVALID_SYNTAX,
  Notify.AUTHENTICATION_FAILED,
].filter(isErrorNotify);

/**
 * The client deletes the IKE SA, whatever the gateway is doing with it (RFC 7296 section 2.25.2). Where both were
 * rekeying it and only the client's request was answered, the client's new one inherits (section 2.8.2).
 */
function answerDelete(responder: Responder, sa: Sa): LaterAnswer {
  const { own, theirs } = sa.rekeying;
  if (own === 'asked' && theirs !== undefined) {
    sa.rekeying.own = undefined;
    return {
      step: 'reply',
      payloads: [],
      closes: 'rekeyed',
      after: () => inheritChildren(responder, sa, theirs.made),
    };
  }
  const replaced = (own !== undefined && own !== 'asked') || theirs !== undefined;
  return { step: 'reply', payloads: [], closes: replaced ? 'rekeyed' : whyDeleted(responder, sa) };
}

/** An IKE SA that lost a collision has inherited nothing, and says nothing about the client. */
function whyDeleted(responder: Responder, sa: Sa): CloseReason {
  return sa.children.length === 0 && responder.sasOf(sa.client).length > 1 ? 'redundant' : 'client';
}

/**
 * The client deletes the SA that it receives on; the answer names the one of the other direction. When the gateway
 * has asked for the same, it does not (RFC 7296 section 1.4.1).
 */
function deleteChild(responder: Responder, sa: Sa, spiOut: number): Uint8Array[] {
  const violate = (what: string): void => responder.emit({ kind: 'violation', what });
  if (sa.rekeying.theirs !== undefined && sa.rekeying.own === undefined)
    violate('deletes a Child SA on an IKE SA that it has rekeyed');
  const found = findChild(responder, sa, spiOut);
  if (found === undefined) {
    if (sa.client.gone.get(spiOut) !== 'gateway') violate('deletes a Child SA that is not there');
    return [];
  }
  const { child } = found;
  if (child.deleting) {
    if (child.crossed) violate('deletes a Child SA twice');
    child.crossed = true;
    return [];
  }
  removeChild(responder, sa, child, 'client');
  return [u32(child.spec.spiIn)];
}
