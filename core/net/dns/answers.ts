import { ProtocolError, Reader } from '../../lib/reader.ts';
import { addressOf, formatAddress, type IpAddress } from '../address.ts';
import { RecordClass, RecordType, type DnsRecord, type Response } from './message.ts';
import { readName } from './name.ts';

/** An address that a name has by word of a name server. Names are lower-case, without a final dot. */
export interface NameAnswer {
  /** What was asked for. */
  readonly name: string;
  /** The names that it stands for, in the order of the chain: the last of them has the address. */
  readonly aliases: readonly string[];
  readonly address: IpAddress;
  /** How long that is so: the shortest of everything on the way. */
  readonly ttlSeconds: number;
}

/** Longer chains of aliases are not followed; resolvers give up sooner. */
const MAX_CHAIN = 16;

/** The keys of service parameters that hold addresses (RFC 9460 section 7.3). */
const HINTS: Readonly<Record<number, 4 | 16>> = { 4: 4, 6: 16 };

/**
 * Every address that who asked may now connect to for the name: of A and AAAA records, and the hints of SVCB and HTTPS
 * records, which programs may use without asking again (RFC 9460 section 7.3). Only what the chain of aliases leads to
 * from the question counts. A record that cannot be read gives none.
 */
export function addressesIn(octets: Uint8Array, response: Response): NameAnswer[] {
  const found = new Map<string, NameAnswer>();
  const records = response.answers.filter((record) => record.class === RecordClass.IN);
  const { name } = response.question;
  const aliases: string[] = [];
  let current = name;
  let ttlSeconds = Number.POSITIVE_INFINITY;
  for (;;) {
    const own = records.filter((record) => record.name === current);
    for (const record of own) {
      for (const address of addressesOf(octets, record)) {
        const shortest = Math.min(ttlSeconds, record.ttlSeconds);
        const key = formatAddress(address);
        const before = found.get(key)?.ttlSeconds ?? 0;
        found.set(key, { name, aliases: [...aliases], address, ttlSeconds: Math.max(before, shortest) });
      }
    }
    const alias = own.find(({ type }) => type === RecordType.CNAME);
    const target = alias && attempt(() => readName(octets, alias.dataStart).name);
    if (alias === undefined || target === undefined || aliases.length === MAX_CHAIN) break;
    if (target === name || aliases.includes(target)) break;
    ttlSeconds = Math.min(ttlSeconds, alias.ttlSeconds);
    aliases.push(target);
    current = target;
  }
  return [...found.values()];
}

function addressesOf(octets: Uint8Array, record: DnsRecord): IpAddress[] {
  const data = octets.subarray(record.dataStart, record.dataEnd);
  switch (record.type) {
    case RecordType.A:
      return data.length === 4 ? [addressOf(new Uint8Array(data))] : [];
    case RecordType.AAAA:
      return data.length === 16 ? [addressOf(new Uint8Array(data))] : [];
    case RecordType.SVCB:
    case RecordType.HTTPS:
      return attempt(() => hintsIn(octets.subarray(0, record.dataEnd), record.dataStart)) ?? [];
    default:
      return [];
  }
}

/**
 *   +--------+--------+------ … ------+ +--------+--------+--------+--------+------ … ------+
 *   |    priority     |    target     | |       key       |     length      |     value     | …
 *   +--------+--------+------ … ------+ +--------+--------+--------+--------+------ … ------+
 */
function hintsIn(octets: Uint8Array, start: number): IpAddress[] {
  const { end } = readName(octets, start + 2);
  const reader = new Reader(octets.subarray(end));
  const addresses: IpAddress[] = [];
  while (reader.remaining > 0) {
    const length = HINTS[reader.u16('key')];
    const value = reader.sub(reader.u16('length'), 'value');
    while (length !== undefined && value.remaining > 0) {
      addresses.push(addressOf(new Uint8Array(value.take(length, 'address'))));
    }
  }
  return addresses;
}

/** undefined for what cannot be read. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
