import { ProtocolError, Reader } from '../../lib/reader.ts';
import type { Writer } from '../../lib/writer.ts';
import { IdType } from '../constants.ts';

/**
 * Identification of the initiator or of the responder, RFC 7296 section 3.5.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------+-----------------------------------------------+
 * |    ID type    |                   RESERVED                    |
 * +---------------+-----------------------------------------------+
 * ~                     Identification data                       ~
 * +---------------------------------------------------------------+
 */
export interface IdPayload {
  readonly kind: 'IDi' | 'IDr';
  readonly idType: number;
  readonly data: Uint8Array;
}

/** The octets of the data of the types whose length is fixed. */
const FIXED_LENGTHS: ReadonlyMap<number, number> = new Map([
  [IdType.IPV4_ADDR, 4],
  [IdType.IPV6_ADDR, 16],
]);

/** The payload body, which is also the RestOfIDPayload that AUTH covers (RFC 7296 section 2.15). */
export function encodeId(payload: IdPayload, writer: Writer): void {
  writer.u8(payload.idType).zeros(3).bytes(payload.data);
}

/** Throws ProtocolError. */
export function decodeId(kind: 'IDi' | 'IDr', body: Uint8Array): IdPayload {
  const reader = new Reader(body);
  const idType = reader.u8('ID type');
  reader.skip(3, 'ID reserved');
  const data = reader.rest();
  const length = FIXED_LENGTHS.get(idType);
  if (length !== undefined && data.length !== length) {
    throw new ProtocolError(`${kind}: an address of ${data.length} octets`);
  }
  return { kind, idType, data };
}
