import { concat, equalBytes, u16, utf8 } from '../../../core/lib/bytes.ts';
import type { Millis } from '../../../core/lib/ports.ts';
import { formatEndpoint, type Endpoint, type IpAddress } from '../../../core/net/address.ts';
import { Notify } from '../../../core/wire/constants.ts';
import { encodeMessage, type Message } from '../../../core/wire/message.ts';
import type { Payload } from '../../../core/wire/payload.ts';
import { notify } from '../../../core/wire/payloads/notify.ts';
import { type IkeKeys, type KeySeed, protectionOf } from './keys.ts';
import { notifyData, notifies } from './pick.ts';
import { sha1 } from './proof.ts';
import { followsRedirects } from './redirect.ts';
import { freshFields, newClient, type Sa, type SaState } from './sa.ts';
import type { IkeSuite } from './suite.ts';
import type { Responder } from './types.ts';

/*
 * What answers to IKE_SA_INIT and to IKE_SESSION_RESUME have in common: both are in clear, and begin an SA.
 */

const HALF_OPEN_MS: Millis = 60_000;
const ZERO_SPI = new Uint8Array(8);

/** What is remembered of an initiator SPI before there is an SA. */
export interface FirstHistory {
  /** Cookies demanded and groups refused because a fault says so. */
  cookies: number;
  invalidKe: number;
  /** The request that was answered with a cookie last: its repetition must be the same but for the cookie. */
  request: Message | undefined;
}

export interface FirstRequest {
  readonly message: Message;
  readonly octets: Uint8Array;
  readonly remote: Endpoint;
  readonly localPort: number;
  readonly history: FirstHistory;
  /** The secret that cookies are made with. */
  readonly secret: Uint8Array;
}

/** Answers to a first request in the order in which they are sent, and the SA when there is one now. */
export interface FirstAnswer {
  readonly messages: readonly Message[];
  /** Its `message2` is filled in by who encodes the last of `messages`. */
  readonly sa?: Sa;
}

/**
 * The answer that wants a cookie, or undefined when none is wanted. Told to demand several, the gateway makes each one
 * new.
 */
export function demandCookie(
  { config, faults }: Responder,
  request: FirstRequest,
  nonceI: Uint8Array,
): FirstAnswer | undefined {
  const { message, history } = request;
  const cookie = cookieFor(request, nonceI);
  const brought = notifyData(message, Notify.COOKIE);
  const honest = config.cookies && (brought === undefined || !equalBytes(brought, cookie));
  if (!honest && history.cookies >= (faults.cookies ?? 0)) return undefined;
  history.cookies++;
  history.request = message;
  const value = honest ? cookie : concat(cookie, Uint8Array.of(history.cookies));
  return { messages: [clear(message, [notify(Notify.COOKIE, value)])] };
}

/** What makes the SA that a first exchange leads to its own. */
export interface SaTerms {
  readonly suite: IkeSuite;
  readonly keys: IkeKeys;
  readonly seed: Omit<KeySeed, 'shared'>;
  readonly nat: { readonly natClient: boolean; readonly natGateway: boolean };
  readonly state: SaState;
}

/** The SA, half open, that a first exchange leads to. */
export function newSa(
  responder: Responder,
  request: FirstRequest,
  { suite, keys, seed, nat, state }: SaTerms,
): Sa {
  const ours = { encr: keys.er, integ: keys.ar };
  const theirs = { encr: keys.ei, integ: keys.ai };
  const id = responder.newSaId();
  const announced = notifyData(request.message, Notify.SIGNATURE_HASH_ALGORITHMS) ?? new Uint8Array();
  return {
    id,
    client: newClient(id, seed.nonceI, followsRedirects(request.message)),
    initiates: false,
    initiatorSpi: seed.spiI,
    responderSpi: seed.spiR,
    suite,
    keys,
    protection: protectionOf(suite, ours, theirs, responder.random),
    nonceI: seed.nonceI,
    nonceR: seed.nonceR,
    message1: request.octets,
    message2: new Uint8Array(),
    announcedHashes: numbers16(announced),
    fragments: speaksFragments(responder, request),
    ...nat,
    remote: request.remote,
    localPort: request.localPort,
    state,
    nextId: 1,
    ...freshFields(),
    heardMs: responder.now,
    forgetMs: responder.now + HALF_OPEN_MS,
  };
}

/** An answer in clear with what the request's header says. The responder's SPI is zero unless there is an SA. */
export function clear(
  request: Pick<Message, 'initiatorSpi' | 'responderSpi' | 'exchange'>,
  payloads: readonly Payload[],
): Message {
  return {
    initiatorSpi: request.initiatorSpi,
    responderSpi: request.responderSpi,
    exchange: request.exchange,
    fromInitiator: false,
    response: true,
    messageId: 0,
    payloads,
  };
}

