import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENROLLED, register } from './register.ts';
import { staleReasons, standingOf } from './report.ts';
import { readTags } from './tags.ts';

const proofs = readTags();

for (const rfc of ENROLLED) {
  test(`every MUST of ${rfc} that binds an initiator has a test or a written reason`, () => {
    assert.deepEqual(
      standingOf(rfc, proofs).none.map(({ id, text }) => `${id}: ${text}`),
      [],
    );
  });

  test(`no reason in ${rfc} is out of date`, () => {
    assert.deepEqual(staleReasons(rfc, proofs), []);
  });
}

test('the ids of a register are unique', () => {
  for (const rfc of ENROLLED) {
    const ids = register(rfc).map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length, rfc);
  }
});

test('no test proves a requirement of an enrolled RFC that is in no register', () => {
  const known = new Set(ENROLLED.flatMap((rfc) => register(rfc).map(({ id }) => id)));
  const prefixes = ENROLLED.map((rfc) => `${rfc.toUpperCase()}-`);
  const strangers = [...proofs.keys()].filter(
    (id) => prefixes.some((prefix) => id.startsWith(prefix)) && !known.has(id),
  );
  assert.deepEqual(strangers, []);
});
