import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPlainText } from '../../../core/lib/plain-text.ts';

test('plain text is printable ASCII from its first character to its last, and nothing else', () => {
  for (let unit = 0; unit <= 0xffff; unit++) {
    const character = String.fromCharCode(unit);
    const plain = unit >= 0x20 && unit < 0x7f;
    for (const text of [character, `a${character}`, `${character}a`]) {
      assert.equal(isPlainText(text), plain, JSON.stringify(text));
    }
  }
  assert.equal(isPlainText(''), true);
});
