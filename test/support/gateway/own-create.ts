import { readU32, u32 } from '../../../core/lib/bytes.ts';
import type { KeyExchange } from '../../../core/crypto/key-exchange.ts';
import { ExchangeType, Notify, Protocol } from '../../../core/wire/constants.ts';
import type { Message } from '../../../core/wire/message.ts';
import type { Payload } from '../../../core/wire/payload.ts';
import { notify } from '../../../core/wire/payloads/notify.ts';
import type { Proposal } from '../../../core/wire/payloads/sa.ts';
import type { TrafficSelector } from '../../../core/wire/payloads/ts.ts';
import { redundant, ownReplacement } from './collisions.ts';
import { spoilCreate, spoilSpi } from './create-faults.ts';
import { judgeChildAnswer } from './judge-answer.ts';
import { spoilTraffic } from './narrowing.ts';
import { childAdded, findChild, makeChild, newChildSpi, removeChild, type ChildTerms } from './new-child.ts';
import { deleteChildRequest } from './own-deletes.ts';
import { newKeyExchange, refusalOf, retryGroups, sharedSecret } from './own-exchange.ts';
import { payloadOf } from './pick.ts';
import type { Child, OwnRequest, Sa } from './sa.ts';
import { childProposal, chosenChild, type ChildSuite } from './suite.ts';
import type { Responder } from './types.ts';

/** What a test may want otherwise in a request of the gateway for Child SAs. */
export interface CreateOptions {
  /** Groups to offer, with a KE payload for the first; 0 offers none beside others. Those of the old pair unless told. */
  readonly groups?: readonly number[];
  readonly suite?: ChildSuite;
  /** Asks although the pair is being rekeyed or deleted already. */
  readonly anyway?: boolean;
  /** Does not wait until the request before it is answered. */
  readonly rush?: boolean;
}

/** The pair to ask for. */
export interface WantedChild extends CreateOptions {
  readonly suite: ChildSuite;
  readonly groups: readonly number[];
  readonly local: readonly TrafficSelector[];
  readonly remote: readonly TrafficSelector[];
  readonly replaces?: Child;
}

/** What was sent and is needed when the answer comes. */
interface Begun {
  readonly spiIn: number;
  readonly nonceI: Uint8Array;
  readonly keyExchange: KeyExchange | undefined;
  readonly offer: Proposal;
}

/** Rekeys a pair (RFC 7296 section 1.3.3) and deletes what is then redundant (section 2.8.1). */
export function rekeyChildRequest(
  responder: Responder,
  child: Child,
  options: CreateOptions = {},
): OwnRequest {
  return createRequest(responder, { ...likeChild(child), ...options, replaces: child });
}

/** A further pair, like one that there is. */
export function createChildRequest(
  responder: Responder,
  model: Child,
  options: CreateOptions = {},
): OwnRequest {
  return createRequest(responder, { ...likeChild(model), ...options });
}

function likeChild({ spec, group, local, remote }: Child): WantedChild {
  return { suite: spec.suite, groups: group === undefined ? [] : [group], local, remote };
}

function createRequest(responder: Responder, wanted: WantedChild): OwnRequest {
  const { replaces, rush = false } = wanted;
  let begun: Begun | undefined;
  return {
    exchange: ExchangeType.CREATE_CHILD_SA,
    purpose: replaces === undefined ? 'create-child' : 'rekey-child',
    rush,
    payloads(sa) {
      if (replaces !== undefined && !mayRekey(responder, sa, replaces, wanted)) return undefined;
      begun = begin(responder, wanted);
      if (replaces !== undefined) replaces.rekeying.own = 'asked';
      return requestPayloads(responder, wanted, begun);
    },
    answered(sa, answer) {
      if (begun !== undefined) finish(responder, sa, wanted, begun, answer);
    },
  };
}

function mayRekey(responder: Responder, sa: Sa, child: Child, { anyway }: WantedChild): boolean {
  if (anyway === true) return true;
  const { own, theirs } = child.rekeying;
  const there = findChild(responder, sa, child.spec.spiOut)?.child === child;
  return there && !child.deleting && own === undefined && theirs === undefined;
}

function begin({ random }: Responder, { suite, groups }: WantedChild): Begun {
  const spiIn = newChildSpi(random);
  return {
    spiIn,
    nonceI: random(32).slice(),
    keyExchange: newKeyExchange(random, groups),
    offer: childProposal(suite, groups, u32(spiIn)),
  };
}

