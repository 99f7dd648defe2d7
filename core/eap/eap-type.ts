import { concat, u32 } from '../lib/bytes.ts';
import { Reader } from '../lib/reader.ts';
import { type EapPacket, EapType } from '../wire/eap.ts';

/**
 * The type of a request and its data, however it was written. RFC 3748 section 5.7: a type below 256 means the same
 * in one octet and as Vendor-Type of vendor 0 in an expanded type.
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +---------------+-----------------------------------------------+
 *   |  Type (254)   |                  Vendor-Id                    |
 *   +---------------+-----------------------------------------------+
 *   |                          Vendor-Type                          |
 *   +---------------------------------------------------------------+
 *   |                          Vendor data ...
 */
export interface TypedRequest {
  readonly identifier: number;
  readonly vendor: number;
  readonly type: number;
  readonly data: Uint8Array;
  /** Written as an expanded type; its response has to be, too. */
  readonly expanded: boolean;
}

/** Throws ProtocolError for an expanded type that is cut short. */
export function typedRequest({ identifier, type = 0, data }: EapPacket): TypedRequest {
  if (type !== EapType.EXPANDED) return { identifier, vendor: 0, type, data, expanded: false };
  const reader = new Reader(data);
  const vendor = (reader.u8('Vendor-Id') << 16) | reader.u16('Vendor-Id');
  const vendorType = reader.u32('Vendor-Type');
  return { identifier, vendor, type: vendorType, data: reader.rest(), expanded: true };
}

/** An expanded type of the IETF's (vendor 0), 8 octets with its leading 254 but without data. */
function expandedType(type: number): Uint8Array {
  return concat(Uint8Array.of(EapType.EXPANDED, 0, 0, 0), u32(type));
}

/** Type and Type-Data of the response to `request`, in the form in which the request came. */
export function responseTo(
  request: TypedRequest,
  type: number,
  data: Uint8Array,
): { type: number; data: Uint8Array } {
  if (!request.expanded) return { type, data };
  return { type: EapType.EXPANDED, data: concat(expandedType(type).subarray(1), data) };
}

/**
 * Nak: this type is not acceptable, these are (RFC 3748 sections 5.3.1 and 5.3.2), or none. A request of an expanded
 * type gets the expanded Nak, which lists expanded types.
 */
export function nakTo(
  request: TypedRequest,
  acceptable: readonly number[],
): { type: number; data: Uint8Array } {
  const types = acceptable.length > 0 ? acceptable : [0];
  const data = request.expanded ? concat(...types.map(expandedType)) : Uint8Array.from(types);
  return responseTo(request, EapType.NAK, data);
}

const TYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [EapType.MD5, 'EAP-MD5'],
  [EapType.OTP, 'EAP-OTP'],
  [EapType.GTC, 'EAP-GTC'],
  [EapType.TLS, 'EAP-TLS'],
  [18, 'EAP-SIM'],
  [EapType.TTLS, 'EAP-TTLS'],
  [23, 'EAP-AKA'],
  [EapType.PEAP, 'EAP-PEAP'],
  [EapType.MSCHAPV2, 'EAP-MSCHAPv2'],
  [43, 'EAP-FAST'],
  [50, "EAP-AKA'"],
  [52, 'EAP-PWD'],
  [55, 'EAP-TEAP'],
]);

/** A type for people: `EAP-TLS`, `EAP type 99`, `EAP type 5 of vendor 311`. */
export function typeName({ vendor, type }: Pick<TypedRequest, 'vendor' | 'type'>): string {
  if (vendor !== 0) return `EAP type ${type} of vendor ${vendor}`;
  return TYPE_NAMES.get(type) ?? `EAP type ${type}`;
}
