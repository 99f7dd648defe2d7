import { EMPTY, u32 } from '../../lib/bytes.ts';
import type { Failure } from '../../lib/failure.ts';
import { ok, type Result } from '../../lib/result.ts';
import type { KeyExchange } from '../../crypto/key-exchange.ts';
import type { SecretBytes } from '../../lib/secret.ts';
import type { Selector } from '../../net/selector.ts';
import { ExchangeType, isErrorNotify, Notify, Protocol } from '../../wire/constants.ts';
import type { Payload } from '../../wire/payload.ts';
import { type NotifyPayload, notify } from '../../wire/payloads/notify.ts';
import { type ChildGrant, type ChildOffer, childOf, grantOf, offerPayloads, restOf } from '../child-sa.ts';
import type { EstablishedChild } from '../events.ts';
import { freshChildSpi, freshKeyExchange, freshNonce } from '../fresh.ts';
import { type GroupChoice, nextGroup } from '../group-choice.ts';
import { deriveChildKeys } from '../key-schedule.ts';
import { allOf, firstOf, notifyOf } from '../payloads.ts';
import { groupsOf, type Offer, proposalsOf, withGroups, withoutGroups } from '../proposals.ts';
import { childKeyLengths, groupOf } from '../suite.ts';
import { covers } from '../traffic.ts';
import { DONE, MORE, type Task, type TaskContext, type TaskStatus } from './task.ts';

/** The nonces of the exchange that made an SA: the lowest ones lose a collision (RFC 7296 section 2.8.1). */
export interface Nonces {
  readonly nonceI: Uint8Array;
  readonly nonceR: Uint8Array;
}

/** A pair of Child SAs that we want to have. */
export interface ChildWish {
  readonly local: readonly Selector[];
  readonly remote: readonly Selector[];
  /** The inbound SPI of the pair whose place it takes. */
  readonly replaces?: number;
  /** The gateway is told so: a rekeying (RFC 7296 section 1.3.3). Otherwise it takes an empty place. */
  readonly rekeys: boolean;
}

export type ChildOutcome =
  | {
      readonly kind: 'created';
      readonly child: EstablishedChild;
      readonly nonces: Nonces;
      /** What can be had in further pairs. */
      readonly rest: readonly Selector[];
    }
  | { readonly kind: 'refused'; readonly notify: NotifyPayload }
  /** The gateway made something that we cannot use: it has to be deleted. */
  | { readonly kind: 'unusable'; readonly spiIn: number; readonly detail: string };

/** What one request carried. */
interface Attempt {
  readonly offer: ChildOffer;
  readonly nonceI: Uint8Array;
  readonly keyExchange: KeyExchange | undefined;
}

/**
 * The CREATE_CHILD_SA exchange for a pair of Child SAs as its initiator (RFC 7296 sections 1.3.1 and 1.3.3). Every
 * request has a nonce, an SPI and a key exchange value of its own, so it can be built again in another IKE SA.
 */
export class CreateChildTask implements Task {
  readonly kind = 'create-child';
  readonly exchange = ExchangeType.CREATE_CHILD_SA;
  readonly wish: ChildWish;
  /** How it ended, once it has. The keys in it belong to whoever takes it. */
  outcome: ChildOutcome | undefined;
  readonly #isTaken: (spi: number) => boolean;
  #groups: GroupChoice;
  #attempt: Attempt | undefined;

  /** `group`: the one that the gateway is likely to take. `isTaken`: inbound SPIs in use. */
  constructor(wish: ChildWish, group: number, isTaken: (spi: number) => boolean) {
    this.wish = wish;
    this.#groups = { current: group, changes: 0 };
    this.#isTaken = isTaken;
  }

  /** The group of the last request; a gateway that asked for it will take it again. */
  get group(): number {
    return this.#groups.current;
  }

