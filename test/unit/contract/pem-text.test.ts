import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import {
  certificatesProblem,
  keyIsEncrypted,
  pemBlocks,
  privateKeyProblem,
} from '../../../core/contract/pem-text.ts';
import { CERTIFICATE, PRIVATE_KEY } from './samples.ts';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const plain = privateKey.export({ type: 'pkcs8', format: 'pem' });
const traditional = privateKey.export({ type: 'sec1', format: 'pem' });
const secured = { cipher: 'aes-256-cbc', passphrase: 'x' } as const;
const encrypted = privateKey.export({ type: 'pkcs8', format: 'pem', ...secured });
const encryptedTraditional = privateKey.export({ type: 'sec1', format: 'pem', ...secured });

test('private keys in all common PEM forms are accepted', () => {
  for (const text of [plain, traditional, encrypted, encryptedTraditional])
    assert.equal(privateKeyProblem(text), undefined);
  assert.equal(
    privateKeyProblem(`-----BEGIN EC PARAMETERS-----\nBggqhkg=\n-----END EC PARAMETERS-----\n${plain}`),
    undefined,
  );
});

test('an encrypted private key is known as one', () => {
  assert.deepEqual([plain, traditional, encrypted, encryptedTraditional].map(keyIsEncrypted), [
    false,
    false,
    true,
    true,
  ]);
  assert.equal(keyIsEncrypted('nothing'), false);
});

test('explanations between the blocks and Windows line ends are ignored', () => {
  const text = `Bag Attributes\n    friendlyName: x\n${CERTIFICATE}subject=CN = x\n${CERTIFICATE}`;
  assert.deepEqual(
    pemBlocks(text.replaceAll('\n', '\r\n'))?.map((block) => block.label),
    ['CERTIFICATE', 'CERTIFICATE'],
  );
  assert.equal(certificatesProblem(text), undefined);
});

test('a damaged block is a problem, wherever it stands', () => {
  for (const text of [
    CERTIFICATE.replace('END', 'FIN'),
    CERTIFICATE.replace('MIIB', 'MI*B'),
    '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----',
    CERTIFICATE + CERTIFICATE.slice(0, 40),
  ]) {
    assert.equal(pemBlocks(text), undefined);
    assert.match(certificatesProblem(text) ?? '', /damaged PEM/);
    assert.match(privateKeyProblem(text) ?? '', /damaged PEM/);
  }
});

test('what belongs elsewhere is named', () => {
  assert.match(certificatesProblem('MIIB') ?? '', /beginning with -----BEGIN CERTIFICATE-----/);
  assert.match(certificatesProblem(CERTIFICATE + PRIVATE_KEY) ?? '', /holds a private key/);
  assert.match(
    certificatesProblem(CERTIFICATE.replaceAll('CERTIFICATE', 'X509 CRL')) ?? '',
    /a X509 CRL block/,
  );
  assert.match(privateKeyProblem('x') ?? '', /beginning with -----BEGIN PRIVATE KEY-----/);
  assert.match(privateKeyProblem(CERTIFICATE) ?? '', /holds a certificate/);
  assert.match(privateKeyProblem(plain + plain) ?? '', /one private key and nothing else/);
  const openssh = PRIVATE_KEY.replaceAll('PRIVATE', 'OPENSSH PRIVATE');
  assert.match(privateKeyProblem(openssh) ?? '', /ssh-keygen -p -m PKCS8/);
  assert.match(privateKeyProblem(PRIVATE_KEY.replaceAll('PRIVATE', 'PUBLIC')) ?? '', /PUBLIC KEY block/);
});
