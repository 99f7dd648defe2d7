import { concat, fromHex, toHex, utf8 } from '../lib/bytes.ts';
import { isPlainText } from '../lib/plain-text.ts';
import { ProtocolError } from '../lib/reader.ts';
import { DerReader, Tag, objectIdentifier, soleElement, stringOf } from './der.ts';
import { derObjectIdentifier, derSequence, derSetOf, derText } from './der-writer.ts';
import { ATTRIBUTE_ALIASES, ATTRIBUTE_TYPES, AttributeOid } from './oids.ts';

/** One attribute of a relative distinguished name. */
export interface Attribute {
  /** Attribute type, dotted. */
  readonly type: string;
  /** The value as text; undefined when its ASN.1 type is no string. */
  readonly text: string | undefined;
  /** The value's whole encoding. */
  readonly raw: Uint8Array;
}

export type RelativeName = readonly Attribute[];

/** A Name of RFC 5280 section 4.1.2.4, most significant part first, as it is encoded. */
export interface DistinguishedName {
  readonly der: Uint8Array;
  readonly parts: readonly RelativeName[];
  /** For people, RFC 4514: the last part first. Empty for the empty name. */
  readonly text: string;
  /** One key a part; parts with equal keys are equal by the comparison of RFC 5280 section 7.1. */
  readonly keys: readonly string[];
}

/** Nobody has so many; it bounds the work on hostile names. */
const MAX_ATTRIBUTES = 64;
const MAX_TEXT_LENGTH = 4096;

/** Decodes a whole Name. Throws ProtocolError. */
export function parseDn(der: Uint8Array, what = 'name'): DistinguishedName {
  const outer = new DerReader(soleElement(der, Tag.SEQUENCE, what).content);
  const parts: Attribute[][] = [];
  let count = 0;
  while (!outer.atEnd) {
    const set = outer.inside(what, Tag.SET);
    const part: Attribute[] = [];
    do part.push(parseAttribute(set, what));
    while (!set.atEnd);
    count += part.length;
    if (count > MAX_ATTRIBUTES) throw new ProtocolError(`${what}: too many attributes`);
    parts.push(part);
  }
  return { der, parts, text: textOf(parts), keys: parts.map(keyOf) };
}

function parseAttribute(set: DerReader, what: string): Attribute {
  const pair = set.inside(what);
  const type = objectIdentifier(pair.element(Tag.OBJECT_IDENTIFIER, what).content, what);
  const value = pair.any(what);
  pair.end(what);
  return { type, text: stringOf(value, what), raw: value.raw };
}

export function sameDn(a: DistinguishedName, b: DistinguishedName): boolean {
  return a.keys.length === b.keys.length && isWithin(a, b);
}

/** Whether `name` lies in the subtree under `base`: begins with all of its parts (RFC 5280 section 4.2.1.10). */
export function isWithin(name: DistinguishedName, base: DistinguishedName): boolean {
  return name.keys.length >= base.keys.length && base.keys.every((key, i) => name.keys[i] === key);
}

/** Texts of every attribute of this type. */
export function attributeTexts(name: DistinguishedName, type: string): string[] {
  return name.parts
    .flat()
    .filter((attribute) => attribute.type === type)
    .flatMap(({ text }) => (text === undefined ? [] : [text]));
}

/**
 * What is compared instead of a part: attributes in any order, strings of whatever ASN.1 type without regard to
 * case and with runs of white space as one space; anything that is no string by its octets.
 */
function keyOf(part: RelativeName): string {
  const pairs = part.map(({ type, text, raw }) =>
    JSON.stringify(text === undefined ? [type, 'der', toHex(raw)] : [type, 'text', foldedText(text)]),
  );
  return JSON.stringify(pairs.sort());
}

function foldedText(text: string): string {
  const folded = isPlainText(text)
    ? text.toLowerCase()
    : text.normalize('NFKC').toLowerCase().normalize('NFKC');
  return folded.replace(/\s+/g, ' ').trim();
}

/**
 * The text of an encoded Name as in RFC 4514: last part first, `,` between parts, `+` within one. Octets that are
 * no Name, which a peer may well send as its identity, give `#` and their hexadecimal digits.
 */
export function formatDn(der: Uint8Array): string {
  try {
    return parseDn(der).text;
  } catch (error) {
    if (error instanceof ProtocolError) return `#${toHex(der)}`;
    throw error;
  }
}

function textOf(parts: readonly RelativeName[]): string {
  return parts
    .map((part) => part.map(attributeText).join('+'))
    .reverse()
    .join(',');
}

const NAME_OF_TYPE: ReadonlyMap<string, string> = new Map(ATTRIBUTE_TYPES.map(([name, oid]) => [oid, name]));

