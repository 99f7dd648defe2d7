import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { lines, PASSPHRASE, proposed, sample, withoutPem } from './support.ts';

const GOLDEN = [
  'office.sswan',
  'certificate.sswan',
  'password.mobileconfig',
  'certificate.mobileconfig',
  'shared-secret.mobileconfig',
  'modern.p12',
];

for (const name of GOLDEN) {
  test(`${name} becomes the profile and the report that it should`, () => {
    const made = proposed(name, sample(name), PASSPHRASE);
    const seen = { profile: withoutPem(made.profile), report: lines(made), problems: made.problems };
    const golden = readFileSync(join(import.meta.dirname, 'samples', `${name}.golden.json`), 'utf8');
    assert.deepEqual(seen, JSON.parse(golden));
  });
}

test('no report and no problem has a secret of the file in it', () => {
  const { report, problems } = proposed('password.mobileconfig', sample('password.mobileconfig'));
  assert.doesNotMatch(JSON.stringify({ report, problems }), /hunter2/);
  const psk = proposed('shared-secret.mobileconfig', sample('shared-secret.mobileconfig'));
  assert.doesNotMatch(JSON.stringify(psk), /correct horse/);
});
