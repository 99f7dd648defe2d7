import { ExchangeType, Notify, isErrorNotify, nameOf } from './constants.ts';
import type { Message } from './message.ts';
import type { KnownPayloadKind, Payload } from './payload.ts';

/** How often payloads of a kind may be in a message: at least, at most. */
export type Count = readonly [min: number, max: number];

/** One form of a message. A kind that it does not name may not be in it, except the kinds in ANYWHERE. */
export type Shape = Readonly<Partial<Record<KnownPayloadKind, Count>>>;

const ONE: Count = [1, 1];
const MAYBE: Count = [0, 1];
/** Bounded by the number of payloads of a whole message alone (chain.ts). */
const MANY: Count = [0, Number.POSITIVE_INFINITY];

/**
 * Kinds that may be in every message, any number of times: RFC 7296 sections 3.10.1 and 3.12. Payloads of unknown
 * types are skipped and count for nothing (section 2.5).
 */
const ANYWHERE: readonly Payload['kind'][] = ['N', 'V', 'unknown'];

const CHILD: Shape = { SA: ONE, TSi: ONE, TSr: ONE, CP: MAYBE };
const IDENTITY_I: Shape = { IDi: ONE, CERT: MANY, CERTREQ: MANY, IDr: MAYBE, AUTH: MAYBE };
const IDENTITY_R: Shape = { IDr: ONE, CERT: MANY };
const REKEY_IKE: Shape = { SA: ONE, NONCE: ONE, KE: ONE };
const NEW_CHILD: Shape = { SA: ONE, NONCE: ONE, KE: MAYBE, TSi: ONE, TSr: ONE, CP: MAYBE };

/**
 * The forms of the messages of every exchange, by direction. A message is legal when it has one of them; the
 * order of payloads is no part of it (RFC 7296 section 2.5).
 */
export const SHAPES: ReadonlyMap<
  number,
  { readonly request: readonly Shape[]; readonly response: readonly Shape[] }
> = new Map([
  [
    // RFC 7296 section 1.2.
    ExchangeType.IKE_SA_INIT,
    {
      request: [{ SA: ONE, KE: ONE, NONCE: ONE }],
      response: [{ SA: ONE, KE: ONE, NONCE: ONE, CERTREQ: MANY }],
    },
  ],
  [
    // RFC 7296 sections 1.2 and 2.16: the first message, EAP, the last one. Without a child: RFC 6023. A second
    // authentication: RFC 4739. Without AUTH beside EAP: RFC 5998.
    ExchangeType.IKE_AUTH,
    {
      request: [{ ...IDENTITY_I, ...CHILD }, { ...IDENTITY_I, CP: MAYBE }, { EAP: ONE }, { AUTH: ONE }],
      response: [
        { ...IDENTITY_R, AUTH: ONE, ...CHILD },
        { ...IDENTITY_R, AUTH: ONE, CP: MAYBE },
        { ...IDENTITY_R, AUTH: MAYBE, EAP: ONE },
        { EAP: ONE },
        { AUTH: ONE, ...CHILD },
        { AUTH: ONE, CP: MAYBE },
      ],
    },
  ],
  [
    // RFC 7296 section 1.3.
    ExchangeType.CREATE_CHILD_SA,
    { request: [NEW_CHILD, REKEY_IKE], response: [NEW_CHILD, REKEY_IKE] },
  ],
  [
    // RFC 7296 section 1.4. An empty one asks whether the peer lives.
    ExchangeType.INFORMATIONAL,
    { request: [{ D: MANY, CP: MAYBE }], response: [{ D: MANY, CP: MAYBE }] },
  ],
  [
    // RFC 5723 section 4.3.2. The ticket is in a notify.
    ExchangeType.IKE_SESSION_RESUME,
    { request: [{ NONCE: ONE }], response: [{ NONCE: ONE }] },
  ],
  [
    // RFC 9242; with an additional key exchange RFC 9370.
    ExchangeType.IKE_INTERMEDIATE,
    { request: [{ KE: MAYBE }], response: [{ KE: MAYBE }] },
  ],
]);

/** Status notifies with which a responder turns a request down: what it would else have to send is then absent. */
const DECLINING: readonly number[] = [Notify.COOKIE, Notify.REDIRECT, Notify.TICKET_NACK];

/**
 * Why a message may not have the payloads that it has, or undefined when it may. A response that turns its
 * request down may leave out whatever else its form demands.
 */
export function checkLegality(
  message: Pick<Message, 'exchange' | 'response' | 'payloads'>,
): string | undefined {
  const { exchange, response, payloads } = message;
  const shapes = SHAPES.get(exchange);
  const name = nameOf(ExchangeType, exchange);
  if (shapes === undefined) return `exchange ${name}`;
  const what = `${name} ${response ? 'response' : 'request'}`;
  const counts = countKinds(payloads);
  const forms = response ? shapes.response : shapes.request;
  const declines = response && payloads.some(isDeclining);
  if (!forms.some((shape) => hasShape(counts, shape, declines))) {
    return `${what} with ${[...counts].map(([kind, count]) => `${count} ${kind}`).join(', ') || 'nothing'}`;
  }
  return checkProposals(what, response, payloads);
}

function countKinds(payloads: readonly Payload[]): ReadonlyMap<KnownPayloadKind, number> {
  const counts = new Map<KnownPayloadKind, number>();
  for (const { kind } of payloads) {
    if (kind !== 'unknown' && !ANYWHERE.includes(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

function isDeclining(payload: Payload): boolean {
  return (
    payload.kind === 'N' && (isErrorNotify(payload.notifyType) || DECLINING.includes(payload.notifyType))
  );
}

function hasShape(counts: ReadonlyMap<KnownPayloadKind, number>, shape: Shape, declines: boolean): boolean {
  for (const [kind, count] of counts) {
    if (count > (shape[kind]?.[1] ?? 0)) return false;
  }
  if (declines) return true;
  return Object.entries(shape).every(([kind, [min]]) => (counts.get(kind as KnownPayloadKind) ?? 0) >= min);
}

/** RFC 7296 section 3.3: an offer is numbered from one, and what is accepted is a single proposal. */
function checkProposals(what: string, response: boolean, payloads: readonly Payload[]): string | undefined {
  for (const payload of payloads) {
    if (payload.kind !== 'SA') continue;
    if (response && payload.proposals.length !== 1)
      return `${what} with ${payload.proposals.length} proposals`;
    if (!response && payload.proposals[0]?.number !== 1)
      return `${what} whose first proposal is not number 1`;
  }
  return undefined;
}
