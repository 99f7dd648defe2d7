import { formatAddress, parseAddress, type IpAddress } from '../../../net/address.ts';
import { domainText } from '../../../net/dns/name.ts';

/** What a resolv.conf(5) says. */
export interface ResolvConf {
  /** Without those on one link alone ('fe80::1%eth0'). */
  readonly servers: readonly IpAddress[];
  readonly search: readonly string[];
  /** Lines about how to ask, not whom: 'options …' and 'sortlist …'. */
  readonly manner: readonly string[];
}

/** The C library asks no more of them. */
export const MAX_SERVERS = 3;

export const MARKER =
  '# Written by Causeway while its tunnel stands. What was here before comes back when it ends.';

/** Reads what the C library would; what it does not know is left out. */
export function parseResolvConf(text: string): ResolvConf {
  const servers: IpAddress[] = [];
  let search: string[] = [];
  const manner: string[] = [];
  for (const line of text.split('\n')) {
    const [keyword = '', ...words] = line.trimEnd().split(/[ \t]+/);
    switch (keyword) {
      case 'nameserver': {
        const address = parseAddress(words[0] ?? '');
        if (address !== undefined) servers.push(address);
        break;
      }
      case 'domain':
      case 'search':
        search = words.flatMap((word) => domainText(word) ?? []);
        break;
      case 'options':
      case 'sortlist':
        if (words.every((word) => /^[A-Za-z0-9.:/_-]+$/.test(word)))
          manner.push([keyword, ...words].join(' '));
        break;
    }
  }
  return { servers, search, manner };
}

/** The text of a resolv.conf(5). Its words are checked ones: a domain that is none is a bug, and not a line. */
export function resolvConfText({ servers, search, manner }: ResolvConf, comment?: string): string {
  for (const domain of search) if (domainText(domain) !== domain) throw new RangeError('not a domain');
  const lines = [
    ...(comment === undefined ? [] : [comment]),
    ...servers.slice(0, MAX_SERVERS).map((server) => `nameserver ${formatAddress(server)}`),
    ...(search.length > 0 ? [`search ${search.join(' ')}`] : []),
    ...manner,
  ];
  return lines.map((line) => `${line}\n`).join('');
}
