import { concat, EMPTY } from '../lib/bytes.ts';
import { addressOf, type IpAddress, sameAddress } from '../net/address.ts';
import { maskedPrefix, type Prefix } from '../net/prefix.ts';
import { type ConfigValue, readConfigAttribute } from '../wire/config-value.ts';
import { CfgAttr, CfgType } from '../wire/constants.ts';
import type { ConfigPayload } from '../wire/payloads/config.ts';
import type { AssignedConfig } from './events.ts';
import { domainName, isHostAddress } from './host.ts';

/**
 * The CFG_REQUEST for an address of each family, name servers, domains and subnets (RFC 7296 section 3.15,
 * RFC 8598 section 3). Empty values: we ask for any. An address that we had before is asked for by name, which is a
 * hint (section 3.15.1).
 */
export function configurationRequest(
  families: readonly (4 | 6)[],
  wantedAddresses: readonly IpAddress[] = [],
): ConfigPayload {
  const wanted: number[] = [];
  if (families.includes(4)) {
    wanted.push(CfgAttr.INTERNAL_IP4_ADDRESS, CfgAttr.INTERNAL_IP4_NETMASK, CfgAttr.INTERNAL_IP4_DNS);
    wanted.push(CfgAttr.INTERNAL_IP4_SUBNET);
  }
  if (families.includes(6)) {
    wanted.push(CfgAttr.INTERNAL_IP6_ADDRESS, CfgAttr.INTERNAL_IP6_DNS, CfgAttr.INTERNAL_IP6_SUBNET);
  }
  wanted.push(CfgAttr.INTERNAL_DNS_DOMAIN);
  const attributes = wanted.map((type) => ({ type, value: hint(type, wantedAddresses) }));
  return { kind: 'CP', cfgType: CfgType.REQUEST, attributes };
}

/** IPv6 addresses go with a prefix length (RFC 7296 section 3.15.1). */
function hint(type: number, wanted: readonly IpAddress[]): Uint8Array {
  const family =
    type === CfgAttr.INTERNAL_IP4_ADDRESS ? 4 : type === CfgAttr.INTERNAL_IP6_ADDRESS ? 6 : undefined;
  const octets = wanted.find((address) => address.family === family)?.octets;
  if (!octets) return EMPTY;
  return family === 6 ? concat(octets, Uint8Array.of(128)) : octets;
}

/** Name servers, domains or subnets that are taken from a reply at most. */
const MAX_OF_A_KIND = 64;

interface Collected {
  addresses: Prefix[];
  dnsServers: IpAddress[];
  searchDomains: string[];
  subnets: Prefix[];
}

/** A netmask or prefix may come with an address, but the tunnel is point to point: the address alone is ours. */
function ownAddress(octets: Uint8Array): Prefix {
  return { address: addressOf(octets.slice()), length: 8 * octets.length };
}

function collect(type: number, value: ConfigValue, into: Collected): void {
  switch (type) {
    case CfgAttr.INTERNAL_IP4_ADDRESS:
    case CfgAttr.INTERNAL_IP6_ADDRESS:
      if (value.kind === 'address' || value.kind === 'prefix') into.addresses.push(ownAddress(value.address));
      return;
    case CfgAttr.INTERNAL_IP4_DNS:
    case CfgAttr.INTERNAL_IP6_DNS:
      if (value.kind === 'address') into.dnsServers.push(addressOf(value.address.slice()));
      return;
    case CfgAttr.INTERNAL_IP4_SUBNET:
    case CfgAttr.INTERNAL_IP6_SUBNET:
      if (value.kind === 'prefix') {
        into.subnets.push(maskedPrefix(addressOf(value.address.slice()), value.prefixLength));
      }
      return;
    case CfgAttr.INTERNAL_DNS_DOMAIN: {
      const name = value.kind === 'text' ? domainName(value.text) : undefined;
      if (name !== undefined) into.searchDomains.push(name);
      return;
    }
    default:
      // Attributes that we did not ask for or do not know are ignored (RFC 7296 section 3.15.1).
      return;
  }
}

/**
 * What a CFG_REPLY gives us, of the families that we asked for: one address of each, as many as we asked for (RFC 7296
 * section 3.15.1). Attributes of a length that their type does not have, and addresses that no host can have, are
 * passed over: they cannot mean anything, and a gateway that sends one is otherwise of use. So is `gateway`, where
 * the gateway itself is reached: if it were ours, nothing would get there any more.
 */
export function assignedConfiguration(
  reply: ConfigPayload | undefined,
  families: readonly (4 | 6)[],
  gateway?: IpAddress,
): AssignedConfig {
  const collected: Collected = { addresses: [], dnsServers: [], searchDomains: [], subnets: [] };
  if (reply?.cfgType !== CfgType.REPLY) return collected;
  for (const attribute of reply.attributes) {
    const value = readConfigAttribute(attribute);
    if (value.ok) collect(attribute.type, value.value, collected);
  }
  const wanted = ({ family }: IpAddress): boolean => families.includes(family);
  const usable = (address: IpAddress): boolean => wanted(address) && isHostAddress(address);
  const ours = collected.addresses.filter(
    ({ address }) => usable(address) && !(gateway && sameAddress(address, gateway)),
  );
  return {
    addresses: families.flatMap((family) => ours.find(({ address }) => address.family === family) ?? []),
    dnsServers: collected.dnsServers.filter(usable).slice(0, MAX_OF_A_KIND),
    searchDomains: collected.searchDomains.slice(0, MAX_OF_A_KIND),
    subnets: collected.subnets.filter(({ address }) => wanted(address)).slice(0, MAX_OF_A_KIND),
  };
}
