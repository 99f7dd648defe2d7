import { test } from 'node:test';
import assert from 'node:assert/strict';
import { parsePemCertificates } from '../../../core/pki/pem.ts';
import { makeCa, toPem } from '../../support/pki-factory.ts';

const one = makeCa({ name: 'One', key: 'p256' });
const two = makeCa({ name: 'Two', key: 'p256' });

function errorOf(text: string): string {
  const parsed = parsePemCertificates(text);
  return parsed.ok ? 'accepted' : parsed.error;
}

test('every certificate of a text is found, whatever stands around it', () => {
  const text = `# our authorities\r\n${one.pem.replaceAll('\n', '\r\n')}subject: CN=Two\n${two.keyPem}${two.pem}\n`;
  assert.deepEqual(parsePemCertificates(text), { ok: true, value: [one.der, two.der] });
});

test('a text without a certificate, or with a damaged one, says so', () => {
  assert.match(errorOf(''), /no certificate/);
  assert.match(errorOf(one.keyPem), /no certificate/);
  assert.match(errorOf(one.pem.replace(/-----END.*/, '')), /no end line/);
  assert.match(
    errorOf(toPem('CERTIFICATE', one.der).replace(/\n[A-Za-z]/, '\n?')),
    /certificate 1 is not base64/,
  );
});
