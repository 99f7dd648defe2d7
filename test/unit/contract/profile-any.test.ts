import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseProfile } from '../../../core/contract/profile.ts';
import { CERTIFICATE, PRIVATE_KEY, profileWith } from './samples.ts';

const users = [
  { method: 'eap-mschapv2', username: 'alice' },
  { method: 'certificate', certificate: CERTIFICATE, privateKey: PRIVATE_KEY },
  { method: 'psk', identity: 'alice' },
];
const sections = ['version', 'name', 'gateway', 'user', 'ike', 'esp', 'tunnel', 'liveness', 'retransmit'];

const texts = [
  '10.0.0.0/8',
  '2001:db8::1',
  'CN=x, O=y',
  'a@b.example',
  'keyid:zz',
  'https://x',
  'system',
  CERTIFICATE,
];

/** Every answer is a profile that parses to itself, or sentences that each name a place. */
function judge(value: unknown): void {
  const result = parseProfile(value);
  if (result.ok) {
    assert.deepEqual(parseProfile(structuredClone(result.value)), result);
    return;
  }
  assert.ok(result.error.length > 0);
  for (const problem of result.error) assert.match(problem, /^[\w[].*: .{5,}/su);
}

test('any JSON value is a profile or has problems in words, and nothing is thrown', () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => judge(value)));
});

test('a profile with any part replaced by any value is judged in words', () => {
  const replaced = fc.record({
    user: fc.constantFrom(...users),
    section: fc.constantFrom(...sections),
    key: fc.option(fc.string(), { nil: undefined }),
    value: fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.string(), fc.double(), fc.constantFrom(...texts)),
  });
  fc.assert(
    fc.property(replaced, ({ user, section, key, value }) => {
      const profile = profileWith({ user });
      const part = profile[section];
      judge({
        ...profile,
        [section]: key === undefined ? value : { ...(part as object | undefined), [key]: value },
      });
    }),
    { numRuns: 500 },
  );
});
