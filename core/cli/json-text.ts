/**
 * Where a JSON text is wrong, in words. The runtime's own messages lack a place for some mistakes and quote the
 * text for others, and a profile may hold a private key.
 */

export interface JsonMistake {
  /** Both count from 1; a column is one UTF-16 unit. */
  readonly line: number;
  readonly column: number;
  readonly detail: string;
}

class Mistake extends Error {
  readonly at: number;
  constructor(at: number, detail: string) {
    super(detail);
    this.at = at;
  }
}

/** The first mistake of a text by RFC 8259, or a key that stands twice in one object; undefined when there is none. */
export function jsonMistake(text: string): JsonMistake | undefined {
  try {
    const end = skipSpace(text, value(text, skipSpace(text, 0), 0));
    if (end < text.length) throw new Mistake(end, 'something follows after the end');
    return undefined;
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    const lines = text.slice(0, error.at).split(/\r\n|\n|\r/);
    return { line: lines.length, column: (lines.at(-1) ?? '').length + 1, detail: error.message };
  }
}

const MAX_DEPTH = 100;

/** Each of these takes the place where its thing begins and returns the place after it. */
function value(text: string, at: number, depth: number): number {
  if (depth > MAX_DEPTH) throw new Mistake(at, 'too many brackets inside each other');
  switch (text[at]) {
    case '{':
      return object(text, at, depth);
    case '[':
      return array(text, at, depth);
    case '"':
      return string(text, at);
    default:
      return scalar(text, at);
  }
}

function scalar(text: string, at: number): number {
  const match = /(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)/y;
  match.lastIndex = at;
  if (match.test(text) && !/[A-Za-z0-9_.+-]/.test(text[match.lastIndex] ?? '')) return match.lastIndex;
  if (at >= text.length) throw new Mistake(at, 'the text ends too early');
  if (text.startsWith('//', at) || text.startsWith('/*', at) || text[at] === '#')
    throw new Mistake(at, 'JSON has no comments');
  if (text[at] === "'") throw new Mistake(at, 'text must be in "double" quotation marks');
  if (text[at] === ',') throw new Mistake(at, 'a value is missing before this comma');
  if (text[at] === '}' || text[at] === ']')
    throw new Mistake(at, 'a value is missing, or there is a comma too many');
  throw new Mistake(
    at,
    'a value was expected: "text" in quotation marks, a number, true, false, null, [ or {',
  );
}

function object(text: string, start: number, depth: number): number {
  const keys = new Set<string>();
  let at = skipSpace(text, start + 1);
  if (text[at] === '}') return at + 1;
  for (;;) {
    if (text[at] !== '"') throw new Mistake(at, keyExpected(text, at));
    const end = string(text, at);
    const key = text.slice(at, end);
    if (keys.has(key)) throw new Mistake(at, 'this key stands twice in the same object');
    keys.add(key);
    const colon = skipSpace(text, end);
    if (text[colon] !== ':') throw new Mistake(colon, 'a colon must follow the key');
    at = skipSpace(text, value(text, skipSpace(text, colon + 1), depth + 1));
    if (text[at] === '}') return at + 1;
    if (text[at] !== ',') throw new Mistake(at, ended(text, at, 'a comma or } was expected'));
    at = skipSpace(text, at + 1);
  }
}

function keyExpected(text: string, at: number): string {
  if (text[at] === '}') return 'there is a comma too many before this }';
  if (text.startsWith('//', at) || text.startsWith('/*', at) || text[at] === '#')
    return 'JSON has no comments';
  return ended(text, at, 'a key in "double" quotation marks was expected');
}

function array(text: string, start: number, depth: number): number {
  let at = skipSpace(text, start + 1);
  if (text[at] === ']') return at + 1;
  for (;;) {
    if (text[at] === ']') throw new Mistake(at, 'there is a comma too many before this ]');
    at = skipSpace(text, value(text, at, depth + 1));
    if (text[at] === ']') return at + 1;
    if (text[at] !== ',') throw new Mistake(at, ended(text, at, 'a comma or ] was expected'));
    at = skipSpace(text, at + 1);
  }
}

function ended(text: string, at: number, detail: string): string {
  return at >= text.length ? 'the text ends too early; a bracket is not closed' : detail;
}

function string(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const unit = text[at] ?? '';
    if (unit === '"') return at + 1;
    if (unit === '\n' || unit === '\r')
      throw new Mistake(
        at,
        'a text must end on the line on which it begins: a quotation mark is missing, or write \\n for a line break',
      );
    if (unit < ' ') throw new Mistake(at, 'a control character must be written as an escape such as \\t');
    if (unit !== '\\') continue;
    const escape = /["\\/bfnrt]|u[0-9a-fA-F]{4}/y;
    escape.lastIndex = at + 1;
    if (!escape.test(text)) throw new Mistake(at, 'a backslash must be written twice: \\\\');
    at = escape.lastIndex - 1;
  }
  throw new Mistake(start, 'this quotation mark is not closed');
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (at < text.length && ' \t\n\r'.includes(text[at] ?? '')) at++;
  return at;
}
