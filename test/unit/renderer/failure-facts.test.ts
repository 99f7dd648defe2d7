import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contextFields } from '../../../core/contract/failure-text.ts';
import { FAILURES, type FailureCode } from '../../../core/lib/failure.ts';
import { en } from '../../../renderer/i18n/en/catalogue.ts';

test('every fact that a failure shows has a name for people', () => {
  const fields = new Set((Object.keys(FAILURES) as FailureCode[]).flatMap((code) => contextFields(code)));
  const named = new Set<string>(['offered', 'configured', ...Object.keys(en.activity.facts)]);
  assert.deepEqual(
    [...fields].filter((name) => !named.has(name)),
    [],
  );
  assert.deepEqual(
    [...named].filter((name) => !fields.has(name)),
    [],
  );
});
