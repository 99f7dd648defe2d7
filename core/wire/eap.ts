import { err, ok } from '../lib/result.ts';
import type { Result } from '../lib/result.ts';
import { ProtocolError, Reader } from '../lib/reader.ts';
import { Writer } from '../lib/writer.ts';

export const EapCode = { REQUEST: 1, RESPONSE: 2, SUCCESS: 3, FAILURE: 4 } as const;
export type EapCodeNumber = (typeof EapCode)[keyof typeof EapCode];

export const EapType = {
  IDENTITY: 1,
  NOTIFICATION: 2,
  NAK: 3,
  MD5: 4,
  OTP: 5,
  GTC: 6,
  TLS: 13,
  TTLS: 21,
  PEAP: 25,
  MSCHAPV2: 26,
  EXPANDED: 254,
} as const;

/** Octets before the type of an EAP packet. */
export const EAP_HEADER_LENGTH = 4;

/**
 * An EAP packet, RFC 3748 section 4. Requests and responses have a type, success and failure have neither type
 * nor data. `data` is what follows the type.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------+---------------+-------------------------------+
 * |     Code      |  Identifier   |            Length             |
 * +---------------+---------------+-------------------------------+
 * |     Type      |                  Type data                    ~
 * +---------------+-----------------------------------------------+
 */
export interface EapPacket {
  readonly code: EapCodeNumber;
  readonly identifier: number;
  /** Present exactly when `code` is request or response. */
  readonly type?: number;
  readonly data: Uint8Array;
}

/** The packet's octets. Throws RangeError for a packet that the RFC has no form for. */
export function encodeEap(packet: EapPacket): Uint8Array {
  const typed = packet.code === EapCode.REQUEST || packet.code === EapCode.RESPONSE;
  if (typed !== (packet.type !== undefined)) throw new RangeError('an EAP packet with the wrong form');
  if (!typed && packet.data.length !== 0) throw new RangeError('EAP success and failure have no data');
  const length = EAP_HEADER_LENGTH + (typed ? 1 : 0) + packet.data.length;
  const writer = new Writer(length).u8(packet.code).u8(packet.identifier).u16(length);
  if (packet.type !== undefined) writer.u8(packet.type);
  return writer.bytes(packet.data).finish();
}

/**
 * Reads one EAP packet. Octets after the packet's own length are padding of the link and are ignored
 * (RFC 3748 section 4.1); a length beyond the octets, an unknown code, a request or response without a type, or
 * a success or failure with data is an error, on which the packet is discarded in silence.
 */
export function decodeEap(octets: Uint8Array): Result<EapPacket, ProtocolError> {
  try {
    return ok(readEap(new Reader(octets)));
  } catch (error) {
    if (error instanceof ProtocolError) return err(error);
    throw error;
  }
}

function readEap(outer: Reader): EapPacket {
  const code = outer.u8('EAP code');
  const identifier = outer.u8('EAP identifier');
  const length = outer.u16('EAP length');
  if (length < EAP_HEADER_LENGTH) throw new ProtocolError(`EAP: length ${length}`);
  const reader = outer.sub(length - EAP_HEADER_LENGTH, 'EAP packet');
  if (code === EapCode.REQUEST || code === EapCode.RESPONSE) {
    const type = reader.u8('EAP type');
    return { code, identifier, type, data: reader.rest() };
  }
  if (code === EapCode.SUCCESS || code === EapCode.FAILURE) {
    reader.end('EAP success or failure');
    return { code, identifier, data: reader.rest() };
  }
  throw new ProtocolError(`EAP: code ${code}`);
}
