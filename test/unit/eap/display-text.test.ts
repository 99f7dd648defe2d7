import { test } from 'node:test';
import assert from 'node:assert/strict';
import { fromHex, utf8 } from '../../../core/lib/bytes.ts';
import { displayText } from '../../../core/eap/display-text.ts';

test('a message of a gateway is shown on one line, without anything that acts on a terminal', () => {
  assert.equal(displayText(utf8('  Your password\r\n expires\tsoon \0')), 'Your password expires soon');
  assert.equal(displayText(utf8('\x1b[31mred\x1b[0m')), '[31mred [0m');
  assert.equal(displayText(utf8('abc\u202edef\u2066ghi\u200b')), 'abc def ghi');
});

test('a message of a gateway is cut at 256 characters and never within one', () => {
  const shown = displayText(utf8('\u{1f511}'.repeat(300)));
  assert.equal(Array.from(shown).length, 256);
  assert.equal(shown.endsWith('\u{1f511}…'), true);
});

test('octets that are no UTF-8 are shown as replacement characters', () => {
  assert.equal(displayText(fromHex('6180 62')), 'a\ufffdb');
});
