import type { Certificate } from './certificate.ts';
import { attributeTexts, isWithin } from './dn.ts';
import type { NameConstraints } from './extensions.ts';
import { dnsLabels, type GeneralName, generalNameText } from './general-name.ts';
import { AttributeOid } from './oids.ts';

/** The name that breaks a constraint, and the rule in a few words. */
export interface ConstraintFault {
  readonly name: string;
  readonly rule: string;
}

/**
 * What these constraints find fault with in `certificate`; undefined when it keeps all of them.
 *
 * RFC 5280 sections 4.2.1.10 and 6.1.4 (g). Every name of every certificate below the constrained CA is judged,
 * self-issued ones too, by each CA above it on its own: a CA further down can narrow what is allowed, never widen it.
 * A name that cannot be compared with a constraint of its form counts as outside of what is permitted and as
 * inside of what is excluded.
 */
export function constraintFault(
  constraints: NameConstraints,
  certificate: Certificate,
): ConstraintFault | undefined {
  const unknown = [...constraints.permitted, ...constraints.excluded].find((base) => base.type === 'other');
  if (unknown && constraints.critical) {
    return { name: generalNameText(unknown), rule: 'a kind of constraint that this program does not know' };
  }
  for (const name of constrainedNames(certificate)) {
    const permitted = constraints.permitted.filter((base) => sameForm(base, name));
    if (permitted.length > 0 && !permitted.some((base) => isPermitted(name, base))) {
      return {
        name: generalNameText(name),
        rule: `permitted are only ${permitted.map(baseText).join(', ')}`,
      };
    }
    const excluded = constraints.excluded.find((base) => sameForm(base, name) && touches(name, base));
    if (excluded) return { name: generalNameText(name), rule: `excluded is ${baseText(excluded)}` };
  }
  return undefined;
}

/** The subject, the alternative names, and the mail addresses of the subject when no alternative name is one. */
function constrainedNames(certificate: Certificate): GeneralName[] {
  const { subject, subjectAltNames = [] } = certificate;
  const mailboxes = subjectAltNames.some((name) => name.type === 'email')
    ? []
    : attributeTexts(subject, AttributeOid.EMAIL_ADDRESS);
  return [
    ...(subject.parts.length > 0 ? [{ type: 'dn', value: subject } as const] : []),
    ...subjectAltNames,
    ...mailboxes.map((value) => ({ type: 'email', value }) as const),
  ];
}

function sameForm(base: GeneralName, name: GeneralName): boolean {
  return base.type === 'other' && name.type === 'other' ? base.form === name.form : base.type === name.type;
}

type Comparison = 'inside' | 'outside' | 'unknown';

/** Whether the whole of `name` lies within the subtree of `base`. */
function isPermitted(name: GeneralName, base: GeneralName): boolean {
  return compare(name, base) === 'inside';
}

/** Whether anything that `name` stands for lies within the subtree of `base`, or cannot be told to lie outside. */
function touches(name: GeneralName, base: GeneralName): boolean {
  return compare(name, base) !== 'outside' || wildcardReaches(name, base);
}

/** `*.example.com` stands for `vpn.example.com` too, so excluding that one host concerns it. */
function wildcardReaches(name: GeneralName, base: GeneralName): boolean {
  if (name.type !== 'dns' || base.type !== 'dns' || !name.value.startsWith('*.')) return false;
  return base.value.toLowerCase().replace(/^[^.]+/, '*') === name.value.toLowerCase();
}

function compare(name: GeneralName, base: GeneralName): Comparison {
  switch (name.type) {
    case 'dn':
      return base.type === 'dn' ? inside(isWithin(name.value, base.value)) : 'unknown';
    case 'address':
      return base.type === 'address' ? inside(isInRange(name.value, base.value)) : 'unknown';
    case 'dns':
      return base.type === 'dns' ? compareHost(dnsLabels(name.value, true), base.value, 'below') : 'unknown';
    case 'email':
      return base.type === 'email' ? compareMailbox(name.value, base.value) : 'unknown';
    case 'uri':
      return base.type === 'uri' ? compareHost(hostLabels(name.value), base.value, 'exactly') : 'unknown';
    case 'other':
      return 'unknown';
  }
}

function inside(is: boolean): Comparison {
  return is ? 'inside' : 'outside';
}

/** Octets of an address and of a network with its mask. Different families never meet. */
function isInRange(address: Uint8Array, range: Uint8Array): boolean {
  const { length } = address;
  if (range.length !== 2 * length) return false;
  return address.every((octet, i) => {
    const mask = range[length + i] ?? 0;
    return (octet & mask) === ((range[i] ?? 0) & mask);
  });
}

/**
 * A host against a base. `.example.com` is everything below example.com; `example.com` is that host, and for DNS
 * names ('below') everything below it as well; the empty base is every host.
 */
function compareHost(host: string[] | undefined, base: string, plainBase: 'below' | 'exactly'): Comparison {
  if (base === '') return 'inside';
  const wanted = dnsLabels(base.replace(/^\./, ''), false);
  if (!host || !wanted) return 'unknown';
  const extra = host.length - wanted.length;
  const ends = extra >= 0 && wanted.every((label, i) => label === host[extra + i]);
  return inside(ends && (base.startsWith('.') ? extra > 0 : plainBase === 'below' || extra === 0));
}

/** The base is one mailbox, or a host or domain as for a URI. */
function compareMailbox(mailbox: string, base: string): Comparison {
  const [, local, domain = ''] = /^([\w.!#$%&'*+/=?^`{|}~-]+)@([^@]+)$/.exec(mailbox) ?? [];
  const [, baseLocal, baseDomain = base] = /^(.*)@([^@]*)$/s.exec(base) ?? [];
  const comparison = compareHost(
    local === undefined ? undefined : dnsLabels(domain, false),
    baseDomain,
    'exactly',
  );
  return baseLocal !== undefined && baseLocal !== local && comparison === 'inside' ? 'outside' : comparison;
}

/** The host of a URI; undefined when it has none or has an address in its place, which no constraint can judge. */
function hostLabels(uri: string): string[] | undefined {
  const [, host = ''] =
    /^[A-Za-z][A-Za-z0-9+.-]*:\/\/(?:[\w.~!$&'()*+,;=:%-]*@)?([^/?#:@]+)(?::\d*)?(?:[/?#]|$)/.exec(uri) ?? [];
  const labels = dnsLabels(host, false);
  return labels && !/^\d+$/.test(labels.at(-1) ?? '') ? labels : undefined;
}

function baseText(base: GeneralName): string {
  if (base.type !== 'address') return generalNameText(base) || 'any';
  const half = base.value.length / 2;
  const bits = base.value
    .subarray(half)
    .reduce((sum, octet) => sum + octet.toString(2).replaceAll('0', '').length, 0);
  return `${generalNameText({ type: 'address', value: base.value.subarray(0, half) })}/${bits}`;
}
