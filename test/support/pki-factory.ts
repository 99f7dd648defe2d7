/**
 * Certificates for tests, made in-process: no commands, no files. Good ones and every kind of bad one.
 *
 *   const ca = makeCa({ name: 'Example CA' });                                    // self-signed, RSA 2048
 *   const gateway = issue(ca, { subject: 'CN=vpn.example.com', san: [{ dns: 'vpn.example.com' }] });
 *   const inner = issue(ca, { subject: 'CN=Example Issuing CA', ca: true, pathLength: 0, key: 'p384' });
 *   const client = issue(inner, { subject: 'CN=alice', san: [{ email: 'alice@example.com' }], eku: ['clientAuth'] });
 *   writeFileSync('gateway.pem', gateway.pem + inner.pem);  writeFileSync('gateway.key', gateway.keyPem);
 *
 * `pem` is the certificate alone, `keyPem` its private key as PKCS#8, `der` and `key` (a private KeyObject) are
 * the same for use in the process. Everything has a sane default: an end entity gets digitalSignature and
 * serverAuth, a CA gets basicConstraints and keyCertSign, validity runs from 2020 to 2049. Keys are made once for
 * each kind and `keyName` (default: the subject) and reused within the process, because RSA keys are slow to make.
 */
import { generateKeyPairSync, randomBytes, sign, createHash, createPublicKey, constants } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { der as derElement } from '../../core/crypto/der.ts';
import { DerReader, Tag } from '../../core/pki/der.ts';
import { dnOctets } from '../../core/pki/dn.ts';
import { derObjectIdentifier, derSequence, derText } from '../../core/pki/der-writer.ts';
import { EMPTY, utf8 } from '../../core/lib/bytes.ts';

export type KeyKind =
  | 'rsa1024'
  | 'rsa2048'
  | 'rsa3072'
  | 'rsa4096'
  | 'p256'
  | 'p384'
  | 'p521'
  | 'secp256k1'
  | 'ed25519'
  | 'ed448';

/** A subjectAltName entry, or the base of a name constraint (there `ip` is a prefix such as '10.0.0.0/8'). */
export type NameInput =
  | { readonly dns: string }
  | { readonly ip: string }
  | { readonly email: string }
  | { readonly uri: string }
  | { readonly dn: string }
  | { readonly upn: string }
  /** A GeneralName as it shall be encoded. */
  | { readonly raw: Uint8Array };

const KEY_USAGES = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
] as const;
export type KeyUsageName = (typeof KEY_USAGES)[number];

const PURPOSES = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  ipsecIke: '1.3.6.1.5.5.7.3.17',
  ikeIntermediate: '1.3.6.1.5.5.8.2.2',
  any: '2.5.29.37.0',
} as const;
export type PurposeName = keyof typeof PURPOSES;

export type SignatureHash = 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512';

export interface ExtensionInput {
  readonly oid: string;
  readonly critical?: boolean;
  /** What stands inside the OCTET STRING. */
  readonly value: Uint8Array;
}

export interface CertificateInput {
  /** RFC 4514 text; '' for the empty name. */
  readonly subject: string;
  /** A kind of key to make, or somebody's private key to certify (again). */
  readonly key?: KeyKind | KeyObject;
  readonly keyName?: string;
  /** Makes it a CA certificate. */
  readonly ca?: boolean;
  readonly pathLength?: number;
  readonly san?: readonly NameInput[];
  readonly sanCritical?: boolean;
  /** null leaves the extension out. */
  readonly eku?: readonly PurposeName[] | null;
  readonly keyUsage?: readonly KeyUsageName[] | null;
  readonly basicConstraints?: null;
  readonly nameConstraints?: {
    readonly permitted?: readonly NameInput[];
    readonly excluded?: readonly NameInput[];
    readonly critical?: boolean;
  };
  readonly extensions?: readonly ExtensionInput[];
  /** ISO 8601, to the second. */
  readonly notBefore?: string;
  readonly notAfter?: string;
  readonly serial?: Uint8Array;
  /** Hash of the signature on this certificate (default SHA-256, or the curve's own). */
  readonly signatureHash?: SignatureHash;
  /** Sign with RSASSA-PSS where the signer has an RSA key. */
  readonly pss?: boolean;
  /** Version 1 has no extensions. */
  readonly version?: 1 | 3;
  readonly corruptSignature?: boolean;
}