/** An answer that is this notify alone. */
export function refuse(
  responder: Responder,
  request: FirstRequest,
  number: number,
  reason: string,
): FirstAnswer {
  responder.emit({ kind: 'refused', notify: number, reason });
  return { messages: [clear({ ...request.message, responderSpi: ZERO_SPI }, [notify(number)])] };
}

/** Version 1 of the secret, then a hash over what only this request's sender has (RFC 7296 section 2.6). */
function cookieFor(request: FirstRequest, nonceI: Uint8Array): Uint8Array {
  const from = utf8(formatEndpoint(request.remote));
  return concat(Uint8Array.of(1), sha1(nonceI, from, request.message.initiatorSpi, request.secret));
}

/** What the RFC demands of a first request, or of its repetition after a COOKIE (RFC 7296 section 2.6). */
export function judgeFirst(responder: Responder, { message, history }: FirstRequest): void {
  const violate = (what: string): void => responder.emit({ kind: 'violation', what });
  const cookieAt = message.payloads.findIndex((p) => p.kind === 'N' && p.notifyType === Notify.COOKIE);
  if (cookieAt > 0) violate('COOKIE is not the first payload');
  for (const type of [Notify.NAT_DETECTION_SOURCE_IP, Notify.NAT_DETECTION_DESTINATION_IP]) {
    if (notifies(message, type).length === 0) violate(`NAT detection notify ${type} is missing`);
  }
  if (history.request === undefined) return;
  if (cookieAt < 0) violate('the cookie is not returned');
  if (!equalBytes(withoutCookie(message), withoutCookie(history.request)))
    violate('the request with a cookie differs in more than the cookie');
}

/** The octets of a request with its cookie taken out: neither the order nor a bit of the others may change. */
function withoutCookie(message: Message): Uint8Array {
  const isCookie = (p: Payload): boolean => p.kind === 'N' && p.notifyType === Notify.COOKIE;
  return encodeMessage({ ...message, payloads: message.payloads.filter((p) => !isCookie(p)) });
}

/** SHA-1 over the SPIs, the address and the port (RFC 7296 section 2.23). */
export function natHash(spis: Uint8Array, address: IpAddress, port: number): Uint8Array {
  return sha1(spis, address.octets, u16(port));
}

/** Where NATs are, by the hashes in a first request. */
export function detectNat(
  { config }: Responder,
  { message, remote, localPort }: FirstRequest,
): { natClient: boolean; natGateway: boolean } {
  const spis = concat(message.initiatorSpi, ZERO_SPI);
  const source = natHash(spis, remote.address, remote.port);
  const sources = notifies(message, Notify.NAT_DETECTION_SOURCE_IP);
  const destinations = notifies(message, Notify.NAT_DETECTION_DESTINATION_IP);
  const own = config.addresses.map((address) => natHash(spis, address, localPort));
  return {
    natClient: sources.length > 0 && !sources.some(({ data }) => equalBytes(data, source)),
    natGateway:
      destinations.length > 0 && !destinations.some(({ data }) => own.some((hash) => equalBytes(hash, data))),
  };
}

/** The gateway's own hashes. */
export function natPayloads(
  { config, faults }: Responder,
  request: FirstRequest,
  spis: Uint8Array,
): Payload[] {
  const { remote, localPort } = request;
  const own = config.addresses.find(({ family }) => family === remote.address.family) ?? remote.address;
  const before = faults.pretendNat;
  const wrongSource = config.encap || before === 'gateway' || before === 'both';
  const wrongDestination = before === 'client' || before === 'both';
  // A port that nothing uses makes a hash that no receiver can match.
  const source = natHash(spis, own, wrongSource ? 0 : localPort);
  const destination = natHash(spis, remote.address, wrongDestination ? 0 : remote.port);
  return [
    notify(Notify.NAT_DETECTION_SOURCE_IP, source),
    notify(Notify.NAT_DETECTION_DESTINATION_IP, destination),
  ];
}

/** Whether both ends take fragments. */
export function speaksFragments({ config }: Responder, { message }: FirstRequest): boolean {
  const announced = notifies(message, Notify.IKEV2_FRAGMENTATION_SUPPORTED).length > 0;
  return config.fragmentOctets !== undefined && announced;
}

function numbers16(octets: Uint8Array): number[] {
  const out: number[] = [];
  for (let i = 0; i + 1 < octets.length; i += 2) out.push(((octets[i] ?? 0) << 8) | (octets[i + 1] ?? 0));
  return out;
}
