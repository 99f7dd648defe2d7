import type { Path } from '../../../../core/ike/events.ts';
import { type Endpoint, parseAddress } from '../../../../core/net/address.ts';

export function endpoint(text: string, port = 4500): Endpoint {
  const address = parseAddress(text);
  if (!address) throw new Error(`not an address: ${text}`);
  return { address, port };
}

/** A path from 192.0.2.<id> to the gateway, or to another address of it. */
export function path(id: number, remote = '203.0.113.1'): Path {
  const local = remote.includes(':') ? `2001:db8::${id}` : `192.0.2.${id}`;
  return { id, local: endpoint(local), remote: endpoint(remote) };
}
