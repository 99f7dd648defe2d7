import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseProfile } from '../../../core/contract/profile.ts';
import { placesOf, SECTIONS } from '../../../renderer/features/profiles/fields.ts';
import { base64Of } from '../../../renderer/features/profiles/model/base64.ts';
import { foundProfiles, methodKey } from '../../../renderer/features/profiles/model/list.ts';
import {
  isAbout,
  problemAt,
  problemsAmong,
  problemsBeside,
  problemsOf,
  readProblem,
} from '../../../renderer/features/profiles/model/problems.ts';
import {
  effectsOf,
  notableLines,
  outcomesOf,
  ownNamesake,
} from '../../../renderer/features/profiles/model/proposal.ts';
import { validityAt } from '../../../renderer/features/profiles/model/validity.ts';
import {
  copyOf,
  defaultAt,
  linesFrom,
  linesOf,
  methodOf,
  NEW_PROFILE,
  numberFrom,
  pemOf,
  USER_METHODS,
  valueAt,
  withMethod,
  withValue,
} from '../../../renderer/features/profiles/model/written.ts';

const OFFICE = {
  version: 1,
  name: 'Office',
  gateway: { address: 'vpn.example.com' },
  user: { method: 'eap-mschapv2', username: 'alice' },
};

test('a value is put at its place, and taken away with what is empty then', () => {
  const changed = withValue(OFFICE, 'tunnel.mtu', 1400);
  assert.equal(valueAt(changed, 'tunnel.mtu'), 1400);
  assert.deepEqual(withValue(changed, 'tunnel.mtu', undefined), OFFICE);
  assert.deepEqual(Object.keys(withValue(OFFICE, 'name', 'Other')), Object.keys(OFFICE));
  assert.equal(valueAt(OFFICE, 'gateway.constructor'), undefined);
  assert.deepEqual(OFFICE.gateway, { address: 'vpn.example.com' }, 'the profile before is as it was');
});

test('what is typed for a number stays what it is until it is one', () => {
  assert.equal(numberFrom(' 42 '), 42);
  assert.equal(numberFrom(''), undefined);
  assert.equal(numberFrom('4x'), '4x');
  assert.equal(numberFrom('1.5'), '1.5');
});

test('a list is typed with an entry in each line', () => {
  assert.deepEqual(linesFrom(' a \n\nb, c;d'), ['a', 'b', 'c', 'd']);
  assert.equal(linesFrom(' \n '), undefined);
  assert.equal(linesOf(['a', 'b']), 'a\nb');
  assert.equal(pemOf(['x', 'y']), 'x\ny');
});

test('another way to log in takes away what belonged to the one before', () => {
  const psk = withMethod(withValue(OFFICE, 'gateway.authorities', 'system'), 'psk');
  assert.deepEqual(psk['user'], { method: 'psk' });
  assert.equal(valueAt(psk, 'gateway.authorities'), undefined);
  const code = withMethod(OFFICE, 'eap-gtc');
  assert.deepEqual(code['user'], { method: 'eap-gtc', username: 'alice' });
  assert.equal(methodOf({}), 'eap-mschapv2');
  for (const method of USER_METHODS) assert.equal(methodOf(withMethod(OFFICE, method)), method);
});

test('a name that is too long for a profile is cut in a copy', () => {
  assert.equal(String(copyOf(OFFICE, 'x'.repeat(150))['name']).length, 100);
});

test('each problem is about its field, about an entry of its list, or beside all fields', () => {
  const profile = {
    ...OFFICE,
    name: '',
    tunnel: { remote: ['10.0.0.0/8', '10.1.2.3/8'] },
    gateway: { address: 'vpn.example.com', alternatives: [{ address: 'x y' }] },
    user: { ...OFFICE.user, secret: 1 },
  };
  const problems = problemsOf(profile);
  assert.ok(problemAt(problems, 'name'));
  assert.equal(problemAt(problems, 'tunnel.remote')?.path, 'tunnel.remote[1]');
  assert.equal(problemAt(problems, 'tunnel'), undefined);
  assert.ok(isAbout({ path: 'a[0].b', text: '' }, 'a'));
  const [rows] = SECTIONS.gateway.filter(({ kind }) => kind === 'alternatives');
  assert.ok(rows);
  const places = ['name', 'tunnel.remote', ...placesOf(rows, 1)];
  assert.deepEqual(
    problemsBeside(problems, places).map(({ path }) => path),
    ['user.secret'],
  );
  assert.equal(problemsAmong(problems, placesOf(rows, 1)).length, 1);
});

