/**
 * The textual forms that a profile is written in: addresses, prefixes, host names, identities. They are judged
 * here as text, before any room that knows their octets sees them.
 */
import { isPlainText } from '../lib/plain-text.ts';

/** The 4 or 16 octets of an address in its usual text form (no zone, no port), or undefined. */
export function addressOctets(text: string): readonly number[] | undefined {
  return text.includes(':') ? ipv6Octets(text) : ipv4Octets(text);
}

function ipv4Octets(text: string): readonly number[] | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part))) return undefined;
  const octets = parts.map(Number);
  return octets.every((octet) => octet <= 255) ? octets : undefined;
}

/** RFC 4291 section 2.2: eight groups, one run of zeros as `::`, and perhaps a dotted IPv4 tail. */
function ipv6Octets(text: string): readonly number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groupOctets(halves[0] ?? '', halves.length === 1);
  const tail = halves.length === 2 ? groupOctets(halves[1] ?? '', true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

function groupOctets(text: string, mayEndInIpv4: boolean): readonly number[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  const octets: number[] = [];
  for (const [index, group] of groups.entries()) {
    if (mayEndInIpv4 && index === groups.length - 1 && group.includes('.')) {
      const tail = ipv4Octets(group);
      if (tail === undefined) return undefined;
      octets.push(...tail);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = Number.parseInt(group, 16);
      octets.push(value >>> 8, value & 0xff);
    } else return undefined;
  }
  return octets;
}

/** A DNS host name: letters, digits and hyphens in labels of at most 63, 253 in all, not ending in a number. */
export function isHostName(text: string): boolean {
  if (text.length > 253) return false;
  const labels = text.split('.');
  const last = labels.at(-1) ?? '';
  return labels.every((label) => /^(?!-)[A-Za-z0-9-]{1,63}(?<!-)$/.test(label)) && !/^[0-9]+$/.test(last);
}

/** What kind of IKE identity (RFC 7296 section 3.5) a text stands for. */
export type IdentityForm = 'address' | 'fqdn' | 'email' | 'dn' | 'key-id';

const EXPLICIT_FORMS: Readonly<Record<string, IdentityForm>> = {
  fqdn: 'fqdn',
  email: 'email',
  dn: 'dn',
  keyid: 'key-id',
};

/**
 * The form of an identity by its looks: an IP address, a distinguished name (it has a '='), an e-mail address
 * (it has an '@'), and anything else is a host name or a bare name. `fqdn:`, `email:`, `dn:` and `keyid:HEX` in
 * front say the form outright. Undefined when nothing follows such a word, or `keyid:` is not hexadecimal.
 */
export function identityForm(text: string): IdentityForm | undefined {
  const explicit = /^(keyid|fqdn|email|dn):(.*)$/.exec(text);
  if (explicit !== null) {
    const [, word = '', value = ''] = explicit;
    if (value.trim() === '') return undefined;
    if (word === 'keyid' && !/^([0-9a-fA-F]{2})+$/.test(value)) return undefined;
    return EXPLICIT_FORMS[word];
  }
  if (addressOctets(text) !== undefined) return 'address';
  if (text.includes('=')) return 'dn';
  return text.includes('@') ? 'email' : 'fqdn';
}

/** Undefined for a good identity, otherwise what is wrong with it. */
export function identityProblem(text: string): string | undefined {
  if (identityForm(text) !== undefined) return undefined;
  return 'has nothing usable after its first word; write keyid: and hexadecimal digits, or fqdn:, email: or dn: and a name';
}

/** The same for a gateway, whose bare name must be a host name: a mistyped address is caught here. */
export function gatewayIdentityProblem(text: string): string | undefined {
  if (identityForm(text) === 'fqdn' && !text.startsWith('fqdn:') && !isHostName(text))
    return 'must be a host name, an IP address, user@host, or a name like CN=gateway, O=Example';
  return identityProblem(text);
}

/** Undefined for a good `address/length`, otherwise what is wrong with it, to follow the field's name. */
export function prefixProblem(text: string): string | undefined {
  const [address = '', length, ...more] = text.split('/');
  const octets = addressOctets(address);
  if (octets === undefined || more.length > 0) return `'${shorten(text)}' is not a network like 10.0.0.0/8`;
  const bits = octets.length * 8;
  if (length === undefined) return `'${text}' has no length; for this one address write ${address}/${bits}`;
  if (!/^(0|[1-9][0-9]{0,2})$/.test(length) || Number(length) > bits)
    return `'${shorten(text)}' has a length that is not between 0 and ${bits}`;
  const masked = octets.map((octet, index) => octet & maskOctet(Number(length) - 8 * index));
  if (masked.some((octet, index) => octet !== octets[index])) {
    const meant = bits === 32 ? ` did you mean ${masked.join('.')}/${length}?` : '';
    return `'${text}' has bits set after its first ${length};${meant || ' set them to zero'}`;
  }
  return undefined;
}

function maskOctet(bits: number): number {
  return bits >= 8 ? 0xff : bits <= 0 ? 0 : (0xff << (8 - bits)) & 0xff;
}

/** Text for a message: control characters shown as '?', cut at 60 characters. */
export function shorten(text: string, max = 60): string {
  const clean = isPlainText(text) ? text : text.replace(/\p{C}/gu, '?');
  return clean.length > max ? `${clean.slice(0, max - 3)}...` : clean;
}

/** Whether a text has control, format or other invisible characters, or a line break. */
export function hasControlCharacters(text: string): boolean {
  return !isPlainText(text) && /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(text);
}
