import { isZero } from '../../lib/bytes.ts';
import { type Failure, failure } from '../../lib/failure.ts';
import { ok, type Result } from '../../lib/result.ts';
import type { KeyExchange } from '../../crypto/key-exchange.ts';
import { ExchangeType, isErrorNotify, Notify, Protocol } from '../../wire/constants.ts';
import type { Payload } from '../../wire/payload.ts';
import type { NotifyPayload } from '../../wire/payloads/notify.ts';
import type { Proposal } from '../../wire/payloads/sa.ts';
import { freshIkeSpi, freshKeyExchange, freshNonce } from '../fresh.ts';
import { type GroupChoice, nextGroup } from '../group-choice.ts';
import type { IkeSa } from '../ike-sa.ts';
import { allOf, firstOf, notifyOf } from '../payloads.ts';
import { acceptChoice, groupsOf, proposalsOf } from '../proposals.ts';
import { succeed } from '../successor.ts';
import { ikeSuite } from '../suite.ts';
import { keyPayload, type Nonces } from './create-child.ts';
import { DELETE_IKE_SA } from './informational.ts';
import { DONE, MORE, type Task, type TaskContext, type TaskStatus } from './task.ts';

export type RekeyOutcome =
  | { readonly kind: 'created'; readonly sa: IkeSa; readonly nonces: Nonces }
  | { readonly kind: 'refused'; readonly notify: NotifyPayload };

interface Attempt {
  readonly spi: Uint8Array;
  readonly proposals: readonly Proposal[];
  readonly nonceI: Uint8Array;
  readonly keyExchange: KeyExchange;
}

/**
 * The CREATE_CHILD_SA exchange that replaces the IKE SA, as its initiator (RFC 7296 sections 1.3.2 and 2.18). There is
 * always a key exchange in it. After an answer that makes no SA the two ends cannot have the same one: the old SA is
 * left then.
 */
export class RekeyIkeTask implements Task {
  readonly kind = 'rekey-ike';
  readonly exchange = ExchangeType.CREATE_CHILD_SA;
  /** How it ended, once it has. */
  outcome: RekeyOutcome | undefined;
  #groups: GroupChoice | undefined;
  #attempt: Attempt | undefined;

  build({ config, sa, random }: TaskContext): Result<readonly Payload[], Failure> {
    this.wipe();
    this.#groups ??= { current: groupLike(sa, groupsOf(config.ikeOffers)), changes: 0 };
    const spi = freshIkeSpi(random);
    const attempt = {
      spi,
      proposals: proposalsOf(config.ikeOffers, Protocol.IKE, spi),
      nonceI: freshNonce(random),
      keyExchange: freshKeyExchange(this.#groups.current, random),
    };
    this.#attempt = attempt;
    return ok([
      { kind: 'SA', proposals: [...attempt.proposals] },
      { kind: 'NONCE', data: attempt.nonceI },
      keyPayload(this.#groups.current, attempt.keyExchange),
    ]);
  }

  process(payloads: readonly Payload[], context: TaskContext): TaskStatus {
    if (!this.#attempt || !this.#groups) throw new Error('an answer before the request');
    const wanted = notifyOf(payloads, Notify.INVALID_KE_PAYLOAD);
    const groups = wanted && nextGroup(this.#groups, wanted, groupsOf(context.config.ikeOffers));
    if (groups) {
      this.#groups = groups;
      return MORE;
    }
    const error = allOf(payloads, 'N').find(({ notifyType }) => isErrorNotify(notifyType));
    const made = error
      ? ok({ kind: 'refused', notify: error } as const)
      : this.#made(this.#attempt, this.#groups.current, payloads, context);
    this.wipe();
    if (!made.ok) {
      return {
        kind: 'fail',
        failure: failure('peer.rekey-failed', { detail: made.error }),
        parting: [DELETE_IKE_SA],
      };
    }
    // What tells that the gateway lost the old SA says nothing of the new one (RFC 6290 section 4.3).
    if (made.value.kind === 'created') made.value.sa.crash.learn(payloads);
    this.outcome = made.value;
    return DONE;
  }

  #made(
    { spi, proposals, nonceI, keyExchange }: Attempt,
    group: number,
    payloads: readonly Payload[],
    { sa: old, random }: TaskContext,
  ): Result<RekeyOutcome, string> {
    const sa = firstOf(payloads, 'SA');
    const nonceR = firstOf(payloads, 'NONCE')?.data.slice();
    const ke = firstOf(payloads, 'KE');
    if (!sa || !nonceR || !ke) return { ok: false, error: 'no SA, nonce or KE' };
    const choice = acceptChoice(proposals, sa.proposals);
    if (!choice.ok) return choice;
    const suite = ikeSuite(choice.value);
    if (!suite) return { ok: false, error: 'an algorithm that we lack' };
    if (suite.group.id !== group || ke.group !== group)
      return { ok: false, error: 'a group that we did not use' };
    const responderSpi = choice.value.spi.slice();
    if (responderSpi.length !== 8 || isZero(responderSpi)) return { ok: false, error: 'no SPI' };
    const shared = keyExchange.agree(ke.data);
    if (!shared.ok) return shared;
    const nonces = { nonceI, nonceR };
    const parts = { suite, initiatorSpi: spi, responderSpi, ...nonces };
    return ok({ kind: 'created', sa: succeed(old, parts, shared.value, 'initiator', random), nonces });
  }

  /** Forgets the private value of a request that is not under way any more. */
  wipe(): void {
    this.#attempt?.keyExchange.wipe();
    this.#attempt = undefined;
  }
}

/** The group of the SA that is replaced, which the gateway takes, if we still offer it. */
function groupLike({ init }: IkeSa, groups: readonly number[]): number {
  const [first] = groups;
  if (first === undefined) throw new Error('an IKE offer without a group');
  return groups.includes(init.suite.group.id) ? init.suite.group.id : first;
}
