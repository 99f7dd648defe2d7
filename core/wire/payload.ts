import type { Writer } from '../lib/writer.ts';
import { unreachable } from '../lib/result.ts';
import { PayloadType } from './constants.ts';
import { decodeAuth, encodeAuth } from './payloads/auth.ts';
import type { AuthPayload } from './payloads/auth.ts';
import { decodeCert, encodeCert } from './payloads/cert.ts';
import type { CertPayload } from './payloads/cert.ts';
import { decodeCertReq, encodeCertReq } from './payloads/certreq.ts';
import type { CertReqPayload } from './payloads/certreq.ts';
import { decodeConfig, encodeConfig } from './payloads/config.ts';
import type { ConfigPayload } from './payloads/config.ts';
import { decodeDelete, encodeDelete } from './payloads/delete.ts';
import type { DeletePayload } from './payloads/delete.ts';
import { decodeEapPayload, encodeEapPayload } from './payloads/eap.ts';
import type { EapPayload } from './payloads/eap.ts';
import { decodeId, encodeId } from './payloads/id.ts';
import type { IdPayload } from './payloads/id.ts';
import { decodeKe, encodeKe } from './payloads/ke.ts';
import type { KePayload } from './payloads/ke.ts';
import { decodeNonce, encodeNonce } from './payloads/nonce.ts';
import type { NoncePayload } from './payloads/nonce.ts';
import { decodeNotify, encodeNotify } from './payloads/notify.ts';
import type { NotifyPayload } from './payloads/notify.ts';
import { decodeSa, encodeSa } from './payloads/sa.ts';
import type { SaPayload } from './payloads/sa.ts';
import { decodeTs, encodeTs } from './payloads/ts.ts';
import type { TsPayload } from './payloads/ts.ts';
import { encodeUnknown } from './payloads/unknown.ts';
import type { UnknownPayload } from './payloads/unknown.ts';
import { decodeVendor, encodeVendor } from './payloads/vendor.ts';
import type { VendorPayload } from './payloads/vendor.ts';

/**
 * Every payload that carries something, told apart by `kind`. SK and SKF are not among them: they are what a
 * message is wrapped in (message.ts).
 */
export type Payload =
  | SaPayload
  | KePayload
  | IdPayload
  | CertPayload
  | CertReqPayload
  | AuthPayload
  | NoncePayload
  | NotifyPayload
  | DeletePayload
  | VendorPayload
  | TsPayload
  | ConfigPayload
  | EapPayload
  | UnknownPayload;

export type PayloadKind = Payload['kind'];

/** The kinds with a type number of their own. */
export type KnownPayloadKind = Exclude<PayloadKind, 'unknown'>;

/** The payload of one kind. */
export type PayloadOf<K extends PayloadKind> = Extract<Payload, { readonly kind: K }>;

/** The number that announces `payload` in the Next Payload field before it. */
export function payloadTypeOf(payload: Payload): number {
  return payload.kind === 'unknown' ? payload.type : PayloadType[payload.kind];
}

/** Writes the body, without the generic header. Throws RangeError for a value that has no encoding. */
export function encodePayloadBody(payload: Payload, writer: Writer): void {
  switch (payload.kind) {
    case 'SA':
      encodeSa(payload, writer);
      break;
    case 'KE':
      encodeKe(payload, writer);
      break;
    case 'IDi':
    case 'IDr':
      encodeId(payload, writer);
      break;
    case 'CERT':
      encodeCert(payload, writer);
      break;
    case 'CERTREQ':
      encodeCertReq(payload, writer);
      break;
    case 'AUTH':
      encodeAuth(payload, writer);
      break;
    case 'NONCE':
      encodeNonce(payload, writer);
      break;
    case 'N':
      encodeNotify(payload, writer);
      break;
    case 'D':
      encodeDelete(payload, writer);
      break;
    case 'V':
      encodeVendor(payload, writer);
      break;
    case 'TSi':
    case 'TSr':
      encodeTs(payload, writer);
      break;
    case 'CP':
      encodeConfig(payload, writer);
      break;
    case 'EAP':
      encodeEapPayload(payload, writer);
      break;
    case 'unknown':
      encodeUnknown(payload, writer);
      break;
    default:
      unreachable(payload);
  }
}

const DECODERS: ReadonlyMap<number, (body: Uint8Array) => Payload> = new Map<
  number,
  (body: Uint8Array) => Payload
>([
  [PayloadType.SA, decodeSa],
  [PayloadType.KE, decodeKe],
  [PayloadType.IDi, (body) => decodeId('IDi', body)],
  [PayloadType.IDr, (body) => decodeId('IDr', body)],
  [PayloadType.CERT, decodeCert],
  [PayloadType.CERTREQ, decodeCertReq],
  [PayloadType.AUTH, decodeAuth],
  [PayloadType.NONCE, decodeNonce],
  [PayloadType.N, decodeNotify],
  [PayloadType.D, decodeDelete],
  [PayloadType.V, decodeVendor],
  [PayloadType.TSi, (body) => decodeTs('TSi', body)],
  [PayloadType.TSr, (body) => decodeTs('TSr', body)],
  [PayloadType.CP, decodeConfig],
  [PayloadType.EAP, decodeEapPayload],
]);

/** Whether a payload type has a decoder here. SK and SKF have none: they are containers. */
export function isKnownPayload(type: number): boolean {
  return DECODERS.has(type);
}

/**
 * The payload of a body. Its octets are views of `body`. `critical` is kept for a type that is not known and
 * ignored for every other (RFC 7296 section 2.5). Throws ProtocolError.
 */
export function decodePayloadBody(type: number, critical: boolean, body: Uint8Array): Payload {
  const decode = DECODERS.get(type);
  return decode === undefined ? { kind: 'unknown', type, critical, data: body } : decode(body);
}
