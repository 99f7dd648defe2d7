import { parseAddress } from '../../../core/net/address.ts';
import { parsePrefix } from '../../../core/net/prefix.ts';
import { selectorOfPrefix, type Selector } from '../../../core/net/selector.ts';

/** Octets of an address that the test wrote itself. */
export function octetsOf(text: string): Uint8Array {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`${text} is no address`);
  return address.octets;
}

/** The selector of '10.0.0.0/8' or '10.0.0.0/8' with a protocol and ports. */
export function selector(prefix: string, protocol = 0, startPort = 0, endPort = 0xffff): Selector {
  const parsed = parsePrefix(prefix);
  if (parsed === undefined) throw new Error(`${prefix} is no prefix`);
  return selectorOfPrefix(parsed, protocol, startPort, endPort);
}

export interface PacketFields {
  readonly source: string;
  readonly destination: string;
  /** UDP when absent. */
  readonly protocol?: number;
  /** What follows the IP header; a UDP-like header with the ports and eight octets of data when absent. */
  readonly payload?: Uint8Array;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  /** IPv4: flags and fragment offset field. */
  readonly fragment?: number;
  /** IPv4: options, a multiple of four octets. */
  readonly options?: Uint8Array;
}

function payloadOf(fields: PacketFields): Uint8Array {
  if (fields.payload !== undefined) return fields.payload;
  const payload = new Uint8Array(16).fill(0x5a);
  const view = new DataView(payload.buffer);
  view.setUint16(0, fields.sourcePort ?? 40000);
  view.setUint16(2, fields.destinationPort ?? 443);
  view.setUint16(4, 16);
  view.setUint16(6, 0);
  return payload;
}

/** An IPv4 or IPv6 packet, by the family of its addresses. */
export function packet(fields: PacketFields): Uint8Array {
  const source = octetsOf(fields.source);
  const destination = octetsOf(fields.destination);
  const payload = payloadOf(fields);
  const protocol = fields.protocol ?? 17;
  if (source.length === 4) {
    const options = fields.options ?? new Uint8Array(0);
    const headerLength = 20 + options.length;
    const out = new Uint8Array(headerLength + payload.length);
    const view = new DataView(out.buffer);
    view.setUint8(0, 0x40 | (headerLength / 4));
    view.setUint16(2, out.length);
    view.setUint16(6, fields.fragment ?? 0);
    view.setUint8(8, 64);
    view.setUint8(9, protocol);
    out.set(source, 12);
    out.set(destination, 16);
    out.set(options, 20);
    out.set(payload, headerLength);
    return out;
  }
  const out = new Uint8Array(40 + payload.length);
  const view = new DataView(out.buffer);
  view.setUint8(0, 0x60);
  view.setUint16(4, payload.length);
  view.setUint8(6, protocol);
  view.setUint8(7, 64);
  out.set(source, 8);
  out.set(destination, 24);
  out.set(payload, 40);
  return out;
}