function attributeText({ type, text, raw }: Attribute): string {
  const name = NAME_OF_TYPE.get(type);
  return name === undefined || text === undefined
    ? `${name ?? type}=#${toHex(raw)}`
    : `${name}=${escaped(text)}`;
}

/** RFC 4514 section 2.4; control and format characters are escaped too, so that no name acts on a terminal. */
function escaped(text: string): string {
  return visible(text.replace(/[\\"+,;<>]/g, '\\$&'))
    .replace(/ $/, '\\ ')
    .replace(/^[# ]/, '\\$&');
}

function visible(text: string): string {
  if (isPlainText(text)) return text;
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) =>
    toHex(utf8(character)).replace(/../g, '\\$&'),
  );
}

const TYPE_OF_NAME: ReadonlyMap<string, string> = new Map(
  [...ATTRIBUTE_TYPES, ...ATTRIBUTE_ALIASES].map(([name, oid]) => [name.toUpperCase(), oid]),
);

/**
 * The encoded Name of a text as in RFC 4514 (`CN=vpn.example.com,O=Example,C=CH`; spaces around separators do not
 * count; types also dotted). Undefined when the text is no such name. The empty text gives the empty name.
 */
export function dnOctets(text: string): Uint8Array | undefined {
  if (text.length > MAX_TEXT_LENGTH) return undefined;
  const parts: Uint8Array[] = [];
  for (const part of /^ *$/.test(text) ? [] : splitUnescaped(text, ',')) {
    const attributes = splitUnescaped(part, '+').map(attributeOctets);
    if (!attributes.every((attribute) => attribute !== undefined)) return undefined;
    parts.unshift(derSetOf(...attributes));
  }
  return derSequence(...parts);
}

/** The pieces between separators that no `\` escapes, without the unescaped spaces around each: U+0020 alone is one. */
function splitUnescaped(text: string, separator: ',' | '+'): string[] {
  const pieces: string[][] = [[]];
  for (const [unit] of text.matchAll(/\\.|[^\\]|\\$/gsu)) {
    if (unit === separator) pieces.push([]);
    else pieces.at(-1)?.push(unit);
  }
  return pieces.map((units) => {
    const last = units.findLastIndex((unit) => unit !== ' ');
    return units
      .slice(0, last + 1)
      .join('')
      .replace(/^ +/, '');
  });
}

function attributeOctets(text: string): Uint8Array | undefined {
  const [, name = '', rest] = /^([A-Za-z][A-Za-z0-9-]*|[0-9.]+) *= *(.*)$/su.exec(text) ?? [];
  const dotted = /^[0-2](\.(0|[1-9]\d*))+$/.test(name) ? name : undefined;
  const type = dotted ?? TYPE_OF_NAME.get(name.toUpperCase());
  if (type === undefined || rest === undefined) return undefined;
  const value = valueOctets(type, rest);
  try {
    return value && derSequence(derObjectIdentifier(type), value);
  } catch {
    return undefined;
  }
}

function valueOctets(type: string, text: string): Uint8Array | undefined {
  if (text.startsWith('#')) return encodedValue(text.slice(1));
  const plain = unescaped(text);
  if (plain === undefined) return undefined;
  switch (type) {
    case AttributeOid.COUNTRY:
    case AttributeOid.SERIAL_NUMBER:
      return /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(plain) ? derText(Tag.PRINTABLE_STRING, plain) : undefined;
    case AttributeOid.DOMAIN_COMPONENT:
    case AttributeOid.EMAIL_ADDRESS:
      return /^[\0-\x7f]*$/.test(plain) ? derText(Tag.IA5_STRING, plain) : undefined;
    default:
      return derText(Tag.UTF8_STRING, plain);
  }
}

/** `#` and hexadecimal digits: the value's own encoding, which must be one DER element. */
function encodedValue(hex: string): Uint8Array | undefined {
  try {
    const reader = new DerReader(fromHex(hex));
    const { raw } = reader.any('attribute value');
    reader.end('attribute value');
    return raw;
  } catch {
    return undefined;
  }
}

/** What `\`-escapes and plain characters stand for, RFC 4514 section 3; undefined when badly formed. */
function unescaped(text: string): string | undefined {
  const octets: Uint8Array[] = [];
  const unit = /\\([0-9a-fA-F]{2})|\\([\\"+,;<>=# ])|([^\\"+,;<>\0])/suy;
  while (unit.lastIndex < text.length) {
    const [, hex, special, plain = special] = unit.exec(text) ?? [];
    if (hex !== undefined) octets.push(fromHex(hex));
    else if (plain !== undefined) octets.push(utf8(plain));
    else return undefined;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(concat(...octets));
  } catch {
    return undefined;
  }
}
