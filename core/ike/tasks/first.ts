import { type Failure, failure } from '../../lib/failure.ts';
import { addressOf, type Endpoint } from '../../net/address.ts';
import { Notify } from '../../wire/constants.ts';
import { encodeMessage, type Message } from '../../wire/message.ts';
import type { Payload } from '../../wire/payload.ts';
import { notify, type NotifyPayload } from '../../wire/payloads/notify.ts';
import type { Cookies } from '../cookies.ts';
import type { InboundDatagram, RedirectTarget } from '../events.ts';
import type { IkeSa } from '../ike-sa.ts';
import { findNat, type NatFindings, natDetectionHash } from '../nat-detection.ts';
import { allOf, notifyOf } from '../payloads.ts';
import { hasRedirect, unprotectedRedirect } from '../redirect.ts';

export type FirstOutcome =
  /** A new request stands in `request`: send it in place of the old one. */
  | { readonly kind: 'again' }
  /** It means nothing: wait on as if it had not come. */
  | { readonly kind: 'ignore' }
  /** Nobody proved who sent this. Wait on, but remember what it would mean. */
  | { readonly kind: 'doubt'; readonly failure: Failure }
  /** The gateway sends us to another one. */
  | { readonly kind: 'redirect'; readonly to: RedirectTarget }
  | { readonly kind: 'done'; readonly sa: IkeSa };

/**
 * The exchange in clear that makes an IKE SA: IKE_SA_INIT, or IKE_SESSION_RESUME in its place. What AUTH covers later is
 * the last request that was sent.
 */
export interface FirstTask {
  readonly exchange: number;
  readonly initiatorSpi: Uint8Array;
  /** The request as it goes on the wire, from the IKE header on. */
  readonly request: Uint8Array;
  /** A response. `late`: it may be the answer to a request before the one that is under way. */
  process(message: Message, datagram: InboundDatagram, late: boolean): FirstOutcome;
  /** The request was not answered in time. Whether another one stands in `request` now, to go out in its place. */
  beforeRepetition(): boolean;
  /** Forgets its secrets, unless an SA has them now. */
  wipe(): void;
}

const ZERO_SPI = new Uint8Array(8);
const NOWHERE: Endpoint = { address: addressOf(new Uint8Array(4)), port: 0 };

export function encodeFirst(
  exchange: number,
  initiatorSpi: Uint8Array,
  payloads: readonly Payload[],
): Uint8Array {
  return encodeMessage({
    initiatorSpi,
    responderSpi: ZERO_SPI,
    exchange,
    fromInitiator: true,
    response: false,
    messageId: 0,
    payloads,
  });
}

/** The cookie stands first (RFC 7296 section 2.6). */
export function cookieNotify({ current }: Cookies): NotifyPayload[] {
  return current ? [notify(Notify.COOKIE, current)] : [];
}

/**
 * NAT detection of a first request (RFC 7296 section 2.23). The engine speaks UDP-encapsulated ESP alone. A source hash
 * that matches no address makes the gateway see a NAT before us, and so encapsulate always. What we learn about our own
 * NAT comes from its hashes, not this.
 */
export function natNotifies(initiatorSpi: Uint8Array, gateway: Endpoint): NotifyPayload[] {
  return [
    notify(Notify.NAT_DETECTION_SOURCE_IP, natDetectionHash(initiatorSpi, ZERO_SPI, NOWHERE)),
    notify(Notify.NAT_DETECTION_DESTINATION_IP, natDetectionHash(initiatorSpi, ZERO_SPI, gateway)),
  ];
}

/** What the hashes of a first response say about the path that it took. */
export function natFindings(message: Message, datagram: InboundDatagram): NatFindings {
  const hashes = (type: number): Uint8Array[] =>
    allOf(message.payloads, 'N')
      .filter((payload) => payload.notifyType === type)
      .map((payload) => payload.data);
  return findNat(
    message,
    {
      source: hashes(Notify.NAT_DETECTION_SOURCE_IP),
      destination: hashes(Notify.NAT_DETECTION_DESTINATION_IP),
    },
    datagram,
  );
}

/** Both ends take fragments: we always announce it (RFC 7383 section 2.3). */
export function speaksFragments(payloads: readonly Payload[]): boolean {
  return notifyOf(payloads, Notify.IKEV2_FRAGMENTATION_SUPPORTED) !== undefined;
}

/** What turns a first request away without refusing it: a cookie is wanted, or another gateway is to be asked. */
export function detourOf(
  payloads: readonly Payload[],
  nonceI: Uint8Array,
  cookies: Cookies,
  late: boolean,
): FirstOutcome | undefined {
  if (hasRedirect(payloads)) {
    const to = unprotectedRedirect(payloads, nonceI);
    return to ? { kind: 'redirect', to } : { kind: 'ignore' };
  }
  const cookie = notifyOf(payloads, Notify.COOKIE);
  if (!cookie) return undefined;
  const verdict = cookies.demand(cookie.data, late);
  if (verdict === 'new') return { kind: 'again' };
  return verdict === 'known' ? { kind: 'ignore' } : malformed(verdict.malformed);
}

export function malformed(detail: string): FirstOutcome {
  return { kind: 'doubt', failure: failure('protocol.malformed', { detail }) };
}
