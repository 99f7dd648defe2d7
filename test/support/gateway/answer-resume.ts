import { concat, toHex } from '../../../core/lib/bytes.ts';
import { Notify } from '../../../core/wire/constants.ts';
import type { Payload } from '../../../core/wire/payload.ts';
import { notify } from '../../../core/wire/payloads/notify.ts';
import {
  clear,
  demandCookie,
  detectNat,
  type FirstAnswer,
  type FirstRequest,
  judgeFirst,
  natPayloads,
  newSa,
  refuse,
  speaksFragments,
} from './first-parts.ts';
import { deriveResumedKeys } from './keys.ts';
import { notifyData, payloadOf } from './pick.ts';
import { redirectFirst } from './redirect.ts';
import { openTicket, type TicketContent } from './tickets.ts';
import type { Responder } from './types.ts';

/** Tickets that were shown, and with which SPI: each is for one use (RFC 5723 section 4.3.1). */
export type ShownTickets = Map<string, string>;

/** Answers IKE_SESSION_RESUME, RFC 5723 section 4.3.2. */
export function answerResume(responder: Responder, request: FirstRequest, shown: ShownTickets): FirstAnswer {
  const { message, history } = request;
  const { faults } = responder;
  judgeFirst(responder, request);
  history.request = undefined;
  const nonceI = payloadOf(message, 'NONCE')?.data;
  const opaque = notifyData(message, Notify.TICKET_OPAQUE);
  if (nonceI === undefined || opaque === undefined)
    return refuse(responder, request, Notify.INVALID_SYNTAX, 'payloads are missing');
  judgeUse(responder, request, opaque, shown);
  const elsewhere = redirectFirst(responder, message, nonceI);
  if (elsewhere !== undefined) return { messages: [clear(message, [elsewhere])] };
  const cookie = demandCookie(responder, request, nonceI);
  if (cookie !== undefined) return cookie;
  const told = faults.resume?.answer;
  if (told === 'silence') return { messages: [] };
  if (typeof told === 'number') return refuse(responder, request, told, 'told to refuse');
  const ticket = told === 'nack' ? undefined : readTicket(responder, opaque);
  if (ticket === undefined) return refuse(responder, request, Notify.TICKET_NACK, 'no such ticket');
  return accept(responder, request, ticket, nonceI);
}

function readTicket({ config, now }: Responder, opaque: Uint8Array): TicketContent | undefined {
  const secret = config.extensions?.tickets?.secret;
  const ticket = secret === undefined ? undefined : openTicket(secret, opaque);
  return ticket !== undefined && config.epoch + now < ticket.expiresAt ? ticket : undefined;
}

/** A ticket that comes again must be in the same request: another SPI is another use of it. */
function judgeUse(
  responder: Responder,
  { message }: FirstRequest,
  opaque: Uint8Array,
  shown: ShownTickets,
): void {
  const spi = toHex(message.initiatorSpi);
  const before = shown.get(toHex(opaque));
  if (before !== undefined && before !== spi)
    responder.emit({ kind: 'violation', what: 'a ticket is used twice' });
  shown.set(toHex(opaque), spi);
}

function accept(
  responder: Responder,
  request: FirstRequest,
  ticket: TicketContent,
  nonceI: Uint8Array,
): FirstAnswer {
  const { faults, random } = responder;
  const { message } = request;
  const { suite } = ticket;
  const responderSpi = random(8).slice();
  const nonceR = random(32).slice();
  const d = faults.resume?.otherSecret === true ? ticket.d.map((octet) => octet ^ 1) : ticket.d;
  const seed = { nonceI, nonceR, spiI: message.initiatorSpi, spiR: responderSpi };
  const keys = deriveResumedKeys(suite, d, seed);
  const nat = detectNat(responder, request);
  const sa = newSa(responder, request, { suite, keys, seed, nat, state: { name: 'resuming', ticket } });
  responder.emit({ kind: 'init', saId: sa.id, suite, ...nat });
  const payloads: Payload[] = [
    { kind: 'NONCE', data: nonceR },
    ...natPayloads(responder, request, concat(message.initiatorSpi, responderSpi)),
    ...(speaksFragments(responder, request) ? [notify(Notify.IKEV2_FRAGMENTATION_SUPPORTED)] : []),
  ];
  const forged =
    faults.resume?.forgedNackFirst === true ? [clear(message, [notify(Notify.TICKET_NACK)])] : [];
  return { messages: [...forged, clear({ ...message, responderSpi }, payloads)], sa };
}
