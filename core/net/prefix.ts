import { addressLength, addressOf, formatAddress, parseAddress, type IpAddress } from './address.ts';
import type { AddressRange } from './range.ts';

/** A network: an address and how many of its leading bits count. */
export interface Prefix {
  readonly address: IpAddress;
  readonly length: number;
}

/**
 * The prefix of '10.0.0.0/8' or '2001:db8::/32'; an address alone is a prefix of all its bits. Bits behind the
 * prefix length are cleared. undefined when the text is neither.
 */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf('/');
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const bits = address.octets.length * 8;
  if (slash < 0) return { address, length: bits };
  const lengthText = text.slice(slash + 1);
  if (!/^(0|[1-9][0-9]{0,2})$/.test(lengthText)) return undefined;
  const length = Number(lengthText);
  return length > bits ? undefined : maskedPrefix(address, length);
}

/** The prefix of `length` bits that `address` is in. `length` is at most the bits of the address. */
export function maskedPrefix(address: IpAddress, length: number): Prefix {
  return { address: addressOf(fillBits(address.octets, length, 0)), length };
}

/** '10.0.0.0/8'. */
export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix.address)}/${prefix.length}`;
}

/** True when `address` is in the prefix. */
export function containsAddress(prefix: Prefix, address: IpAddress): boolean {
  if (prefix.address.family !== address.family) return false;
  const whole = prefix.length >>> 3;
  for (let i = 0; i < whole; i++) if (prefix.address.octets[i] !== address.octets[i]) return false;
  const left = prefix.length & 7;
  if (left === 0) return true;
  const difference = (prefix.address.octets[whole] ?? 0) ^ (address.octets[whole] ?? 0);
  return difference >>> (8 - left) === 0;
}

/** True when every address of `inner` is in `outer`. */
export function prefixContains(outer: Prefix, inner: Prefix): boolean {
  return outer.length <= inner.length && containsAddress(outer, inner.address);
}

/** The first and the last address of a prefix. */
export function prefixToRange(prefix: Prefix): AddressRange {
  return {
    start: addressOf(fillBits(prefix.address.octets, prefix.length, 0)),
    end: addressOf(fillBits(prefix.address.octets, prefix.length, 0xff)),
  };
}

/**
 * The shortest list of prefixes, in order, that together are the addresses from `start` to `end`. Empty when
 * the families differ or `start` sorts behind `end`.
 */
export function rangeToPrefixes(start: IpAddress, end: IpAddress): Prefix[] {
  if (start.family !== end.family) return [];
  const octetCount = addressLength(start.family);
  const bits = octetCount * 8;
  const prefixes: Prefix[] = [];
  const last = toBigInt(end.octets);
  let at = toBigInt(start.octets);
  while (at <= last) {
    // The largest block that begins at `at`: limited by its alignment and by what is left.
    let hostBits = 0;
    while (hostBits < bits) {
      const size = 1n << BigInt(hostBits + 1);
      if (at % size !== 0n || at + size - 1n > last) break;
      hostBits++;
    }
    prefixes.push({ address: addressOf(fromBigInt(at, octetCount)), length: bits - hostBits });
    at += 1n << BigInt(hostBits);
  }
  return prefixes;
}

/** A copy whose bits from `keep` on are those of `filler` (0 or 0xff). */
function fillBits(octets: Uint8Array, keep: number, filler: 0 | 0xff): Uint8Array {
  const out = octets.slice();
  for (let i = 0; i < out.length; i++) {
    const kept = Math.min(8, Math.max(0, keep - 8 * i));
    const mask = (0xff00 >>> kept) & 0xff;
    out[i] = ((out[i] ?? 0) & mask) | (filler & ~mask & 0xff);
  }
  return out;
}

function toBigInt(octets: Uint8Array): bigint {
  let value = 0n;
  for (const octet of octets) value = (value << 8n) | BigInt(octet);
  return value;
}

function fromBigInt(value: bigint, octetCount: number): Uint8Array {
  const out = new Uint8Array(octetCount);
  let rest = value;
  for (let i = octetCount - 1; i >= 0; i--) {
    out[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return out;
}
