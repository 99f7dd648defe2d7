import { ProtocolError, Reader } from '../../lib/reader.ts';
import type { Writer } from '../../lib/writer.ts';
import { TsType } from '../constants.ts';

/**
 * Traffic selectors, RFC 7296 section 3.13.
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------+-----------------------------------------------+
 * | Number of TSs |                   RESERVED                    |
 * +---------------+-----------------------------------------------+
 * ~                       Traffic selectors                       ~
 * +---------------------------------------------------------------+
 */
export interface TsPayload {
  readonly kind: 'TSi' | 'TSr';
  readonly selectors: readonly TrafficSelector[];
  /** Selectors that are no address ranges (a security label, for one), in their order; absent when none. */
  readonly otherSelectors?: readonly OtherSelector[];
}

/**
 * An address range, RFC 7296 section 3.13.1. Addresses have 4 octets (TS_IPV4_ADDR_RANGE) or 16 (IPv6).
 *
 *                      1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------+---------------+-------------------------------+
 * |    TS type    |IP protocol ID |        Selector length        |
 * +---------------+---------------+-------------------------------+
 * |          Start port           |           End port            |
 * +-------------------------------+-------------------------------+
 * ~                       Starting address                        ~
 * +---------------------------------------------------------------+
 * ~                        Ending address                         ~
 * +---------------------------------------------------------------+
 */
export interface TrafficSelector {
  readonly tsType: number;
  /** 0 means any. */
  readonly ipProtocol: number;
  /** Ports, or ICMP type and code in the high and low octet; 65535 to 0 means opaque. */
  readonly startPort: number;
  readonly endPort: number;
  readonly startAddress: Uint8Array;
  readonly endAddress: Uint8Array;
}

/** A selector of another type: the octet where IPv4 and IPv6 have the protocol, and what follows the length. */
export interface OtherSelector {
  readonly tsType: number;
  readonly second: number;
  readonly data: Uint8Array;
}

const SELECTOR_HEADER = 4;
const ADDRESS_LENGTHS: ReadonlyMap<number, number> = new Map([
  [TsType.IPV4, 4],
  [TsType.IPV6, 16],
]);

/** Throws RangeError when an address does not have the length of its type. */
export function encodeTs(payload: TsPayload, writer: Writer): void {
  const others = payload.otherSelectors ?? [];
  writer.u8(payload.selectors.length + others.length).zeros(3);
  for (const selector of payload.selectors) {
    const addressLength = ADDRESS_LENGTHS.get(selector.tsType);
    if (addressLength !== selector.startAddress.length || addressLength !== selector.endAddress.length) {
      throw new RangeError(`traffic selector type ${selector.tsType} with addresses of another length`);
    }
    writer
      .u8(selector.tsType)
      .u8(selector.ipProtocol)
      .u16(SELECTOR_HEADER + 4 + 2 * addressLength);
    writer.u16(selector.startPort).u16(selector.endPort);
    writer.bytes(selector.startAddress).bytes(selector.endAddress);
  }
  for (const { tsType, second, data } of others) {
    if (ADDRESS_LENGTHS.has(tsType))
      throw new RangeError(`traffic selector type ${tsType} is an address range`);
    writer
      .u8(tsType)
      .u8(second)
      .u16(SELECTOR_HEADER + data.length)
      .bytes(data);
  }
}

/** Throws ProtocolError. Start and end are not compared here: what a range means is for its user to say. */
export function decodeTs(kind: 'TSi' | 'TSr', body: Uint8Array): TsPayload {
  const reader = new Reader(body);
  const count = reader.u8(`${kind} number`);
  reader.skip(3, `${kind} reserved`);
  if (count === 0) throw new ProtocolError(`${kind}: no selectors`);
  const selectors: TrafficSelector[] = [];
  const others: OtherSelector[] = [];
  for (let i = 0; i < count; i++) {
    const tsType = reader.u8('selector type');
    const second = reader.u8('selector protocol');
    const length = reader.u16('selector length');
    if (length < SELECTOR_HEADER) throw new ProtocolError(`selector: length ${length}`);
    const rest = reader.sub(length - SELECTOR_HEADER, 'selector');
    const addressLength = ADDRESS_LENGTHS.get(tsType);
    if (addressLength === undefined) others.push({ tsType, second, data: rest.rest() });
    else selectors.push(decodeRange(tsType, second, addressLength, rest));
  }
  reader.end(kind);
  return { kind, selectors, ...(others.length === 0 ? {} : { otherSelectors: others }) };
}

function decodeRange(
  tsType: number,
  ipProtocol: number,
  addressLength: number,
  reader: Reader,
): TrafficSelector {
  const startPort = reader.u16('selector start port');
  const endPort = reader.u16('selector end port');
  const startAddress = reader.take(addressLength, 'selector start');
  const endAddress = reader.take(addressLength, 'selector end');
  reader.end('selector');
  return { tsType, ipProtocol, startPort, endPort, startAddress, endAddress };
}
