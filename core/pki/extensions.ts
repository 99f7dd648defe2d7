import { ProtocolError } from '../lib/reader.ts';
import {
  bitString,
  booleanOf,
  type DerElement,
  DerReader,
  objectIdentifier,
  smallInteger,
  soleElement,
  Tag,
} from './der.ts';
import { type GeneralName, parseGeneralName } from './general-name.ts';
import { ExtensionOid } from './oids.ts';

/** Bits of keyUsage in the order of RFC 5280 section 4.2.1.3. */
const KEY_USAGES = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;
export type KeyUsage = (typeof KEY_USAGES)[number];

/** RFC 5280 section 4.2.1.10. An absent list is empty: it constrains nothing. */
export interface NameConstraints {
  readonly critical: boolean;
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** What the extensions of a certificate say; a field is undefined when its extension is absent. */
export interface Extensions {
  readonly subjectAltNames?: readonly GeneralName[];
  readonly basicConstraints?: { readonly ca: boolean; readonly pathLength?: number };
  readonly keyUsage?: readonly KeyUsage[];
  /** Purposes, dotted. */
  readonly extendedKeyUsage?: readonly string[];
  readonly nameConstraints?: NameConstraints;
  readonly subjectKeyIdentifier?: Uint8Array;
  /** The issuer's subjectKeyIdentifier, when the extension names it. */
  readonly authorityKeyIdentifier?: Uint8Array;
  /** Critical extensions that this program cannot process, dotted. */
  readonly unknownCritical: readonly string[];
}

/** Nobody has so many; these bound the work on hostile certificates. */
const MAX_EXTENSIONS = 64;
const MAX_NAMES = 512;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Reads the extensions of a certificate (RFC 5280 section 4.2):
 *
 *   Extension ::= SEQUENCE { extnID OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }
 *
 * An extension that stands there twice, or that we know and cannot read, makes the certificate unreadable.
 */
export function parseExtensions(list: DerReader): Extensions {
  const out: Mutable<Extensions> & { unknownCritical: string[] } = { unknownCritical: [] };
  const seen = new Set<string>();
  while (!list.atEnd) {
    const item = list.inside('extension');
    const oid = objectIdentifier(item.element(Tag.OBJECT_IDENTIFIER, 'extension').content, 'extension');
    const flag = item.optional(Tag.BOOLEAN, 'extension');
    const critical = flag !== undefined && booleanOf(flag.content, 'critical');
    const value = item.element(Tag.OCTET_STRING, 'extension').content;
    item.end('extension');
    if (seen.has(oid)) throw new ProtocolError(`extension ${oid} stands there twice`);
    seen.add(oid);
    if (seen.size > MAX_EXTENSIONS) throw new ProtocolError('too many extensions');
    readExtension(out, oid, critical, value);
  }
  return out;
}

function readExtension(
  out: Mutable<Extensions> & { unknownCritical: string[] },
  oid: string,
  critical: boolean,
  value: Uint8Array,
): void {
  switch (oid) {
    case ExtensionOid.SUBJECT_ALT_NAME:
      out.subjectAltNames = subjectAltNames(value);
      break;
    case ExtensionOid.BASIC_CONSTRAINTS:
      out.basicConstraints = basicConstraints(value);
      break;
    case ExtensionOid.KEY_USAGE:
      out.keyUsage = keyUsage(value);
      break;
    case ExtensionOid.EXTENDED_KEY_USAGE:
      out.extendedKeyUsage = extendedKeyUsage(value);
      break;
    case ExtensionOid.NAME_CONSTRAINTS:
      out.nameConstraints = nameConstraints(value, critical);
      break;
    case ExtensionOid.SUBJECT_KEY_IDENTIFIER:
      out.subjectKeyIdentifier = soleElement(value, Tag.OCTET_STRING, 'subjectKeyIdentifier').content;
      break;
    case ExtensionOid.AUTHORITY_KEY_IDENTIFIER: {
      const inner = new DerReader(soleElement(value, Tag.SEQUENCE, 'authorityKeyIdentifier').content);
      const keyIdentifier = inner.optional(0x80, 'authorityKeyIdentifier');
      if (keyIdentifier) out.authorityKeyIdentifier = keyIdentifier.content;
      break;
    }
    case ExtensionOid.CERTIFICATE_POLICIES:
      // Every policy is acceptable to us (RFC 5280 section 6.1.1: any-policy), so there is nothing to process.
      break;
    default:
      if (critical) out.unknownCritical.push(oid);
  }
}

function subjectAltNames(value: Uint8Array): GeneralName[] {
  const list = new DerReader(soleElement(value, Tag.SEQUENCE, 'subjectAltName').content);
  const names = generalNames(list, 'subjectAltName');
  if (names.length === 0) throw new ProtocolError('subjectAltName: empty');
  for (const name of names) {
    if (name.type === 'address' && name.value.length !== 4 && name.value.length !== 16) {
      throw new ProtocolError(`subjectAltName: address of ${name.value.length} octets`);
    }
  }
  return names;
}

function generalNames(list: DerReader, what: string): GeneralName[] {
  const names: GeneralName[] = [];
  while (!list.atEnd) {
    names.push(parseGeneralName(list.any(what), what));
    if (names.length > MAX_NAMES) throw new ProtocolError(`${what}: too many names`);
  }
  return names;
}

function basicConstraints(value: Uint8Array): { ca: boolean; pathLength?: number } {
  const what = 'basicConstraints';
  const inner = new DerReader(soleElement(value, Tag.SEQUENCE, what).content);
  const flag = inner.optional(Tag.BOOLEAN, what);
  const limit = inner.optional(Tag.INTEGER, what);
  inner.end(what);
  const ca = flag !== undefined && booleanOf(flag.content, what);
  return limit ? { ca, pathLength: smallInteger(limit.content, what) } : { ca };
}

function keyUsage(value: Uint8Array): KeyUsage[] {
  const { octets } = bitString(soleElement(value, Tag.BIT_STRING, 'keyUsage').content, 'keyUsage');
  return KEY_USAGES.filter((_, bit) => ((octets[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0);
}

function extendedKeyUsage(value: Uint8Array): string[] {
  const what = 'extendedKeyUsage';
  const list = new DerReader(soleElement(value, Tag.SEQUENCE, what).content);
  const purposes: string[] = [];
  do purposes.push(objectIdentifier(list.element(Tag.OBJECT_IDENTIFIER, what).content, what));
  while (!list.atEnd && purposes.length <= MAX_NAMES);
  return purposes;
}

/**
 *   NameConstraints ::= SEQUENCE { permittedSubtrees [0] GeneralSubtrees OPTIONAL,
 *                                  excludedSubtrees  [1] GeneralSubtrees OPTIONAL }
 *   GeneralSubtree  ::= SEQUENCE { base GeneralName, minimum [0] INTEGER DEFAULT 0, maximum [1] INTEGER OPTIONAL }
 */
function nameConstraints(value: Uint8Array, critical: boolean): NameConstraints {
  const what = 'nameConstraints';
  const inner = new DerReader(soleElement(value, Tag.SEQUENCE, what).content);
  const permitted = inner.optional(0xa0, what);
  const excluded = inner.optional(0xa1, what);
  inner.end(what);
  return { critical, permitted: subtrees(permitted, what), excluded: subtrees(excluded, what) };
}

function subtrees(list: DerElement | undefined, what: string): GeneralName[] {
  if (!list) return [];
  const reader = new DerReader(list.content);
  const bases: GeneralName[] = [];
  do {
    const subtree = reader.inside(what);
    const base = parseGeneralName(subtree.any(what), what);
    const minimum = subtree.optional(0x80, what);
    if (minimum && smallInteger(minimum.content, what) !== 0) throw new ProtocolError(`${what}: minimum`);
    subtree.end(what);
    if (base.type === 'address') checkMask(base.value, what);
    bases.push(base);
    if (bases.length > MAX_NAMES) throw new ProtocolError(`${what}: too many subtrees`);
  } while (!reader.atEnd);
  return bases;
}

/** An address range is an address and a mask of the same length, ones before zeros (RFC 4632 section 3.1). */
function checkMask(octets: Uint8Array, what: string): void {
  const mask = octets.subarray(octets.length / 2);
  const bits = Array.from(mask, (octet) => octet.toString(2).padStart(8, '0')).join('');
  if ((octets.length !== 8 && octets.length !== 32) || !/^1*0*$/.test(bits)) {
    throw new ProtocolError(`${what}: bad address range`);
  }
}
