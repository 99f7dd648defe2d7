/** An IPv4 or IPv6 address: 4 or 16 octets in network order. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly octets: Uint8Array;
}

/** An address and a transport port, 0 to 65535. */
export interface Endpoint {
  readonly address: IpAddress;
  readonly port: number;
}

/** The address that 4 or 16 octets make. Keeps the array. Throws RangeError on any other length. */
export function addressOf(octets: Uint8Array): IpAddress {
  if (octets.length === 4) return { family: 4, octets };
  if (octets.length === 16) return { family: 6, octets };
  throw new RangeError(`an address has 4 or 16 octets, not ${octets.length}`);
}

/** Octets of an address of the family. */
export function addressLength(family: 4 | 6): 4 | 16 {
  return family === 4 ? 4 : 16;
}

/** Below zero, zero or above zero as `a` sorts before, with or after `b`. Both have the same length. */
export function compareOctets(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function sameAddress(a: IpAddress, b: IpAddress): boolean {
  return a.family === b.family && compareOctets(a.octets, b.octets) === 0;
}

export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && sameAddress(a.address, b.address);
}

/** '192.0.2.1:500' or '[2001:db8::1]:500'. */
export function formatEndpoint(endpoint: Endpoint): string {
  const address = formatAddress(endpoint.address);
  return endpoint.address.family === 4 ? `${address}:${endpoint.port}` : `[${address}]:${endpoint.port}`;
}

/**
 * The address of a text: dotted decimal without leading zeros, or any IPv6 form of RFC 4291 section 2.2.
 * Scope zones ('%eth0'), prefixes and white space are not part of an address: undefined.
 */
export function parseAddress(text: string): IpAddress | undefined {
  const octets = text.includes(':') ? parseIpv6(text) : parseIpv4(text);
  return octets === undefined ? undefined : addressOf(octets);
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  const octets = new Uint8Array(4);
  for (const [i, part] of parts.entries()) {
    // A leading zero is refused: some parsers read it as octal, so the text means two addresses.
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part)) return undefined;
    const value = Number(part);
    if (value > 255) return undefined;
    octets[i] = value;
  }
  return octets;
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [left = '', right] = halves;
  const head = parseGroups(left, right === undefined);
  const tail = parseGroups(right ?? '', true);
  if (head === undefined || tail === undefined) return undefined;
  const length = head.length + tail.length;
  // '::' stands for at least one group (RFC 4291 section 2.2, item 2).
  if (right === undefined ? length !== 16 : length > 14) return undefined;
  const octets = new Uint8Array(16);
  octets.set(head, 0);
  octets.set(tail, 16 - tail.length);
  return octets;
}

/** Octets of groups between colons; the last may be dotted decimal when `endsHere`. */
function parseGroups(text: string, endsHere: boolean): number[] | undefined {
  const octets: number[] = [];
  if (text === '') return octets;
  const groups = text.split(':');
  for (const [i, group] of groups.entries()) {
    if (endsHere && i === groups.length - 1 && group.includes('.')) {
      const dotted = parseIpv4(group);
      if (dotted === undefined) return undefined;
      octets.push(...dotted);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
      const value = Number.parseInt(group, 16);
      octets.push(value >>> 8, value & 0xff);
    }
  }
  return octets.length <= 16 ? octets : undefined;
}

/** The canonical text of RFC 5952; IPv4-mapped addresses as '::ffff:192.0.2.1' (its section 5). */
export function formatAddress(address: IpAddress): string {
  const { octets } = address;
  if (address.family === 4) return octets.join('.');
  if (isIpv4Mapped(octets)) return `::ffff:${octets.subarray(12).join('.')}`;
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((octets[i] ?? 0) << 8) | (octets[i + 1] ?? 0));
  const { start, length } = longestZeroRun(groups);
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  if (length < 2) return text(groups);
  return `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}

function isIpv4Mapped(octets: Uint8Array): boolean {
  return octets.subarray(0, 10).every((octet) => octet === 0) && octets[10] === 0xff && octets[11] === 0xff;
}

/** The longest run of zero groups; the first of equals (RFC 5952 section 4.2.3). */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let i = 0; i < groups.length; i++) {
    if (groups[i] !== 0) start = i + 1;
    else if (i + 1 - start > best.length) best = { start, length: i + 1 - start };
  }
  return best;
}
