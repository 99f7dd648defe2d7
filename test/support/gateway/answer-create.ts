import { readU32, u32 } from '../../../core/lib/bytes.ts';
import { Notify, Protocol } from '../../../core/wire/constants.ts';
import type { Message } from '../../../core/wire/message.ts';
import type { Payload } from '../../../core/wire/payload.ts';
import { notify, type NotifyPayload } from '../../../core/wire/payloads/notify.ts';
import type { LaterAnswer } from './answer-later.ts';
import { answerRekeyIke } from './answer-rekey-ike.ts';
import { agree, turnDown, wantGroup } from './create-parts.ts';
import { spoilCreate, spoilSpi } from './create-faults.ts';
import { judgeChildRequest, judgeCreate } from './judge-create.ts';
import { narrow, selectorOf, spoilTraffic } from './narrowing.ts';
import { childAdded, findChild, makeChild, newChildSpi, type ChildTerms } from './new-child.ts';
import { underWay } from './own-requests.ts';
import { notifies, payloadOf } from './pick.ts';
import type { Child, Sa } from './sa.ts';
import { spoilProposals } from './spoil-proposals.ts';
import { selectChild } from './suite.ts';
import type { Responder } from './types.ts';

/** Answers CREATE_CHILD_SA (RFC 7296 section 1.3): a further pair, a pair or an IKE SA in place of an older one. */
export function answerCreate(responder: Responder, sa: Sa, message: Message): LaterAnswer {
  const rekeyed = notifies(message, Notify.REKEY_SA)[0];
  const isIke = payloadOf(message, 'SA')?.proposals[0]?.protocol === Protocol.IKE;
  const purpose = isIke ? 'rekey-ike' : rekeyed === undefined ? 'create-child' : 'rekey-child';
  judgeCreate(responder, sa, message, purpose);
  const { refuse, invalidKe } = responder.faults.create ?? {};
  if (refuse !== undefined && (refuse.purpose ?? purpose) === purpose) {
    if (responder.count('refuse') <= (refuse.times ?? Infinity))
      return turnDown(responder, sa, purpose, tellAbout(refuse.notify, rekeyed), 'told to refuse');
  }
  if (invalidKe !== undefined && responder.count('invalidKe') <= (invalidKe.times ?? 1))
    return wantGroup(responder, sa, purpose, invalidKe.group);
  if (purpose === 'rekey-ike') return answerRekeyIke(responder, sa, message);
  return answerChild(responder, sa, message, purpose, rekeyed);
}

/** CHILD_SA_NOT_FOUND says which one (RFC 7296 section 2.25); others say nothing more. */
function tellAbout(type: number, rekeyed: NotifyPayload | undefined): NotifyPayload {
  return type === Notify.CHILD_SA_NOT_FOUND && rekeyed !== undefined
    ? notify(type, undefined, Protocol.ESP, rekeyed.spi)
    : notify(type);
}

function answerChild(
  responder: Responder,
  sa: Sa,
  message: Message,
  purpose: 'create-child' | 'rekey-child',
  rekeyed: NotifyPayload | undefined,
): LaterAnswer {
  const no = (payload: NotifyPayload, reason: string): LaterAnswer =>
    turnDown(responder, sa, purpose, payload, reason);
  const later = notify(Notify.TEMPORARY_FAILURE);
  if (sa.rekeying.own !== undefined || sa.rekeying.theirs !== undefined)
    return no(later, 'the IKE SA is being rekeyed');
  if (underWay(sa) === 'delete-ike') return no(later, 'the IKE SA is being deleted');
  if (rekeyed === undefined) return makeAnswer(responder, sa, message, purpose, undefined);

  const found = findChild(responder, sa, rekeyed.spi.length === 4 ? readU32(rekeyed.spi) : 0);
  if (found === undefined) {
    if (sa.client.gone.get(readU32(rekeyed.spi)) !== 'gateway')
      responder.emit({ kind: 'violation', what: 'rekeys a Child SA that is not there' });
    return no(tellAbout(Notify.CHILD_SA_NOT_FOUND, rekeyed), 'no such Child SA');
  }
  const { child } = found;
  if (child.deleting) return no(later, 'the Child SA is being deleted');
  if (child.rekeying.theirs !== undefined) {
    responder.emit({ kind: 'violation', what: 'rekeys a Child SA twice' });
    return no(later, 'the Child SA has been rekeyed');
  }
  return makeAnswer(responder, sa, message, purpose, child);
}

/** The pair that was asked for, or why not (RFC 7296 sections 1.3.1, 1.3.3 and 2.9.2). */
function makeAnswer(
  responder: Responder,
  sa: Sa,
  message: Message,
  purpose: 'create-child' | 'rekey-child',
  replaces: Child | undefined,
): LaterAnswer {
  const { config, faults, random } = responder;
  const no = (type: number, reason: string): LaterAnswer =>
    turnDown(responder, sa, purpose, notify(type), reason);
  const offer = payloadOf(message, 'SA')?.proposals ?? [];
  const nonceI = payloadOf(message, 'NONCE')?.data ?? new Uint8Array();
  const ke = payloadOf(message, 'KE');
  judgeChildRequest(responder, sa, message, replaces);
  const selection = selectChild(offer, config.esp, ke?.group);
  if (selection === undefined) return no(Notify.NO_PROPOSAL_CHOSEN, 'no ESP proposal fits');
  const { suite, group, answer } = selection;
  if (group !== undefined && group !== ke?.group) return wantGroup(responder, sa, purpose, group);
  const remote = narrow(payloadOf(message, 'TSi')?.selectors ?? [], sa.client.permitted);
  const local = narrow(payloadOf(message, 'TSr')?.selectors ?? [], config.networks.map(selectorOf));
  if (remote.length === 0 || local.length === 0)
    return no(Notify.TS_UNACCEPTABLE, 'no traffic selector fits');
  const exchanged = group === undefined ? undefined : agree(responder, ke);
  if (exchanged === 'invalid') return no(Notify.INVALID_SYNTAX, 'the public value is invalid');

  const honest = newChildSpi(random);
  const create = faults.create ?? {};
  const spi = spoilSpi(u32(honest), replaces && u32(replaces.spec.spiIn), create);
  const nonceR = random(32).slice();
  const terms: ChildTerms = {
    ...{ suite, group, spiIn: honest, spiOut: readU32(answer.spi), local, remote, nonceI, nonceR },
    ...(exchanged === undefined ? {} : { shared: exchanged.shared }),
    ...(replaces === undefined ? {} : { replaces }),
    byGateway: false,
  };
  const child = makeChild(responder, sa, terms);
  sa.children.push(child);
  if (replaces !== undefined) replaces.rekeying.theirs = { made: child, nonceI, nonceR };
  responder.emit(childAdded(sa, child, terms));
  const sent = spoilTraffic(remote, local, create.traffic);
  const payloads: Payload[] = [
    ...spoilProposals(create.proposal, { ...answer, spi }, offer),
    { kind: 'NONCE', data: nonceR },
    ...(exchanged === undefined ? [] : [exchanged.payload]),
    { kind: 'TSi', selectors: sent.tsi },
    { kind: 'TSr', selectors: sent.tsr },
  ];
  return { step: 'reply', payloads: spoilCreate(payloads, create, nonceI) };
}
