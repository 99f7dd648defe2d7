import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failedEvent } from '../../../core/contract/failure-text.ts';
import { failure } from '../../../core/lib/failure.ts';
import { jsonRenderer } from '../../../core/cli/renderer.ts';

/** Octets that act on a terminal: a C1 control, a right-to-left override, a line separator, a tag character. */
const HOSTILE = 'vpn\u009b2J\u202egro.elpmaxe\u2028\u{e0041}\u001b[31m';

test('text from a gateway cannot act on a terminal, and reads the same as JSON', () => {
  let shown = '';
  const output = { write: (text: string) => (shown += text) };
  const event = failedEvent(failure('auth.gateway-wrong-name', { found: [HOSTILE], wanted: HOSTILE }), 5);
  jsonRenderer(output, output, { verbose: false, now: () => 0 }).event(event);
  assert.doesNotMatch(shown.slice(0, -1), /[\p{C}\u2028\u2029]/u);
  assert.deepEqual(JSON.parse(shown), event);
});

test('what is no control character stays as it is', () => {
  let shown = '';
  const output = { write: (text: string) => (shown += text) };
  const event = { event: 'warning', atMs: 1, code: 'x', message: 'Zürich 日本 🗝' } as const;
  jsonRenderer(output, output, { verbose: false, now: () => 0 }).event(event);
  assert.ok(shown.includes('Zürich 日本 🗝'));
});
