import { err, ok } from '../lib/result.ts';
import type { Result } from '../lib/result.ts';
import { ProtocolError, Reader } from '../lib/reader.ts';
import type { Writer } from '../lib/writer.ts';
import { MAJOR_VERSION, MINOR_VERSION } from './constants.ts';

export const IKE_HEADER_LENGTH = 28;
export const IKE_SPI_LENGTH = 8;

/**
 * The fixed header of every message, RFC 7296 section 3.1. Flags: I the sender is the original initiator of the
 * IKE SA, V the sender can speak a higher major version, R the message is a response, X reserved.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------------------------------------------------------+
 * |                       Initiator's SPI                         |
 * |                                                               |
 * +---------------------------------------------------------------+
 * |                       Responder's SPI                         |
 * |                                                               |
 * +---------------+-------+-------+---------------+---------------+
 * | Next payload  | MjVer | MnVer | Exchange type |X|X|R|V|I|X|X|X|
 * +---------------+-------+-------+---------------+---------------+
 * |                          Message ID                           |
 * +---------------------------------------------------------------+
 * |               Length of the message with this header          |
 * +---------------------------------------------------------------+
 */
export interface IkeHeader {
  readonly initiatorSpi: Uint8Array;
  readonly responderSpi: Uint8Array;
  readonly nextPayload: number;
  readonly majorVersion: number;
  readonly minorVersion: number;
  readonly exchange: number;
  readonly fromInitiator: boolean;
  readonly response: boolean;
  readonly higherVersion: boolean;
  readonly messageId: number;
  /** Octets of the whole message as its sender counts them. */
  readonly length: number;
}

const FLAG_INITIATOR = 0x08;
const FLAG_HIGHER_VERSION = 0x10;
const FLAG_RESPONSE = 0x20;

/** What of a header its sender decides; version, next payload and length follow from the message, V is never set. */
export type HeaderFields = Pick<
  IkeHeader,
  'initiatorSpi' | 'responderSpi' | 'exchange' | 'fromInitiator' | 'response' | 'messageId'
>;

/** Writes a header of version 2.0 with the reserved bits zero. Throws RangeError when an SPI is not 8 octets. */
export function encodeHeader(
  fields: HeaderFields,
  nextPayload: number,
  length: number,
  writer: Writer,
): void {
  if (fields.initiatorSpi.length !== IKE_SPI_LENGTH || fields.responderSpi.length !== IKE_SPI_LENGTH) {
    throw new RangeError('an IKE SPI has 8 octets');
  }
  writer.bytes(fields.initiatorSpi).bytes(fields.responderSpi);
  writer
    .u8(nextPayload)
    .u8((MAJOR_VERSION << 4) | MINOR_VERSION)
    .u8(fields.exchange);
  writer.u8((fields.fromInitiator ? FLAG_INITIATOR : 0) | (fields.response ? FLAG_RESPONSE : 0));
  writer.u32(fields.messageId).u32(length);
}

/**
 * Reads the first 28 octets of a datagram; reserved bits are ignored. Fails only when there are fewer. Neither
 * the version nor the length is judged here, so that a datagram can be attributed before it is decoded.
 */
export function decodeHeader(octets: Uint8Array): Result<IkeHeader, ProtocolError> {
  if (octets.length < IKE_HEADER_LENGTH) {
    return err(new ProtocolError(`header: ${octets.length} octets`));
  }
  const reader = new Reader(octets);
  const initiatorSpi = reader.take(IKE_SPI_LENGTH, "initiator's SPI");
  const responderSpi = reader.take(IKE_SPI_LENGTH, "responder's SPI");
  const nextPayload = reader.u8('next payload');
  const version = reader.u8('version');
  const exchange = reader.u8('exchange type');
  const flags = reader.u8('flags');
  return ok({
    initiatorSpi,
    responderSpi,
    nextPayload,
    majorVersion: version >>> 4,
    minorVersion: version & 0x0f,
    exchange,
    fromInitiator: (flags & FLAG_INITIATOR) !== 0,
    response: (flags & FLAG_RESPONSE) !== 0,
    higherVersion: (flags & FLAG_HIGHER_VERSION) !== 0,
    messageId: reader.u32('message ID'),
    length: reader.u32('length'),
  });
}
