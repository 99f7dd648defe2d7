import { concat, equalBytes, u16, utf8 } from '../../../core/lib/bytes.ts';
import type { Millis } from '../../../core/lib/ports.ts';
import { keyExchange } from '../../../core/crypto/key-exchange.ts';
import { formatEndpoint, type Endpoint, type IpAddress } from '../../../core/net/address.ts';
import { CertEncoding, ExchangeType, Notify } from '../../../core/wire/constants.ts';
import { encodeMessage, type Message } from '../../../core/wire/message.ts';
import type { Payload } from '../../../core/wire/payload.ts';
import type { KePayload } from '../../../core/wire/payloads/ke.ts';
import { notify } from '../../../core/wire/payloads/notify.ts';
import type { Proposal } from '../../../core/wire/payloads/sa.ts';
import { authorityHash } from './client-certificate.ts';
import { deriveIkeKeys, protectionOf } from './keys.ts';
import { notifyData, notifies, payloadOf } from './pick.ts';
import { ANNOUNCED_HASHES, sha1 } from './proof.ts';
import { spoilProposals } from './spoil-proposals.ts';
import { selectIke, type IkeSuite } from './suite.ts';
import { freshFields, newClient, type Sa } from './sa.ts';
import type { Responder } from './types.ts';

const HALF_OPEN_MS: Millis = 60_000;
const ZERO_SPI = new Uint8Array(8);

/** What is remembered of an initiator SPI before there is an SA. */
export interface InitHistory {
  /** Cookies demanded and groups refused because a fault says so. */
  cookies: number;
  invalidKe: number;
  /** The request that was answered with a cookie last: its repetition must be the same but for the cookie. */
  request: Message | undefined;
}

export interface InitRequest {
  readonly message: Message;
  readonly octets: Uint8Array;
  readonly remote: Endpoint;
  readonly localPort: number;
  readonly history: InitHistory;
  /** The secret that cookies are made with. */
  readonly secret: Uint8Array;
}

/** Answers to IKE_SA_INIT in the order in which they are sent, and the SA when there is one now. */
export interface InitAnswer {
  readonly messages: readonly Message[];
  /** Its `message2` is filled in by who encodes the last of `messages`. */
  readonly sa?: Sa;
}

/** RFC 7296 sections 1.2, 2.6, 2.7, 2.23. */
export function answerInit(responder: Responder, request: InitRequest): InitAnswer {
  const { config, faults } = responder;
  const { message, history } = request;
  judgeInit(responder, request);
  history.request = undefined;
  const offer = payloadOf(message, 'SA');
  const ke = payloadOf(message, 'KE');
  const nonceI = payloadOf(message, 'NONCE')?.data;
  if (offer === undefined || ke === undefined || nonceI === undefined)
    return refuse(responder, request, Notify.INVALID_SYNTAX, 'payloads are missing');

  const cookie = cookieFor(request, nonceI);
  const brought = notifyData(message, Notify.COOKIE);
  const honest = config.cookies && (brought === undefined || !equalBytes(brought, cookie));
  if (honest || history.cookies < (faults.cookies ?? 0)) {
    history.cookies++;
    history.request = message;
    // Told to demand several, the gateway makes each one new.
    const value = honest ? cookie : concat(cookie, Uint8Array.of(history.cookies));
    return { messages: [clear(message, [notify(Notify.COOKIE, value)])] };
  }
  if (faults.invalidKe !== undefined && history.invalidKe < (faults.invalidKe.times ?? 1)) {
    history.invalidKe++;
    return {
      messages: [clear(message, [notify(Notify.INVALID_KE_PAYLOAD, u16(faults.invalidKe.group))])],
    };
  }
  if (faults.initNotify !== undefined && faults.forgedFirst !== true)
    return refuse(responder, request, faults.initNotify, 'told to refuse');
  return accept(responder, request, { proposals: offer.proposals, ke, nonceI });
}

interface Offer {
  readonly proposals: readonly Proposal[];
  readonly ke: KePayload;
  readonly nonceI: Uint8Array;
}

function accept(responder: Responder, request: InitRequest, offer: Offer): InitAnswer {
  const { config, faults, random } = responder;
  const { message } = request;
  const { ke, nonceI } = offer;
  const selection = selectIke(offer.proposals, config.ike, ke.group);
  if (selection === undefined)
    return refuse(responder, request, Notify.NO_PROPOSAL_CHOSEN, 'no IKE proposal fits');
  const { suite } = selection;
  if (suite.group !== ke.group)
    return { messages: [clear(message, [notify(Notify.INVALID_KE_PAYLOAD, u16(suite.group))])] };
  const exchange = keyExchange(suite.group)?.generate(random);
  const shared = exchange?.agree(ke.data);
  if (exchange === undefined || shared?.ok !== true)
    return refuse(responder, request, Notify.INVALID_SYNTAX, 'the public value is invalid');

  const responderSpi = random(8).slice();
  const nonceR = faults.nonce === 'mirrored' ? nonceI : random(32).slice();
  const spis = concat(message.initiatorSpi, responderSpi);
  const nat = detectNat(responder, request);
  const payloads: Payload[] = [
    ...spoilProposals(faults.ikeProposal, selection.answer, offer.proposals),
    keyPayload(responder, suite, exchange.publicValue),
    noncePayload(responder, nonceR),
    ...natPayloads(responder, request, spis),
    ...certificateRequest(responder),
    notify(Notify.SIGNATURE_HASH_ALGORITHMS, concat(...ANNOUNCED_HASHES.map(u16))),
    ...(speaksFragments(responder, request) ? [notify(Notify.IKEV2_FRAGMENTATION_SUPPORTED)] : []),
  ];
  const answer = clear({ ...message, responderSpi }, without(payloads, faults.omitInit ?? []));
  const seed = { nonceI, nonceR, spiI: message.initiatorSpi, spiR: responderSpi };
  const sa = newSa(responder, request, suite, { ...seed, shared: shared.value.reveal() }, nat);
  responder.emit({ kind: 'init', saId: sa.id, suite, ...nat });
  const forged =
    faults.forgedFirst === true
      ? [clear(message, [notify(faults.initNotify ?? Notify.NO_PROPOSAL_CHOSEN)])]
      : [];
  return { messages: [...forged, answer], sa };
}

