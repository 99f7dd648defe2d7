/**
 * The part of XML that property lists are written in: elements without attributes but for the version of the outermost,
 * text with the five entities and character references, CDATA, comments. No document type of its own, no other entity:
 * the one DOCTYPE that is allowed names Apple's and is not fetched. So nothing in a file can grow when it is read, or
 * make anybody look elsewhere. It is a page of code because less of XML is needed than any package reads.
 */
import { ProtocolError } from '../../lib/reader.ts';

export interface XmlElement {
  readonly name: string;
  readonly children: readonly XmlElement[];
  /** The text directly inside it, put together. */
  readonly text: string;
}

const MAX_DEPTH = 32;
const MAX_ELEMENTS = 50_000;

const DECLARATION = /\s*(?:<\?xml[^<>?]*\?>)?/y;
/** A document type that names an outside one and has none of its own between brackets. */
const DOCTYPE =
  /<!DOCTYPE\s+[A-Za-z]+(?:\s+(?:PUBLIC\s+(?:"[^"<>]*"|'[^'<>]*')|SYSTEM)\s*(?:"[^"<>]*"|'[^'<>]*')?)?\s*>/y;
const OPEN = /<([A-Za-z][A-Za-z0-9]*)((?:\s+[A-Za-z:]+\s*=\s*(?:"[^"<&]*"|'[^'<&]*'))*)\s*(\/?)>/y;
const CLOSE = /<\/([A-Za-z][A-Za-z0-9]*)\s*>/y;
const TEXT = /[^<]+/y;

interface Open {
  readonly name: string;
  readonly children: XmlElement[];
  text: string;
}

/** The outermost element of a document. Throws ProtocolError with what is wrong, and where. */
export function parseXml(document: string): XmlElement {
  const scan = new Scanner(document);
  scan.match(DECLARATION);
  scan.skipAside();
  if (scan.match(DOCTYPE)) scan.skipAside();
  const stack: Open[] = [];
  let count = 0;
  for (;;) {
    const top = stack.at(-1);
    const opened = scan.match(OPEN);
    if (opened) {
      const [, name = '', attributes = '', slash] = opened;
      if (attributes !== '' && stack.length > 0) throw scan.fault('an element has attributes');
      if (++count > MAX_ELEMENTS) throw scan.fault('it has too many elements');
      if (stack.length >= MAX_DEPTH) throw scan.fault('its elements are too deep inside each other');
      const element: Open = { name, children: [], text: '' };
      if (slash !== '/') {
        stack.push(element);
        continue;
      }
      if (!top) return ended(scan, element);
      top.children.push(element);
      continue;
    }
    const closed = scan.match(CLOSE);
    if (closed) {
      if (!top || closed[1] !== top.name) throw scan.fault('an element is closed that is not open');
      stack.pop();
      const parent = stack.at(-1);
      if (!parent) return ended(scan, top);
      parent.children.push(top);
      continue;
    }
    if (!top) throw scan.fault('an element should be here');
    const cdata = scan.between('<![CDATA[', ']]>');
    if (cdata !== undefined) top.text += cdata;
    else if (scan.between('<!--', '-->') === undefined) {
      const text = scan.match(TEXT);
      if (!text) throw scan.fault('this is not understood');
      top.text += decoded(text[0], scan);
    }
  }
}

function ended(scan: Scanner, root: XmlElement): XmlElement {
  scan.skipAside();
  if (!scan.atEnd) throw scan.fault('something follows after the end');
  return root;
}

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found) this.#at = pattern.lastIndex;
    return found;
  }

  /** White space and comments. */
  skipAside(): void {
    while (this.match(/\s+/y) ?? this.between('<!--', '-->'));
  }

  /** What is between two marks, when the first of them is here. */
  between(first: string, last: string): string | undefined {
    if (!this.#text.startsWith(first, this.#at)) return undefined;
    const start = this.#at + first.length;
    const end = this.#text.indexOf(last, start);
    if (end < 0) throw this.fault(`${first} has no end`);
    this.#at = end + last.length;
    return this.#text.slice(start, end);
  }

  fault(what: string): ProtocolError {
    const line = this.#text.slice(0, this.#at).split('\n').length;
    return new ProtocolError(`${what} (line ${line})`);
  }
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

function decoded(text: string, scan: Scanner): string {
  return text.replace(/&([^;&]{0,10});?/g, (whole, name: string) => {
    const known = ENTITIES.get(name);
    if (known !== undefined && whole.endsWith(';')) return known;
    const [, hex, digits] = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(name) ?? [];
    const point = hex === undefined ? Number(digits ?? 'none') : Number.parseInt(hex, 16);
    const isCharacter =
      (point >= 0x20 && point < 0xd800) ||
      (point >= 0xe000 && point <= 0x10ffff) ||
      [9, 10, 13].includes(point);
    if (!whole.endsWith(';') || !isCharacter) throw scan.fault('an entity is not one of XML’s own five');
    return String.fromCodePoint(point);
  });
}