export interface Issued {
  readonly der: Uint8Array;
  readonly pem: string;
  /** The private key. */
  readonly key: KeyObject;
  /** The private key, PKCS#8. */
  readonly keyPem: string;
  readonly subject: string;
  readonly issuer: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
}

/** A self-signed CA. `name` becomes the subject `CN=name` unless `subject` is given. */
export function makeCa(input: Partial<CertificateInput> & { readonly name: string }): Issued {
  const subject = input.subject ?? `CN=${input.name}`;
  return build({ ca: true, ...input, subject }, undefined);
}

/** A self-signed certificate of whatever kind. */
export function selfSigned(input: CertificateInput): Issued {
  return build(input, undefined);
}

/** A certificate signed by `issuer`: an end entity's, or a subordinate CA's with `ca: true`. */
export function issue(issuer: Issued, input: CertificateInput): Issued {
  return build(input, issuer);
}

/** Any DER under a PEM label. */
export function toPem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

function build(input: CertificateInput, issuer: Issued | undefined): Issued {
  const key = keyFor(input);
  const spki = new Uint8Array(createPublicKey(key).export({ format: 'der', type: 'spki' }));
  const signer = issuer?.key ?? key;
  const issuerName = issuer?.subject ?? input.subject;
  const { algorithm, signature } = signatureScheme(signer, input);
  const version = input.version ?? 3;
  const tbs = derSequence(
    ...(version === 3 ? [derElement(0xa0, derElement(Tag.INTEGER, Uint8Array.of(2)))] : []),
    derElement(Tag.INTEGER, input.serial ?? newSerial()),
    algorithm,
    nameOctets(issuerName),
    derSequence(
      time(input.notBefore ?? '2020-01-01T00:00:00Z'),
      time(input.notAfter ?? '2049-12-31T23:59:59Z'),
    ),
    nameOctets(input.subject),
    spki,
    ...(version === 3 ? [derElement(0xa3, derSequence(...extensionsOf(input, spki, issuer?.spki)))] : []),
  );
  const signed = signature(tbs);
  if (input.corruptSignature) signed[signed.length - 1]! ^= 1;
  const der = derSequence(tbs, algorithm, bitString(signed));
  return {
    der,
    pem: toPem('CERTIFICATE', der),
    key,
    keyPem: key.export({ format: 'pem', type: 'pkcs8' }),
    subject: input.subject,
    issuer: issuerName,
    spki,
  };
}

const keys = new Map<string, KeyObject>();

function keyFor(input: CertificateInput): KeyObject {
  const wanted = input.key ?? 'rsa2048';
  if (typeof wanted !== 'string') return wanted;
  const cacheName = `${wanted} ${input.keyName ?? input.subject}`;
  const known = keys.get(cacheName) ?? newKey(wanted);
  keys.set(cacheName, known);
  return known;
}

/** A new private key. */
export function newKey(kind: KeyKind): KeyObject {
  switch (kind) {
    case 'rsa1024':
    case 'rsa2048':
    case 'rsa3072':
    case 'rsa4096':
      return generateKeyPairSync('rsa', { modulusLength: Number(kind.slice(3)) }).privateKey;
    case 'ed25519':
      return generateKeyPairSync('ed25519').privateKey;
    case 'ed448':
      return generateKeyPairSync('ed448').privateKey;
    default: {
      const namedCurve = { p256: 'P-256', p384: 'P-384', p521: 'P-521', secp256k1: 'secp256k1' }[kind];
      return generateKeyPairSync('ec', { namedCurve }).privateKey;
    }
  }
}

function newSerial(): Uint8Array {
  const serial = new Uint8Array(randomBytes(16));
  serial[0] = (serial[0]! & 0x3f) | 0x40;
  return serial;
}

