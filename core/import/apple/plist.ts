import { utf8Strict } from '../../lib/bytes.ts';
import { ProtocolError } from '../../lib/reader.ts';
import { ImportTrouble } from '../result.ts';
import { base64Octets } from '../values.ts';
import { parseXml, type XmlElement } from './xml.ts';

export type PlistValue =
  string | number | boolean | Uint8Array | PlistValue[] | { readonly [key: string]: PlistValue };

/** Reads a property list in XML, whose outermost value is a dictionary. Throws ImportTrouble. */
export function readPlist(contents: Uint8Array): Readonly<Record<string, PlistValue>> {
  const text = textOf(contents);
  if (text === undefined) throw new ImportTrouble('not-plist', 'it is not text in UTF-8');
  try {
    const root = parseXml(text);
    const [dict, ...more] = root.children;
    if (root.name !== 'plist' || dict?.name !== 'dict' || more.length > 0)
      throw new ProtocolError('it is no property list with one dictionary');
    return dictionary(dict);
  } catch (error) {
    if (error instanceof ProtocolError) throw new ImportTrouble('not-plist', error.reason);
    throw error;
  }
}

/** UTF-8, or UTF-16 with its mark in front. */
function textOf(contents: Uint8Array): string | undefined {
  const [first, second] = contents;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    try {
      return new TextDecoder(first === 0xff ? 'utf-16le' : 'utf-16be', { fatal: true }).decode(contents);
    } catch {
      return undefined;
    }
  }
  return utf8Strict(contents)?.replace(/^\ufeff/, '');
}

function value(element: XmlElement): PlistValue {
  switch (element.name) {
    case 'dict':
      return dictionary(element);
    case 'array':
      return element.children.map(value);
    case 'true':
    case 'false':
      return element.name === 'true';
    case 'integer':
    case 'real': {
      const number = Number(sole(element).trim());
      if (element.text.trim() === '' || !Number.isFinite(number)) throw new ProtocolError('a number is none');
      return number;
    }
    case 'data': {
      const octets = base64Octets(sole(element));
      if (!octets) throw new ProtocolError('data is not base64');
      return octets;
    }
    case 'string':
    case 'date':
      return sole(element);
    default:
      throw new ProtocolError(`a property list has no <${element.name}>`);
  }
}

function sole(element: XmlElement): string {
  if (element.children.length > 0) throw new ProtocolError(`<${element.name}> has elements in it`);
  return element.text;
}

function dictionary({ children }: XmlElement): Readonly<Record<string, PlistValue>> {
  const entries = new Map<string, PlistValue>();
  for (let at = 0; at < children.length; at += 2) {
    const [key, inner] = [children[at], children[at + 1]];
    if (key?.name !== 'key' || !inner) throw new ProtocolError('a dictionary is not made of keys and values');
    if (entries.has(key.text)) throw new ProtocolError('a key stands twice in the same dictionary');
    entries.set(key.text, value(inner));
  }
  return Object.fromEntries(entries);
}
