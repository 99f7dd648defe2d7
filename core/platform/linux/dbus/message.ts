import { ProtocolError, Reader, type ByteOrder } from '../../../lib/reader.ts';
import { Writer } from '../../../lib/writer.ts';
import { NATIVE_ORDER } from '../netlink/message.ts';
import { align, aligned, pad, readValues, writeValues, type DbusValue } from './values.ts';

/*
 * Messages of D-Bus (D-Bus Specification 0.43, "Message Protocol"): as much of it as it takes to call methods and to
 * subscribe to signals.
 */

export const MessageType = { CALL: 1, RETURN: 2, ERROR: 3, SIGNAL: 4 } as const;

/** Octets of the longest message that is read. What we ask for is far below; the specification allows 128 MiB. */
export const MAX_MESSAGE_LENGTH = 65_536;

/** What has to be there to know how long a message is. */
const FIXED_LENGTH = 16;
const VERSION = 1;
const LITTLE = 0x6c;
const BIG = 0x42;

const Field = {
  PATH: 1,
  INTERFACE: 2,
  MEMBER: 3,
  ERROR_NAME: 4,
  REPLY_SERIAL: 5,
  DESTINATION: 6,
  SENDER: 7,
  SIGNATURE: 8,
} as const;

export interface DbusMessage {
  readonly type: number;
  readonly serial: number;
  readonly path?: string;
  readonly interface?: string;
  readonly member?: string;
  readonly errorName?: string;
  /** Of the message that this one answers. */
  readonly replySerial?: number;
  /** Absent in a signal for everybody. */
  readonly destination?: string;
  /** As the bus knows the sender; the bus itself has filled it in. */
  readonly sender?: string;
  /** The arguments, or what a method returns. */
  readonly body: readonly DbusValue[];
}

/**
 * Octets of the message that begins here; undefined when there are too few to say. Throws ProtocolError when it is no
 * message, or longer than MAX_MESSAGE_LENGTH.
 *
 *    0        1        2        3        4                 8                 12                16
 *   +--------+--------+--------+--------+-----------------+-----------------+-----------------+------------------
 *   | 'l','B'|  type  | flags  | version| octets of body  |     serial      | octets of fields| fields | 0 … | body
 *   +--------+--------+--------+--------+-----------------+-----------------+-----------------+------------------
 *
 * Zeros fill the fields up to a multiple of 8. A field is a code, the signature of its value, and the value; each
 * begins at a multiple of 8. Every number begins at a multiple of its own length, counted from the first octet.
 */
export function messageLength(octets: Uint8Array): number | undefined {
  if (octets.length < FIXED_LENGTH) return undefined;
  const reader = new Reader(octets, orderOf(octets[0]));
  reader.skip(3, 'order, type and flags');
  const version = reader.u8('version');
  if (version !== VERSION) throw new ProtocolError(`D-Bus version ${version}`);
  const bodyLength = reader.u32('body length');
  reader.skip(4, 'serial');
  const length = FIXED_LENGTH + aligned(reader.u32('fields length'), 8) + bodyLength;
  if (length > MAX_MESSAGE_LENGTH) throw new ProtocolError(`a D-Bus message of ${length} octets`);
  return length;
}

/** Reads one whole message. Throws ProtocolError. */
export function decodeMessage(octets: Uint8Array): DbusMessage {
  if (messageLength(octets) !== octets.length) throw new ProtocolError('not one D-Bus message');
  const order = orderOf(octets[0]);
  const reader = new Reader(octets, order);
  reader.skip(1, 'order');
  const type = reader.u8('type');
  reader.skip(6, 'flags, version and body length');
  const serial = reader.u32('serial');
  const fieldsEnd = FIXED_LENGTH + reader.u32('fields length');
  const fields = new Map<number, DbusValue>();
  while (reader.offset < fieldsEnd) {
    align(reader, 8);
    const code = reader.u8('field');
    const [value] = readValues(reader, 'v');
    if (value !== undefined) fields.set(code, value);
    if (reader.offset > fieldsEnd) throw new ProtocolError('a field behind the fields');
  }
  align(reader, 8);
  const signature = fields.get(Field.SIGNATURE);
  const body = readValues(reader, typeof signature === 'string' ? signature : '');
  reader.end('body');
  const replySerial = fields.get(Field.REPLY_SERIAL);
  return {
    type,
    serial,
    ...textField('path', fields.get(Field.PATH)),
    ...textField('interface', fields.get(Field.INTERFACE)),
    ...textField('member', fields.get(Field.MEMBER)),
    ...textField('errorName', fields.get(Field.ERROR_NAME)),
    ...textField('destination', fields.get(Field.DESTINATION)),
    ...textField('sender', fields.get(Field.SENDER)),
    ...(typeof replySerial === 'number' ? { replySerial } : {}),
    body,
  };
}

function textField<K extends string>(
  name: K,
  value: DbusValue | undefined,
): Partial<Readonly<Record<K, string>>> {
  return typeof value === 'string' ? ({ [name]: value } as Record<K, string>) : {};
}

function orderOf(octet: number | undefined): ByteOrder {
  if (octet === LITTLE) return 'little';
  if (octet === BIG) return 'big';
  throw new ProtocolError('a D-Bus message without an order of octets');
}

export interface DbusCall {
  /** Above 0, and another one for each message. */
  readonly serial: number;
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  /** The types of the arguments; none without it. */
  readonly signature?: string;
  readonly arguments?: readonly DbusValue[];
}

/**
 * The octets of a method call. Throws RangeError for arguments that are not of their types. The order is that of the
 * machine: both are allowed, but services of systemd refuse arrays in the other one.
 */
export function encodeCall(call: DbusCall, order: ByteOrder = NATIVE_ORDER): Uint8Array {
  const { signature = '' } = call;
  const body = new Writer(256, order);
  writeValues(body, signature, call.arguments ?? []);
  const bodyOctets = body.finish();
  const writer = new Writer(256, order);
  writer
    .u8(order === 'little' ? LITTLE : BIG)
    .u8(MessageType.CALL)
    .u8(0)
    .u8(VERSION)
    .u32(bodyOctets.length)
    .u32(call.serial)
    .u32(0);
  const fields = [
    [Field.PATH, 'o', call.path],
    [Field.INTERFACE, 's', call.interface],
    [Field.MEMBER, 's', call.member],
    [Field.DESTINATION, 's', call.destination],
  ] as const;
  for (const [code, type, text] of fields) writeField(writer, code, type, text);
  if (signature !== '') writeField(writer, Field.SIGNATURE, 'g', signature);
  writer.patchU32(12, writer.length - FIXED_LENGTH);
  pad(writer, 8);
  return writer.bytes(bodyOctets).finish();
}

function writeField(writer: Writer, code: number, type: string, value: string): void {
  pad(writer, 8);
  writer.u8(code);
  writeValues(writer, 'g', [type]);
  writeValues(writer, type, [value]);
}
