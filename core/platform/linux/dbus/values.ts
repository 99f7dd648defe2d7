import { utf8, utf8Strict } from '../../../lib/bytes.ts';
import { ProtocolError, type Reader } from '../../../lib/reader.ts';
import type { Writer } from '../../../lib/writer.ts';

/*
 * Values of D-Bus (D-Bus Specification 0.43, "Type System" and "Marshaling"). A number begins at a multiple of its own
 * length, a structure at a multiple of 8, each counted from the first octet of the message (or of its body, which begins
 * at a multiple of 8).
 */

/**
 * A value: octets for an array of bytes, a list for another array, a structure or an entry of a dictionary, and of a
 * variant what is in it. 64-bit integers are bigints.
 */
export type DbusValue = string | number | bigint | boolean | Uint8Array | readonly DbusValue[];

/** A complete type: its code, and the types that it is made of ('a', '(' and '{'). */
interface Type {
  readonly code: string;
  readonly inner: readonly Type[];
}

const MAX_SIGNATURE_LENGTH = 255;
/** How deep values may be inside each other. */
const MAX_DEPTH = 64;

const ALIGNMENTS: Readonly<Record<string, 1 | 2 | 4 | 8>> = {
  y: 1,
  g: 1,
  v: 1,
  n: 2,
  q: 2,
  b: 4,
  i: 4,
  u: 4,
  h: 4,
  s: 4,
  o: 4,
  a: 4,
  x: 8,
  t: 8,
  d: 8,
  '(': 8,
  '{': 8,
};

/** The complete types of a signature. Throws ProtocolError. */
function typesOf(signature: string): Type[] {
  if (signature.length > MAX_SIGNATURE_LENGTH) throw new ProtocolError('a signature that is too long');
  let at = 0;
  const complete = (depth: number): Type => {
    const code = signature[at++];
    if (code === undefined || !(code in ALIGNMENTS) || depth > MAX_DEPTH) {
      throw new ProtocolError('a signature that is none');
    }
    if (code === 'a') return { code, inner: [complete(depth + 1)] };
    if (code !== '(' && code !== '{') return { code, inner: [] };
    const inner: Type[] = [];
    while (signature[at] !== (code === '(' ? ')' : '}')) inner.push(complete(depth + 1));
    at += 1;
    if (code === '(' ? inner.length === 0 : inner.length !== 2)
      throw new ProtocolError('a signature that is none');
    return { code, inner };
  };
  const types: Type[] = [];
  while (at < signature.length) types.push(complete(0));
  return types;
}

/** The values that a signature announces. Throws ProtocolError. */
export function readValues(reader: Reader, signature: string): DbusValue[] {
  return typesOf(signature).map((type) => read(reader, type, 0));
}

function read(reader: Reader, type: Type, depth: number): DbusValue {
  if (depth > MAX_DEPTH) throw new ProtocolError('values too deep inside each other');
  const { code } = type;
  align(reader, ALIGNMENTS[code] ?? 1);
  switch (code) {
    case 'y':
      return reader.u8('byte');
    case 'b':
      return readBoolean(reader);
    case 'n':
      return (reader.u16('integer') << 16) >> 16;
    case 'q':
      return reader.u16('integer');
    case 'i':
      return reader.u32('integer') | 0;
    case 'u':
    case 'h':
      return reader.u32('integer');
    case 'x':
      return BigInt.asIntN(64, reader.u64('integer'));
    case 't':
    case 'd':
      return reader.u64('integer');
    case 's':
    case 'o':
      return textOf(reader, reader.u32('text length'));
    case 'g':
      return textOf(reader, reader.u8('signature length'));
    case 'v':
      return readVariant(reader, depth);
    case 'a':
      return readArray(reader, type, depth);
    default:
      return type.inner.map((inner) => read(reader, inner, depth + 1));
  }
}

function readBoolean(reader: Reader): boolean {
  const value = reader.u32('boolean');
  if (value > 1) throw new ProtocolError(`a boolean of ${value}`);
  return value === 1;
}

