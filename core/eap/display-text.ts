import { utf8Text } from '../lib/bytes.ts';
import { isPlainText } from '../lib/plain-text.ts';

const MAX_LENGTH = 256;

/**
 * Text from a gateway as it may be shown (RFC 3748 section 1.2, "displayable message"): UTF-8, without control and
 * format characters, which could act on a terminal or turn a line around, on one line, at most 256 characters.
 */
export function displayText(octets: Uint8Array): string {
  const given = utf8Text(octets);
  const invisible = isPlainText(given) ? /\s+/g : /[\p{C}\p{Zl}\p{Zp}\s]+/gu;
  const text = given.replace(invisible, ' ').trim();
  const characters = Array.from(text);
  return characters.length <= MAX_LENGTH ? text : `${characters.slice(0, MAX_LENGTH - 1).join('')}…`;
}
