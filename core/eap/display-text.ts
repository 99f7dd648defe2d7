import { utf8Text } from '../lib/bytes.ts';

const MAX_LENGTH = 256;

/**
 * Text from a gateway as it may be shown (RFC 3748 section 1.2, "displayable message"): UTF-8, without control and
 * format characters, which could act on a terminal or turn a line around, on one line, at most 256 characters.
 */
export function displayText(octets: Uint8Array): string {
  const text = utf8Text(octets)
    .replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
  const characters = Array.from(text);
  return characters.length <= MAX_LENGTH ? text : `${characters.slice(0, MAX_LENGTH - 1).join('')}…`;
}
