import type { Profile } from '../contract/profile.ts';
import { type IpAddress, parseAddress } from '../net/address.ts';
import { domainText } from '../net/dns/name.ts';
import { explain } from '../net/policy/explain.ts';
import { rangeOfSpan, type Span, spanOf, wholeSpan } from '../net/policy/cells.ts';
import { containsAddress, parsePrefix, prefixToRange } from '../net/prefix.ts';
import { type AddressRange, intersectRanges } from '../net/range.ts';
import { contains, type Selector, selectorOfPrefix } from '../net/selector.ts';
import type { DnsPlan } from '../platform/ports.ts';
import type { Established } from './carrier.ts';
import type { Shape } from './tunnel-plan.ts';

const UDP = 17;
const DNS_PORT = 53;

/** Whom names are to be asked of while a tunnel stands, and what that means for everything else. */
export interface NamePlan {
  readonly dns: DnsPlan;
  /** Servers that are not behind the gateway: they are left out. */
  readonly outside: readonly IpAddress[];
  /** Everything goes into the tunnel that nobody sends elsewhere. */
  readonly takesAll: boolean;
  /** Names are the tunnel's alone: who asks another server past it is refused. */
  readonly ownsNames: boolean;
  /** A connection without this would lead traffic or names where they must not go, or find no name at all. */
  readonly isRequired: boolean;
}

type Given = Pick<Established['config'], 'dnsServers' | 'searchDomains'>;

/** The name servers of a connection, best first: those of the profile, or else the gateway's. */
export function nameServersOf({ dns }: Profile, given: Given): readonly IpAddress[] {
  if (dns.use === 'none') return [];
  return dns.servers?.flatMap((text) => parseAddress(text) ?? []) ?? given.dnsServers;
}

/** Of these servers, those that the gateway takes questions for: they belong into the tunnel. */
export function takenServers(servers: readonly IpAddress[], granted: readonly Selector[]): IpAddress[] {
  return servers.filter((address) => {
    const question = selectorOfPrefix(
      { address, length: 8 * address.octets.length },
      UDP,
      DNS_PORT,
      DNS_PORT,
    );
    return granted.some((selector) => contains(selector, question));
  });
}

/**
 * Turns what the profile and the gateway say about names into a plan. A tunnel that takes everything takes every name;
 * so does one for which no domain is known, because nobody could tell which names are the office's (RFC 8598 section 3
 * leaves the servers to be used for all then). `follows`: rules speak of names.
 */
export function planNames(
  profile: Profile,
  given: Given,
  { shape, device, follows }: { readonly shape: Shape; readonly device: string; readonly follows: boolean },
): NamePlan {
  const asked = nameServersOf(profile, given);
  const servers = asked.filter((server) => leadsIn(shape, server));
  const { search, match } = domainsOf(profile, given);
  const takesAll = takesEverything(shape);
  const knowsDomains = search.length + match.length > 0;
  const ownsNames = takesAll && servers.length > 0;
  return {
    dns: {
      tun: { name: device },
      servers,
      matchDomains: match,
      searchDomains: search,
      fullTunnel: takesAll || !knowsDomains,
      follows,
    },
    outside: asked.filter((server) => !servers.includes(server)),
    takesAll,
    ownsNames,
    isRequired: ownsNames || follows,
  };
}

/** Domains that are none are left out: a gateway may say anything. */
function domainsOf({ dns }: Profile, given: Given) {
  const isOwn = dns.domains !== undefined || dns.searchDomains !== undefined;
  const [search = [], match = []] = isOwn ? [dns.searchDomains, dns.domains] : [given.searchDomains];
  return { search: checked(search), match: checked(match) };
}

function checked(domains: readonly string[]): string[] {
  return [...new Set(domains.flatMap((text) => domainText(text) ?? []))];
}

/** Whether a question to a name server goes into the tunnel. */
function leadsIn({ routes, policy }: Shape, destination: IpAddress): boolean {
  if (!policy) return routes.some((prefix) => containsAddress(prefix, destination));
  const [decision] = explain(policy.compiled, { destination, protocol: UDP, port: DNS_PORT });
  return decision?.effective === 'protect';
}

/** Of IPv6 only these addresses are anybody's yet. */
const UNICAST6: AddressRange | undefined = prefixRange('2000::/3');

function prefixRange(text: string): AddressRange | undefined {
  const prefix = parsePrefix(text);
  return prefix && prefixToRange(prefix);
}

/** Whether what nobody names goes into the tunnel, or nowhere, rather than past it; in either family. */
function takesEverything({ routes, policy }: Shape): boolean {
  const isMost = (ranges: readonly AddressRange[], family: 4 | 6): boolean => {
    const whole = family === 4 ? rangeOfSpan(wholeSpan(4), 4) : UNICAST6;
    if (!whole) return false;
    const parts = ranges.flatMap((range) => intersectRanges(range, whole) ?? []);
    const covered = parts.reduce((sum, range) => sum + sizeOf(spanOf(range)), 0n);
    return 2n * covered > sizeOf(spanOf(whole));
  };
  if (!policy) {
    const ranges = routes.map(prefixToRange);
    return isMost(ranges, 4) || isMost(ranges, 6);
  }
  const { passing } = policy.firewall;
  return !isMost(passing, 4) || !isMost(passing, 6);
}

function sizeOf({ first, last }: Span): bigint {
  return last - first + 1n;
}

/** Whether two plans ask for the same. */
export function sameNames(a: DnsPlan, b: DnsPlan): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
