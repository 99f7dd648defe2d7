import { toHex } from '../lib/bytes.ts';
import { ProtocolError } from '../lib/reader.ts';
import { asciiOf, type DerElement } from './der.ts';
import { type DistinguishedName, parseDn } from './dn.ts';

/** A GeneralName of RFC 5280 section 4.2.1.6: a name in a certificate, or the base of a name constraint. */
export type GeneralName =
  | { readonly type: 'dns' | 'email' | 'uri'; readonly value: string }
  /** 4 or 16 octets; in a name constraint the mask follows, so 8 or 32. */
  | { readonly type: 'address'; readonly value: Uint8Array }
  | { readonly type: 'dn'; readonly value: DistinguishedName }
  /** A form that we do not compare: otherName, x400Address, ediPartyName, registeredID. */
  | { readonly type: 'other'; readonly form: number };

/** Reads one GeneralName. Throws ProtocolError; address lengths are the caller's to check. */
export function parseGeneralName(element: DerElement, what: string): GeneralName {
  switch (element.tag) {
    case 0x81:
      return { type: 'email', value: asciiOf(element.content, what) };
    case 0x82:
      return { type: 'dns', value: asciiOf(element.content, what) };
    case 0xa4:
      return { type: 'dn', value: parseDn(element.content, what) };
    case 0x86:
      return { type: 'uri', value: asciiOf(element.content, what) };
    case 0x87:
      return { type: 'address', value: element.content };
    case 0xa0:
    case 0xa3:
    case 0xa5:
    case 0x88:
      return { type: 'other', form: element.tag & 0x1f };
    default:
      throw new ProtocolError(`${what}: no general name has tag 0x${element.tag.toString(16)}`);
  }
}

/** A name for people. */
export function generalNameText(name: GeneralName): string {
  switch (name.type) {
    case 'address':
      return addressText(name.value);
    case 'dn':
      return name.value.text;
    case 'other':
      return `a name of form ${name.form}`;
    default:
      return name.value;
  }
}

/** An address of 4 or 16 octets as text; IPv6 as RFC 5952 has it. Other lengths as hexadecimal. */
export function addressText(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.');
  if (octets.length !== 16) return `#${toHex(octets)}`;
  const groups = Array.from({ length: 8 }, (_, i) => ((octets[2 * i] ?? 0) << 8) | (octets[2 * i + 1] ?? 0));
  const hex = groups.map((group) => group.toString(16)).join(':');
  // The first of the longest runs of two or more zero groups becomes `::`.
  const runs = [...hex.matchAll(/\b0(?::0)+\b/g)];
  const longest = runs.reduce((best, [run]) => (run.length > best.length ? run : best), '');
  if (longest === '') return hex;
  const at = runs.find(([run]) => run === longest)?.index ?? 0;
  const [before, after] = [hex.slice(0, at), hex.slice(at + longest.length)];
  return `${before.replace(/:$/, '')}::${after.replace(/^:/, '')}`;
}

/**
 * The labels of a DNS name in lower case, or undefined when it is none: empty labels (so also a trailing dot),
 * odd characters, too long. `*` is allowed as a whole left-most label when `wildcard` says so.
 */
export function dnsLabels(name: string, wildcard: boolean): string[] | undefined {
  const labels = name.toLowerCase().split('.');
  const [first, ...rest] = labels;
  const concrete = wildcard && first === '*' && rest.length > 0 ? rest : labels;
  const good = concrete.every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label));
  return good && name.length <= 253 ? labels : undefined;
}
