import type { KeyExchange } from '../../../core/crypto/key-exchange.ts';
import { ExchangeType } from '../../../core/wire/constants.ts';
import type { Message } from '../../../core/wire/message.ts';
import type { Payload } from '../../../core/wire/payload.ts';
import type { Proposal } from '../../../core/wire/payloads/sa.ts';
import { redundant } from './collisions.ts';
import { spoilCreate, spoilSpi } from './create-faults.ts';
import { judgeIkeAnswer } from './judge-answer.ts';
import { inheritChildren, makeIkeSa, REDUNDANT_MS } from './new-ike.ts';
import { deleteIkeRequest } from './own-deletes.ts';
import { newKeyExchange, refusalOf, retryGroups, sharedSecret } from './own-exchange.ts';
import { payloadOf } from './pick.ts';
import { crashToken } from './qcd.ts';
import { ownSpi, type OwnRequest, type Replacement, type Sa } from './sa.ts';
import { chosenIke, ikeProposal, type IkeSuite } from './suite.ts';
import type { Responder } from './types.ts';

/** What a test may want otherwise when the gateway rekeys the IKE SA. */
export interface RekeyIkeOptions {
  /** Groups to offer, with a KE payload for the first; the one of the old SA unless told. */
  readonly groups?: readonly number[];
  readonly suite?: IkeSuite;
  /** Asks although the SA is being rekeyed already. */
  readonly anyway?: boolean;
  /** Does not wait until the request before it is answered. */
  readonly rush?: boolean;
}

interface Begun {
  readonly spiI: Uint8Array;
  readonly nonceI: Uint8Array;
  readonly groups: readonly number[];
  readonly keyExchange: KeyExchange | undefined;
  readonly offer: Proposal;
}

/** Rekeys the IKE SA (RFC 7296 sections 1.3.2 and 2.18) and deletes what is then redundant (section 2.8.2). */
export function rekeyIkeRequest(responder: Responder, options: RekeyIkeOptions = {}): OwnRequest {
  let begun: Begun | undefined;
  return {
    exchange: ExchangeType.CREATE_CHILD_SA,
    purpose: 'rekey-ike',
    rush: options.rush ?? false,
    payloads(sa) {
      const { own, theirs } = sa.rekeying;
      if ((own !== undefined || theirs !== undefined) && options.anyway !== true) return undefined;
      begun = begin(responder, sa, options);
      sa.rekeying.own = 'asked';
      return requestPayloads(responder, sa, begun);
    },
    answered(sa, answer) {
      if (begun !== undefined) finish(responder, sa, options, begun, answer);
    },
  };
}

function begin({ random }: Responder, sa: Sa, options: RekeyIkeOptions): Begun {
  const { suite = sa.suite, groups = [suite.group] } = options;
  const spiI = random(8).slice();
  return {
    spiI,
    nonceI: random(32).slice(),
    groups,
    keyExchange: newKeyExchange(random, groups),
    offer: ikeProposal(suite, groups, spiI),
  };
}

function requestPayloads(
  { faults }: Responder,
  sa: Sa,
  { offer, nonceI, groups, keyExchange }: Begun,
): Payload[] {
  const { create = {} } = faults;
  const spi = spoilSpi(offer.spi, ownSpi(sa), create);
  const payloads: Payload[] = [
    { kind: 'SA', proposals: [{ ...offer, spi }] },
    { kind: 'NONCE', data: nonceI },
    { kind: 'KE', group: groups[0] ?? 0, data: keyExchange?.publicValue ?? new Uint8Array() },
  ];
  return spoilCreate(payloads, create);
}

function finish(
  responder: Responder,
  sa: Sa,
  options: RekeyIkeOptions,
  begun: Begun,
  answer: Message | undefined,
): void {
  const refusal = refusalOf(answer);
  const own =
    refusal === undefined && answer !== undefined ? accept(responder, sa, begun, answer) : undefined;
  if (own !== undefined) {
    sa.rekeying.own = own;
    settle(responder, sa, own);
    return;
  }
  sa.rekeying.own = undefined;
  responder.emit({
    kind: 'turned-down',
    saId: sa.id,
    purpose: 'rekey-ike',
    notify: refusal?.notifyType ?? 0,
  });
  const groups = retryGroups(responder, begun.groups, refusal);
  if (sa.rekeying.theirs !== undefined) inheritChildren(responder, sa, sa.rekeying.theirs.made);
  else if (groups !== undefined) responder.enqueue(sa, rekeyIkeRequest(responder, { ...options, groups }));
}

/** The IKE SA that the answer agrees to, or undefined when it makes no sense. */
function accept(
  responder: Responder,
  sa: Sa,
  { spiI, nonceI, offer, keyExchange }: Begun,
  answer: Message,
): Replacement<Sa> | undefined {
  const chosen = chosenIke(payloadOf(answer, 'SA')?.proposals ?? [], offer);
  const nonceR = payloadOf(answer, 'NONCE')?.data;
  judgeIkeAnswer(responder, sa, answer, chosen);
  if (chosen === undefined || nonceR === undefined) return undefined;
  const shared = sharedSecret(keyExchange, chosen.group, answer);
  if (shared === undefined || shared === 'invalid') return undefined;
  const seed = { shared, nonceI, nonceR, spiI, spiR: chosen.spi };
  const made = makeIkeSa(responder, sa, chosen.suite, seed, true);
  responder.addSa(made);
  responder.emit({ kind: 'ike-added', saId: made.id, replaces: sa.id, by: 'gateway' });
  return { made, nonceI, nonceR };
}

/** Decides who inherits, and deletes the old SA or, when it lost a collision, the new one. */
function settle(responder: Responder, sa: Sa, own: Replacement<Sa>): void {
  const { theirs } = sa.rekeying;
  const lost = theirs !== undefined && redundant(own, theirs) === 'own';
  inheritChildren(responder, sa, lost ? theirs.made : own.made);
  // Who began the rekeying has no message of it left for a token (RFC 6290 section 4.3).
  const tokens = crashToken(responder.config, own.made);
  if (!lost && tokens.length > 0)
    responder.enqueue(own.made, { exchange: ExchangeType.INFORMATIONAL, payloads: tokens });
  const { afterwards } = responder.faults.create ?? {};
  // The client's own one is for the client to delete, which may never have heard of it.
  if (theirs !== undefined && !lost) theirs.made.forgetMs = responder.now + REDUNDANT_MS;
  if (afterwards === 'keeps-old') return;
  if (lost || afterwards === 'deletes-new')
    responder.enqueue(own.made, deleteIkeRequest(responder, 'redundant'));
  else responder.enqueue(sa, deleteIkeRequest(responder, 'rekeyed'));
}
