import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesText, clockText, spanText } from '../../../core/cli/quantities.ts';
import { lookOf, wrapped } from '../../../core/cli/terminal.ts';

const terminal = { isTTY: true, columns: 120 };

test('what is not a terminal gets plain text', () => {
  assert.deepEqual(lookOf({}, { LANG: 'en_US.UTF-8' }), {
    live: false,
    color: false,
    unicode: false,
    columns: Number.POSITIVE_INFINITY,
  });
  assert.equal(lookOf(terminal, { TERM: 'dumb', LANG: 'C.UTF-8' }).live, false);
});

test('colour and characters follow NO_COLOR and the locale', () => {
  assert.deepEqual(lookOf(terminal, { LANG: 'de_DE.utf8' }), {
    live: true,
    color: true,
    unicode: true,
    columns: 120,
  });
  assert.equal(lookOf(terminal, { NO_COLOR: '1' }).color, false);
  assert.equal(lookOf(terminal, { NO_COLOR: '' }).color, true);
  assert.equal(lookOf(terminal, {}).unicode, false);
  assert.equal(lookOf(terminal, { LANG: 'C.UTF-8', LC_ALL: 'C' }).unicode, false);
  assert.equal(lookOf({ isTTY: true }, {}).columns, 80);
});

test('text is wrapped at words, and its own lines are kept', () => {
  assert.deepEqual(wrapped('one two three four five six\nseven', '> ', 22), [
    '> one two three four',
    '> five six',
    '> seven',
  ]);
  assert.deepEqual(wrapped('a-word-that-is-longer-than-the-line', '', 20), [
    'a-word-that-is-longer-than-the-line',
  ]);
  assert.deepEqual(wrapped('x '.repeat(100).trim(), '', Number.POSITIVE_INFINITY).length, 1);
});

test('quantities are short and never round up to a thousand of a unit', () => {
  assert.deepEqual([0, 999, 1000, 1234, 999_949, 999_950, 1.2e9].map(bytesText), [
    '0 B',
    '999 B',
    '1.0 kB',
    '1.2 kB',
    '999.9 kB',
    '1.0 MB',
    '1.2 GB',
  ]);
  assert.deepEqual([0, 83_999, 3_600_000, 360_000_000].map(clockText), [
    '00:00:00',
    '00:01:23',
    '01:00:00',
    '100:00:00',
  ]);
  assert.deepEqual([12.4, 812, 14_200].map(spanText), ['12 ms', '0.8 s', '14 s']);
});
