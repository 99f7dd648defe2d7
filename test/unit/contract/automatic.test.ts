import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { pinProblem } from '../../../core/contract/automatic.ts';
import { parseProfile } from '../../../core/contract/profile.ts';
import { profileWith } from './samples.ts';

const PIN = createHash('sha256').update('a key').digest('base64');

function problems(automatic: unknown): readonly string[] {
  const parsed = parseProfile(profileWith({ automatic }));
  return parsed.ok ? [] : parsed.error;
}

test('the pin of any key is a pin, and what only looks like one is told apart', () => {
  for (const text of ['', 'a', 'b', 'c', 'd']) {
    assert.equal(pinProblem(createHash('sha256').update(text).digest('base64')), undefined);
  }
  for (const text of [
    '',
    PIN.slice(0, -1),
    `${PIN}=`,
    PIN.replace('=', 'A'),
    `${'A'.repeat(42)}B=`,
    'x'.repeat(44),
  ]) {
    assert.match(pinProblem(text) ?? '', /44 characters that end in =/, text);
  }
});

test('a pin as other programs write it is told how to be written here', () => {
  for (const front of ['sha256/', 'sha256//']) {
    assert.equal(pinProblem(front + PIN), `must be without what stands in front: ${PIN}`);
  }
});

test('beacons that prove something are taken, by name and by address', () => {
  const beacons = [
    { host: 'beacon.office.example', pins: [PIN] },
    { host: 'fd50::10', port: 8443, pins: [PIN, PIN] },
  ];
  const parsed = parseProfile(profileWith({ automatic: { connect: 'untrusted', beacons } }));
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error.join('\n'));
  assert.deepEqual(parsed.value.automatic, {
    connect: 'untrusted',
    onTrusted: 'disconnect',
    beacons: [{ ...beacons[0], port: 443 }, beacons[1]],
  });
});

test('what cannot be is told in words', () => {
  const beacon = { host: '10.0.0.9', pins: [PIN] };
  const cases: readonly (readonly [automatic: unknown, problem: RegExp])[] = [
    [
      { connect: 'untrusted' },
      /^automatic\.beacons: must have at least one entry, because no network is trusted/,
    ],
    [
      { connect: 'always', beacons: [beacon] },
      /^automatic\.beacons: has no use with automatic\.connect always/,
    ],
    [{ connect: 'sometimes' }, /^automatic\.connect: must be /],
    [{ beacons: [{ host: '10.0.0.9' }] }, /^automatic\.beacons\[0\]\.pins: is missing/],
    [
      { beacons: [{ host: '10.0.0.9', pins: [] }] },
      /^automatic\.beacons\[0\]\.pins: must have at least 1 entry/,
    ],
    [
      { beacons: [{ ...beacon, host: 'https://10.0.0.9/' }] },
      /^automatic\.beacons\[0\]\.host: must be a host name/,
    ],
    [{ beacons: [{ ...beacon, host: 'a b' }] }, /host: must be a host name/],
    [{ beacons: [{ ...beacon, port: 0 }] }, /port: must be at least 1/],
    [{ beacons: [{ ...beacon, pins: ['-----'] }] }, /pins\[0\]: must be the SHA-256 of a public key/],
    [{ beacons: Array.from({ length: 9 }, () => beacon) }, /must have at most 8 entries/],
    [{ ssid: 'Office' }, /^automatic: 'ssid'|ssid/],
  ];
  for (const [automatic, problem] of cases) assert.match(problems(automatic).join('\n'), problem);
});
