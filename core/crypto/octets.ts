/**
 * The same octets as a plain Uint8Array. node:crypto answers in Buffers; those compare and print differently,
 * so none leaves this room. No copy is made: wiping the view wipes the original.
 */
export function plain(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

/** Throws RangeError unless `octets` has `length` octets: a wrong key or IV length is a bug of the caller. */
export function checkLength(what: string, octets: Uint8Array, length: number): void {
  if (octets.length !== length) throw new RangeError(`${what}: ${octets.length} octets, not ${length}`);
}
