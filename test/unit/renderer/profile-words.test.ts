import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { IMPORT_NOTES, IMPORT_TROUBLES } from '../../../core/contract/import-words.ts';
import { parseProfile } from '../../../core/contract/profile.ts';
import { importNotes, importTroubles } from '../../../renderer/i18n/de/import-words.ts';
import { germanProblem } from '../../../renderer/i18n/de/profile-problems.ts';
import { readProblem } from '../../../renderer/features/profiles/model/problems.ts';
import { valueAt, withValue } from '../../../renderer/features/profiles/model/written.ts';

const EXAMPLE = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../core/contract/profile.example.json'), 'utf8'),
) as Record<string, unknown>;

const block = (label: string): string => `-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----`;

/** Values that are wrong in one way or another wherever they are put. */
const WRONG = [
  '',
  ' ',
  'a\u0007b',
  'x'.repeat(2000),
  'https://x',
  'AES 256',
  '.corp',
  '10.1.2.3/8',
  '10.0.0.0',
  '10.0.0.0/99',
  'fe80::1/10',
  'x/8',
  'keyid:xyz',
  'keyid:00',
  'sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
  block('CERTIFICATE').slice(0, 40),
  block('PRIVATE KEY'),
  block('OPENSSH PRIVATE KEY'),
  block('CERTIFICATE'),
  block('PUBLIC KEY'),
  block('PRIVATE KEY').repeat(2).replaceAll('----------', '-----\n-----'),
  0,
  -5,
  1e9,
  1.5,
  null,
  true,
  [],
  {},
  ['ipv4', 'ipv4'],
  Array.from({ length: 300 }, () => 'a'),
];

function placesOf(value: unknown, path: string): readonly string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path];
  return [
    ...(path === '' ? [] : [path]),
    ...Object.entries(value).flatMap(([key, inner]) => placesOf(inner, path === '' ? key : `${path}.${key}`)),
  ];
}

/** Every sentence that some broken profile gets. */
function sentences(): ReadonlySet<string> {
  const found = new Set<string>();
  const judge = (profile: unknown): void => {
    const parsed = parseProfile(profile);
    if (!parsed.ok) for (const line of parsed.error) found.add(readProblem(line).text);
  };
  const certificate = {
    ...EXAMPLE,
    user: { method: 'certificate', certificate: block('CERTIFICATE'), privateKey: block('PRIVATE KEY') },
  };
  const psk = { ...EXAMPLE, user: { method: 'psk', identity: 'x' } };
  for (const base of [EXAMPLE, certificate, psk])
    for (const place of placesOf(base, '')) {
      for (const wrong of WRONG) {
        judge(withValue(base, place, wrong));
        if (Array.isArray(valueAt(base, place))) judge(withValue(base, place, [wrong]));
      }
      judge(withValue(base, place, undefined));
      judge(withValue(base, `${place}x`, 1));
    }
  judge(withValue(EXAMPLE, 'user.password', 'x'));
  judge(withValue(EXAMPLE, 'natPort', 1));
  judge(withValue(EXAMPLE, 'automatic.connect', 'always'));
  judge(withValue(EXAMPLE, 'automatic.beacons', undefined));
  judge(withValue(withValue(EXAMPLE, 'gateway.ikePort', 4500), 'tunnel.mtu', 600));
  judge(withValue(psk, 'gateway.authorities', block('CERTIFICATE')));
  judge([]);
  return found;
}

test('whatever is wrong with a profile is said in German too', () => {
  const english = [...sentences()];
  assert.ok(english.length > 40, `only ${english.length} sentences`);
  const left = english.filter((text) => germanProblem(text) === text);
  assert.deepEqual(left, []);
  const halves = english.map(germanProblem).filter((text) => /\b(must|is not|has no|holds)\b/.test(text));
  assert.deepEqual(halves, []);
});

test('both languages have a place for the detail in the same sentences', () => {
  const english = new Map(Object.entries<string>({ ...IMPORT_NOTES, ...IMPORT_TROUBLES }));
  const german = Object.entries<string>({ ...importNotes, ...importTroubles });
  assert.equal(german.length, english.size);
  for (const [code, text] of german)
    assert.equal(text.includes('{{detail}}'), english.get(code)?.includes('{{detail}}'), code);
});
