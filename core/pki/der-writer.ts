import { concat, utf8 } from '../lib/bytes.ts';

/**
 * Writes the few DER values (ITU-T X.690) that a distinguished name needs. Reading is der.ts's work.
 */

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

/** One element: identifier octet, definite length in its shortest form, content. */
export function derElement(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const body = concat(...content);
  return concat(Uint8Array.of(tag), derLength(body.length), body);
}

function derLength(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return Uint8Array.of(0x80 | octets.length, ...octets);
}

export function derSequence(...elements: readonly Uint8Array[]): Uint8Array {
  return derElement(Tag.SEQUENCE, ...elements);
}

/** SET OF: the elements in ascending order of their encodings (X.690 section 11.6). */
export function derSetOf(...elements: readonly Uint8Array[]): Uint8Array {
  return derElement(Tag.SET, ...[...elements].sort(compareEncodings));
}

function compareEncodings(a: Uint8Array, b: Uint8Array): number {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** An object identifier of its dotted form. Throws RangeError when `dotted` is none. */
export function derObjectIdentifier(dotted: string): Uint8Array {
  if (!/^[0-2](\.(0|[1-9]\d*))+$/.test(dotted)) throw new RangeError(`not an object identifier: ${dotted}`);
  const [first = 0n, second = 0n, ...rest] = dotted.split('.').map(BigInt);
  if (first < 2n && second > 39n) throw new RangeError(`not an object identifier: ${dotted}`);
  return derElement(Tag.OBJECT_IDENTIFIER, ...[first * 40n + second, ...rest].map(base128));
}

function base128(value: bigint): Uint8Array {
  const octets = [Number(value & 0x7fn)];
  for (let rest = value >> 7n; rest > 0n; rest >>= 7n) octets.unshift(Number(rest & 0x7fn) | 0x80);
  return Uint8Array.from(octets);
}

/** A string of one of the types whose octets are ASCII or UTF-8. */
export function derText(
  tag: typeof Tag.UTF8_STRING | typeof Tag.PRINTABLE_STRING | typeof Tag.IA5_STRING,
  text: string,
): Uint8Array {
  return derElement(tag, utf8(text));
}
