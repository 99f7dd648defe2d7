import { utf8Strict } from '../lib/bytes.ts';
import { ImportTrouble } from './result.ts';

/** No profile of anybody's is nested deeper. */
const MAX_DEPTH = 64;

/** The value of a JSON text (RFC 8259) in UTF-8. Throws ImportTrouble. */
export function readJson(contents: Uint8Array): unknown {
  const text = utf8Strict(contents);
  if (text === undefined) throw new ImportTrouble('not-json', 'it is not text in UTF-8');
  if (depthOf(text) > MAX_DEPTH) throw new ImportTrouble('not-json', 'too many brackets inside each other');
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    // The runtime's own words quote the text, in which there may be a key.
    throw new ImportTrouble('not-json', 'a bracket, a comma or a quotation mark is not where it belongs');
  }
}

/** How deep brackets are nested, those in texts aside. What comes behind a text that does not end is not counted. */
function depthOf(text: string): number {
  let deepest = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const mark = text[at];
    if (mark === '"') {
      at = endOfText(text, at);
      if (at < 0) break;
    } else if (mark === '[' || mark === '{') deepest = Math.max(deepest, ++depth);
    else if (mark === ']' || mark === '}') depth--;
  }
  return deepest;
}

/** Where the quotation mark is that ends a text; -1 when none does. */
function endOfText(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '"') return at;
    if (text[at] === '\\') at++;
  }
  return -1;
}
