import { isDomain, textsOf } from '../values.ts';
import { takeServers } from '../take-words.ts';
import type { Fields } from './fields.ts';

/** The DNS dictionary of a VPN payload. */
export function takeDns(dns: Fields): void {
  const { draft } = dns;
  if (dns.has('ServerAddresses'))
    takeServers(draft, dns.key('ServerAddresses'), dns.value('ServerAddresses'));
  if (dns.has('DNSProtocol')) {
    if (dns.value('DNSProtocol') === 'Cleartext') dns.taken('DNSProtocol');
    else dns.ignored(['DNSProtocol'], 'dns-plain');
  }
  dns.ignored(['ServerURL', 'ServerName', 'PayloadCertificateUUID'], 'dns-plain');
  const search = domainsOf(dns, ['SearchDomains', 'DomainName']);
  const isSearched = dns.flag('SupplementalMatchDomainsNoSearch') !== true;
  const match = domainsOf(dns, ['SupplementalMatchDomains']);
  dns.ignored(['SupplementalMatchDomainsNoSearch'], 'match-domains');
  const searched = [...new Set([...search, ...(isSearched ? match : [])])];
  if (searched.length > 0) draft.put('dns.searchDomains', searched);
  if (!isSearched && match.length > 0) draft.put('dns.domains', match);
}

function domainsOf(dns: Fields, names: readonly string[]): readonly string[] {
  const found: string[] = [];
  for (const name of names) {
    if (!dns.has(name)) continue;
    // An empty entry stands for every name, which is what an unset list means here.
    const texts = (textsOf(dns.value(name)) ?? []).map((text) => text.replace(/^\.|\.$/g, ''));
    const good = texts.filter(isDomain);
    const bad = texts.filter((text) => !isDomain(text));
    const to = name === 'SupplementalMatchDomains' ? 'dns.domains' : 'dns.searchDomains';
    if (good.length === 0) dns.ignored([name], texts.length === 0 ? 'empty' : 'bad-domain', bad.join(', '));
    else if (bad.length > 0)
      dns.draft.ledger.changed(dns.key(name), 'bad-domain', { to, detail: bad.join(', ') });
    else dns.taken(name, to);
    found.push(...good);
  }
  return found;
}
