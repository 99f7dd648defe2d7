import { endianness } from 'node:os';
import { concat, utf8 } from '../../../lib/bytes.ts';
import { ProtocolError, Reader, type ByteOrder } from '../../../lib/reader.ts';
import { Writer } from '../../../lib/writer.ts';

/** The order of every number in a netlink message: that of the machine. */
export const NATIVE_ORDER: ByteOrder = endianness() === 'LE' ? 'little' : 'big';

/** Message types that mean the same on every netlink socket (linux/netlink.h). */
export const Control = { NOOP: 1, ERROR: 2, DONE: 3, OVERRUN: 4 } as const;

/** Message types of rtnetlink (linux/rtnetlink.h). DEL is NEW + 1, GET is NEW + 2. */
export const RouteMessage = {
  NEW_LINK: 16,
  DEL_LINK: 17,
  GET_LINK: 18,
  NEW_ADDRESS: 20,
  DEL_ADDRESS: 21,
  GET_ADDRESS: 22,
  NEW_ROUTE: 24,
  DEL_ROUTE: 25,
  GET_ROUTE: 26,
  NEW_RULE: 32,
  DEL_RULE: 33,
} as const;

const REQUEST = 0x001;
const ACKNOWLEDGE = 0x004;
const DUMP = 0x300;
/** What is dumped changed meanwhile: it may have holes. */
const DUMP_INTERRUPTED = 0x10;
const HEADER_LENGTH = 16;
const ATTRIBUTE_HEADER_LENGTH = 4;
/** The two highest bits of an attribute's type are flags. */
const ATTRIBUTE_TYPE = 0x3fff;

/**
 * One message of a datagram (RFC 3549 section 2.2). Numbers are in the machine's order.
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                  Length, these 16 octets too                  |
 *   +-------------------------------+-------------------------------+
 *   |             Type              |             Flags             |
 *   +-------------------------------+-------------------------------+
 *   |                        Sequence Number                        |
 *   +---------------------------------------------------------------+
 *   |                          Process ID                           |
 *   +---------------------------------------------------------------+
 *   |            Body, then zeros up to a multiple of 4             |
 *   +---------------------------------------------------------------+
 */
export interface NetlinkMessage {
  readonly type: number;
  readonly interrupted: boolean;
  /** That of the request which it answers; 0 when the kernel speaks by itself. */
  readonly sequence: number;
  /** A view, not a copy. */
  readonly body: Uint8Array;
}

/** The messages of a datagram. Throws ProtocolError when they do not fill it. */
export function splitMessages(datagram: Uint8Array, order = NATIVE_ORDER): NetlinkMessage[] {
  const reader = new Reader(datagram, order);
  const messages: NetlinkMessage[] = [];
  while (reader.remaining > 0) {
    const length = reader.u32('message length');
    const type = reader.u16('message type');
    const flags = reader.u16('message flags');
    const sequence = reader.u32('sequence number');
    reader.skip(4, 'process id');
    const body = reader.take(length - HEADER_LENGTH, 'message body');
    skipPadding(reader, length);
    messages.push({ type, interrupted: (flags & DUMP_INTERRUPTED) !== 0, sequence, body });
  }
  return messages;
}

/** The attributes behind a body's fixed part, by type. Of two with one type the later counts, as in the kernel. */
export function readAttributes(reader: Reader): Map<number, Uint8Array> {
  const attributes = new Map<number, Uint8Array>();
  while (reader.remaining > 0) {
    const length = reader.u16('attribute length');
    const type = reader.u16('attribute type') & ATTRIBUTE_TYPE;
    attributes.set(type, reader.take(length - ATTRIBUTE_HEADER_LENGTH, 'attribute'));
    skipPadding(reader, length);
  }
  return attributes;
}

/** Everything in netlink begins at a multiple of 4; the last one's padding may be missing. */
export function skipPadding(reader: Reader, length: number): void {
  reader.skip(Math.min(-length & 3, reader.remaining), 'padding');
}

/**
 * The number of an attribute of 4 octets; undefined when there is no such attribute. Throws ProtocolError when it has
 * another length.
 */
export function numberOf(octets: Uint8Array | undefined, order = NATIVE_ORDER): number | undefined {
  if (octets === undefined) return undefined;
  if (octets.length !== 4) throw new ProtocolError(`a number of ${octets.length} octets`);
  return new Reader(octets, order).u32('number');
}

/** The positive errno of an ERROR or DONE message; 0: no error. */
export function errorNumber(body: Uint8Array, order = NATIVE_ORDER): number {
  // DONE has a number only since it can fail.
  return body.length < 4 ? 0 : 0 - (new Reader(body, order).u32('error') | 0);
}

/** A request for everything of a kind. `body`: the fixed part of its messages, and attributes. */
export function dumpRequest(
  type: number,
  sequence: number,
  body: Uint8Array,
  order = NATIVE_ORDER,
): Uint8Array {
  return request(type, REQUEST | DUMP, sequence, body, order);
}

/**
 *   +-------------------------------+-------------------------------+
 *   |      Length, with these 4     |             Type              |
 *   +-------------------------------+-------------------------------+
 *   |            Value, then zeros up to a multiple of 4            |
 *   +---------------------------------------------------------------+
 */
export function attribute(type: number, value: Uint8Array): Uint8Array {
  const octets = new Writer(value.length + 8, NATIVE_ORDER);
  return octets
    .u16(4 + value.length)
    .u16(type)
    .bytes(value)
    .zeros(-value.length & 3)
    .finish();
}

/** A request without its header: `flags` besides those that every request for a change has. */
export interface Change {
  readonly type: number;
  readonly flags: number;
  readonly body: Uint8Array;
}

/** A request to change something, which the kernel answers with an ERROR message, of 0 when it did. */
export function changeRequest({ type, flags, body }: Change, sequence: number): Uint8Array {
  return request(type, REQUEST | ACKNOWLEDGE | flags, sequence, body);
}

const LINK_PART_LENGTH = 16;
const LINK_NAME = 3;

/** A request for the one link of that name. */
export function linkRequest(name: string, sequence: number): Uint8Array {
  const body = concat(new Uint8Array(LINK_PART_LENGTH), attribute(LINK_NAME, utf8(`${name}\0`)));
  return request(RouteMessage.GET_LINK, REQUEST, sequence, body);
}

function request(
  type: number,
  flags: number,
  sequence: number,
  body: Uint8Array,
  order = NATIVE_ORDER,
): Uint8Array {
  const octets = new Uint8Array(HEADER_LENGTH + body.length);
  const view = new DataView(octets.buffer);
  const little = order === 'little';
  view.setUint32(0, octets.length, little);
  view.setUint16(4, type, little);
  view.setUint16(6, flags, little);
  view.setUint32(8, sequence, little);
  octets.set(body, HEADER_LENGTH);
  return octets;
}
