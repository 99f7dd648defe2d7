import { utf8Text } from '../../../core/lib/bytes.ts';
import { formatAddress, addressOf } from '../../../core/net/address.ts';
import { IdType, Notify } from '../../../core/wire/constants.ts';
import type { Message } from '../../../core/wire/message.ts';
import { valuedNotify } from '../../../core/wire/notify-data.ts';
import type { Payload } from '../../../core/wire/payload.ts';
import { notify, type NotifyPayload } from '../../../core/wire/payloads/notify.ts';
import { addChild } from './answer-child.ts';
import type { Step } from './faults.ts';
import { offerMobike } from './mobike.ts';
import { notifies, payloadOf } from './pick.ts';
import { crashToken } from './qcd.ts';
import { redirectIn } from './redirect.ts';
import type { ChildRequest, Identity, Sa } from './sa.ts';
import { ticketAnswer, wantsTicket } from './tickets.ts';
import type { ClientMethod, CloseReason, Responder } from './types.ts';

/** The payloads that answer an IKE_AUTH request, or undefined when it gets no answer at all. */
export interface AuthAnswer {
  readonly step: Step;
  readonly payloads: readonly Payload[];
  /** Why the IKE SA is gone with this answer, if it is. */
  readonly closes?: CloseReason;
  /** What follows once it was sent. */
  readonly after?: () => void;
}

/** An answer that refuses, and ends the SA. */
export function refused(responder: Responder, step: Step, number: number, reason: string): AuthAnswer {
  responder.emit({ kind: 'refused', notify: number, reason });
  return { step, payloads: [notify(number)], closes: 'refused' };
}

/** How the client proved itself, now or in the SA that it resumes. */
export interface Proof {
  readonly method: ClientMethod;
  readonly user?: string;
  readonly resumed?: boolean;
}

/**
 * The client has proved itself: the IKE SA stands whatever becomes of the Child SA (RFC 7296 section 2.21.2). One that
 * is sent to another gateway gets none.
 */
export function establish(
  responder: Responder,
  sa: Sa,
  request: ChildRequest,
  identity: Identity,
  { method, user, resumed = false }: Proof,
): Payload[] {
  sa.state = { name: 'established', identity, user, method };
  sa.forgetMs = undefined;
  const elsewhere = redirectIn(responder, sa.client, 'first', 'last');
  if (elsewhere !== undefined) return [elsewhere];
  const who = user ?? identityText(identity);
  const child = addChild(responder, sa, request, who);
  responder.emit({
    kind: 'established',
    saId: sa.id,
    identity: identityText(identity),
    user,
    method,
    resumed,
    addresses: child.addresses,
  });
  for (const event of child.events) responder.emit(event);
  return [
    ...crashToken(responder.config, sa),
    ...authLifetime(responder),
    ...(request.ticket ? ticketAnswer(responder, sa) : []),
    ...(request.mobike ? offerMobike(responder, sa) : []),
    ...child.payloads,
  ];
}

/** AUTH_LIFETIME, if there is one (RFC 4478 section 2). */
function authLifetime({ config }: Responder): NotifyPayload[] {
  const lifetimeSeconds = config.extensions?.authLifetimeSeconds;
  return lifetimeSeconds === undefined ? [] : [valuedNotify('AUTH_LIFETIME', { lifetimeSeconds })];
}

/** What of an identity tells people most. */
export function identityText({ idType, data }: Identity): string {
  if (idType === IdType.IPV4_ADDR || idType === IdType.IPV6_ADDR) return formatAddress(addressOf(data));
  if (idType === IdType.DER_ASN1_DN) return `dn:${data.length}`;
  return utf8Text(data);
}

/**
 * What an IKE_AUTH request asks for; undefined when that is incomplete. There is nothing to offer in one for an IKE SA
 * alone, which a client may send that was told so (RFC 6023 section 3).
 */
export function childRequest({ config }: Responder, message: Message): ChildRequest | undefined {
  const offer = payloadOf(message, 'SA');
  const tsi = payloadOf(message, 'TSi');
  const tsr = payloadOf(message, 'TSr');
  const parts = [offer, tsi, tsr].filter((part) => part !== undefined).length;
  if (parts < 3 && (parts > 0 || config.extensions?.childless === undefined)) return undefined;
  return {
    proposals: offer?.proposals ?? [],
    tsi: tsi?.selectors ?? [],
    tsr: tsr?.selectors ?? [],
    cp: payloadOf(message, 'CP'),
    ticket: wantsTicket(message),
    mobike: notifies(message, Notify.MOBIKE_SUPPORTED).length > 0,
  };
}
