import { EMPTY, isZero } from '../lib/bytes.ts';
import { ProtocolError, Reader } from '../lib/reader.ts';
import { ExchangeType, MAJOR_VERSION, Notify, PayloadType, nameOf } from './constants.ts';
import {
  GENERIC_HEADER_LENGTH,
  UnsupportedCriticalError,
  decodeChain,
  isContainer,
  refuseUnknownCritical,
  splitChain,
} from './chain.ts';
import type { RawPayload } from './chain.ts';
import { IKE_HEADER_LENGTH, decodeHeader } from './header.ts';
import type { IkeHeader } from './header.ts';
import { checkLegality } from './legality.ts';
import type { DecodeResult, Message, MessageProtection, UnprotectedError } from './message.ts';
import { isKnownPayload } from './payload.ts';
import type { NotifyPayload } from './payloads/notify.ts';

/** The exchanges that have no keys yet. Every other one is protected, whole. */
const CLEAR_EXCHANGES: readonly number[] = [ExchangeType.IKE_SA_INIT, ExchangeType.IKE_SESSION_RESUME];

export const FRAGMENT_NUMBERS_LENGTH = 4;

/**
 * Reads one datagram (without the non-ESP marker). Never throws for what the octets are. `protection` is that of
 * the IKE SA which the SPIs name, or undefined when there is none. The octets are copied first, so the result
 * shares no memory with a buffer that is used again.
 */
export function decodeMessage(octets: Uint8Array, protection: MessageProtection | undefined): DecodeResult {
  const datagram = octets.slice();
  const decoded = decodeHeader(datagram);
  if (!decoded.ok) return { kind: 'unprotected-error', reason: decoded.error.reason };
  const header = decoded.value;
  const refusal = refuseHeader(header, datagram.length);
  if (refusal !== undefined) return refusal;
  let raw: RawPayload[];
  try {
    raw = splitChain(header.nextPayload, datagram, IKE_HEADER_LENGTH);
  } catch (error) {
    return dropped(header, reasonOf(error));
  }
  const container = raw.at(-1);
  if (container === undefined || !isContainer(container.type)) return decodeClear(header, datagram);
  if (CLEAR_EXCHANGES.includes(header.exchange)) {
    return dropped(
      header,
      `${nameOf(PayloadType, container.type)} in ${nameOf(ExchangeType, header.exchange)}`,
    );
  }
  if (protection === undefined) return dropped(header, 'no keys for a protected message');
  const outer = raw.slice(0, -1);
  return container.type === PayloadType.SK
    ? decodeSk(header, datagram, outer, container, protection)
    : decodeSkf(header, datagram, outer, container, protection);
}

/**
 * The message of a complete set of fragments: `header` of fragment 1, its `firstInner`, and the plaintexts of
 * all fragments one after the other (RFC 7383 section 2.6). Each was authenticated, so the error is a
 * protected one.
 */
export function decodeReassembled(
  header: IkeHeader,
  firstInner: number,
  plaintext: Uint8Array,
): DecodeResult {
  return decodeInner(header, [], firstInner, plaintext);
}

/** RFC 7296 sections 2.5 and 3.1. The version is first: nothing else of another version means anything here. */
function refuseHeader(header: IkeHeader, octets: number): UnprotectedError | undefined {
  if (header.majorVersion > MAJOR_VERSION) {
    return {
      ...dropped(header, `major version ${header.majorVersion}`),
      notify: Notify.INVALID_MAJOR_VERSION,
      data: EMPTY,
    };
  }
  if (header.majorVersion < MAJOR_VERSION) return dropped(header, `major version ${header.majorVersion}`);
  if (header.length !== octets) return dropped(header, `length ${header.length} in ${octets} octets`);
  if (isZero(header.initiatorSpi)) return dropped(header, "the initiator's SPI is zero");
  return undefined;
}

function decodeClear(header: IkeHeader, datagram: Uint8Array): DecodeResult {
  try {
    const payloads = decodeChain(header.nextPayload, datagram, IKE_HEADER_LENGTH);
    const message = messageOf(header, payloads);
    if (!CLEAR_EXCHANGES.includes(header.exchange)) {
      const hints = payloads.filter((p): p is NotifyPayload => p.kind === 'N');
      return { ...dropped(header, `${nameOf(ExchangeType, header.exchange)} without protection`), hints };
    }
    const illegal = checkFirstHeader(header) ?? checkLegality(message);
    return illegal === undefined ? { kind: 'ok', message, protected: false } : dropped(header, illegal);
  } catch (error) {
    if (!(error instanceof UnsupportedCriticalError)) return dropped(header, reasonOf(error));
    return {
      ...dropped(header, error.reason),
      notify: Notify.UNSUPPORTED_CRITICAL_PAYLOAD,
      data: Uint8Array.of(error.payloadType),
    };
  }
}

