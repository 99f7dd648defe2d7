/*
 * causeway://import#<profile>: a profile in a link, as JSON in base64url. The link holds the profile itself and never
 * an address to fetch one from; and it is a proposal, which the person sees and answers.
 */

export const SCHEME = 'causeway';
const MAX_OCTETS = 64 * 1024;

/** The octets of the profile in a link of ours; undefined when it is none. */
export function profileOfLink(link: string): Uint8Array | undefined {
  if (link.length > MAX_OCTETS * 2 || !URL.canParse(link)) return undefined;
  const { protocol, host, pathname, search, hash } = new URL(link);
  if (protocol !== `${SCHEME}:` || host !== 'import' || search !== '') return undefined;
  if (pathname !== '' && pathname !== '/') return undefined;
  const text = hash.slice(1);
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return undefined;
  const octets = new Uint8Array(Buffer.from(text, 'base64url'));
  return octets.length > 0 && octets.length <= MAX_OCTETS ? octets : undefined;
}

/** The first link of ours among the arguments of a program. */
export function linkAmong(argv: readonly string[]): string | undefined {
  return argv.find((argument) => argument.toLowerCase().startsWith(`${SCHEME}://`));
}
