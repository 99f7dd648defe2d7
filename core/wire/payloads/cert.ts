import { Reader } from '../../lib/reader.ts';
import type { Writer } from '../../lib/writer.ts';

/**
 * Certificate or what stands for one, RFC 7296 section 3.6.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------+-----------------------------------------------+
 * | Cert encoding |                                               |
 * +---------------+                                               |
 * ~                       Certificate data                        ~
 * +---------------------------------------------------------------+
 */
export interface CertPayload {
  readonly kind: 'CERT';
  readonly encoding: number;
  readonly data: Uint8Array;
}

export function encodeCert(payload: CertPayload, writer: Writer): void {
  writer.u8(payload.encoding).bytes(payload.data);
}

/** Throws ProtocolError. */
export function decodeCert(body: Uint8Array): CertPayload {
  const reader = new Reader(body);
  const encoding = reader.u8('CERT encoding');
  return { kind: 'CERT', encoding, data: reader.rest() };
}