test('a problem is read as its place and its words', () => {
  assert.deepEqual(readProblem('a.b: must: be'), { path: 'a.b', text: 'must: be' });
  assert.deepEqual(readProblem('odd'), { path: 'profile', text: 'odd' });
});

test('every field of the editor is a place that a profile has', () => {
  for (const { place } of Object.values(SECTIONS).flat()) {
    const broken = withValue(OFFICE, place, { not: 'this' });
    const parsed = parseProfile(broken);
    assert.ok(!parsed.ok, place);
    assert.ok(
      parsed.error.every((line) => line.startsWith(place)),
      `${place}: ${parsed.error.join(' | ')}`,
    );
  }
});

test('defaults are those of the contract', () => {
  assert.equal(defaultAt('gateway.natPort'), 4500);
  assert.equal(defaultAt('automatic.connect'), 'never');
  assert.equal(defaultAt('tunnel.mtu'), undefined);
  assert.ok(problemsOf(NEW_PROFILE).length > 0);
});

test('a certificate is valid, ends soon, has ended, or is not valid yet', () => {
  const day = 86_400_000;
  const certificate = { notBefore: 10 * day, notAfter: 100 * day };
  assert.deepEqual(validityAt(certificate, 20 * day), { state: 'valid' });
  assert.deepEqual(validityAt(certificate, 90.5 * day), { state: 'soon', days: 9 });
  assert.deepEqual(validityAt(certificate, 101 * day), { state: 'expired' });
  assert.deepEqual(validityAt(certificate, 9 * day), { state: 'early' });
});

const LISTED = [
  { id: '2', name: 'Zürich', origin: 'user', gateway: 'zh.example.com', method: 'psk', secretSaved: false },
  {
    id: '1',
    name: 'Bern',
    origin: 'system',
    gateway: 'be.example.com',
    method: 'eap-mschapv2',
    username: 'Alice',
    secretSaved: true,
  },
] as const;

test('profiles are found by all the words, and stand by name', () => {
  assert.deepEqual(
    foundProfiles(LISTED, '').map(({ name }) => name),
    ['Bern', 'Zürich'],
  );
  assert.deepEqual(
    foundProfiles(LISTED, 'alice be.').map(({ name }) => name),
    ['Bern'],
  );
  assert.deepEqual(foundProfiles(LISTED, 'alice zh'), []);
  assert.equal(methodKey('psk'), 'psk');
  assert.equal(methodKey('telepathy'), 'unknown');
});

test('a proposal is told by what it will do', () => {
  assert.deepEqual(effectsOf({ ...OFFICE, tunnel: { remote: ['10.0.0.0/8'] } }), {
    gateway: 'vpn.example.com',
    method: 'user',
    username: 'alice',
    networks: ['10.0.0.0/8'],
    hasOwnAuthorities: false,
    isAutomatic: false,
  });
  const all = effectsOf({ ...OFFICE, tunnel: { remote: ['10.0.0.0/8', '0.0.0.0/0'] } });
  assert.deepEqual(all.networks, []);
  assert.equal(effectsOf({}).method, 'nobody');
  const automatic = { ...OFFICE, automatic: { connect: 'always' }, gateway: { authorities: 'PEM' } };
  assert.equal(effectsOf(automatic).isAutomatic, true);
  assert.equal(effectsOf(automatic).hasOwnAuthorities, true);
});

test('a profile of IT with the same name is none to put another in the place of', () => {
  assert.equal(ownNamesake(LISTED, { name: 'zürich' })?.id, '2');
  assert.equal(ownNamesake(LISTED, { name: 'Bern' }), undefined);
});

test('lines of a report are counted, and those that say nothing are left out', () => {
  const report = [
    { key: 'a', outcome: 'taken' as const },
    { key: 'b', outcome: 'ignored' as const, note: 'bookkeeping' as const },
    { key: 'c', outcome: 'ignored' as const, note: 'unknown-key' as const },
    { key: 'd', outcome: 'changed' as const },
  ];
  assert.deepEqual(outcomesOf(report), { taken: 1, changed: 1, ignored: 2 });
  assert.deepEqual(
    notableLines(report).map(({ key }) => key),
    ['c', 'd'],
  );
});

test('a file of any length becomes base64', () => {
  const octets = Uint8Array.from({ length: 20_001 }, (_, at) => at & 255);
  assert.equal(base64Of(octets), Buffer.from(octets).toString('base64'));
});
