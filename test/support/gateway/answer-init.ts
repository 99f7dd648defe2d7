import { concat, u16 } from '../../../core/lib/bytes.ts';
import { keyExchange } from '../../../core/crypto/key-exchange.ts';
import { CertEncoding, Notify } from '../../../core/wire/constants.ts';
import type { Payload } from '../../../core/wire/payload.ts';
import type { KePayload } from '../../../core/wire/payloads/ke.ts';
import { notify } from '../../../core/wire/payloads/notify.ts';
import type { Proposal } from '../../../core/wire/payloads/sa.ts';
import { authorityHash } from './client-certificate.ts';
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
import { deriveIkeKeys } from './keys.ts';
import { payloadOf } from './pick.ts';
import { ANNOUNCED_HASHES } from './proof.ts';
import { redirectFirst } from './redirect.ts';
import { spoilProposals } from './spoil-proposals.ts';
import { selectIke, type IkeSuite } from './suite.ts';
import type { Responder } from './types.ts';

/** RFC 7296 sections 1.2, 2.6, 2.7, 2.23. */
export function answerInit(responder: Responder, request: FirstRequest): FirstAnswer {
  const { faults } = responder;
  const { message, history } = request;
  judgeFirst(responder, request);
  history.request = undefined;
  const offer = payloadOf(message, 'SA');
  const ke = payloadOf(message, 'KE');
  const nonceI = payloadOf(message, 'NONCE')?.data;
  if (offer === undefined || ke === undefined || nonceI === undefined)
    return refuse(responder, request, Notify.INVALID_SYNTAX, 'payloads are missing');

  const elsewhere = redirectFirst(responder, message, nonceI);
  if (elsewhere !== undefined) return { messages: [clear(message, [elsewhere])] };
  const cookie = demandCookie(responder, request, nonceI);
  if (cookie !== undefined) return cookie;
  if (faults.invalidKe !== undefined && history.invalidKe < (faults.invalidKe.times ?? 1)) {
    history.invalidKe++;
    return {
      messages: [clear(message, [notify(Notify.INVALID_KE_PAYLOAD, u16(faults.invalidKe.group))])],
    };
  }
  if (faults.initNotify !== undefined && faults.forgedFirst !== true)
    return refuse(responder, request, faults.initNotify, 'told to refuse');
  return accept(responder, request, { proposals: offer.proposals, ke, nonceI });
}

interface Offer {
  readonly proposals: readonly Proposal[];
  readonly ke: KePayload;
  readonly nonceI: Uint8Array;
}

function accept(responder: Responder, request: FirstRequest, offer: Offer): FirstAnswer {
  const { config, faults, random } = responder;
  const { message } = request;
  const { ke, nonceI } = offer;
  const selection = selectIke(offer.proposals, config.ike, ke.group);
  if (selection === undefined)
    return refuse(responder, request, Notify.NO_PROPOSAL_CHOSEN, 'no IKE proposal fits');
  const { suite } = selection;
  if (suite.group !== ke.group)
    return { messages: [clear(message, [notify(Notify.INVALID_KE_PAYLOAD, u16(suite.group))])] };
  const exchange = keyExchange(suite.group)?.generate(random);
  const shared = exchange?.agree(ke.data);
  if (exchange === undefined || shared?.ok !== true)
    return refuse(responder, request, Notify.INVALID_SYNTAX, 'the public value is invalid');

  const responderSpi = random(8).slice();
  const nonceR = faults.nonce === 'mirrored' ? nonceI : random(32).slice();
  const spis = concat(message.initiatorSpi, responderSpi);
  const nat = detectNat(responder, request);
  const payloads: Payload[] = [
    ...spoilProposals(faults.ikeProposal, selection.answer, offer.proposals),
    keyPayload(responder, suite, exchange.publicValue),
    noncePayload(responder, nonceR),
    ...natPayloads(responder, request, spis),
    ...certificateRequest(responder),
    notify(Notify.SIGNATURE_HASH_ALGORITHMS, concat(...ANNOUNCED_HASHES.map(u16))),
    ...(speaksFragments(responder, request) ? [notify(Notify.IKEV2_FRAGMENTATION_SUPPORTED)] : []),
    ...(config.extensions?.childless !== undefined ? [notify(Notify.CHILDLESS_IKEV2_SUPPORTED)] : []),
  ];
  const answer = clear({ ...message, responderSpi }, without(payloads, faults.omitInit ?? []));
  const seed = { nonceI, nonceR, spiI: message.initiatorSpi, spiR: responderSpi };
  const keys = deriveIkeKeys(suite, { ...seed, shared: shared.value.reveal() });
  const sa = newSa(responder, request, { suite, keys, seed, nat, state: { name: 'keyed' } });
  responder.emit({ kind: 'init', saId: sa.id, suite, ...nat });
  const forged =
    faults.forgedFirst === true
      ? [clear(message, [notify(faults.initNotify ?? Notify.NO_PROPOSAL_CHOSEN)])]
      : [];
  return { messages: [...forged, answer], sa };
}

function keyPayload({ faults }: Responder, suite: IkeSuite, publicValue: Uint8Array): Payload {
  const honest: KePayload = { kind: 'KE', group: suite.group, data: publicValue };
  switch (faults.keyExchange ?? 'honest') {
    case 'honest':
      return honest;
    case 'other-group':
      return { ...honest, group: suite.group === 14 ? 15 : 14 };
    case 'invalid-value':
      return { ...honest, data: new Uint8Array(publicValue.length) };
    case 'short-value':
      return { ...honest, data: publicValue.subarray(1) };
  }
}

/** A nonce of a forbidden length goes as a payload without a decoder: core's encoder makes none. */
function noncePayload({ faults }: Responder, nonce: Uint8Array): Payload {
  const raw = (data: Uint8Array): Payload => ({ kind: 'unknown', type: 40, critical: false, data });
  if (faults.nonce === 'short') return raw(nonce.subarray(0, 15));
  if (faults.nonce === 'long') return raw(new Uint8Array(257));
  return { kind: 'NONCE', data: nonce };
}

function certificateRequest({ config }: Responder): Payload[] {
  if (!config.accept.includes('certificate') || config.anchors.length === 0) return [];
  const data = concat(...config.anchors.map(authorityHash));
  return [{ kind: 'CERTREQ', encoding: CertEncoding.X509_SIGNATURE, data }];
}

function without(payloads: readonly Payload[], kinds: readonly string[]): Payload[] {
  return payloads.filter((payload) => !kinds.includes(payload.kind));
}
