import { test } from 'node:test';
import assert from 'node:assert/strict';
import { SecretBytes } from '../../../core/lib/secret.ts';
import { loadClientCredential } from '../../../core/pki/client-credential.ts';
import type { CredentialTexts } from '../../../core/pki/client-credential.ts';
import { issue, makeCa, toPem } from '../../support/pki-factory.ts';

const NOW = Date.parse('2030-06-01T00:00:00Z');
const ca = makeCa({ name: 'CA', key: 'p256' });
const inner = issue(ca, { subject: 'CN=Inner', key: 'p256', ca: true });
const alice = issue(inner, { subject: 'CN=alice', key: 'p256', eku: ['clientAuth'] });
const encryptedPem = alice.key.export({
  format: 'pem',
  type: 'pkcs8',
  cipher: 'aes-256-cbc',
  passphrase: 'open sesame',
});

function failureOf(
  texts: Partial<CredentialTexts>,
  now = NOW,
): { code: string; context: Readonly<Record<string, unknown>> } {
  const loaded = loadClientCredential({ certificates: alice.pem, privateKey: alice.keyPem, ...texts }, now);
  assert.equal(loaded.ok, false);
  return loaded.error;
}

test('a certificate with its chain and its key are loaded', () => {
  const loaded = loadClientCredential({ certificates: alice.pem + inner.pem, privateKey: alice.keyPem }, NOW);
  assert.ok(loaded.ok);
  assert.deepEqual(loaded.value.chain, [alice.der, inner.der]);
  assert.equal(loaded.value.key.equals(alice.key), true);
  assert.equal(loaded.value.certificate.subject.text, 'CN=alice');
});

test('every kind of key is loaded', () => {
  for (const key of ['rsa2048', 'p384', 'p521', 'ed25519'] as const) {
    const user = issue(ca, { subject: 'CN=user', key });
    assert.equal(
      loadClientCredential({ certificates: user.pem, privateKey: user.keyPem }, NOW).ok,
      true,
      key,
    );
  }
});

test('an encrypted key wants its passphrase, and the right one', () => {
  const withPassphrase = (text: string): Partial<CredentialTexts> => ({
    privateKey: encryptedPem,
    passphrase: SecretBytes.ofText(text),
  });
  const texts = { certificates: alice.pem, privateKey: encryptedPem };
  assert.equal(loadClientCredential({ ...texts, ...withPassphrase('open sesame') }, NOW).ok, true);
  assert.deepEqual(failureOf({ privateKey: encryptedPem }), {
    code: 'config.credential-missing',
    retry: 'after-user',
    context: { what: 'passphrase' },
  });
  assert.equal(failureOf(withPassphrase('wrong')).code, 'config.passphrase-wrong');
});

test('a key that belongs to another certificate is refused with the name of this one', () => {
  const { code, context } = failureOf({ privateKey: ca.keyPem });
  assert.equal(code, 'config.key-mismatch');
  assert.equal(context['subject'], 'CN=alice');
  assert.equal(failureOf({ certificates: inner.pem + alice.pem }).code, 'config.key-mismatch');
});

test('a certificate that is out of time is refused with its date', () => {
  const later = failureOf({}, Date.parse('2060-01-01T00:00:00Z'));
  assert.equal(later.code, 'config.certificate-invalid');
  assert.equal(later.context['detail'], 'the certificate of CN=alice expired on 2049-12-31');
  const earlier = failureOf({}, Date.parse('2010-01-01T00:00:00Z'));
  assert.equal(earlier.context['detail'], 'the certificate of CN=alice is valid only from 2020-01-01');
});

test('certificates that cannot be read are refused', () => {
  for (const certificates of [
    '',
    'x',
    alice.keyPem,
    alice.pem + toPem('CERTIFICATE', ca.der.subarray(0, 50)),
  ]) {
    const { code, context } = failureOf({ certificates });
    assert.equal(code, 'config.certificate-invalid');
    assert.equal(context['field'], 'user.certificate');
    assert.equal(typeof context['detail'], 'string');
  }
});

test('keys that cannot be used are refused, and nothing of them is told', () => {
  const weak = issue(ca, { subject: 'CN=weak', key: 'rsa1024' });
  const odd = issue(ca, { subject: 'CN=odd', key: 'secp256k1' });
  for (const privateKey of ['', alice.pem, alice.keyPem.slice(0, 60), weak.keyPem, odd.keyPem]) {
    const { code, context } = failureOf({ privateKey });
    assert.equal(code, 'config.key-invalid');
    assert.equal(JSON.stringify(context).includes(alice.keyPem.slice(30, 60)), false);
  }
});
