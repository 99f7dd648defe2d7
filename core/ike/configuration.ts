import { EMPTY, utf8Strict } from '../lib/bytes.ts';
import { addressOf, type IpAddress } from '../net/address.ts';
import { maskedPrefix, type Prefix } from '../net/prefix.ts';
import { CfgAttr, CfgType } from '../wire/constants.ts';
import type { ConfigAttribute, ConfigPayload } from '../wire/payloads/config.ts';
import type { AssignedConfig } from './events.ts';

/**
 * The CFG_REQUEST for an address of each family, name servers, domains and subnets (RFC 7296 section 3.15,
 * RFC 8598 section 3). Empty values: we ask for any.
 */
export function configurationRequest(families: readonly (4 | 6)[]): ConfigPayload {
  const wanted: number[] = [];
  if (families.includes(4)) {
    wanted.push(CfgAttr.INTERNAL_IP4_ADDRESS, CfgAttr.INTERNAL_IP4_NETMASK, CfgAttr.INTERNAL_IP4_DNS);
    wanted.push(CfgAttr.INTERNAL_IP4_SUBNET);
  }
  if (families.includes(6)) {
    wanted.push(CfgAttr.INTERNAL_IP6_ADDRESS, CfgAttr.INTERNAL_IP6_DNS, CfgAttr.INTERNAL_IP6_SUBNET);
  }
  wanted.push(CfgAttr.INTERNAL_DNS_DOMAIN);
  return { kind: 'CP', cfgType: CfgType.REQUEST, attributes: wanted.map((type) => ({ type, value: EMPTY })) };
}

const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/i;

/** A domain name in the letters that name servers know, without a final dot; undefined for anything else. */
function domainName(value: Uint8Array): string | undefined {
  const text = utf8Strict(value)?.replace(/\.$/, '');
  if (text === undefined || text.length === 0 || text.length > 253) return undefined;
  return text.split('.').every((label) => LABEL.test(label)) ? text.toLowerCase() : undefined;
}

/** The prefix length of a netmask, or undefined when its ones are not all in front. */
function maskLength(mask: Uint8Array): number | undefined {
  const bits = [...mask].map((octet) => octet.toString(2).padStart(8, '0')).join('');
  return /^1*0*$/.test(bits) ? (bits.indexOf('0') === -1 ? bits.length : bits.indexOf('0')) : undefined;
}

function subnet4(value: Uint8Array): Prefix | undefined {
  if (value.length !== 8) return undefined;
  const length = maskLength(value.subarray(4));
  return length === undefined ? undefined : maskedPrefix(addressOf(value.slice(0, 4)), length);
}

function prefix6(value: Uint8Array): Prefix | undefined {
  const length = value[16];
  if (value.length !== 17 || length === undefined || length > 128) return undefined;
  return { address: addressOf(value.slice(0, 16)), length };
}

interface Collected {
  addresses: Prefix[];
  dnsServers: IpAddress[];
  searchDomains: string[];
  subnets: Prefix[];
}

function collect(attribute: ConfigAttribute, into: Collected): void {
  const { type, value } = attribute;
  switch (type) {
    case CfgAttr.INTERNAL_IP4_ADDRESS:
      // A netmask may come with it, but the tunnel is a point-to-point link: the address alone is ours.
      if (value.length === 4) into.addresses.push({ address: addressOf(value.slice()), length: 32 });
      return;
    case CfgAttr.INTERNAL_IP6_ADDRESS: {
      const prefix = prefix6(value);
      if (prefix) into.addresses.push({ address: prefix.address, length: 128 });
      return;
    }
    case CfgAttr.INTERNAL_IP4_DNS:
      if (value.length === 4) into.dnsServers.push(addressOf(value.slice()));
      return;
    case CfgAttr.INTERNAL_IP6_DNS:
      if (value.length === 16) into.dnsServers.push(addressOf(value.slice()));
      return;
    case CfgAttr.INTERNAL_DNS_DOMAIN: {
      const name = domainName(value);
      if (name !== undefined) into.searchDomains.push(name);
      return;
    }
    case CfgAttr.INTERNAL_IP4_SUBNET: {
      const prefix = subnet4(value);
      if (prefix) into.subnets.push(prefix);
      return;
    }
    case CfgAttr.INTERNAL_IP6_SUBNET: {
      const prefix = prefix6(value);
      if (prefix) into.subnets.push(maskedPrefix(prefix.address, prefix.length));
      return;
    }
    default:
      // Attributes that we did not ask for or do not know are ignored (RFC 7296 section 3.15.1).
      return;
  }
}

/**
 * What a CFG_REPLY gives us. Attributes of a length that their type does not have are passed over: they cannot
 * mean anything, and a gateway that sends one is otherwise of use.
 */
export function assignedConfiguration(reply: ConfigPayload | undefined): AssignedConfig {
  const collected: Collected = { addresses: [], dnsServers: [], searchDomains: [], subnets: [] };
  if (reply?.cfgType === CfgType.REPLY)
    for (const attribute of reply.attributes) collect(attribute, collected);
  return collected;
}
