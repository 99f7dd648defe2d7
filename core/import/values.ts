import { addressOctets, identityForm, isHostName } from '../contract/text-forms.ts';

/** Octets of base64 with white space in it, or undefined. */
export function base64Octets(text: string): Uint8Array | undefined {
  const clean = text.replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(clean) || clean.replace(/=+$/, '').length % 4 === 1) return undefined;
  return Uint8Array.from(Buffer.from(clean, 'base64'));
}

/** PEM (RFC 7468) of DER octets. */
export function pemOf(label: string, der: Uint8Array): string {
  const body = Buffer.from(der)
    .toString('base64')
    .replace(/(.{64})(?=.)/g, '$1\n');
  return `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
}

/** Texts of a list, or of one text with commas or spaces between; undefined when it is neither. */
export function textsOf(value: unknown): readonly string[] | undefined {
  if (typeof value === 'string') return value.split(/[\s,;]+/).filter((one) => one !== '');
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) return undefined;
  return value.map((one) => one.trim()).filter((one) => one !== '');
}

export function isAddress(text: string): boolean {
  return addressOctets(text) !== undefined;
}

export function isDomain(text: string): boolean {
  return isHostName(text);
}

/**
 * An identity as strongSwan and Apple write it, as a profile does: `@name` stands for a host name, `@#hex` for a key id,
 * and what looks like none of ours is taken by its octets.
 */
export function identityOf(text: string): string {
  const trimmed = text.trim();
  const keyId = /^@#([0-9a-fA-F]+)$/.exec(trimmed)?.[1];
  if (keyId !== undefined && keyId.length % 2 === 0) return `keyid:${keyId.toLowerCase()}`;
  if (/^@[^@]+$/.test(trimmed)) return `fqdn:${trimmed.slice(1)}`;
  if (/^@@.+@/.test(trimmed)) return `email:${trimmed.slice(2)}`;
  return trimmed;
}

/** Whether something can be an identity at all. */
export function isIdentity(text: string): boolean {
  return text !== '' && identityForm(text) !== undefined;
}
