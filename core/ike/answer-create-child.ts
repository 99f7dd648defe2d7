import { u16, u32 } from '../lib/bytes.ts';
import { err, ok, type Result } from '../lib/result.ts';
import type { SecretBytes } from '../lib/secret.ts';
import { readU32 } from '../lib/bytes.ts';
import type { Selector } from '../net/selector.ts';
import { Notify, Protocol } from '../wire/constants.ts';
import type { Payload } from '../wire/payload.ts';
import { type NotifyPayload, notify } from '../wire/payloads/notify.ts';
import { childOf } from './child-sa.ts';
import type { IkeConfig } from './config.ts';
import type { EstablishedChild } from './events.ts';
import { FIRST_SPI, freshChildSpi, freshKeyExchange, freshNonce } from './fresh.ts';
import { deriveChildKeys } from './key-schedule.ts';
import { firstOf } from './payloads.ts';
import { chooseProposal, groupsOf, type Offer, withAnyGroups, withGroups } from './proposals.ts';
import { childKeyLengths, childSuite, groupOf } from './suite.ts';
import { keyPayload, type Nonces } from './tasks/create-child.ts';
import type { TaskContext } from './tasks/task.ts';
import { common, covers, fromTrafficSelectors, toTrafficSelectors } from './traffic.ts';

/** What a request of the gateway for a pair of Child SAs may be granted. */
export interface ChildBounds {
  readonly local: readonly Selector[];
  readonly remote: readonly Selector[];
  /** All of it or nothing: it takes the place of a pair that has all of it (RFC 7296 section 2.9.2). */
  readonly whole: boolean;
  /** Inbound SPIs in use. */
  readonly isTaken: (spi: number) => boolean;
}

export interface GrantedChild {
  readonly payloads: readonly Payload[];
  readonly child: EstablishedChild;
  readonly nonces: Nonces;
}

/** The error notify with which a request is refused. */
type Refusal = NotifyPayload;

/**
 * CREATE_CHILD_SA for a pair of Child SAs as its responder (RFC 7296 sections 1.3.1 and 1.3.3): choice among our own
 * offers, narrowing to the bounds, and keys with the roles swapped. Requests for transport mode and compression are
 * declined by not repeating them.
 */
export function grantChild(
  payloads: readonly Payload[],
  context: TaskContext,
  bounds: ChildBounds,
): Result<GrantedChild, Refusal> {
  const sa = firstOf(payloads, 'SA');
  const nonce = firstOf(payloads, 'NONCE');
  const tsi = firstOf(payloads, 'TSi');
  const tsr = firstOf(payloads, 'TSr');
  if (!sa || !nonce || !tsi || !tsr) return err(notify(Notify.INVALID_SYNTAX));
  const { config, random } = context;
  const spiIn = freshChildSpi(random, bounds.isTaken);
  const ke = firstOf(payloads, 'KE');
  const ours = { protocol: Protocol.ESP, spi: u32(spiIn) };
  const choice = chooseProposal(offersTo(config), sa.proposals, ours, ke?.group);
  const suite = choice && childSuite(choice.chosen);
  if (!suite || readU32(choice.spi) < FIRST_SPI) return err(notify(Notify.NO_PROPOSAL_CHOSEN));
  // The traffic selectors of the initiator are those of the gateway's side.
  const traffic = withinBounds(
    bounds,
    fromTrafficSelectors(tsr.selectors),
    fromTrafficSelectors(tsi.selectors),
  );
  if (!traffic) return err(notify(Notify.TS_UNACCEPTABLE));
  const agreed = agree(groupOf(choice.chosen), ke, context);
  if (!agreed.ok) return agreed;
  const nonces = { nonceI: nonce.data.slice(), nonceR: freshNonce(random) };
  const { init, keys } = context.sa;
  const childKeys = deriveChildKeys(
    init.suite,
    keys.skD,
    nonces,
    childKeyLengths(suite),
    agreed.value.shared,
  );
  const spiOut = readU32(choice.spi);
  return ok({
    payloads: [
      { kind: 'SA', proposals: [choice.answer] },
      { kind: 'NONCE', data: nonces.nonceR },
      ...agreed.value.payloads,
      { kind: 'TSi', selectors: toTrafficSelectors(traffic.remote) },
      { kind: 'TSr', selectors: toTrafficSelectors(traffic.local) },
    ],
    child: childOf({ suite, spiOut, ...traffic }, spiIn, 'responder', childKeys),
    nonces,
  });
}

/** Without perfect forward secrecy in the profile, the gateway may have it all the same. */
function offersTo({ espOffers, ikeOffers, rekey }: IkeConfig): Offer[] {
  const groups = groupsOf(ikeOffers);
  return rekey.pfs ? withGroups(espOffers, groups) : withAnyGroups(espOffers, groups);
}

function withinBounds(
  bounds: ChildBounds,
  local: readonly Selector[],
  remote: readonly Selector[],
): { readonly local: readonly Selector[]; readonly remote: readonly Selector[] } | undefined {
  if (bounds.whole) return covers(local, bounds.local) && covers(remote, bounds.remote) ? bounds : undefined;
  const granted = { local: common(bounds.local, local), remote: common(bounds.remote, remote) };
  const share = granted.local.some(({ family }) => granted.remote.some((other) => other.family === family));
  return share ? granted : undefined;
}

/** The key exchange of a responder: what it adds to the answer, and g^ir. Nothing of both without a group. */
export function agree(
  group: number | undefined,
  ke: { readonly group: number; readonly data: Uint8Array } | undefined,
  { random }: TaskContext,
): Result<{ readonly payloads: readonly Payload[]; readonly shared?: SecretBytes }, Refusal> {
  if (group === undefined) return ok({ payloads: [] });
  // The group that we want, in place of the one that there is a value of (RFC 7296 section 1.3).
  if (ke?.group !== group) return err(notify(Notify.INVALID_KE_PAYLOAD, u16(group)));
  const keyExchange = freshKeyExchange(group, random);
  const shared = keyExchange.agree(ke.data);
  if (!shared.ok) {
    keyExchange.wipe();
    return err(notify(Notify.INVALID_SYNTAX));
  }
  return ok({ payloads: [keyPayload(group, keyExchange)], shared: shared.value });
}