const HASH_ARC: Readonly<Record<SignatureHash, number>> = {
  md5: 4,
  sha1: 5,
  sha256: 11,
  sha384: 12,
  sha512: 13,
};
const ECDSA_OID: Readonly<Record<SignatureHash, string>> = {
  md5: '1.2.840.10045.4.0',
  sha1: '1.2.840.10045.4.1',
  sha256: '1.2.840.10045.4.3.2',
  sha384: '1.2.840.10045.4.3.3',
  sha512: '1.2.840.10045.4.3.4',
};
const DIGEST_OID: Readonly<Record<SignatureHash, string>> = {
  md5: '1.2.840.113549.2.5',
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
};
const NULL = derElement(Tag.NULL);

interface Scheme {
  /** AlgorithmIdentifier. */
  readonly algorithm: Uint8Array;
  readonly signature: (tbs: Uint8Array) => Uint8Array;
}

function signatureScheme(signer: KeyObject, input: CertificateInput): Scheme {
  const made = (oid: string, parameters: Uint8Array, run: (tbs: Uint8Array) => Uint8Array): Scheme => ({
    algorithm: derSequence(derObjectIdentifier(oid), parameters),
    signature: (tbs) => new Uint8Array(run(tbs)),
  });
  switch (signer.asymmetricKeyType) {
    case 'ed25519':
      return made('1.3.101.112', EMPTY, (tbs) => sign(null, tbs, signer));
    case 'ed448':
      return made('1.3.101.113', EMPTY, (tbs) => sign(null, tbs, signer));
    case 'ec': {
      const hash = input.signatureHash ?? curveHash(signer);
      return made(ECDSA_OID[hash], EMPTY, (tbs) => sign(hash, tbs, signer));
    }
    default: {
      const hash = input.signatureHash ?? 'sha256';
      if (!input.pss)
        return made(`1.2.840.113549.1.1.${HASH_ARC[hash]}`, NULL, (tbs) => sign(hash, tbs, signer));
      const saltLength = createHash(hash).digest().length;
      const padding = constants.RSA_PKCS1_PSS_PADDING;
      return made('1.2.840.113549.1.1.10', pssParameters(hash, saltLength), (tbs) =>
        sign(hash, tbs, { key: signer, padding, saltLength }),
      );
    }
  }
}

function curveHash(signer: KeyObject): SignatureHash {
  switch (signer.asymmetricKeyDetails?.namedCurve) {
    case 'secp384r1':
      return 'sha384';
    case 'secp521r1':
      return 'sha512';
    default:
      return 'sha256';
  }
}

/** RSASSA-PSS-params of RFC 4055 section 3.1. */
function pssParameters(hash: SignatureHash, saltLength: number): Uint8Array {
  const digest = derSequence(derObjectIdentifier(DIGEST_OID[hash]), NULL);
  return derSequence(
    derElement(0xa0, digest),
    derElement(0xa1, derSequence(derObjectIdentifier('1.2.840.113549.1.1.8'), digest)),
    derElement(0xa2, derElement(Tag.INTEGER, Uint8Array.of(saltLength))),
  );
}

function extensionsOf(input: CertificateInput, spki: Uint8Array, issuerSpki = spki): Uint8Array[] {
  const list: Uint8Array[] = [];
  const add = (oid: string, critical: boolean, value: Uint8Array): void => {
    list.push(
      derSequence(
        derObjectIdentifier(oid),
        critical ? derElement(Tag.BOOLEAN, Uint8Array.of(0xff)) : EMPTY,
        derElement(Tag.OCTET_STRING, value),
      ),
    );
  };
  add('2.5.29.14', false, derElement(Tag.OCTET_STRING, keyIdentifier(spki)));
  add('2.5.29.35', false, derSequence(derElement(0x80, keyIdentifier(issuerSpki))));
  if (input.basicConstraints !== null && input.ca) {
    const limit =
      input.pathLength === undefined ? [] : [derElement(Tag.INTEGER, Uint8Array.of(input.pathLength))];
    add('2.5.29.19', true, derSequence(derElement(Tag.BOOLEAN, Uint8Array.of(0xff)), ...limit));
  }
  const usage = input.keyUsage === undefined ? defaultUsage(input) : input.keyUsage;
  if (usage !== null) add('2.5.29.15', true, usageBits(usage));
  const purposes = input.eku === undefined ? (input.ca ? null : (['serverAuth'] as const)) : input.eku;
  if (purposes !== null) {
    add(
      '2.5.29.37',
      false,
      derSequence(...purposes.map((purpose) => derObjectIdentifier(PURPOSES[purpose]))),
    );
  }
  if (input.san)
    add('2.5.29.17', input.sanCritical ?? false, derSequence(...input.san.map((name) => generalName(name))));
  if (input.nameConstraints) {
    const { permitted, excluded, critical = true } = input.nameConstraints;
    add('2.5.29.30', critical, derSequence(subtrees(0xa0, permitted), subtrees(0xa1, excluded)));
  }
  for (const extra of input.extensions ?? []) add(extra.oid, extra.critical ?? false, extra.value);
  return list;
}