function readVariant(reader: Reader, depth: number): DbusValue {
  const [type, ...more] = typesOf(textOf(reader, reader.u8('signature length')));
  if (type === undefined || more.length > 0) throw new ProtocolError('a variant of no or several types');
  return read(reader, type, depth + 1);
}

/** Its length is that of the elements: zeros between it and the first of them do not count. */
function readArray(reader: Reader, { inner: [element] }: Type, depth: number): DbusValue {
  const length = reader.u32('array length');
  if (element === undefined) return [];
  align(reader, ALIGNMENTS[element.code] ?? 1);
  if (element.code === 'y') return new Uint8Array(reader.take(length, 'array'));
  if (length > reader.remaining) throw new ProtocolError('an array that the message does not hold');
  const end = reader.offset + length;
  const values: DbusValue[] = [];
  while (reader.offset < end) values.push(read(reader, element, depth + 1));
  if (reader.offset !== end) throw new ProtocolError('an element behind the end of its array');
  return values;
}

/** Text of so many octets, and the zero behind it. */
function textOf(reader: Reader, length: number): string {
  const text = utf8Strict(reader.take(length, 'text'));
  if (text === undefined || reader.u8('end of text') !== 0) throw new ProtocolError('a text that is none');
  return text;
}

/** Passes over what stands before the next multiple. */
export function align(reader: Reader, to: number): void {
  reader.skip(aligned(reader.offset, to) - reader.offset, 'padding');
}

export function aligned(offset: number, to: number): number {
  return Math.ceil(offset / to) * to;
}

/** Writes values as a signature says. Throws RangeError for values that it does not fit: a bug of who calls. */
export function writeValues(writer: Writer, signature: string, values: readonly DbusValue[]): void {
  const types = typesOf(signature);
  if (types.length !== values.length) throw misfit(signature);
  for (const [i, type] of types.entries()) write(writer, type, values[i]);
}

function write(writer: Writer, type: Type, value: DbusValue | undefined): void {
  const { code } = type;
  pad(writer, ALIGNMENTS[code] ?? 1);
  if (code === 'y' && typeof value === 'number') writer.u8(value);
  else if (code === 'b' && typeof value === 'boolean') writer.u32(value ? 1 : 0);
  else if (code === 'q' && typeof value === 'number') writer.u16(value);
  else if (code === 'i' && typeof value === 'number' && (value | 0) === value) writer.u32(value >>> 0);
  else if (code === 'u' && typeof value === 'number') writer.u32(value);
  else if (code === 't' && typeof value === 'bigint') writer.u64(value);
  else if ((code === 's' || code === 'o') && typeof value === 'string') writeText(writer, value);
  else if (code === 'g' && typeof value === 'string') writeSignature(writer, value);
  else if (code === 'a' && (value instanceof Uint8Array || Array.isArray(value))) {
    writeArray(writer, type, value as Uint8Array | readonly DbusValue[]);
  } else if (code === '(' && Array.isArray(value) && value.length === type.inner.length) {
    for (const [i, inner] of type.inner.entries()) write(writer, inner, (value as readonly DbusValue[])[i]);
  } else throw misfit(code);
}

function writeArray(
  writer: Writer,
  { inner: [element] }: Type,
  value: Uint8Array | readonly DbusValue[],
): void {
  if (element === undefined || (element.code === 'y') !== value instanceof Uint8Array) throw misfit('a');
  const lengthAt = writer.length;
  writer.u32(0);
  pad(writer, ALIGNMENTS[element.code] ?? 1);
  const start = writer.length;
  if (value instanceof Uint8Array) writer.bytes(value);
  else for (const each of value) write(writer, element, each);
  writer.patchU32(lengthAt, writer.length - start);
}

function misfit(signature: string): RangeError {
  return new RangeError(`values that do not fit '${signature}'`);
}

function writeText(writer: Writer, text: string): void {
  const octets = utf8(text);
  writer.u32(octets.length).bytes(octets).u8(0);
}

function writeSignature(writer: Writer, signature: string): void {
  const octets = utf8(signature);
  writer.u8(octets.length).bytes(octets).u8(0);
}

/** Fills up with zeros to the next multiple. */
export function pad(writer: Writer, to: number): void {
  writer.zeros(aligned(writer.length, to) - writer.length);
}
