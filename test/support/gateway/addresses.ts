import { concat, equalBytes, utf8 } from '../../../core/lib/bytes.ts';
import { addressOf, formatAddress, type IpAddress } from '../../../core/net/address.ts';
import { containsAddress, prefixToRange, type Prefix } from '../../../core/net/prefix.ts';
import { CfgAttr, CfgType } from '../../../core/wire/constants.ts';
import type { ConfigPayload } from '../../../core/wire/payloads/config.ts';
import type { Faults } from './faults.ts';

/** What the gateway tells a client about the network behind it (RFC 7296 section 3.15). */
export interface NetworkConfig {
  /** Where client addresses come from: at most one prefix of each family. The first address of each is not given out. */
  readonly pools: readonly Prefix[];
  readonly dns: readonly IpAddress[];
  /** INTERNAL_DNS_DOMAIN, given only to who asks (RFC 8598). */
  readonly domains: readonly string[];
  /** INTERNAL_IP4_SUBNET and INTERNAL_IP6_SUBNET. */
  readonly subnets: readonly Prefix[];
}

/**
 * Who has which address. A client that comes back under the same identity gets the same one when it is free, and one
 * that asks for its own by name gets it even while another session of its has it.
 */
export class AddressPool {
  readonly #prefixes: readonly Prefix[];
  readonly #taken = new Map<string, number>();
  readonly #last = new Map<string, readonly IpAddress[]>();
  readonly #owners = new Map<string, string>();

  constructor(prefixes: readonly Prefix[]) {
    this.#prefixes = prefixes;
  }

  hasFamily(family: 4 | 6): boolean {
    return this.#prefixes.some((prefix) => prefix.address.family === family);
  }

  /** An address of the family for the holder, the wanted one if it can be, or undefined when none is left. */
  lease(family: 4 | 6, holder: number, identity: string, wanted?: IpAddress): IpAddress | undefined {
    const prefix = this.#prefixes.find(({ address }) => address.family === family);
    if (prefix === undefined) return undefined;
    const earlier = this.#last.get(identity)?.filter((address) => address.family === family) ?? [];
    const candidates = [...(wanted === undefined ? [] : [wanted]), ...earlier].filter(
      (address) => containsAddress(prefix, address) && !this.#reserved(prefix, address),
    );
    const found =
      candidates.find(
        (address) => this.#free(address) || (address === wanted && this.#isOf(address, identity)),
      ) ?? this.#firstFree(prefix);
    if (found === undefined) return undefined;
    this.#owners.set(formatAddress(found), identity);
    this.#taken.set(formatAddress(found), holder);
    this.#last.set(identity, [
      ...(this.#last.get(identity) ?? []).filter((address) => address.family !== family),
      found,
    ]);
    return found;
  }

  /** Takes every address back that the holder has. */
  release(holder: number): void {
    for (const [address, by] of this.#taken) if (by === holder) this.#taken.delete(address);
  }

  #isOf(address: IpAddress, identity: string): boolean {
    return this.#owners.get(formatAddress(address)) === identity;
  }

  #free(address: IpAddress): boolean {
    return !this.#taken.has(formatAddress(address));
  }

  /** The first two and, in IPv4, the last address of a prefix: the network, the gateway itself, the broadcast. */
  #reserved(prefix: Prefix, address: IpAddress): boolean {
    const { start, end } = prefixToRange(prefix);
    const broadcast = address.family === 4 && equalBytes(address.octets, end.octets);
    return (
      broadcast || equalBytes(address.octets, start.octets) || equalBytes(address.octets, next(start.octets))
    );
  }

  #firstFree(prefix: Prefix): IpAddress | undefined {
    const { start } = prefixToRange(prefix);
    let octets = next(next(start.octets));
    while (containsAddress(prefix, addressOf(octets))) {
      const address = addressOf(octets);
      if (!this.#reserved(prefix, address) && this.#free(address)) return address;
      octets = next(octets);
    }
    return undefined;
  }
}

/** The octets plus one, as a number in network order. */
export function next(octets: Uint8Array): Uint8Array {
  const out = octets.slice();
  for (let i = out.length - 1; i >= 0; i--) {
    out[i] = ((out[i] ?? 0) + 1) & 0xff;
    if (out[i] !== 0) break;
  }
  return out;
}

export type Configured =
  | { readonly kind: 'reply'; readonly addresses: readonly IpAddress[]; readonly payload: ConfigPayload }
  /** Every family that was asked for is used up or not served. */
  | { readonly kind: 'no-address' };

