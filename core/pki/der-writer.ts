import { utf8 } from '../lib/bytes.ts';
import { der } from '../crypto/der.ts';
import { Tag } from './der.ts';

/** SEQUENCE of the encoded elements. This file writes what a distinguished name needs; der.ts reads. */
export function derSequence(...elements: readonly Uint8Array[]): Uint8Array {
  return der(Tag.SEQUENCE, ...elements);
}

/** SET OF: the elements in ascending order of their encodings (X.690 section 11.6). */
export function derSetOf(...elements: readonly Uint8Array[]): Uint8Array {
  return der(Tag.SET, ...[...elements].sort(compareEncodings));
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
  return der(Tag.OBJECT_IDENTIFIER, ...[first * 40n + second, ...rest].map(base128));
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
  return der(tag, utf8(text));
}