  build(context: TaskContext): Result<readonly Payload[], Failure> {
    this.wipe();
    const { config, random } = context;
    const offers = offersOf(context);
    const groups = groupsOf(offers);
    const [first] = groups;
    if (first !== undefined && !groups.includes(this.group)) this.#groups = { current: first, changes: 0 };
    const spiIn = freshChildSpi(random, this.#isTaken);
    const { local, remote, replaces, rekeys } = this.wish;
    const attempt = {
      offer: { spiIn, proposals: proposalsOf(offers, Protocol.ESP, u32(spiIn)), local, remote },
      nonceI: freshNonce(random),
      keyExchange: config.rekey.pfs ? freshKeyExchange(this.group, random) : undefined,
    };
    this.#attempt = attempt;
    const [sa, ...selectors] = offerPayloads(attempt.offer);
    return ok([
      ...(rekeys && replaces !== undefined
        ? [notify(Notify.REKEY_SA, EMPTY, Protocol.ESP, u32(replaces))]
        : []),
      ...(sa ? [sa] : []),
      { kind: 'NONCE', data: attempt.nonceI },
      ...(attempt.keyExchange ? [keyPayload(this.group, attempt.keyExchange)] : []),
      ...selectors,
    ]);
  }

  process(payloads: readonly Payload[], context: TaskContext): TaskStatus {
    const attempt = this.#attempt;
    if (!attempt) throw new Error('an answer before the request');
    const wanted = notifyOf(payloads, Notify.INVALID_KE_PAYLOAD);
    const groups = wanted && nextGroup(this.#groups, wanted, groupsOf(offersOf(context)));
    if (groups) {
      this.#groups = groups;
      return MORE;
    }
    this.outcome = this.#outcome(attempt, payloads, context);
    this.wipe();
    return DONE;
  }

  #outcome(attempt: Attempt, payloads: readonly Payload[], context: TaskContext): ChildOutcome {
    const error = allOf(payloads, 'N').find(({ notifyType }) => isErrorNotify(notifyType));
    if (error) return { kind: 'refused', notify: error };
    const { offer } = attempt;
    const unusable = (detail: string): ChildOutcome => ({ kind: 'unusable', spiIn: offer.spiIn, detail });
    const grant = grantOf(offer, payloads);
    if (!grant.ok) return unusable(String(grant.error.context['detail']));
    const { local, remote } = grant.value;
    // A pair in place of another must do for what the other does (RFC 7296 section 2.9.2).
    if (this.wish.rekeys && !(covers(local, offer.local) && covers(remote, offer.remote)))
      return unusable('traffic selectors narrower than those in use');
    const nonceR = firstOf(payloads, 'NONCE')?.data.slice();
    if (!nonceR) return unusable('no nonce');
    const shared = sharedSecret(grant.value, attempt.keyExchange, this.group, payloads);
    if (!shared.ok) return unusable(shared.error);
    const nonces = { nonceI: attempt.nonceI, nonceR };
    const { init, keys } = context.sa;
    const lengths = childKeyLengths(grant.value.suite);
    const childKeys = deriveChildKeys(init.suite, keys.skD, nonces, lengths, shared.value);
    const child = childOf(grant.value, offer.spiIn, 'initiator', childKeys);
    return { kind: 'created', child, nonces, rest: restOf(offer, remote, payloads) };
  }

  /** Forgets the private value of a request that is not under way any more. */
  wipe(): void {
    this.#attempt?.keyExchange?.wipe();
    this.#attempt = undefined;
  }
}

function offersOf({ config: { espOffers, ikeOffers, rekey } }: TaskContext): Offer[] {
  return rekey.pfs ? withGroups(espOffers, groupsOf(ikeOffers)) : withoutGroups(espOffers);
}

export function keyPayload(group: number, { publicValue }: KeyExchange): Payload {
  return { kind: 'KE', group, data: publicValue };
}

/**
 * g^ir when the gateway chose a group, undefined when it chose to do without, which is up to our offer (RFC 7296
 * section 3.3.6: a value that comes all the same means nothing then).
 */
function sharedSecret(
  { chosen }: ChildGrant,
  keyExchange: KeyExchange | undefined,
  group: number,
  payloads: readonly Payload[],
): Result<SecretBytes | undefined, string> {
  const chosenGroup = groupOf(chosen);
  if (chosenGroup === undefined) return ok(undefined);
  const ke = firstOf(payloads, 'KE');
  if (!keyExchange || chosenGroup !== group || ke?.group !== group) {
    return { ok: false, error: 'a group that we did not use' };
  }
  return keyExchange.agree(ke.data);
}