/** Answers a CFG_REQUEST: addresses for the families asked for, and what else was asked for and is there. */
export function configure(
  request: ConfigPayload,
  network: NetworkConfig,
  pool: AddressPool,
  holder: number,
  identity: string,
): Configured {
  const asked = new Set(request.attributes.map(({ type }) => type));
  const addresses: IpAddress[] = [];
  for (const [family, type] of ADDRESS_TYPES) {
    if (!asked.has(type)) continue;
    const hint = request.attributes.find((attribute) => attribute.type === type)?.value;
    const leased = pool.lease(family, holder, identity, hintedAddress(family, hint));
    if (leased !== undefined) addresses.push(leased);
  }
  if (addresses.length === 0) return { kind: 'no-address' };
  const attributes = [
    ...addresses.map((address) => addressAttribute(address, network)),
    ...extras(asked, network),
  ];
  return { kind: 'reply', addresses, payload: { kind: 'CP', cfgType: CfgType.REPLY, attributes } };
}

const ADDRESS_TYPES = [
  [4, CfgAttr.INTERNAL_IP4_ADDRESS],
  [6, CfgAttr.INTERNAL_IP6_ADDRESS],
] as const;

function hintedAddress(family: 4 | 6, value: Uint8Array | undefined): IpAddress | undefined {
  const length = family === 4 ? 4 : 16;
  if (value === undefined || value.length < length) return undefined;
  const octets = value.slice(0, length);
  return octets.every((octet) => octet === 0) ? undefined : addressOf(octets);
}

/** An IPv6 address goes with its prefix length in one octet; an IPv4 address goes alone. */
function addressAttribute(address: IpAddress, network: NetworkConfig): { type: number; value: Uint8Array } {
  if (address.family === 4) return { type: CfgAttr.INTERNAL_IP4_ADDRESS, value: address.octets };
  const length = network.pools.find((prefix) => prefix.address.family === 6)?.length ?? 128;
  return { type: CfgAttr.INTERNAL_IP6_ADDRESS, value: concat(address.octets, Uint8Array.of(length)) };
}

function extras(asked: ReadonlySet<number>, network: NetworkConfig): { type: number; value: Uint8Array }[] {
  const out: { type: number; value: Uint8Array }[] = [];
  const add = (type: number, value: Uint8Array): void => {
    if (asked.has(type)) out.push({ type, value });
  };
  if (asked.has(CfgAttr.INTERNAL_IP4_ADDRESS))
    add(CfgAttr.INTERNAL_IP4_NETMASK, Uint8Array.of(255, 255, 255, 255));
  for (const server of network.dns) {
    add(server.family === 4 ? CfgAttr.INTERNAL_IP4_DNS : CfgAttr.INTERNAL_IP6_DNS, server.octets);
  }
  for (const domain of network.domains) add(CfgAttr.INTERNAL_DNS_DOMAIN, utf8(domain));
  for (const { address, length } of network.subnets) {
    if (address.family === 6) add(CfgAttr.INTERNAL_IP6_SUBNET, concat(address.octets, Uint8Array.of(length)));
    else add(CfgAttr.INTERNAL_IP4_SUBNET, concat(address.octets, netmask(length)));
  }
  add(CfgAttr.APPLICATION_VERSION, utf8('test gateway'));
  return out;
}

function netmask(length: number): Uint8Array {
  const mask = length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
  return Uint8Array.of(mask >>> 24, (mask >>> 16) & 0xff, (mask >>> 8) & 0xff, mask & 0xff);
}

/** The reply as a fault wants it, or undefined for none at all. */
export function spoilReply(payload: ConfigPayload, fault: Faults['cp']): ConfigPayload | undefined {
  const isAddress = (type: number): boolean => ADDRESS_TYPES.some(([, number]) => number === type);
  switch (fault) {
    case undefined:
      return payload;
    case 'omit':
      return undefined;
    case 'no-address':
      return { ...payload, attributes: payload.attributes.filter(({ type }) => !isAddress(type)) };
    case 'request':
      return { ...payload, cfgType: CfgType.REQUEST };
    case 'wrong-length':
      return {
        ...payload,
        attributes: payload.attributes.map(({ type, value }) => ({
          type,
          value: isAddress(type) ? value.subarray(1) : value,
        })),
      };
    case 'unspecified-address':
      return {
        ...payload,
        attributes: payload.attributes.map(({ type, value }) => ({
          type,
          value: isAddress(type) ? new Uint8Array(value.length) : value,
        })),
      };
  }
}
