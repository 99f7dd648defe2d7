import { ProtocolError, Reader } from '../lib/reader.ts';
import { takeDer } from '../crypto/der.ts';

/** Identifier octets (class, constructed bit and number in one octet) of the universal types we meet. */
export const Tag = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  NULL: 0x05,
  OBJECT_IDENTIFIER: 0x06,
  UTF8_STRING: 0x0c,
  PRINTABLE_STRING: 0x13,
  TELETEX_STRING: 0x14,
  IA5_STRING: 0x16,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  UNIVERSAL_STRING: 0x1c,
  BMP_STRING: 0x1e,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const;

/**
 * A strict reader of DER (ITU-T X.690 sections 8, 10 and 11): definite lengths in their shortest form, one-octet
 * identifiers, no octets left over. What it does not accept, it refuses with ProtocolError, its only error.
 *
 *   +------------+------------------------------+----------------+
 *   | identifier | length                       | content ...    |
 *   |  1 octet   | 1 octet (0..127), or         | length octets  |
 *   |            | 0x80|n and n octets, n <= 3  |                |
 *   +------------+------------------------------+----------------+
 */
export interface DerElement {
  /** The identifier octet: class, constructed bit, number. */
  readonly tag: number;
  readonly content: Uint8Array;
  /** Identifier, length and content together. */
  readonly raw: Uint8Array;
}

export class DerReader {
  readonly #bytes: Uint8Array;
  readonly #reader: Reader;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#reader = new Reader(bytes);
  }

  get atEnd(): boolean {
    return this.#reader.remaining === 0;
  }

  /** The identifier octet of the next element, or undefined at the end. */
  peek(): number | undefined {
    return this.#bytes[this.#reader.offset];
  }

  /** The next element, whatever it is. */
  any(what: string): DerElement {
    const start = this.#reader.offset;
    const tag = this.peek();
    if (tag === undefined) throw new ProtocolError(`${what}: missing`);
    if ((tag & 0x1f) === 0x1f) throw new ProtocolError(`${what}: identifier of several octets`);
    const content = takeDer(this.#reader, tag, what);
    return { tag, content, raw: this.#bytes.subarray(start, this.#reader.offset) };
  }

  /** The next element, which must have this identifier. */
  element(tag: number, what: string): DerElement {
    const next = this.peek();
    if (next !== tag) {
      const found = next === undefined ? 'nothing' : `0x${next.toString(16)}`;
      throw new ProtocolError(`${what}: element 0x${tag.toString(16)} wanted, ${found} found`);
    }
    return this.any(what);
  }

  /** The next element when it has this identifier; otherwise nothing is read. */
  optional(tag: number, what: string): DerElement | undefined {
    return this.peek() === tag ? this.any(what) : undefined;
  }

  /** A reader over the content of the next element, which must have this identifier (default SEQUENCE). */
  inside(what: string, tag: number = Tag.SEQUENCE): DerReader {
    return new DerReader(this.element(tag, what).content);
  }

  end(what: string): void {
    this.#reader.end(what);
  }
}

/** The whole of `bytes` as one element with this identifier. */
export function soleElement(bytes: Uint8Array, tag: number, what: string): DerElement {
  const reader = new DerReader(bytes);
  const element = reader.element(tag, what);
  reader.end(what);
  return element;
}

/** The dotted form of an OBJECT IDENTIFIER's content. */
export function objectIdentifier(content: Uint8Array, what: string): string {
  const arcs: bigint[] = [];
  let value = 0n;
  let pending = false;
  for (const octet of content) {
    if (!pending && octet === 0x80) throw new ProtocolError(`${what}: padded object identifier`);
    value = (value << 7n) | BigInt(octet & 0x7f);
    pending = (octet & 0x80) !== 0;
    if (!pending) {
      arcs.push(value);
      value = 0n;
    }
  }
  const [first, ...rest] = arcs;
  if (pending || first === undefined || content.length > 64)
    throw new ProtocolError(`${what}: bad object identifier`);
  const root = first < 80n ? first / 40n : 2n;
  return [root, first - root * 40n, ...rest].join('.');
}

export function booleanOf(content: Uint8Array, what: string): boolean {
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff))
    throw new ProtocolError(`${what}: bad boolean`);
  return content[0] === 0xff;
}