function requestPayloads({ faults }: Responder, wanted: WantedChild, begun: Begun): Payload[] {
  const { create = {} } = faults;
  const { replaces, groups, local, remote } = wanted;
  const { offer, nonceI, keyExchange } = begun;
  const spi = spoilSpi(offer.spi, replaces && u32(replaces.spec.spiIn), create);
  // Faults name the sides as the client does, whoever asks.
  const sent = spoilTraffic(remote, local, create.traffic);
  const rekeyed =
    replaces === undefined
      ? []
      : [notify(Notify.REKEY_SA, undefined, Protocol.ESP, u32(replaces.spec.spiIn))];
  const payloads: Payload[] = [
    ...rekeyed,
    { kind: 'SA', proposals: [{ ...offer, spi }] },
    { kind: 'NONCE', data: nonceI },
    ...(keyExchange === undefined
      ? []
      : [{ kind: 'KE', group: groups[0] ?? 0, data: keyExchange.publicValue } as const]),
    { kind: 'TSi', selectors: sent.tsr },
    { kind: 'TSr', selectors: sent.tsi },
  ];
  return spoilCreate(payloads, create);
}

function finish(
  responder: Responder,
  sa: Sa,
  wanted: WantedChild,
  begun: Begun,
  answer: Message | undefined,
): void {
  const { replaces } = wanted;
  const refusal = refusalOf(answer);
  const made =
    refusal === undefined && answer !== undefined ? accept(responder, sa, wanted, begun, answer) : undefined;
  if (made === undefined || answer === undefined) {
    if (replaces?.rekeying.own === 'asked') replaces.rekeying.own = undefined;
    const purpose = replaces === undefined ? 'create-child' : 'rekey-child';
    responder.emit({ kind: 'turned-down', saId: sa.id, purpose, notify: refusal?.notifyType ?? 0 });
    const groups = retryGroups(responder, wanted.groups, refusal);
    if (groups !== undefined) responder.enqueue(sa, createRequest(responder, { ...wanted, groups }));
    else if (refusal?.notifyType === Notify.CHILD_SA_NOT_FOUND) notFound(responder, sa, wanted, refusal.spi);
    return;
  }
  if (replaces === undefined) return;
  const nonceR = payloadOf(answer, 'NONCE')?.data ?? new Uint8Array();
  replaces.rekeying.own = { made, nonceI: begun.nonceI, nonceR };
  settle(responder, sa, replaces);
}

/** The pair that the answer agrees to, or undefined when it makes no sense. */
function accept(
  responder: Responder,
  sa: Sa,
  wanted: WantedChild,
  { spiIn, nonceI, keyExchange, offer }: Begun,
  answer: Message,
): Child | undefined {
  const { replaces } = wanted;
  const chosen = chosenChild(payloadOf(answer, 'SA')?.proposals ?? [], offer);
  const nonceR = payloadOf(answer, 'NONCE')?.data;
  judgeChildAnswer(responder, sa, answer, wanted, chosen);
  if (chosen === undefined || nonceR === undefined) return undefined;
  const shared = sharedSecret(keyExchange, chosen.group, answer);
  if (shared === 'invalid') return undefined;
  const terms: ChildTerms = {
    ...{ suite: chosen.suite, group: chosen.group, spiIn, spiOut: readU32(chosen.spi), nonceI, nonceR },
    local: payloadOf(answer, 'TSi')?.selectors ?? [],
    remote: payloadOf(answer, 'TSr')?.selectors ?? [],
    ...(shared === undefined ? {} : { shared }),
    ...(replaces === undefined ? {} : { replaces }),
    byGateway: true,
  };
  const child = makeChild(responder, sa, terms);
  sa.children.push(child);
  responder.emit(childAdded(sa, child, terms));
  return child;
}

/** Deletes the pair that was replaced, or the new one when it lost a collision. */
function settle(responder: Responder, sa: Sa, replaced: Child): void {
  const own = ownReplacement(replaced.rekeying);
  if (own === undefined) return;
  const { theirs } = replaced.rekeying;
  const lost = theirs !== undefined && redundant(own, theirs) === 'own';
  const { afterwards } = responder.faults.create ?? {};
  if (afterwards === 'keeps-old') return;
  const victim = lost || afterwards === 'deletes-new' ? own.made : replaced;
  responder.enqueue(sa, deleteChildRequest(responder, victim));
}

/** The client does not have the pair: it goes in silence, and another takes its place (RFC 7296 section 2.25). */
function notFound(responder: Responder, sa: Sa, wanted: WantedChild, spi: Uint8Array): void {
  const { replaces, ...rest } = wanted;
  if (replaces === undefined) return;
  if (spi.length !== 4 || readU32(spi) !== replaces.spec.spiIn)
    responder.emit({ kind: 'violation', what: 'CHILD_SA_NOT_FOUND for another SPI' });
  // In a collision the client's request has replaced it already.
  if (replaces.rekeying.theirs !== undefined) return;
  if (findChild(responder, sa, replaces.spec.spiOut)?.child !== replaces) return;
  removeChild(responder, sa, replaces, 'client');
  responder.enqueue(sa, createRequest(responder, rest));
}
