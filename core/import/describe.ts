import { createPublicKey } from 'node:crypto';
import { toHex } from '../lib/bytes.ts';
import { sha256 } from '../crypto/hash.ts';
import { type Certificate, parseCertificate } from '../pki/certificate.ts';
import { sameDn } from '../pki/dn.ts';
import { generalNameText } from '../pki/general-name.ts';
import { parsePemCertificates } from '../pki/pem.ts';

/** A certificate as people read it. Times are milliseconds since 1970. */
export interface CertificateText {
  readonly subject: string;
  readonly issuer: string;
  readonly notBefore: number;
  readonly notAfter: number;
  /** Other names: hosts, addresses, mail addresses. */
  readonly names: string[];
  /** SHA-256 of all of it, in pairs of hexadecimal digits with colons between. */
  readonly fingerprint: string;
  readonly serial: string;
  /** The kind and size of its key: `RSA 3072`, `EC P-256`. */
  readonly key: string;
  readonly isAuthority: boolean;
  /** It is signed by whom it is for. */
  readonly isSelfIssued: boolean;
}

/** What is in a PEM text. `problem`: a few words on what could not be read. */
export interface CertificateTexts {
  readonly certificates: CertificateText[];
  readonly problem?: string;
}

/** Nobody looks at more at once. */
const MAX_CERTIFICATES = 64;
const MAX_NAMES = 64;

/** Tells of every certificate in a PEM text, as far as it can be read. */
export function describeCertificates(pem: string): CertificateTexts {
  const ders = parsePemCertificates(pem);
  if (!ders.ok) return { certificates: [], problem: ders.error };
  const certificates: CertificateText[] = [];
  let problem: string | undefined;
  for (const der of ders.value.slice(0, MAX_CERTIFICATES)) {
    const parsed = parseCertificate(der);
    if (parsed.ok) certificates.push(describe(parsed.value));
    else problem ??= parsed.error;
  }
  if (ders.value.length > MAX_CERTIFICATES) problem ??= `more than ${MAX_CERTIFICATES} certificates`;
  return problem === undefined ? { certificates } : { certificates, problem };
}

function describe(certificate: Certificate): CertificateText {
  const { subject, issuer, notBefore, notAfter, subjectAltNames = [], serialNumber } = certificate;
  return {
    subject: subject.text,
    issuer: issuer.text,
    notBefore,
    notAfter,
    names: subjectAltNames.slice(0, MAX_NAMES).map(generalNameText),
    fingerprint: colons(sha256(certificate.der)),
    serial: colons(serialNumber),
    key: keyText(certificate.spki),
    isAuthority: certificate.basicConstraints?.ca === true,
    isSelfIssued: sameDn(subject, issuer),
  };
}

function colons(octets: Uint8Array): string {
  return toHex(octets)
    .replace(/(..)(?=.)/g, '$1:')
    .toUpperCase();
}

const CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

function keyText(spki: Uint8Array): string {
  try {
    const { asymmetricKeyType: kind = '?', asymmetricKeyDetails: details = {} } = createPublicKey({
      key: Buffer.from(spki),
      format: 'der',
      type: 'spki',
    });
    const { modulusLength, namedCurve } = details;
    if (modulusLength !== undefined) return `RSA ${modulusLength}`;
    return namedCurve === undefined ? kind : `EC ${CURVES[namedCurve] ?? namedCurve}`;
  } catch {
    return '?';
  }
}
