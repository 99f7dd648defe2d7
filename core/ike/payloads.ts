import { Notify } from '../wire/constants.ts';
import type { Payload } from '../wire/payload.ts';
import type { NotifyPayload } from '../wire/payloads/notify.ts';

type Kind = Payload['kind'];
/** Distributes over the union: TSi and TSr, IDi and IDr share an interface each. */
type OfKind<K extends Kind, P = Payload> = P extends { readonly kind: infer PK }
  ? K extends PK
    ? P & { readonly kind: K }
    : never
  : never;

/** The first payload of a kind, or undefined. */
export function firstOf<K extends Kind>(payloads: readonly Payload[], kind: K): OfKind<K> | undefined {
  return payloads.find((payload): payload is OfKind<K> => payload.kind === kind);
}

export function allOf<K extends Kind>(payloads: readonly Payload[], kind: K): OfKind<K>[] {
  return payloads.filter((payload): payload is OfKind<K> => payload.kind === kind);
}

/** The first notify of a type (a member of Notify), or undefined. */
export function notifyOf(payloads: readonly Payload[], notifyType: number): NotifyPayload | undefined {
  return allOf(payloads, 'N').find((payload) => payload.notifyType === notifyType);
}

/** Error notifies that fail a Child SA and leave the IKE SA alone (RFC 7296 section 1.2). */
export const CHILD_ERRORS: ReadonlySet<number> = new Set([
  Notify.NO_PROPOSAL_CHOSEN,
  Notify.TS_UNACCEPTABLE,
  Notify.SINGLE_PAIR_REQUIRED,
  Notify.INTERNAL_ADDRESS_FAILURE,
  Notify.FAILED_CP_REQUIRED,
  Notify.INVALID_SELECTORS,
]);
