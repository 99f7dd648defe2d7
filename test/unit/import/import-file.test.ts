import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IMPORT_NOTES, IMPORT_TROUBLES, importSentence } from '../../../core/contract/import-words.ts';
import { describeCertificates } from '../../../core/import/describe.ts';
import { PASSPHRASE, imported, lines, proposed, sample } from './support.ts';

const OURS = {
  version: 1,
  name: 'Office',
  gateway: { address: 'vpn.example.com' },
  user: { method: 'eap-mschapv2', username: 'alice' },
};

function why(contents: Uint8Array | string): string {
  const result = imported('file', contents);
  return result.kind === 'unreadable' ? result.why : result.kind;
}

test('the kind of a file is told by what is in it, not by its name', () => {
  const made = proposed('whatever.txt', sample('office.sswan'));
  assert.deepEqual(made.problems, []);
  assert.equal(imported('x', sample('signed.mobileconfig')).kind, 'proposal');
});

test('each file of another kind is refused with a reason of its own', () => {
  assert.equal(why(''), 'unknown-kind');
  assert.equal(why('-----BEGIN CERTIFICATE-----'), 'unknown-kind');
  assert.equal(why('{"a": '), 'not-json');
  assert.equal(why('[1]'), 'not-profile');
  assert.equal(why('{"a": 1}'), 'not-profile');
  assert.equal(why(`{"user": ${'['.repeat(100)}${']'.repeat(100)}}`), 'not-json');
  assert.equal(why('bplist00abc'), 'binary-plist');
  assert.equal(why('<?xml version="1.0"?><plist><array/></plist>'), 'not-plist');
  assert.equal(why('<plist><dict></dict></plist>'), 'no-connection');
  assert.equal(
    why('<plist><dict><key>EncryptedPayloadContent</key><data>AA==</data></dict></plist>'),
    'encrypted-profile',
  );
  assert.equal(why(new Uint8Array(1024 * 1024 + 1)), 'too-long');
});

test('a profile of ours is taken key by key, and what a profile does not have is told and left out', () => {
  const made = proposed(
    'office.json',
    JSON.stringify({
      ...OURS,
      password: 'hunter2',
      gateway: { ...OURS.gateway, adress: 'x', alternatives: [{ address: 'b.example.com', port: 1 }] },
    }),
  );
  assert.deepEqual(made.problems, []);
  assert.deepEqual(made.profile['gateway'], {
    address: 'vpn.example.com',
    alternatives: [{ address: 'b.example.com' }],
  });
  assert.deepEqual(lines(made), [
    'taken version',
    'taken name',
    'taken gateway.address',
    'ignored gateway.adress (unknown-key)',
    'taken gateway.alternatives[0].address',
    'ignored gateway.alternatives[0].port (unknown-key)',
    'taken user.method',
    'taken user.username',
    'ignored password (secret-not-kept)',
  ]);
});

test('a profile of ours that is not good yet is proposed with its problems', () => {
  const made = proposed('office.json', JSON.stringify({ ...OURS, gateway: { address: 'https://x' } }));
  assert.equal(made.problems.length, 1);
  assert.match(made.problems[0] ?? '', /^gateway\.address: /);
});

test('a signature that fits names its signer, and one that does not refuses the file', () => {
  const made = proposed('signed.mobileconfig', sample('signed.mobileconfig'));
  assert.equal(lines(made)[0], 'taken signature (signature-good: CN=Example IT,O=Example)');
  const streamed = proposed('streamed.mobileconfig', sample('streamed.mobileconfig'));
  assert.equal(lines(streamed)[0], 'taken signature (signature-good: CN=Example Users CA,O=Example)');
  assert.deepEqual(streamed.profile, made.profile);

  const text = Buffer.from(sample('signed.mobileconfig')).toString('latin1');
  const evil = Buffer.from(text.replace('<string>vpn.example.com', '<string>vpn.example.net'), 'latin1');
  assert.equal(why(new Uint8Array(evil)), 'bad-signature');
});

test('a store in a file asks for a passphrase as the file itself does', () => {
  assert.deepEqual(imported('certificate.sswan', sample('certificate.sswan')), {
    kind: 'passphrase',
    source: 'certificate.sswan',
    purpose: 'unlock',
    wrong: false,
  });
  // The passphrase of the store stands in the file for everybody to read, so it protects nothing.
  assert.deepEqual(imported('certificate.mobileconfig', sample('certificate.mobileconfig')), {
    kind: 'passphrase',
    source: 'certificate.mobileconfig',
    purpose: 'choose',
    wrong: false,
  });
});

test('ways to log in that Causeway does not have are told, and the nearest is proposed', () => {
  const base = { name: 'x', remote: { addr: 'vpn.example.com' }, local: { eap_id: 'alice' } };
  const both = proposed('x.sswan', JSON.stringify({ ...base, type: 'ikev2-cert-eap' }));
  assert.ok(lines(both).includes('changed type > user.method (two-methods)'));
  const odd = proposed('x.sswan', JSON.stringify({ ...base, type: 'ikev3' }));
  assert.ok(lines(odd).includes('ignored type (method-unknown: ikev3)'));
  assert.ok(odd.problems.length > 0);
});

test('many unknown keys are counted rather than listed without end', () => {
  const extra = Object.fromEntries(Array.from({ length: 2000 }, (_, at) => [`k${at}`, at]));
  const { report } = proposed('x.sswan', JSON.stringify({ type: 'ikev2-eap', remote: {}, ...extra }));
  assert.ok(report.length < 500);
  const last = report.at(-1);
  assert.equal(last?.note, 'more-keys');
  assert.equal(report.length - 1 + Number(last.detail), 2000 + 2, 'with type and remote');
});

test('every code has words, and a place for the detail where there is one', () => {
  for (const text of [...Object.values(IMPORT_NOTES), ...Object.values(IMPORT_TROUBLES)])
    assert.match(text, /[.:][^.:]*$/);
  assert.equal(
    importSentence(IMPORT_NOTES.clamped, '5 $& min'),
    'Set to 5 $& min, the nearest that Causeway can do.',
  );
});

test('certificates are described as people read them', () => {
  const { profile } = proposed('modern.p12', sample('modern.p12'), PASSPHRASE);
  const { certificate } = profile['user'] as { certificate: string };
  const { certificates, problem } = describeCertificates(certificate);
  assert.equal(problem, undefined);
  const [own] = certificates;
  assert.equal(own?.subject, 'CN=Alice Example,OU=Staff,O=Example');
  assert.equal(own.issuer, 'CN=Example Users CA,O=Example');
  assert.deepEqual(own.names, ['alice@example.com']);
  assert.equal(own.key, 'EC P-256');
  assert.equal(own.isAuthority, false);
  assert.match(own.fingerprint, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  assert.ok(own.notAfter > own.notBefore);
  assert.equal(certificates[1]?.isAuthority, true);
  assert.equal(describeCertificates('nothing').problem, 'there is no certificate in it');
});