/** What RFC 7296 sections 2.2 and 3.1 demand of the header of an exchange that starts an IKE SA. */
function checkFirstHeader(header: IkeHeader): string | undefined {
  if (header.messageId !== 0) return `message ID ${header.messageId} in the first exchange`;
  if (header.fromInitiator === header.response) return 'the flags I and R contradict each other';
  if (!header.response && !isZero(header.responderSpi)) return "a first request with a responder's SPI";
  return undefined;
}

function decodeSk(
  header: IkeHeader,
  datagram: Uint8Array,
  outer: readonly RawPayload[],
  sk: RawPayload,
  protection: MessageProtection,
): DecodeResult {
  const associated = datagram.subarray(0, sk.offset + GENERIC_HEADER_LENGTH);
  const plaintext = protection.open(associated, sk.body);
  if (plaintext === undefined) return dropped(header, 'the integrity check failed');
  return decodeInner(header, outer, sk.next, plaintext);
}

/**
 * RFC 7383 section 2.5.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------+-+-------------+-------------------------------+
 * | First inner   |C|  RESERVED   |         Payload length        |
 * +---------------+-+-------------+-------------------------------+
 * |        Fragment number        |        Total fragments        |
 * +-------------------------------+-------------------------------+
 * ~         IV, encrypted content, padding, pad length, ICV       ~
 * +---------------------------------------------------------------+
 *
 * Whatever is wrong with a fragment, it is discarded in silence (section 2.6).
 */
function decodeSkf(
  header: IkeHeader,
  datagram: Uint8Array,
  outer: readonly RawPayload[],
  skf: RawPayload,
  protection: MessageProtection,
): DecodeResult {
  if (skf.body.length < FRAGMENT_NUMBERS_LENGTH) return dropped(header, 'a fragment without its numbers');
  const reader = new Reader(skf.body);
  const number = reader.u16('fragment number');
  const total = reader.u16('total fragments');
  if (number === 0 || number > total) return dropped(header, `fragment ${number} of ${total}`);
  if (outer.some(({ type, critical }) => critical || isKnownPayload(type))) {
    return dropped(header, 'a fragment with payloads outside of it');
  }
  const associated = datagram.subarray(0, skf.offset + GENERIC_HEADER_LENGTH + FRAGMENT_NUMBERS_LENGTH);
  const plaintext = protection.open(associated, reader.rest());
  if (plaintext === undefined) return dropped(header, 'the integrity check of a fragment failed');
  const firstInner = number === 1 ? skf.next : PayloadType.NONE;
  return { kind: 'partial', header, fragment: { number, total, firstInner, plaintext } };
}

/** What was authenticated: unknown payloads beside SK are skipped, known ones belong inside. */
function decodeInner(
  header: IkeHeader,
  outer: readonly RawPayload[],
  firstInner: number,
  plaintext: Uint8Array,
): DecodeResult {
  try {
    refuseUnknownCritical(outer);
    const exposed = outer.find(({ type }) => isKnownPayload(type));
    if (exposed !== undefined) throw new ProtocolError(`${nameOf(PayloadType, exposed.type)} outside of SK`);
    const message = messageOf(header, decodeChain(firstInner, plaintext));
    const illegal = checkLegality(message);
    if (illegal !== undefined) throw new ProtocolError(illegal);
    return { kind: 'ok', message, protected: true };
  } catch (error) {
    const critical = error instanceof UnsupportedCriticalError;
    return {
      kind: 'protected-error',
      header,
      notify: critical ? Notify.UNSUPPORTED_CRITICAL_PAYLOAD : Notify.INVALID_SYNTAX,
      data: critical ? Uint8Array.of(error.payloadType) : EMPTY,
      reason: reasonOf(error),
    };
  }
}

function messageOf(header: IkeHeader, payloads: Message['payloads']): Message {
  const { initiatorSpi, responderSpi, exchange, fromInitiator, response, messageId } = header;
  return { initiatorSpi, responderSpi, exchange, fromInitiator, response, messageId, payloads };
}

function dropped(header: IkeHeader, reason: string): UnprotectedError {
  return { kind: 'unprotected-error', header, reason };
}

/** The reason of a decoding error. Anything else is a bug of ours and goes on. */
function reasonOf(error: unknown): string {
  if (error instanceof ProtocolError) return error.reason;
  throw error;
}
