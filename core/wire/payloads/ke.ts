import { Reader } from '../../lib/reader.ts';
import type { Writer } from '../../lib/writer.ts';

/**
 * Key exchange, RFC 7296 section 3.4. `group` is the key exchange method, `data` the public value.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------------------------------+-------------------------------+
 * |      Key exchange method      |           RESERVED            |
 * +-------------------------------+-------------------------------+
 * ~                       Key exchange data                       ~
 * +---------------------------------------------------------------+
 */
export interface KePayload {
  readonly kind: 'KE';
  readonly group: number;
  readonly data: Uint8Array;
}

export function encodeKe(payload: KePayload, writer: Writer): void {
  writer.u16(payload.group).u16(0).bytes(payload.data);
}

/** Throws ProtocolError. Whether the value's length fits its method is for the method to say. */
export function decodeKe(body: Uint8Array): KePayload {
  const reader = new Reader(body);
  const group = reader.u16('KE method');
  reader.skip(2, 'KE reserved');
  return { kind: 'KE', group, data: reader.rest() };
}
