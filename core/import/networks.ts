import { addressOctets, prefixProblem } from '../contract/text-forms.ts';

/** How other clients write networks, as `address/length`. A range may become many; nobody writes more than these. */
const MAX_NETWORKS_A_RANGE = 64;

/** The networks that a text stands for: a network, an address, or `first-last`. Undefined when it is none. */
export function networksOf(text: string): readonly string[] | undefined {
  const clean = text.replace(/\s+/g, '');
  if (prefixProblem(clean) === undefined) return [clean];
  const [first = '', last, ...more] = clean.split('-');
  if (last !== undefined) return more.length === 0 ? rangeNetworks(first, last) : undefined;
  const [address = '', length, ...rest] = clean.split('/');
  const octets = addressOctets(address);
  if (!octets || rest.length > 0) return undefined;
  const bits = octets.length * 8;
  if (length === undefined) return [`${address}/${bits}`];
  if (!/^(0|[1-9][0-9]{0,2})$/.test(length) || Number(length) > bits) return undefined;
  // Bits behind the length are no mistake elsewhere: 10.1.2.3/8 is 10.0.0.0/8 there.
  const host = BigInt(bits - Number(length));
  return [`${textOf((numberOf(octets) >> host) << host, octets.length)}/${length}`];
}

function rangeNetworks(first: string, last: string): readonly string[] | undefined {
  const [from, to] = [addressOctets(first), addressOctets(last)];
  if (from?.length !== to?.length || !from || !to) return undefined;
  const bits = from.length * 8;
  let at = numberOf(from);
  const end = numberOf(to);
  const networks: string[] = [];
  while (at <= end) {
    // The largest network that begins here and does not go past the end.
    let host = 0;
    while (
      host < bits &&
      (at & ((1n << BigInt(host + 1)) - 1n)) === 0n &&
      at + (1n << BigInt(host + 1)) - 1n <= end
    )
      host++;
    networks.push(`${textOf(at, from.length)}/${bits - host}`);
    if (networks.length > MAX_NETWORKS_A_RANGE) return undefined;
    at += 1n << BigInt(host);
  }
  return networks.length === 0 ? undefined : networks;
}

function numberOf(octets: readonly number[]): bigint {
  return octets.reduce((value, octet) => value * 256n + BigInt(octet), 0n);
}

/** The address of a number; IPv6 in eight groups, the longest run of zeros left out (RFC 5952). */
function textOf(value: bigint, length: number): string {
  if (length === 4) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.');
  const groups = Array.from({ length: 8 }, (_, at) =>
    ((value >> BigInt(112 - 16 * at)) & 0xffffn).toString(16),
  );
  const full = groups.join(':');
  const [longest = ''] = [...full.matchAll(/\b0(?::0)+\b/g)]
    .map(([run]) => run)
    .sort((a, b) => b.length - a.length);
  if (longest === '') return full;
  const at = full.indexOf(longest);
  return `${full.slice(0, at).replace(/:$/, '')}::${full.slice(at + longest.length).replace(/^:/, '')}`;
}
