import { createPublicKey, createVerify, createHash, type KeyObject } from 'node:crypto';
import { equalBytes } from '../lib/bytes.ts';
import { ProtocolError } from '../lib/reader.ts';
import { algorithmIdentifier, type Certificate, parseCertificate } from '../pki/certificate.ts';
import { DerReader, type DerElement, objectIdentifier, soleElement, Tag } from '../pki/der.ts';
import { berToDer, encoded, implicitOctets } from './ber.ts';
import { ImportTrouble } from './result.ts';

/*
 * A signed message (RFC 5652 sections 3 and 5):
 *
 *   ContentInfo ::= SEQUENCE { contentType (signedData), content [0] EXPLICIT SignedData }
 *   SignedData ::= SEQUENCE { version, digestAlgorithms SET, encapContentInfo SEQUENCE { eContentType,
 *     eContent [0] EXPLICIT OCTET STRING }, certificates [0] IMPLICIT OPTIONAL, crls [1] IMPLICIT OPTIONAL,
 *     signerInfos SET OF SignerInfo }
 *   SignerInfo ::= SEQUENCE { version, sid, digestAlgorithm, signedAttrs [0] IMPLICIT OPTIONAL, signatureAlgorithm,
 *     signature OCTET STRING, unsignedAttrs [1] IMPLICIT OPTIONAL }
 */
const SIGNED_DATA = '1.2.840.113549.1.7.2';
const ENVELOPED_DATA = '1.2.840.113549.1.7.3';
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
const MAX_SIGNERS = 8;

const DIGESTS: ReadonlyMap<string, string> = new Map([
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
  ['2.16.840.1.101.3.4.2.2', 'sha384'],
  ['2.16.840.1.101.3.4.2.3', 'sha512'],
]);
/** RSA with PKCS #1 v1.5, alone and with each hash, and ECDSA with each. */
const SIGNATURES: ReadonlySet<string> = new Set([
  '1.2.840.113549.1.1.1',
  '1.2.840.113549.1.1.5',
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.2.840.10045.4.1',
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
]);

/** `good`: the contents are as the holder of this certificate signed them; nothing says that the name in it is true. */
export type SignatureState =
  | { readonly state: 'good'; readonly signer: string }
  | { readonly state: 'none' | 'foreign' }
  | { readonly state: 'algorithm'; readonly detail: string };

export interface SignedContents {
  readonly contents: Uint8Array;
  readonly signature: SignatureState;
}

/** Whether octets begin as a message of this kind does: a sequence with an identifier 1.2.840.113549.1.7.x in front. */
export function isCms(contents: Uint8Array): boolean {
  const head = Buffer.from(contents.subarray(0, 24)).toString('hex');
  return /^30(?:[0-7].|80|81..|82.{4}|83.{6}|84.{8})06092a864886f70d0107/.test(head);
}

/** Takes a signed message apart. Throws ImportTrouble: also when a signature is wrong. */
export function unwrapSigned(message: Uint8Array): SignedContents {
  try {
    return readSigned(message);
  } catch (error) {
    if (error instanceof ProtocolError) throw new ImportTrouble('damaged-container', error.reason);
    throw error;
  }
}

function readSigned(message: Uint8Array): SignedContents {
  const info = new DerReader(soleElement(berToDer(message, 'message'), Tag.SEQUENCE, 'message').content);
  const type = objectIdentifier(info.element(Tag.OBJECT_IDENTIFIER, 'message').content, 'message');
  if (type === ENVELOPED_DATA) throw new ImportTrouble('encrypted-profile');
  if (type !== SIGNED_DATA) throw new ProtocolError(`message of type ${type}`);
  const data = info.inside('message', 0xa0).inside('signed data');
  data.element(Tag.INTEGER, 'version');
  data.element(Tag.SET, 'digest algorithms');
  const encapsulated = data.inside('contents');
  encapsulated.element(Tag.OBJECT_IDENTIFIER, 'contents');
  if (encapsulated.atEnd) throw new ProtocolError('the contents are not in it');
  const inner = encapsulated.inside('contents', 0xa0).any('contents');
  const contents =
    inner.tag === Tag.OCTET_STRING ? inner.content : implicitOctets(inner.tag, inner.content, 'contents');
  const certificates = certificatesOf(data.optional(0xa0, 'certificates'));
  data.optional(0xa1, 'revocation lists');
  const signers = data.inside('signers', Tag.SET);
  return { contents, signature: judge(signers, certificates, contents) };
}

