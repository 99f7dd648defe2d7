import { ProtocolError } from '../../lib/reader.ts';
import type { Writer } from '../../lib/writer.ts';

/**
 * Nonce, RFC 7296 section 3.9: the body is the nonce, 16 to 256 octets.
 *
 * +---------------------------------------------------------------+
 * ~                           Nonce data                          ~
 * +---------------------------------------------------------------+
 */
export interface NoncePayload {
  readonly kind: 'NONCE';
  readonly data: Uint8Array;
}

export const MIN_NONCE_LENGTH = 16;
export const MAX_NONCE_LENGTH = 256;

/** Throws RangeError when the nonce is shorter or longer than the RFC lets us send. */
export function encodeNonce(payload: NoncePayload, writer: Writer): void {
  if (!fits(payload.data)) throw new RangeError(`a nonce of ${payload.data.length} octets`);
  writer.bytes(payload.data);
}

/** Throws ProtocolError. */
export function decodeNonce(body: Uint8Array): NoncePayload {
  if (!fits(body)) throw new ProtocolError(`NONCE: ${body.length} octets`);
  return { kind: 'NONCE', data: body };
}

function fits(nonce: Uint8Array): boolean {
  return nonce.length >= MIN_NONCE_LENGTH && nonce.length <= MAX_NONCE_LENGTH;
}
