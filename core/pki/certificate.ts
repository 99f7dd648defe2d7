import { equalBytes } from '../lib/bytes.ts';
import type { EpochMillis } from '../lib/ports.ts';
import { ProtocolError } from '../lib/reader.ts';
import { err, ok, type Result } from '../lib/result.ts';
import {
  DerReader,
  objectIdentifier,
  smallInteger,
  soleElement,
  Tag,
  timeOf,
  wholeBitString,
} from './der.ts';
import { type DistinguishedName, parseDn } from './dn.ts';
import { type Extensions, parseExtensions } from './extensions.ts';

/** AlgorithmIdentifier of RFC 5280 section 4.1.1.2. */
export interface AlgorithmIdentifier {
  readonly oid: string;
  /** The encoded parameters; undefined when they are absent. */
  readonly parameters: Uint8Array | undefined;
  readonly raw: Uint8Array;
}

/** An X.509 certificate, RFC 5280 section 4.1. Octets are views into `der`. */
export interface Certificate extends Extensions {
  readonly der: Uint8Array;
  readonly version: 1 | 2 | 3;
  readonly serialNumber: Uint8Array;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  readonly notBefore: EpochMillis;
  readonly notAfter: EpochMillis;
  /** SubjectPublicKeyInfo, encoded. */
  readonly spki: Uint8Array;
  /** What the signature covers. */
  readonly tbs: Uint8Array;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
}

/** Decodes one DER certificate. The error says in a few words what is wrong with it. */
export function parseCertificate(der: Uint8Array): Result<Certificate, string> {
  try {
    return ok(readCertificate(der));
  } catch (error) {
    if (error instanceof ProtocolError) return err(error.reason);
    throw error;
  }
}

/**
 *   Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm AlgorithmIdentifier, signatureValue BIT STRING }
 *   TBSCertificate ::= SEQUENCE {
 *     version [0] INTEGER DEFAULT v1, serialNumber INTEGER, signature AlgorithmIdentifier, issuer Name,
 *     validity SEQUENCE { notBefore Time, notAfter Time }, subject Name, subjectPublicKeyInfo,
 *     issuerUniqueID [1] OPTIONAL, subjectUniqueID [2] OPTIONAL, extensions [3] OPTIONAL }
 */
function readCertificate(der: Uint8Array): Certificate {
  const outer = new DerReader(soleElement(der, Tag.SEQUENCE, 'certificate').content);
  const tbs = outer.element(Tag.SEQUENCE, 'tbsCertificate');
  const signatureAlgorithm = algorithmIdentifier(outer, 'signatureAlgorithm');
  const signature = wholeBitString(outer.element(Tag.BIT_STRING, 'signatureValue').content, 'signatureValue');
  outer.end('certificate');

  const inner = new DerReader(tbs.content);
  const version = readVersion(inner);
  const serialNumber = inner.element(Tag.INTEGER, 'serialNumber').content;
  const innerAlgorithm = algorithmIdentifier(inner, 'signature');
  const issuer = parseDn(inner.element(Tag.SEQUENCE, 'issuer').raw, 'issuer');
  const validity = inner.inside('validity');
  const notBefore = timeOf(validity.any('notBefore'), 'notBefore');
  const notAfter = timeOf(validity.any('notAfter'), 'notAfter');
  validity.end('validity');
  const subject = parseDn(inner.element(Tag.SEQUENCE, 'subject').raw, 'subject');
  const spki = inner.element(Tag.SEQUENCE, 'subjectPublicKeyInfo').raw;
  inner.optional(0x81, 'issuerUniqueID');
  inner.optional(0x82, 'subjectUniqueID');
  const extensions = readExtensions(inner, version);
  inner.end('tbsCertificate');
  // Otherwise the algorithm that counts would not be under the signature (RFC 5280 section 4.1.1.2).
  if (!equalBytes(signatureAlgorithm.raw, innerAlgorithm.raw))
    throw new ProtocolError('two different signature algorithms');
  return {
    ...extensions,
    der,
    version,
    serialNumber,
    issuer,
    subject,
    notBefore,
    notAfter,
    spki,
    tbs: tbs.raw,
    signatureAlgorithm,
    signature,
  };
}

function readVersion(tbs: DerReader): 1 | 2 | 3 {
  if (tbs.peek() !== 0xa0) return 1;
  const wrapper = tbs.inside('version', 0xa0);
  const number = smallInteger(wrapper.element(Tag.INTEGER, 'version').content, 'version');
  wrapper.end('version');
  if (number > 2) throw new ProtocolError(`version ${number + 1}`);
  return number === 0 ? 1 : number === 1 ? 2 : 3;
}

function readExtensions(tbs: DerReader, version: number): Extensions {
  if (tbs.peek() !== 0xa3) return { unknownCritical: [] };
  if (version !== 3) throw new ProtocolError(`extensions in version ${version}`);
  const wrapper = tbs.inside('extensions', 0xa3);
  const extensions = parseExtensions(wrapper.inside('extensions'));
  wrapper.end('extensions');
  return extensions;
}

/** Reads AlgorithmIdentifier ::= SEQUENCE { algorithm OBJECT IDENTIFIER, parameters ANY OPTIONAL }. */
export function algorithmIdentifier(reader: DerReader, what: string): AlgorithmIdentifier {
  const { raw, content } = reader.element(Tag.SEQUENCE, what);
  const inner = new DerReader(content);
  const oid = objectIdentifier(inner.element(Tag.OBJECT_IDENTIFIER, what).content, what);
  const parameters = inner.atEnd ? undefined : inner.any(what).raw;
  inner.end(what);
  return { oid, parameters, raw };
}
