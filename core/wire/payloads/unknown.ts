import type { Writer } from '../../lib/writer.ts';

/**
 * A payload whose type is not known here. When its critical bit is set the message that holds it is refused
 * (RFC 7296 section 2.5), so in a decoded message `critical` is false.
 */
export interface UnknownPayload {
  readonly kind: 'unknown';
  readonly type: number;
  readonly critical: boolean;
  readonly data: Uint8Array;
}

export function encodeUnknown(payload: UnknownPayload, writer: Writer): void {
  writer.bytes(payload.data);
}
