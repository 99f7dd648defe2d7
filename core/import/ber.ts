import { concat } from '../lib/bytes.ts';
import { ProtocolError, Reader } from '../lib/reader.ts';

const MAX_DEPTH = 32;
const CONSTRUCTED = 0x20;
const OCTET_STRING = 0x04;

/**
 * DER of the one BER element (ITU-T X.690 section 8) that the octets are. Key stores and signed messages are written in
 * BER: lengths that are not the shortest, or are given by an end mark, and octet strings in pieces.
 *
 *   +------------+------------+-------------+        +------------+------+---------------+-------+
 *   | identifier | length     | content ... |   or   | identifier | 0x80 | elements ...  | 00 00 |
 *   +------------+------------+-------------+        +------------+------+---------------+-------+
 *
 * Octets behind the element do not count. Throws ProtocolError.
 */
export function berToDer(octets: Uint8Array, what: string): Uint8Array {
  return element(new Reader(octets), what, 0);
}

function element(reader: Reader, what: string, depth: number): Uint8Array {
  if (depth > MAX_DEPTH) throw new ProtocolError(`${what}: elements too deep inside each other`);
  const tag = reader.u8(what);
  if ((tag & 0x1f) === 0x1f) throw new ProtocolError(`${what}: identifier of several octets`);
  const length = lengthOf(reader, what);
  if ((tag & CONSTRUCTED) === 0) {
    if (length === undefined) throw new ProtocolError(`${what}: an end mark where none can be`);
    return encoded(tag, [reader.take(length, what)]);
  }
  const parts: Uint8Array[] = [];
  if (length === undefined) {
    for (;;) {
      const part = element(reader, what, depth + 1);
      if (part[0] === 0 && part.length === 2) break;
      parts.push(part);
    }
  } else {
    const inner = reader.sub(length, what);
    while (inner.remaining > 0) parts.push(element(inner, what, depth + 1));
  }
  return tag === (OCTET_STRING | CONSTRUCTED)
    ? encoded(
        OCTET_STRING,
        parts.map((part) => pieceOf(part, what)),
      )
    : encoded(tag, parts);
}

/** The content of one piece of an octet string, which is in DER by now. */
function pieceOf(part: Uint8Array, what: string): Uint8Array {
  if (part[0] !== OCTET_STRING) throw new ProtocolError(`${what}: an octet string has something else in it`);
  const reader = new Reader(part);
  reader.skip(1, what);
  return reader.take(lengthOf(reader, what) ?? 0, what);
}

/** Undefined: an end mark follows somewhere. */
function lengthOf(reader: Reader, what: string): number | undefined {
  const first = reader.u8(what);
  if (first < 0x80) return first;
  if (first === 0x80) return undefined;
  let length = 0;
  const count = first & 0x7f;
  if (count > 8) throw new ProtocolError(`${what}: length in ${count} octets`);
  for (let at = 0; at < count; at++) length = length * 256 + reader.u8(what);
  return length;
}

/** One DER element of any length. */
export function encoded(tag: number, contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, part) => sum + part.length, 0);
  const digits: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  const head = length < 0x80 ? [length] : [0x80 | digits.length, ...digits];
  return concat(Uint8Array.of(tag, ...head), ...contents);
}

/**
 * The octets of an octet string that is tagged implicitly ([0] in EncryptedContentInfo): whole under 0x80, or in pieces
 * under 0xa0, each of which is an octet string.
 */
export function implicitOctets(tag: number, content: Uint8Array, what: string): Uint8Array {
  if (tag === 0x80) return content;
  if (tag !== 0xa0) throw new ProtocolError(`${what}: an octet string wanted`);
  const reader = new Reader(content);
  const parts: Uint8Array[] = [];
  while (reader.remaining > 0) parts.push(pieceOf(element(reader, what, 0), what));
  return concat(...parts);
}
