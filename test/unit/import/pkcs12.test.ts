import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { berToDer } from '../../../core/import/ber.ts';
import { Effort } from '../../../core/import/pkcs12/derive.ts';
import { importFile } from '../../../core/import/import-file.ts';
import { ImportTrouble } from '../../../core/import/result.ts';
import { fromHex, toHex } from '../../../core/lib/bytes.ts';
import { SecretBytes } from '../../../core/lib/secret.ts';
import { imported, lines, PASSPHRASE, proposed, sample } from './support.ts';

interface User {
  readonly certificate: string;
  readonly privateKey: string;
}

function userOf(name: string, passphrase: string): User {
  return proposed(name, sample(name), passphrase).profile['user'] as User;
}

test('a store asks for its passphrase, says when it is the wrong one, and opens with the right one', () => {
  for (const name of ['modern.p12', 'triple-des.p12']) {
    const source = name;
    const ask = { kind: 'passphrase', source, purpose: 'unlock' };
    assert.deepEqual(imported(name, sample(name)), { ...ask, wrong: false });
    assert.deepEqual(imported(name, sample(name), 'Grusse 1'), { ...ask, wrong: true });
    assert.equal(imported(name, sample(name), PASSPHRASE).kind, 'proposal');
  }
});

test('the key is never written unlocked, and opens with the same passphrase to the key of the certificate', () => {
  const cases = [
    ['modern.p12', PASSPHRASE],
    ['triple-des.p12', PASSPHRASE],
    ['no-mac.p12', 'secret'],
    ['plain-bags.p12', 'secret'],
    ['no-passphrase.p12', 'chosen by me'],
  ] as const;
  for (const [name, passphrase] of cases) {
    const { certificate, privateKey } = userOf(name, passphrase);
    assert.match(privateKey, /^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/);
    assert.throws(() => createPrivateKey({ key: privateKey, passphrase: 'another' }));
    const key = createPrivateKey({ key: privateKey, passphrase });
    assert.ok(new X509Certificate(certificate).checkPrivateKey(key), name);
  }
});

test('a key is locked with a salt of its own each time', () => {
  const locked = [1, 2].map((fill) => {
    const result = importFile({
      source: 'no-mac.p12',
      contents: sample('no-mac.p12'),
      passphrase: SecretBytes.ofText('secret'),
      random: (length) => new Uint8Array(length).fill(fill),
    });
    assert.equal(result.kind, 'proposal');
    return JSON.stringify(result);
  });
  assert.notEqual(locked[0], locked[1]);
});

test('the chain is the own certificate first and those between, and the authority is told apart', () => {
  const made = proposed('modern.p12', sample('modern.p12'), PASSPHRASE);
  const { certificate } = made.profile['user'] as User;
  const subjects = (certificate.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? []).map((pem) =>
    new X509Certificate(pem).subject.split('\n').at(-1),
  );
  assert.deepEqual(subjects, ['CN=Alice Example', 'CN=Example Users CA']);
  assert.equal(made.profile['name'], 'Alice’s key');
  assert.ok(lines(made).some((line) => line.startsWith('taken certificate 3 > gateway.authorities')));
  assert.deepEqual(made.problems, ['gateway.address: is missing; must be text']);
});

test('a store that nothing locks asks for a passphrase to lock its key with', () => {
  const asked = imported('no-passphrase.p12', sample('no-passphrase.p12'));
  assert.deepEqual(asked, {
    kind: 'passphrase',
    source: 'no-passphrase.p12',
    purpose: 'choose',
    wrong: false,
  });
  const made = proposed('no-passphrase.p12', sample('no-passphrase.p12'), 'mine');
  assert.ok(lines(made).includes('changed private key > user.privateKey (key-relocked)'));
});

test('a store without a check says so', () => {
  const made = proposed('no-mac.p12', sample('no-mac.p12'), 'secret');
  assert.ok(lines(made).includes('taken integrity (integrity-none)'));
});

test('RC2 is refused by its name', () => {
  assert.deepEqual(imported('rc2.p12', sample('rc2.p12'), 'secret'), {
    kind: 'unreadable',
    source: 'rc2.p12',
    why: 'legacy-p12',
    detail: 'RC2-40',
  });
});

test('one changed octet of a checked store is found, or makes it another store', () => {
  const whole = sample('modern.p12');
  for (let at = 40; at < whole.length; at += 97) {
    const changed = whole.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    const result = imported('modern.p12', changed, PASSPHRASE);
    assert.notEqual(result.kind, 'proposal', `octet ${at}`);
  }
});

test('what deriving keys may cost is bounded for all of a file', () => {
  const effort = new Effort(1000);
  effort.spend(600);
  assert.throws(
    () => effort.spend(600),
    (error) => error instanceof ImportTrouble && error.why === 'costly-p12',
  );
});

test('BER with end marks and octet strings in pieces becomes DER', () => {
  const ber = fromHex('30 80 24 80 04 02 0102 04 81 01 03 00 00 02 01 05 00 00');
  assert.equal(toHex(berToDer(ber, 'sample')), toHex(fromHex('30 08 04 03 010203 02 01 05')));
  assert.throws(() => berToDer(fromHex('04 80 0102 00 00'), 'sample'), /end mark/);
  assert.throws(() => berToDer(fromHex('30'.repeat(1) + '80'.repeat(1)), 'sample'));
  const deep = new Uint8Array(400).map((_, at) => (at % 2 === 0 ? 0x30 : 0x80));
  assert.throws(() => berToDer(deep, 'sample'), /too deep/);
});
