import { test } from 'node:test';
import assert from 'node:assert/strict';
import { fromHex, toHex, utf8 } from '../../../core/lib/bytes.ts';
import { utf16OfUtf8 } from '../../../core/eap/utf16.ts';

function utf16(text: string): string {
  return Buffer.from(text, 'utf16le').toString('hex');
}

test('text of every length of UTF-8 becomes UTF-16, little endian', () => {
  for (const text of [
    '',
    'clientPass',
    'pässwörd',
    'Пароль',
    '密码',
    '\ud83d\udd11 key',
    '\u{10ffff}',
    '\ufeffbom',
    '\0',
  ]) {
    assert.equal(toHex(utf16OfUtf8(utf8(text))), utf16(text), text);
  }
});

test('octets that are no UTF-8 are taken as Latin-1', () => {
  // Alone, cut short, overlong, a surrogate, beyond the last plane.
  for (const hex of [
    'ff',
    '70e4',
    'c3',
    'e282',
    'c080',
    'e08080',
    'f0808080',
    'eda080',
    'f4908080',
    'f5808080',
    '80',
  ]) {
    const octets = fromHex(hex);
    assert.equal(toHex(utf16OfUtf8(octets)), utf16(Buffer.from(octets).toString('latin1')), hex);
  }
});
