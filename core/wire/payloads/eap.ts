import { ProtocolError, Reader } from '../../lib/reader.ts';
import type { Writer } from '../../lib/writer.ts';
import { EAP_HEADER_LENGTH, EapCode } from '../eap.ts';

/**
 * EAP, RFC 7296 section 3.16: the body is one EAP packet, which ../eap.ts reads.
 *
 * +---------------------------------------------------------------+
 * ~                          EAP message                          ~
 * +---------------------------------------------------------------+
 */
export interface EapPayload {
  readonly kind: 'EAP';
  readonly message: Uint8Array;
}

export function encodeEapPayload(payload: EapPayload, writer: Writer): void {
  writer.bytes(payload.message);
}

/**
 * Throws ProtocolError unless the body is exactly one EAP packet by its length field, which for success and
 * failure is four. What the packet says is for EAP to judge.
 */
export function decodeEapPayload(body: Uint8Array): EapPayload {
  const reader = new Reader(body);
  const code = reader.u8('EAP code');
  reader.skip(1, 'EAP identifier');
  const length = reader.u16('EAP length');
  if (length !== body.length) throw new ProtocolError(`EAP: length ${length} in ${body.length} octets`);
  if ((code === EapCode.SUCCESS || code === EapCode.FAILURE) && length !== EAP_HEADER_LENGTH) {
    throw new ProtocolError(`EAP: success or failure with length ${length}`);
  }
  return { kind: 'EAP', message: body };
}