/** A non-negative INTEGER below 2^31. */
export function smallInteger(content: Uint8Array, what: string): number {
  const [first = 0x80, second = 0x80] = content;
  const padded = content.length > 1 && first === 0 && second < 0x80;
  if (content.length === 0 || content.length > 4 || first >= 0x80 || padded)
    throw new ProtocolError(`${what}: bad integer`);
  return content.reduce((value, octet) => value * 256 + octet, 0);
}

/** The octets of a BIT STRING and how many bits of the last one do not count. */
export function bitString(content: Uint8Array, what: string): { unused: number; octets: Uint8Array } {
  const [unused = 8] = content;
  const octets = content.subarray(1);
  const last = octets.at(-1) ?? 0;
  if (unused > 7 || (octets.length === 0 && unused !== 0) || (last & ((1 << unused) - 1)) !== 0) {
    throw new ProtocolError(`${what}: bad bit string`);
  }
  return { unused, octets };
}

/** The octets of a BIT STRING that must be whole octets: keys and signatures. */
export function wholeBitString(content: Uint8Array, what: string): Uint8Array {
  const { unused, octets } = bitString(content, what);
  if (unused !== 0) throw new ProtocolError(`${what}: not whole octets`);
  return octets;
}

/**
 * UTCTime or GeneralizedTime as RFC 5280 section 4.1.2.5 profiles them: Zulu, with seconds, without fractions.
 * Milliseconds since 1970.
 */
export function timeOf(element: DerElement, what: string): number {
  const text = String.fromCharCode(...element.content);
  const pattern = element.tag === Tag.UTC_TIME ? /^(\d\d)(\d{10})Z$/ : /^(\d{4})(\d{10})Z$/;
  const [, yearDigits, digits] = pattern.exec(text) ?? [];
  const known = element.tag === Tag.UTC_TIME || element.tag === Tag.GENERALIZED_TIME;
  if (!known || yearDigits === undefined || digits === undefined)
    throw new ProtocolError(`${what}: bad time`);
  const short = Number(yearDigits);
  const year = element.tag === Tag.UTC_TIME ? (short < 50 ? 2000 + short : 1900 + short) : short;
  const two = (at: number): string => digits.slice(at, at + 2);
  const iso = `${String(year).padStart(4, '0')}-${two(0)}-${two(2)}T${two(4)}:${two(6)}:${two(8)}.000Z`;
  const millis = Date.parse(iso);
  // Date.parse takes 24:00:00 and rolls days over; writing it back shows whether it did.
  if (!Number.isFinite(millis) || new Date(millis).toISOString() !== iso)
    throw new ProtocolError(`${what}: bad time`);
  return millis;
}

/** Text of one of the ASN.1 string types, or undefined when the type is no string that we know. */
export function stringOf(element: DerElement, what: string): string | undefined {
  switch (element.tag) {
    case Tag.UTF8_STRING:
      return decodeWith(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }), element.content, what);
    case Tag.PRINTABLE_STRING:
    case Tag.IA5_STRING:
      return asciiOf(element.content, what);
    case Tag.TELETEX_STRING:
      // In practice always Latin-1.
      return Array.from(element.content, (octet) => String.fromCharCode(octet)).join('');
    case Tag.BMP_STRING:
      return decodeWith(new TextDecoder('utf-16be', { fatal: true, ignoreBOM: true }), element.content, what);
    case Tag.UNIVERSAL_STRING:
      return utf32Of(element.content, what);
    default:
      return undefined;
  }
}

function decodeWith(decoder: TextDecoder, content: Uint8Array, what: string): string {
  try {
    return decoder.decode(content);
  } catch {
    throw new ProtocolError(`${what}: badly encoded text`);
  }
}

/** Text of octets that must all be below 0x80. */
export function asciiOf(content: Uint8Array, what: string): string {
  let text = '';
  for (const octet of content) {
    if (octet >= 0x80) throw new ProtocolError(`${what}: not ASCII`);
    text += String.fromCharCode(octet);
  }
  return text;
}

function utf32Of(content: Uint8Array, what: string): string {
  const reader = new Reader(content);
  let text = '';
  while (reader.remaining > 0) {
    const point = reader.u32(what);
    if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
      throw new ProtocolError(`${what}: bad character`);
    text += String.fromCodePoint(point);
  }
  return text;
}
