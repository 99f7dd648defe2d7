import { isZero } from '../lib/bytes.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { Notify, Protocol } from '../wire/constants.ts';
import type { Payload } from '../wire/payload.ts';
import { type NotifyPayload, notify } from '../wire/payloads/notify.ts';
import { agree } from './answer-create-child.ts';
import { freshIkeSpi, freshNonce } from './fresh.ts';
import type { IkeSa } from './ike-sa.ts';
import { firstOf } from './payloads.ts';
import { chooseProposal } from './proposals.ts';
import { succeed } from './successor.ts';
import { groupOf, ikeSuite } from './suite.ts';
import type { Nonces } from './tasks/create-child.ts';
import type { TaskContext } from './tasks/task.ts';

export interface GrantedIkeSa {
  readonly payloads: readonly Payload[];
  /** The gateway is its original initiator. */
  readonly sa: IkeSa;
  readonly nonces: Nonces;
}

/** Whether a CREATE_CHILD_SA request is about the IKE SA: nothing in it says where traffic may go. */
export function asksForIkeSa(payloads: readonly Payload[]): boolean {
  return !firstOf(payloads, 'TSi');
}

/**
 * CREATE_CHILD_SA that replaces the IKE SA, as its responder (RFC 7296 sections 1.3.2 and 2.18). Fails with the error
 * notify that refuses it. A proposal without a group is never chosen.
 */
export function grantIkeSa(
  payloads: readonly Payload[],
  context: TaskContext,
): Result<GrantedIkeSa, NotifyPayload> {
  const sa = firstOf(payloads, 'SA');
  const nonce = firstOf(payloads, 'NONCE');
  const ke = firstOf(payloads, 'KE');
  if (!sa || !nonce || !ke) return err(notify(Notify.INVALID_SYNTAX));
  const { config, random, sa: old } = context;
  const ours = { protocol: Protocol.IKE, spi: freshIkeSpi(random) };
  const choice = chooseProposal(config.ikeOffers, sa.proposals, ours, ke.group);
  const suite = choice && ikeSuite(choice.chosen);
  if (!suite || isZero(choice.spi)) return err(notify(Notify.NO_PROPOSAL_CHOSEN));
  const agreed = agree(groupOf(choice.chosen), ke, context);
  if (!agreed.ok) return agreed;
  const { shared } = agreed.value;
  if (!shared) return err(notify(Notify.NO_PROPOSAL_CHOSEN));
  const nonces = { nonceI: nonce.data.slice(), nonceR: freshNonce(random) };
  const parts = { suite, initiatorSpi: choice.spi.slice(), responderSpi: ours.spi, ...nonces };
  return ok({
    payloads: [
      { kind: 'SA', proposals: [choice.answer] },
      { kind: 'NONCE', data: nonces.nonceR },
      ...agreed.value.payloads,
    ],
    sa: succeed(old, parts, shared, 'responder', random),
    nonces,
  });
}