function newSa(
  responder: Responder,
  request: InitRequest,
  suite: IkeSuite,
  seed: Parameters<typeof deriveIkeKeys>[1],
  nat: { natClient: boolean; natGateway: boolean },
): Sa {
  const keys = deriveIkeKeys(suite, seed);
  const ours = { encr: keys.er, integ: keys.ar };
  const theirs = { encr: keys.ei, integ: keys.ai };
  const id = responder.newSaId();
  const announced = notifyData(request.message, Notify.SIGNATURE_HASH_ALGORITHMS) ?? new Uint8Array();
  return {
    id,
    client: newClient(id, seed.nonceI),
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
    state: { name: 'keyed' },
    nextId: 1,
    ...freshFields(),
    heardMs: responder.now,
    forgetMs: responder.now + HALF_OPEN_MS,
  };
}

/** An answer in clear with what the request's header says. The responder's SPI is zero unless there is an SA. */
function clear(request: Message, payloads: readonly Payload[]): Message {
  return {
    initiatorSpi: request.initiatorSpi,
    responderSpi: request.responderSpi,
    exchange: ExchangeType.IKE_SA_INIT,
    fromInitiator: false,
    response: true,
    messageId: 0,
    payloads,
  };
}

function refuse(responder: Responder, request: InitRequest, number: number, reason: string): InitAnswer {
  responder.emit({ kind: 'refused', notify: number, reason });
  return { messages: [clear({ ...request.message, responderSpi: ZERO_SPI }, [notify(number)])] };
}

/** Version 1 of the secret, then a hash over what only this request's sender has (RFC 7296 section 2.6). */
function cookieFor(request: InitRequest, nonceI: Uint8Array): Uint8Array {
  const from = utf8(formatEndpoint(request.remote));
  return concat(Uint8Array.of(1), sha1(nonceI, from, request.message.initiatorSpi, request.secret));
}

/** What the RFC demands of a first request, or of its repetition after a COOKIE (RFC 7296 section 2.6). */
function judgeInit(responder: Responder, { message, history }: InitRequest): void {
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

function detectNat(
  { config }: Responder,
  { message, remote, localPort }: InitRequest,
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

function natPayloads({ config, faults }: Responder, request: InitRequest, spis: Uint8Array): Payload[] {
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

function speaksFragments({ config }: Responder, { message }: InitRequest): boolean {
  const announced = notifies(message, Notify.IKEV2_FRAGMENTATION_SUPPORTED).length > 0;
  return config.fragmentOctets !== undefined && announced;
}

function keyPayload({ faults }: Responder, suite: IkeSuite, publicValue: Uint8Array): Payload {
  const honest: KePayload = { kind: 'KE', group: suite.group, data: publicValue };
  switch (faults.keyExchange ?? 'honest') {
    case 'honest':
      return honest;
    case 'other-group':
      return { ...honest, group: suite.group === 14 ? 15 : 14 };
    case 'invalid-value':
      return { ...honest, data: new Uint8Array(publicValue.length) };
    case 'short-value':
      return { ...honest, data: publicValue.subarray(1) };
  }
}

/** A nonce of a forbidden length goes as a payload without a decoder: core's encoder makes none. */
function noncePayload({ faults }: Responder, nonce: Uint8Array): Payload {
  const raw = (data: Uint8Array): Payload => ({ kind: 'unknown', type: 40, critical: false, data });
  if (faults.nonce === 'short') return raw(nonce.subarray(0, 15));
  if (faults.nonce === 'long') return raw(new Uint8Array(257));
  return { kind: 'NONCE', data: nonce };
}

function certificateRequest({ config }: Responder): Payload[] {
  if (!config.accept.includes('certificate') || config.anchors.length === 0) return [];
  const data = concat(...config.anchors.map(authorityHash));
  return [{ kind: 'CERTREQ', encoding: CertEncoding.X509_SIGNATURE, data }];
}

function without(payloads: readonly Payload[], kinds: readonly string[]): Payload[] {
  return payloads.filter((payload) => !kinds.includes(payload.kind));
}

function numbers16(octets: Uint8Array): number[] {
  const out: number[] = [];
  for (let i = 0; i + 1 < octets.length; i += 2) out.push(((octets[i] ?? 0) << 8) | (octets[i + 1] ?? 0));
  return out;
}
