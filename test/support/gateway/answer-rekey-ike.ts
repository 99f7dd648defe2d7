import { Notify } from '../../../core/wire/constants.ts';
import type { Message } from '../../../core/wire/message.ts';
import type { Payload } from '../../../core/wire/payload.ts';
import { notify, type NotifyPayload } from '../../../core/wire/payloads/notify.ts';
import { agree, turnDown, wantGroup } from './create-parts.ts';
import type { LaterAnswer } from './answer-later.ts';
import { spoilCreate, spoilSpi } from './create-faults.ts';
import { inheritChildren, makeIkeSa } from './new-ike.ts';
import { underWay } from './own-requests.ts';
import { payloadOf } from './pick.ts';
import { crashToken } from './qcd.ts';
import { ownSpi, type Sa } from './sa.ts';
import { spoilProposals } from './spoil-proposals.ts';
import { selectIke } from './suite.ts';
import type { Responder } from './types.ts';

/** Answers a request to rekey the IKE SA, RFC 7296 sections 1.3.2, 2.18 and 2.25.2. */
export function answerRekeyIke(responder: Responder, sa: Sa, message: Message): LaterAnswer {
  const no = (payload: NotifyPayload, reason: string): LaterAnswer =>
    turnDown(responder, sa, 'rekey-ike', payload, reason);
  const busy = whyNotNow(sa);
  if (busy !== undefined) return no(notify(Notify.TEMPORARY_FAILURE), busy);

  const { config, faults, random } = responder;
  const offer = payloadOf(message, 'SA')?.proposals ?? [];
  const ke = payloadOf(message, 'KE');
  const nonceI = payloadOf(message, 'NONCE')?.data ?? new Uint8Array();
  const selection = selectIke(offer, config.ike, ke?.group, 'rekeyed');
  if (selection === undefined) return no(notify(Notify.NO_PROPOSAL_CHOSEN), 'no IKE proposal fits');
  const { suite, answer } = selection;
  if (suite.group !== ke?.group) return wantGroup(responder, sa, 'rekey-ike', suite.group);
  const exchanged = agree(responder, ke);
  if (exchanged === 'invalid') return no(notify(Notify.INVALID_SYNTAX), 'the public value is invalid');

  const create = faults.create ?? {};
  const nonceR = random(32).slice();
  const spiR = random(8).slice();
  const seed = { shared: exchanged.shared, nonceI, nonceR, spiI: answer.spi, spiR };
  const made = makeIkeSa(responder, sa, suite, seed, false);
  sa.rekeying.theirs = { made, nonceI, nonceR };
  responder.addSa(made);
  responder.emit({ kind: 'ike-added', saId: made.id, replaces: sa.id, by: 'client' });
  const payloads: Payload[] = [
    ...spoilProposals(create.proposal, { ...answer, spi: spoilSpi(spiR, ownSpi(sa), create) }, offer),
    { kind: 'NONCE', data: nonceR },
    exchanged.payload,
    // The old SA's token says nothing of the new one (RFC 6290 section 4.3).
    ...crashToken(config, made),
  ];
  // In a collision nobody knows yet who inherits.
  const after = sa.rekeying.own === undefined ? { after: () => inheritChildren(responder, sa, made) } : {};
  return { step: 'reply', payloads: spoilCreate(payloads, create, nonceI), ...after };
}

/** The temporary conditions under which the IKE SA cannot be rekeyed (RFC 7296 sections 2.8.2 and 2.25). */
function whyNotNow(sa: Sa): string | undefined {
  const { own, theirs } = sa.rekeying;
  if (theirs !== undefined) return 'the client has rekeyed it';
  if (own !== undefined && own !== 'asked') return 'the gateway has rekeyed it';
  switch (underWay(sa)) {
    case 'delete-ike':
      return 'it is being deleted';
    case 'create-child':
    case 'rekey-child':
    case 'delete-child':
      return 'a Child SA is being created, rekeyed or deleted';
    default:
      return undefined;
  }
}
