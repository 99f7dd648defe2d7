import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jsonMistake } from '../../../core/cli/json-text.ts';

function runtimeAccepts(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test('mistakes are found where they are', () => {
  const cases: readonly (readonly [text: string, line: number, column: number, detail: RegExp])[] = [
    ['{"a":1,}', 1, 8, /comma too many/],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3, /a comma or } was expected/],
    ['[1,\r\n2,]', 2, 3, /comma too many/],
    ['{"a" 1}', 1, 6, /colon/],
    ['{a: 1}', 1, 2, /key in "double" quotation marks/],
    ["{'a': 1}", 1, 2, /key in "double"/],
    ['{"a": \'b\'}', 1, 7, /"double" quotation marks/],
    ['// x\n{}', 1, 1, /no comments/],
    ['{ # x\n}', 1, 3, /no comments/],
    ['{"a": "b\n"}', 1, 9, /quotation mark is missing/],
    ['{"a": "b', 1, 7, /not closed/],
    ['{"a": "C:\\dir"}', 1, 10, /backslash must be written twice/],
    ['{"a": 01}', 1, 7, /a value was expected/],
    ['{"a": tru}', 1, 7, /a value was expected/],
    ['{"a": }', 1, 7, /a value is missing/],
    ['{"a": 1} x', 1, 10, /follows after the end/],
    ['', 1, 1, /ends too early/],
    ['[1', 1, 3, /not closed/],
    ['{"a": "x\ty"}', 1, 9, /control character/],
    ['{"a": 1, "b": {"c": 1, "c": 2}}', 1, 24, /stands twice/],
    ['['.repeat(200), 1, 102, /too many brackets/],
  ];
  for (const [text, line, column, detail] of cases) {
    const mistake = jsonMistake(text);
    assert.ok(mistake, text);
    assert.deepEqual([mistake.line, mistake.column], [line, column], text);
    assert.match(mistake.detail, detail, text);
  }
});

test('a mistake never quotes the text', () => {
  const secret = 'hunter2';
  for (const text of [
    `{"a": ${secret}}`,
    `{"a": "x" ${secret}}`,
    `{${secret}}`,
    `{"${secret}": 1, "${secret}": 2}`,
  ])
    assert.ok(!JSON.stringify(jsonMistake(text)).includes(secret), text);
});

test('what the runtime writes as JSON has no mistake', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(undefined, 2, '\t'), (value, indent) => {
      assert.equal(jsonMistake(JSON.stringify(value, undefined, indent)), undefined);
    }),
  );
});

test('any text is accepted or refused as the runtime does it, but for a doubled key', () => {
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    'a',
    '\\u00e9',
    '0',
    '-1.5e3',
    'true',
    'null',
    ' ',
    '\n',
    '"a"',
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 12 }), (parts) => {
      const text = parts.join('');
      const mistake = jsonMistake(text);
      if (mistake?.detail.includes('stands twice') === true) return;
      assert.equal(mistake === undefined, runtimeAccepts(text), text);
    }),
    { numRuns: 3000 },
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.equal(jsonMistake(text) === undefined, runtimeAccepts(text), text);
    }),
  );
});
