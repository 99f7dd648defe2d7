import { wipe } from '../lib/secret.ts';
import { Writer } from '../lib/writer.ts';
import { PayloadType } from './constants.ts';
import { GENERIC_HEADER_LENGTH, encodeChain, encodeGenericHeader } from './chain.ts';
import { IKE_HEADER_LENGTH, encodeHeader } from './header.ts';
import type { IkeHeader } from './header.ts';
import { payloadTypeOf } from './payload.ts';
import type { Payload } from './payload.ts';
import type { NotifyPayload } from './payloads/notify.ts';

/** An IKEv2 message without its wrapping: the same value whether it travels in clear, in SK or in fragments. */
export interface Message {
  /** 8 octets, not all zero. */
  readonly initiatorSpi: Uint8Array;
  /** 8 octets; zero in the first request. */
  readonly responderSpi: Uint8Array;
  /** An ExchangeType. */
  readonly exchange: number;
  /** The I flag: whether the *original initiator of the IKE SA* sent it. */
  readonly fromInitiator: boolean;
  /** The R flag. */
  readonly response: boolean;
  readonly messageId: number;
  readonly payloads: readonly Payload[];
}

/** What protects an SK or SKF payload: the negotiated algorithms with the keys of one direction each. */
export interface MessageProtection {
  /** Octets of the body that `seal` returns for `plainLength` octets: IV, ciphertext with padding, ICV. */
  sealedLength(plainLength: number): number;
  /**
   * Seals the inner payloads. `associated` is everything before the IV, with the final lengths in it: the IKE
   * header to the generic header of SK, for SKF to its fragment numbers (RFC 5282 section 5.1, RFC 7383
   * section 2.5.3). For a separate integrity algorithm the ICV covers `associated`, IV and ciphertext. The
   * caller wipes `plaintext` afterwards, so the result must not share its memory.
   */
  seal(associated: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** The inner payloads without padding in an array of their own, or undefined when any check fails. */
  open(associated: Uint8Array, body: Uint8Array): Uint8Array | undefined;
}

/** A fragment whose own check passed, RFC 7383 section 2.6. */
export interface Fragment {
  /** 1 to `total`. */
  readonly number: number;
  readonly total: number;
  /** The type of the first inner payload in fragment 1, else 0. */
  readonly firstInner: number;
  /** This fragment's part of the octets of the inner payloads. */
  readonly plaintext: Uint8Array;
}

/** What a datagram turned out to be. Which of the errors may be answered is what the kinds tell apart. */
export type DecodeResult =
  | { readonly kind: 'ok'; readonly message: Message; readonly protected: boolean }
  | { readonly kind: 'partial'; readonly header: IkeHeader; readonly fragment: Fragment }
  | ProtectedError
  | UnprotectedError;

/**
 * The integrity check passed, so the peer itself sent something that cannot be processed. A request is answered
 * with `notify` and `data`; a response is not answered and fails its exchange (RFC 7296 section 2.21).
 */
export interface ProtectedError {
  readonly kind: 'protected-error';
  readonly header: IkeHeader;
  /** INVALID_SYNTAX or UNSUPPORTED_CRITICAL_PAYLOAD. */
  readonly notify: number;
  /** The type octet for UNSUPPORTED_CRITICAL_PAYLOAD, else empty. */
  readonly data: Uint8Array;
  readonly reason: string;
}

/** Anybody may have sent it: it is dropped in silence and changes nothing. */
export interface UnprotectedError {
  readonly kind: 'unprotected-error';
  /** Absent when there are not even the octets of a header. */
  readonly header?: IkeHeader;
  /** What a responder may say to it, rate-limited: INVALID_MAJOR_VERSION or UNSUPPORTED_CRITICAL_PAYLOAD. */
  readonly notify?: number;
  /** The data of `notify`; present exactly when that is. */
  readonly data?: Uint8Array;
  /**
   * The notifies of a well-formed message that came in clear where protection is due, for what may be looked at
   * with suspicion: the token of RFC 6290, INVALID_IKE_SPI (RFC 7296 sections 1.5 and 2.21.4).
   */
  readonly hints?: readonly NotifyPayload[];
  readonly reason: string;
}

/** The octets of a message in clear: IKE_SA_INIT, IKE_SESSION_RESUME. Throws RangeError for bugs. */
export function encodeMessage(message: Message): Uint8Array {
  refuseCriticalResponse(message);
  const chain = encodeChain(message.payloads);
  const length = IKE_HEADER_LENGTH + chain.length;
  const writer = new Writer(length);
  encodeHeader(message, firstType(message), length, writer);
  return writer.bytes(chain).finish();
}

/**
 * The octets of a message whose payloads are inside one SK payload, RFC 7296 section 3.14. The IV, padding and
 * ICV are the protection's.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------+-+-------------+-------------------------------+
 * | First inner   |C|  RESERVED   |         Payload length        |
 * +---------------+-+-------------+-------------------------------+
 * ~                     Initialization vector                     ~
 * +---------------------------------------------------------------+
 * ~                   Encrypted IKE payloads                      ~
 * +               +-----------------------------------------------+
 * |               |             Padding (0-255 octets)            |
 * +---------------+                               +---------------+
 * |                                               |  Pad length   |
 * +-----------------------------------------------+---------------+
 * ~                   Integrity checksum data                     ~
 * +---------------------------------------------------------------+
 */
export function encodeProtectedMessage(message: Message, protection: MessageProtection): Uint8Array {
  refuseCriticalResponse(message);
  const plaintext = encodeChain(message.payloads);
  const skLength = GENERIC_HEADER_LENGTH + protection.sealedLength(plaintext.length);
  const length = IKE_HEADER_LENGTH + skLength;
  const writer = new Writer(length);
  encodeHeader(message, PayloadType.SK, length, writer);
  encodeGenericHeader(firstType(message), false, skLength, writer);
  const associated = writer.finish();
  const body = protection.seal(associated, plaintext);
  wipe(plaintext);
  return join(associated, body, length);
}

/** The two parts as one datagram. Throws RangeError when the protection did not keep to its announced length. */
export function join(associated: Uint8Array, body: Uint8Array, length: number): Uint8Array {
  if (associated.length + body.length !== length) throw new RangeError('sealedLength and seal disagree');
  const datagram = new Uint8Array(length);
  datagram.set(associated);
  datagram.set(body, associated.length);
  return datagram;
}

/** The type of the first payload, for the Next Payload field before it. */
export function firstType(message: Message): number {
  const first = message.payloads[0];
  return first === undefined ? PayloadType.NONE : payloadTypeOf(first);
}

/** RFC 7296 section 2.5: nothing in a response is critical. */
export function refuseCriticalResponse(message: Message): void {
  if (message.response && message.payloads.some((p) => p.kind === 'unknown' && p.critical)) {
    throw new RangeError('a critical payload in a response');
  }
}