function defaultUsage(input: CertificateInput): readonly KeyUsageName[] {
  return input.ca ? ['keyCertSign', 'cRLSign'] : ['digitalSignature'];
}

/** SHA-1 over the bits of the public key, RFC 5280 section 4.2.1.2 (1). */
function keyIdentifier(spki: Uint8Array): Uint8Array {
  const info = new DerReader(spki).inside('key');
  info.element(Tag.SEQUENCE, 'algorithm');
  const bits = info.element(Tag.BIT_STRING, 'key').content.subarray(1);
  return new Uint8Array(createHash('sha1').update(bits).digest());
}

function usageBits(usage: readonly KeyUsageName[]): Uint8Array {
  const bits = usage.reduce((value, name) => value | (0x80 >> KEY_USAGES.indexOf(name)), 0);
  const unused = bits === 0 ? 0 : Math.log2(bits & -bits);
  return derElement(Tag.BIT_STRING, Uint8Array.of(unused, bits));
}

function subtrees(tag: number, bases: readonly NameInput[] | undefined): Uint8Array {
  return bases ? derElement(tag, ...bases.map((base) => derSequence(generalName(base)))) : EMPTY;
}

/** GeneralName of RFC 5280 section 4.2.1.6. */
export function generalName(name: NameInput): Uint8Array {
  if ('raw' in name) return name.raw;
  if ('dns' in name) return derElement(0x82, utf8(name.dns));
  if ('email' in name) return derElement(0x81, utf8(name.email));
  if ('uri' in name) return derElement(0x86, utf8(name.uri));
  if ('dn' in name) return derElement(0xa4, nameOctets(name.dn));
  if ('ip' in name) return derElement(0x87, addressOctets(name.ip));
  const microsoftUserPrincipalName = derObjectIdentifier('1.3.6.1.4.1.311.20.2.3');
  return derElement(0xa0, microsoftUserPrincipalName, derElement(0xa0, derText(Tag.UTF8_STRING, name.upn)));
}

/** Octets of an address, or of a prefix as address and mask. */
function addressOctets(text: string): Uint8Array {
  const [address = '', length] = text.split('/');
  const octets = isIPv4(address) ? Uint8Array.from(address.split('.').map(Number)) : ipv6Octets(address);
  if (length === undefined) return octets;
  const mask = octets.map((_, i) => 0xff & ~(0xff >> Math.min(8, Math.max(0, Number(length) - 8 * i))));
  return Uint8Array.of(...octets, ...mask);
}

function ipv6Octets(text: string): Uint8Array {
  const [head = '', tail] = text.split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((g) => Number.parseInt(g, 16));
  const [front, back] = [groups(head), groups(tail ?? '')];
  const all = [...front, ...Array.from({ length: 8 - front.length - back.length }, () => 0), ...back];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

function nameOctets(text: string): Uint8Array {
  const octets = dnOctets(text);
  if (!octets) throw new RangeError(`not a distinguished name: ${text}`);
  return octets;
}

/** UTCTime until 2049, GeneralizedTime from 2050, as RFC 5280 section 4.1.2.5 asks. */
function time(iso: string): Uint8Array {
  const digits = new Date(iso).toISOString().replace(/[-:T]/g, '').slice(0, 14);
  return digits < '2050'
    ? derElement(Tag.UTC_TIME, utf8(`${digits.slice(2)}Z`))
    : derElement(Tag.GENERALIZED_TIME, utf8(`${digits}Z`));
}

function bitString(octets: Uint8Array): Uint8Array {
  return derElement(Tag.BIT_STRING, Uint8Array.of(0), octets);
}
