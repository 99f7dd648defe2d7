import { ProtocolError, Reader } from '../lib/reader.ts';
import { Writer } from '../lib/writer.ts';
import { PayloadType } from './constants.ts';
import { decodePayloadBody, encodePayloadBody, isKnownPayload, payloadTypeOf } from './payload.ts';
import type { Payload } from './payload.ts';

export const GENERIC_HEADER_LENGTH = 4;

/** A message of ours or of any gateway has far fewer; a chain of thousands of empty ones only costs time. */
export const MAX_PAYLOADS = 128;

const CRITICAL = 0x80;

/**
 * A payload as the chain has it: the generic header of RFC 7296 section 3.2 and the octets of the body. `C` is
 * the critical bit; the reserved bits are ignored.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------+-+-------------+-------------------------------+
 * | Next payload  |C|  RESERVED   |  Payload length with header   |
 * +---------------+-+-------------+-------------------------------+
 * ~                             Body                              ~
 * +---------------------------------------------------------------+
 */
export interface RawPayload {
  readonly type: number;
  readonly critical: boolean;
  /** The Next Payload field of this payload's own header; for SK and SKF the type of the first inner one. */
  readonly next: number;
  /** Where the generic header starts in the octets that were split. */
  readonly offset: number;
  readonly body: Uint8Array;
}

/** Thrown for a critical payload of a type that is not known here; the only decoding error with data. */
export class UnsupportedCriticalError extends ProtocolError {
  readonly payloadType: number;
  constructor(payloadType: number) {
    super(`critical payload ${payloadType} is not supported`);
    this.payloadType = payloadType;
  }
}

/** Writes one generic header. `length` counts itself and the body. */
export function encodeGenericHeader(next: number, critical: boolean, length: number, writer: Writer): void {
  writer
    .u8(next)
    .u8(critical ? CRITICAL : 0)
    .u16(length);
}

/** The octets of payloads in order, the last one's Next Payload being NONE. Throws RangeError for bugs. */
export function encodeChain(payloads: readonly Payload[]): Uint8Array {
  const writer = new Writer(1024);
  payloads.forEach((payload, index) => {
    const following = payloads[index + 1];
    const start = writer.length;
    const next = following === undefined ? PayloadType.NONE : payloadTypeOf(following);
    const critical = payload.kind === 'unknown' && payload.critical;
    encodeGenericHeader(next, critical, 0, writer);
    encodePayloadBody(payload, writer);
    writer.patchU16(start + 2, writer.length - start);
  });
  return writer.finish();
}

/**
 * Splits `octets` from `offset` into payloads, the first of type `firstType`. The chain must end with the
 * octets; an SK or SKF ends it too, since its Next Payload field names what is inside. Throws ProtocolError.
 */
export function splitChain(firstType: number, octets: Uint8Array, offset = 0): RawPayload[] {
  const reader = new Reader(octets);
  reader.skip(offset, 'chain');
  const payloads: RawPayload[] = [];
  let type = firstType;
  while (type !== PayloadType.NONE) {
    if (payloads.length === MAX_PAYLOADS) throw new ProtocolError('too many payloads');
    const start = reader.offset;
    const next = reader.u8('next payload');
    const critical = (reader.u8('critical bit') & CRITICAL) !== 0;
    const length = reader.u16('payload length');
    if (length < GENERIC_HEADER_LENGTH) throw new ProtocolError(`payload ${type}: length ${length}`);
    const body = reader.take(length - GENERIC_HEADER_LENGTH, `payload ${type}`);
    payloads.push({ type, critical, next, offset: start, body });
    if (isContainer(type)) break;
    type = next;
  }
  reader.end('after the last payload');
  return payloads;
}

/** Whether a payload's body is protected payloads. */
export function isContainer(type: number): boolean {
  return type === PayloadType.SK || type === PayloadType.SKF;
}

/**
 * The payloads of a whole chain without containers. Unknown ones that are not critical stay in it as such.
 * Throws UnsupportedCriticalError before anything else is read, else ProtocolError.
 */
export function decodeChain(firstType: number, octets: Uint8Array, offset = 0): Payload[] {
  const raw = splitChain(firstType, octets, offset);
  refuseUnknownCritical(raw);
  return raw.map(({ type, critical, body }) => {
    if (isContainer(type)) throw new ProtocolError(`payload ${type} where none may be`);
    return decodePayloadBody(type, critical, body);
  });
}

/** Throws UnsupportedCriticalError for the first payload of an unknown type whose critical bit is set. */
export function refuseUnknownCritical(raw: readonly RawPayload[]): void {
  for (const { type, critical } of raw) {
    if (critical && !isKnownPayload(type) && !isContainer(type)) throw new UnsupportedCriticalError(type);
  }
}
