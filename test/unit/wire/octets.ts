import { fromHex } from '../../../core/lib/bytes.ts';

/** Octets written down by hand: hexadecimal, with a comment from `#` to the end of each line. */
export function octets(text: string): Uint8Array {
  return fromHex(text.replace(/#.*$/gm, ''));
}

/** A copy with the number of `size` octets at `offset` changed by `delta`. */
export function bumped(bytes: Uint8Array, offset: number, size: 1 | 2 | 4, delta: number): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  if (size === 1) view.setUint8(offset, view.getUint8(offset) + delta);
  else if (size === 2) view.setUint16(offset, view.getUint16(offset) + delta);
  else view.setUint32(offset, view.getUint32(offset) + delta);
  return copy;
}
