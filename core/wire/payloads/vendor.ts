import type { Writer } from '../../lib/writer.ts';

/**
 * Vendor ID, RFC 7296 section 3.12: the body is an opaque constant of its vendor.
 *
 * +---------------------------------------------------------------+
 * ~                           Vendor ID                           ~
 * +---------------------------------------------------------------+
 */
export interface VendorPayload {
  readonly kind: 'V';
  readonly data: Uint8Array;
}

export function encodeVendor(payload: VendorPayload, writer: Writer): void {
  writer.bytes(payload.data);
}

/** Every body is a vendor ID. */
export function decodeVendor(body: Uint8Array): VendorPayload {
  return { kind: 'V', data: body };
}
