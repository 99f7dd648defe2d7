import { equalBytes, utf8Strict } from '../lib/bytes.ts';
import { ProtocolError } from '../lib/reader.ts';
import type { Certificate } from './certificate.ts';
import { DerReader } from './der.ts';
import { dnOctets, type DistinguishedName, parseDn, sameDn } from './dn.ts';
import {
  addressText,
  dnsLabels,
  type GeneralName,
  generalNameText,
  parseGeneralName,
} from './general-name.ts';

/** Whom the profile says the gateway must be, as its certificate has to name it. */
export type GatewayIdentity =
  /** A host name in its ASCII (A-label) form, or a mailbox. */
  | { readonly type: 'fqdn' | 'email'; readonly value: string }
  /** 4 or 16 octets. */
  | { readonly type: 'address'; readonly value: Uint8Array }
  /** RFC 4514 text. */
  | { readonly type: 'dn'; readonly value: string };

export function gatewayIdentityText(identity: GatewayIdentity): string {
  return identity.type === 'address' ? addressText(identity.value) : identity.value;
}

/**
 * Whether the certificate names the identity, RFC 9525 section 6: in subjectAltName, or for a distinguished name
 * also as its subject. The common name of the subject never counts.
 */
export function namesGateway(certificate: Certificate, identity: GatewayIdentity): boolean {
  switch (identity.type) {
    case 'fqdn':
      return hasName(certificate, 'dns', (name) => matchesHost(name, identity.value.replace(/\.$/, '')));
    case 'email':
      return hasName(certificate, 'email', (name) => sameMailbox(name, identity.value));
    case 'address':
      return namesAddress(certificate, identity.value);
    case 'dn': {
      const wanted = dnOctets(identity.value);
      return wanted !== undefined && namesDn(certificate, parseDn(wanted));
    }
  }
}

/** Every name by which the certificate could have been recognised, for people. */
export function namesOf(certificate: Certificate): string[] {
  const names = (certificate.subjectAltNames ?? []).filter((name) => name.type !== 'other');
  return [...new Set(names.map(generalNameText))];
}

function hasName(
  certificate: Certificate,
  type: 'dns' | 'email',
  matches: (name: string) => boolean,
): boolean {
  return (certificate.subjectAltNames ?? []).some((name) => name.type === type && matches(name.value));
}

function namesAddress(certificate: Certificate, octets: Uint8Array): boolean {
  return (certificate.subjectAltNames ?? []).some(
    (name) => name.type === 'address' && equalBytes(name.value, octets),
  );
}

function namesDn(certificate: Certificate, wanted: DistinguishedName): boolean {
  if (wanted.keys.length === 0) return false;
  if (sameDn(certificate.subject, wanted)) return true;
  return (certificate.subjectAltNames ?? []).some((name) => name.type === 'dn' && sameDn(name.value, wanted));
}

/**
 * A dNSName against a concrete host: label by label without regard to case. `*` as the whole left-most label
 * stands for exactly one label, and at least two labels must follow it (RFC 9525 section 6.3).
 */
function matchesHost(pattern: string, host: string): boolean {
  const wanted = dnsLabels(host, false);
  const labels = dnsLabels(pattern, true);
  if (!wanted || !labels || labels.length !== wanted.length) return false;
  if (labels[0] === '*' && labels.length < 3) return false;
  // dnsLabels lets `*` stand nowhere but first.
  return labels.every((label, i) => label === wanted[i] || label === '*');
}

/** The local part counts to the letter, the domain without regard to case (RFC 5280 section 7.5). */
function sameMailbox(a: string, b: string): boolean {
  const folded = (mailbox: string): string => mailbox.replace(/@[^@]*$/, (domain) => domain.toLowerCase());
  return a.includes('@') && folded(a) === folded(b);
}

/** The ID types of RFC 7296 section 3.5 that a certificate can bear. */
const ID_IPV4_ADDR = 1;
const ID_FQDN = 2;
const ID_RFC822_ADDR = 3;
const ID_IPV6_ADDR = 5;
const ID_DER_ASN1_DN = 9;
const ID_DER_ASN1_GN = 10;

/**
 * Whether the certificate bears the identity of an ID payload (RFC 7296 section 3.5, RFC 4945 section 3.1): what a
 * gateway calls itself must be in the certificate by which it proves that. Malformed data and other types are not.
 */
export function matchesIdPayload(certificate: Certificate, idType: number, idData: Uint8Array): boolean {
  switch (idType) {
    case ID_FQDN:
      return namesGateway(certificate, { type: 'fqdn', value: utf8Strict(idData) ?? '' });
    case ID_RFC822_ADDR:
      return namesGateway(certificate, { type: 'email', value: utf8Strict(idData) ?? '' });
    case ID_IPV4_ADDR:
      return idData.length === 4 && namesAddress(certificate, idData);
    case ID_IPV6_ADDR:
      return idData.length === 16 && namesAddress(certificate, idData);
    case ID_DER_ASN1_DN:
      return readable(() => namesDn(certificate, parseDn(idData)));
    case ID_DER_ASN1_GN:
      return readable(() => bearsGeneralName(certificate, idData));
    default:
      return false;
  }
}

function bearsGeneralName(certificate: Certificate, idData: Uint8Array): boolean {
  const reader = new DerReader(idData);
  const name: GeneralName = parseGeneralName(reader.any('identity'), 'identity');
  reader.end('identity');
  switch (name.type) {
    case 'dns':
      return namesGateway(certificate, { type: 'fqdn', value: name.value });
    case 'email':
      return namesGateway(certificate, { type: 'email', value: name.value });
    case 'address':
      return namesAddress(certificate, name.value);
    case 'dn':
      return namesDn(certificate, name.value);
    default:
      return false;
  }
}

function readable(check: () => boolean): boolean {
  try {
    return check();
  } catch (error) {
    if (error instanceof ProtocolError) return false;
    throw error;
  }
}
