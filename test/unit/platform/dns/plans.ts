import { parseAddress, type IpAddress } from '../../../../core/net/address.ts';
import type { DnsPlan } from '../../../../core/platform/ports.ts';

export const FORWARDER: IpAddress = address('127.0.0.67');

export function address(text: string): IpAddress {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new RangeError(text);
  return parsed;
}

export interface DnsPlanText {
  readonly device?: string;
  readonly servers?: readonly string[];
  readonly match?: readonly string[];
  readonly search?: readonly string[];
  readonly full?: boolean;
  readonly follows?: boolean;
}

/** A plan from texts. Two servers of the office without anything said. */
export function dnsPlan(text: DnsPlanText = {}): DnsPlan {
  return {
    tun: { name: text.device ?? 'causeway0' },
    servers: (text.servers ?? ['10.1.0.53', 'fd01::53']).map(address),
    matchDomains: text.match ?? [],
    searchDomains: text.search ?? [],
    fullTunnel: text.full ?? false,
    follows: text.follows ?? false,
  };
}

export const FULL = dnsPlan({ full: true, search: ['corp.example'] });
export const SPLIT = dnsPlan({ match: ['corp.example', '10.in-addr.arpa'], search: ['lab.test'] });
