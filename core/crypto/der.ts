import { concat } from '../lib/bytes.ts';
import { ProtocolError, type Reader } from '../lib/reader.ts';

/** The few DER tags that keys and signature algorithms are made of (X.690). */
export const Tag = {
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  NULL: 0x05,
  OID: 0x06,
  SEQUENCE: 0x30,
};

/** One DER element: tag, shortest definite length, the contents in order. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of contents) length += part.length;
  return concat(Uint8Array.of(tag, ...lengthOctets(length)), ...contents);
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length];
  if (length <= 0xff) return [0x81, length];
  if (length <= 0xffff) return [0x82, length >>> 8, length & 0xff];
  throw new RangeError('DER element over 65535 octets');
}

/** A non-negative DER INTEGER of big-endian octets, which may have leading zeros. */
export function derUnsigned(magnitude: Uint8Array): Uint8Array {
  let start = 0;
  while (start < magnitude.length - 1 && magnitude[start] === 0) start++;
  const digits = magnitude.length === 0 ? Uint8Array.of(0) : magnitude.subarray(start);
  const signed = (digits[0] ?? 0) >= 0x80;
  return signed ? der(Tag.INTEGER, Uint8Array.of(0), digits) : der(Tag.INTEGER, digits);
}

/**
 * The contents of the next element, which must have `tag`. Strict: the length is definite and in its shortest
 * form (DER, not BER). Throws ProtocolError otherwise. `what` names it in the error.
 */
export function takeDer(reader: Reader, tag: number, what: string): Uint8Array {
  const found = reader.u8(what);
  if (found !== tag) throw new ProtocolError(`${what}: tag ${found} where ${tag} belongs`);
  return reader.take(takeLength(reader, what), what);
}

function takeLength(reader: Reader, what: string): number {
  const first = reader.u8(what);
  if (first < 0x80) return first;
  const count = first & 0x7f;
  if (count === 0 || count > 3) throw new ProtocolError(`${what}: length in ${count} octets`);
  let length = 0;
  for (let i = 0; i < count; i++) length = length * 256 + reader.u8(what);
  if (length < 0x80 || length < 256 ** (count - 1)) throw new ProtocolError(`${what}: length not in DER`);
  return length;
}
