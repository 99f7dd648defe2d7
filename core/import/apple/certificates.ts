import { utf8Text } from '../../lib/bytes.ts';
import { type Certificate, parseCertificate } from '../../pki/certificate.ts';
import { parsePemCertificates } from '../../pki/pem.ts';
import type { Draft } from '../draft.ts';
import { isTable, own } from '../ledger.ts';
import { pemOf } from '../values.ts';
import { Fields } from './fields.ts';

const CERTIFICATE_TYPES = ['com.apple.security.root', 'com.apple.security.pkcs1', 'com.apple.security.pem'];
/** Payloads by which a device would fetch a certificate for itself. */
const FETCHED: ReadonlyMap<string, string> = new Map([
  ['com.apple.security.scep', 'SCEP'],
  ['com.apple.security.acme', 'ACME'],
  ['com.apple.ADCertificate.managed', 'Active Directory'],
]);

/** A store with a key in the file. */
export interface IdentityPayload {
  readonly key: string;
  readonly fields: Fields;
  readonly contents: Uint8Array;
  readonly password: string | undefined;
}

export interface CertificatePayload {
  readonly key: string;
  readonly certificate: Certificate;
}

/** The certificates of a file by the UUIDs of their payloads, which other payloads name them by. */
export interface Payloads {
  readonly identities: ReadonlyMap<string, IdentityPayload>;
  readonly certificates: readonly CertificatePayload[];
  readonly fetched: ReadonlyMap<string, string>;
}

/** Finds the certificates in a file, and tells of every payload that is none and no VPN. */
export function readPayloads(draft: Draft, payloads: readonly unknown[]): Payloads {
  const identities = new Map<string, IdentityPayload>();
  const certificates: CertificatePayload[] = [];
  const fetched = new Map<string, string>();
  for (const [index, payload] of payloads.entries()) {
    const key = `PayloadContent[${index}]`;
    const type = own(payload, 'PayloadType');
    if (!isTable(payload) || typeof type !== 'string') {
      draft.ledger.ignored(key, 'other-payload', 'something');
      continue;
    }
    const fields = new Fields(draft, key, payload);
    const uuid = fields.text('PayloadUUID')?.toUpperCase() ?? key;
    const content = fields.value('PayloadContent');
    if (CERTIFICATE_TYPES.includes(type)) certificates.push(...readCertificates(draft, key, content));
    else if (type === 'com.apple.security.pkcs12' && content instanceof Uint8Array) {
      identities.set(uuid, { key, fields, contents: content, password: fields.text('Password') });
      draft.ledger.ignored(key, 'other-payload', type);
    } else if (FETCHED.has(type)) {
      fetched.set(uuid, FETCHED.get(type) ?? type);
      draft.ledger.ignored(key, 'certificate-elsewhere', FETCHED.get(type));
    } else if (!type.startsWith('com.apple.vpn.managed')) draft.ledger.ignored(key, 'other-payload', type);
  }
  return { identities, certificates, fetched };
}

/** One certificate in DER, or some in PEM. */
function readCertificates(draft: Draft, key: string, content: unknown): CertificatePayload[] {
  if (!(content instanceof Uint8Array)) {
    draft.ledger.ignored(key, 'damaged-certificate', 'it is not there');
    return [];
  }
  const pem = parsePemCertificates(utf8Text(content));
  const found: CertificatePayload[] = [];
  for (const [index, der] of (pem.ok ? pem.value : [content]).entries()) {
    const parsed = parseCertificate(der);
    const place = index === 0 ? key : `${key}: certificate ${index + 1}`;
    if (parsed.ok) found.push({ key: place, certificate: parsed.value });
    else draft.ledger.ignored(place, 'damaged-certificate', parsed.error);
  }
  return found;
}

/** Takes the authorities in the file as those that may vouch for the gateway, and tells of each. */
export function takeAuthorities(draft: Draft, { certificates }: Payloads, isPsk: boolean): void {
  const taken: Certificate[] = [];
  for (const { key, certificate } of certificates) {
    const detail = certificate.subject.text;
    const isAuthority = certificate.basicConstraints?.ca === true || certificate.version === 1;
    if (isPsk) draft.ledger.ignored(key, 'authorities-psk');
    else if (!isAuthority) draft.ledger.ignored(key, 'not-an-authority', detail);
    else {
      taken.push(certificate);
      draft.ledger.taken(key, { to: 'gateway.authorities', note: 'authority', detail });
    }
  }
  if (taken.length > 0)
    draft.put('gateway.authorities', taken.map(({ der }) => pemOf('CERTIFICATE', der)).join(''));
}
