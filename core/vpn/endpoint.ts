import { addressOf, type Endpoint } from '../net/address.ts';
import { ENDPOINT_LENGTH } from '../platform/ports.ts';

/** An endpoint as sockets take it: family, 0, port in network order, 16 octets of address. */
export function encodeEndpoint(endpoint: Endpoint): Uint8Array {
  const out = new Uint8Array(ENDPOINT_LENGTH);
  out[0] = endpoint.address.family;
  out[2] = endpoint.port >>> 8;
  out[3] = endpoint.port & 0xff;
  out.set(endpoint.address.octets, 4);
  return out;
}

export function decodeEndpoint(bytes: Uint8Array, offset: number): Endpoint {
  const length = bytes[offset] === 4 ? 4 : 16;
  return {
    address: addressOf(bytes.slice(offset + 4, offset + 4 + length)),
    port: ((bytes[offset + 2] ?? 0) << 8) | (bytes[offset + 3] ?? 0),
  };
}
