import { readFileSync } from 'node:fs';
import { addressOf, formatAddress } from '../../net/address.ts';

const TABLES = ['tcp', 'tcp6', 'udp', 'udp6'];
/** A file of the kernel longer than this is not read to its end: nobody has so many connections. */
const MAX_LINES = 50_000;

/** The remote addresses of all sockets of this machine that are connected to somebody, as text. */
export function peers(): ReadonlySet<string> {
  const found = new Set<string>();
  for (const table of TABLES) {
    for (const line of textOf(`/proc/self/net/${table}`).split('\n', MAX_LINES)) {
      const remote = /^ *\d+: [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{8}|[0-9A-F]{32}):[0-9A-F]{4} /.exec(line)?.[1];
      if (remote !== undefined && /[^0]/.test(remote)) found.add(addressText(remote));
    }
  }
  return found;
}

/** The kernel writes words of 32 bits as numbers, in the order of octets that this machine has. */
function addressText(words: string): string {
  const octets = Buffer.from(words, 'hex');
  if (LITTLE_ENDIAN) octets.swap32();
  // An IPv4 connection of a socket that takes both families.
  const isMapped = octets.length === 16 && octets.subarray(0, 12).toString('hex') === MAPPED;
  return formatAddress(addressOf(new Uint8Array(isMapped ? octets.subarray(12) : octets)));
}

const MAPPED = '00000000000000000000ffff';
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // A machine without IPv6 has no table of it.
    return '';
  }
}
