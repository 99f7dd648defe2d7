import { Reader } from '../../lib/reader.ts';
import type { Writer } from '../../lib/writer.ts';

/**
 * Authentication, RFC 7296 section 3.8.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------+-----------------------------------------------+
 * |  Auth method  |                   RESERVED                    |
 * +---------------+-----------------------------------------------+
 * ~                      Authentication data                      ~
 * +---------------------------------------------------------------+
 */
export interface AuthPayload {
  readonly kind: 'AUTH';
  readonly method: number;
  readonly data: Uint8Array;
}

export function encodeAuth(payload: AuthPayload, writer: Writer): void {
  writer.u8(payload.method).zeros(3).bytes(payload.data);
}

/** Throws ProtocolError. */
export function decodeAuth(body: Uint8Array): AuthPayload {
  const reader = new Reader(body);
  const method = reader.u8('AUTH method');
  reader.skip(3, 'AUTH reserved');
  return { kind: 'AUTH', method, data: reader.rest() };
}