function certificatesOf(list: DerElement | undefined): readonly Certificate[] {
  if (!list) return [];
  const reader = new DerReader(list.content);
  const certificates: Certificate[] = [];
  while (!reader.atEnd) {
    const parsed = parseCertificate(reader.any('certificate').raw);
    if (parsed.ok) certificates.push(parsed.value);
  }
  return certificates;
}

/** The first signature that can be judged; one that is wrong is an error whatever the others are. */
function judge(
  signers: DerReader,
  certificates: readonly Certificate[],
  contents: Uint8Array,
): SignatureState {
  let best: SignatureState = { state: 'none' };
  for (let count = 0; !signers.atEnd && count < MAX_SIGNERS; count++) {
    const state = judgeOne(signers.inside('signer'), certificates, contents);
    if (best.state !== 'good') best = state;
  }
  return best;
}

function judgeOne(
  signer: DerReader,
  certificates: readonly Certificate[],
  contents: Uint8Array,
): SignatureState {
  signer.element(Tag.INTEGER, 'version');
  const certificate = certificateOf(signer.any('signer'), certificates);
  const digest = DIGESTS.get(algorithmIdentifier(signer, 'digest').oid);
  const attributes = signer.optional(0xa0, 'signed attributes');
  const algorithm = algorithmIdentifier(signer, 'signature');
  const signature = signer.element(Tag.OCTET_STRING, 'signature').content;
  if (!certificate) return { state: 'foreign' };
  if (digest === undefined || !SIGNATURES.has(algorithm.oid))
    return { state: 'algorithm', detail: algorithm.oid };
  const key = keyOf(certificate);
  if (!key) return { state: 'algorithm', detail: certificate.subject.text };
  if (attributes && !equalBytes(digestIn(attributes), createHash(digest).update(contents).digest()))
    throw new ImportTrouble('bad-signature');
  // Signed attributes are signed as the SET OF that they are, not under their implicit tag (section 5.4).
  const signed = attributes ? encoded(Tag.SET, [attributes.content]) : contents;
  if (!isSignature(digest, signed, key, signature)) throw new ImportTrouble('bad-signature');
  return { state: 'good', signer: certificate.subject.text };
}

/** SignerIdentifier: issuer and serial number, or [0] the subject key identifier. */
function certificateOf(id: DerElement, certificates: readonly Certificate[]): Certificate | undefined {
  if (id.tag === 0x80)
    return certificates.find(
      ({ subjectKeyIdentifier: own }) => own !== undefined && equalBytes(own, id.content),
    );
  const reader = new DerReader(id.content);
  const issuer = reader.element(Tag.SEQUENCE, 'issuer').raw;
  const serial = reader.element(Tag.INTEGER, 'serial number').content;
  return certificates.find(
    (one) => equalBytes(one.issuer.der, issuer) && equalBytes(one.serialNumber, serial),
  );
}

function isSignature(digest: string, signed: Uint8Array, key: KeyObject, signature: Uint8Array): boolean {
  try {
    return createVerify(digest).update(signed).verify(key, signature);
  } catch {
    return false;
  }
}

function keyOf({ spki }: Certificate): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    return ['rsa', 'ec'].includes(key.asymmetricKeyType ?? '') ? key : undefined;
  } catch {
    return undefined;
  }
}

function digestIn(attributes: DerElement): Uint8Array {
  const list = new DerReader(attributes.content);
  while (!list.atEnd) {
    const attribute = list.inside('attribute');
    const type = objectIdentifier(attribute.element(Tag.OBJECT_IDENTIFIER, 'attribute').content, 'attribute');
    const values = attribute.inside('attribute', Tag.SET);
    if (type === MESSAGE_DIGEST) return values.element(Tag.OCTET_STRING, 'digest').content;
  }
  throw new ProtocolError('signed attributes without a digest');
}
