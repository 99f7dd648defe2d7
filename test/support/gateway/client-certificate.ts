import { createHash, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { equalBytes, utf8Text } from '../../../core/lib/bytes.ts';
import type { EpochMillis } from '../../../core/lib/ports.ts';
import { ProtocolError, Reader } from '../../../core/lib/reader.ts';
import { addressOf, formatAddress } from '../../../core/net/address.ts';
import { IdType } from '../../../core/wire/constants.ts';
import type { Identity } from './sa.ts';

/** The SHA-1 over the SubjectPublicKeyInfo of an authority, by which CERTREQ names it (RFC 7296 section 3.7). */
export function authorityHash(certificate: Uint8Array): Uint8Array {
  const spki = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' });
  return new Uint8Array(createHash('sha1').update(spki).digest());
}

export type CertificateVerdict =
  { readonly ok: true; readonly key: KeyObject } | { readonly ok: false; readonly reason: string };

/**
 * Judges the certificates that a client sent, its own first: a chain to one of the authorities, all of it valid
 * at `now`, and the identity of IDi in its subject or alternative names.
 */
export function judgeClient(
  sent: readonly Uint8Array[],
  anchors: readonly Uint8Array[],
  identity: Identity,
  now: EpochMillis,
): CertificateVerdict {
  try {
    const [leaf, ...others] = sent.map((der) => new X509Certificate(der));
    if (leaf === undefined || sent[0] === undefined) return { ok: false, reason: 'no certificate' };
    const problem = chainProblem(
      leaf,
      others,
      anchors.map((der) => new X509Certificate(der)),
      now,
    );
    if (problem !== undefined) return { ok: false, reason: problem };
    if (!names(leaf, subjectOf(sent[0]), identity))
      return { ok: false, reason: 'the identity is not in the certificate' };
    return { ok: true, key: createPublicKey(leaf.publicKey.export({ type: 'spki', format: 'pem' })) };
  } catch (error) {
    return { ok: false, reason: `certificate: ${error instanceof Error ? error.message : String(error)}` };
  }
}

const MAX_DEPTH = 5;

function chainProblem(
  leaf: X509Certificate,
  others: readonly X509Certificate[],
  anchors: readonly X509Certificate[],
  now: EpochMillis,
): string | undefined {
  let current = leaf;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    if (now < Date.parse(current.validFrom) || now > Date.parse(current.validTo))
      return 'a certificate is not valid now';
    const issuedBy = (issuer: X509Certificate): boolean =>
      issuer.ca && current.checkIssued(issuer) && current.verify(issuer.publicKey);
    const anchor = anchors.find(issuedBy);
    if (anchor !== undefined) return undefined;
    const issuer = others.find(issuedBy);
    if (issuer === undefined) return 'no authority signed this certificate';
    current = issuer;
  }
  return 'the chain is too long';
}

function names(leaf: X509Certificate, subject: Uint8Array, { idType, data }: Identity): boolean {
  switch (idType) {
    case IdType.DER_ASN1_DN:
      return equalBytes(subject, data);
    case IdType.FQDN:
      return leaf.checkHost(utf8Text(data), { subject: 'never' }) !== undefined;
    case IdType.RFC822_ADDR:
      return leaf.checkEmail(utf8Text(data), { subject: 'never' }) !== undefined;
    case IdType.IPV4_ADDR:
    case IdType.IPV6_ADDR:
      return leaf.checkIP(formatAddress(addressOf(data))) !== undefined;
    default:
      return false;
  }
}

/** The DER of a certificate's subject: the sixth field of its first field, behind the version. */
export function subjectOf(certificate: Uint8Array): Uint8Array {
  const tbs = element(element(new Reader(certificate)).contents).contents;
  // [0] version, serial number, signature algorithm, issuer, validity.
  for (let field = 0; field < 5; field++) element(tbs);
  return element(tbs).whole;
}

/** The next DER element: all of it, and a reader of its contents. */
function element(reader: Reader): { whole: Uint8Array; contents: Reader } {
  const tag = reader.u8('tag');
  const first = reader.u8('length');
  const lengthOctets = first < 0x80 ? new Uint8Array() : reader.take(first & 0x7f, 'length');
  const length = first < 0x80 ? first : lengthOctets.reduce((sum, octet) => sum * 256 + octet, 0);
  if (first === 0x80) throw new ProtocolError('indefinite length');
  const body = reader.take(length, 'contents');
  const whole = new Uint8Array([tag, first, ...lengthOctets, ...body]);
  return { whole, contents: new Reader(body) };
}
