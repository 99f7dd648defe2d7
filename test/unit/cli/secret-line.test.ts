import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_SECRET_BYTES, SecretLine, type LineState } from '../../../core/cli/secret-line.ts';
import { utf8, utf8Text } from '../../../core/lib/bytes.ts';

function typed(...chunks: readonly string[]): { state: LineState; text: string } {
  const line = new SecretLine();
  let state: LineState = 'more';
  for (const chunk of chunks) state = line.type(utf8(chunk));
  return { state, text: utf8Text(line.octets()) };
}

test('a line ends with return or line feed, and what follows is dropped', () => {
  assert.deepEqual(typed('hun', 'ter2\r'), { state: 'done', text: 'hunter2' });
  assert.deepEqual(typed('pass wörd\nnext'), { state: 'done', text: 'pass wörd' });
  assert.deepEqual(typed('abc'), { state: 'more', text: 'abc' });
});

test('erasing takes whole characters, and stops at the beginning', () => {
  assert.deepEqual(typed('aé\u007fb\n').text, 'ab');
  assert.deepEqual(typed('🙂\b\u007f\u007fx\n').text, 'x');
  assert.deepEqual(typed('wrong\u0015right\n').text, 'right');
});

test('Ctrl-C interrupts, and Ctrl-D ends an empty line', () => {
  assert.equal(typed('abc\u0003').state, 'interrupted');
  assert.equal(typed('\u0004').state, 'ended');
  assert.deepEqual(typed('abc\u0004'), { state: 'done', text: 'abc' });
});

test('arrow and function keys and other control characters are not part of the secret', () => {
  assert.equal(typed('a\u001b[Ab\u001b[3~c\u001bOPd\u001b', '[200~e\u0001\tf\n').text, 'abcdef');
});

test('a line has a longest length', () => {
  assert.equal(typed('x'.repeat(MAX_SECRET_BYTES + 10), '\n').text.length, MAX_SECRET_BYTES);
});

test('a wiped line is empty', () => {
  const line = new SecretLine();
  line.type(utf8('hunter2'));
  line.wipe();
  assert.equal(line.octets().length, 0);
});
