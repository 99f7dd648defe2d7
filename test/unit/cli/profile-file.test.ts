import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Profile } from '../../../core/contract/profile.ts';
import { MAX_FILE_BYTES, readProfile } from '../../../core/cli/profile-file.ts';
import type { Failure } from '../../../core/lib/failure.ts';
import { CERTIFICATE, PRIVATE_KEY, profileWith } from '../contract/samples.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();

function fileOf(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function read(path: string): Profile {
  const result = readProfile(path);
  assert.ok(result.ok, result.ok ? '' : JSON.stringify(result.error));
  return result.value;
}

function refused(path: string): Failure {
  const result = readProfile(path);
  assert.ok(!result.ok);
  return result.error;
}

fileOf('ca.pem', CERTIFICATE);
fileOf('alice.key', PRIVATE_KEY);
const certificateUser = {
  method: 'certificate',
  certificate: { file: 'ca.pem' },
  privateKey: { file: 'alice.key' },
};

test('files beside the profile take the place of PEM texts', () => {
  const gateway = { address: 'vpn.example.com', authorities: [{ file: 'ca.pem' }, CERTIFICATE] };
  const path = fileOf('good.json', JSON.stringify(profileWith({ gateway, user: certificateUser })));
  const profile = read(path);
  assert.equal(profile.gateway.authorities, `${CERTIFICATE}\n${CERTIFICATE}`);
  assert.deepEqual(profile.user, {
    method: 'certificate',
    certificate: CERTIFICATE,
    privateKey: PRIVATE_KEY,
  });
});

test('a byte order mark does no harm', () => {
  assert.equal(read(fileOf('bom.json', `\ufeff${JSON.stringify(profileWith())}`)).name, 'Office');
});

test('a profile that cannot be read says why', () => {
  mkdirSync(join(folder, 'folder'));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  symlinkSync('circle', join(folder, 'circle'));
  fileOf('big.json', new Uint8Array(MAX_FILE_BYTES + 1));
  const reasons: Record<string, string> = {
    'missing.json': 'there is no such file',
    folder: 'it is a folder',
    pipe: 'it is not a regular file',
    circle: 'its links go round in a circle',
    'big.json': 'it is longer than 1 MiB',
    'ca.pem/x': 'a part of its path is not a folder',
  };
  for (const [name, detail] of Object.entries(reasons)) {
    const { code, context } = refused(join(folder, name));
    assert.equal(code, 'config.profile-unreadable');
    assert.equal(context['detail'], detail, name);
  }
});

test('a profile that is not JSON says where', () => {
  const { code, context } = refused(fileOf('broken.json', '{\n  "version": 1,\n  "name": Office\n}'));
  assert.equal(code, 'config.profile-not-json');
  assert.deepEqual([context['line'], context['column']], [3, 11]);
  const binary = refused(fileOf('binary.json', Uint8Array.of(0x7b, 0xff, 0x7d)));
  assert.equal(binary.context['detail'], 'it is not text in UTF-8');
});

test('files that cannot be used are named beside the other mistakes, once each', () => {
  fileOf('alice.der', Uint8Array.of(0x30, 0x82, 0x01, 0x00));
  const value = profileWith({
    nam: 'x',
    gateway: { address: 'vpn.example.com', authorities: [{ file: 'missing.pem' }] },
    user: { ...certificateUser, certificate: { file: 'alice.der' }, privateKey: { file: 7 } },
  });
  const { code, context } = refused(fileOf('files.json', JSON.stringify(value)));
  assert.equal(code, 'config.profile-invalid');
  assert.deepEqual(context['problems'], [
    'gateway.authorities: the file missing.pem could not be read: there is no such file',
    'user.certificate: the file alice.der is not PEM; openssl can convert it (-inform DER, or pkcs12 for .p12)',
    'user.privateKey: {"file": ...} must name a file in text',
    "nam: is not a known key; did you mean 'name'?",
  ]);
});

test('a file is read only where PEM belongs', () => {
  const value = profileWith({ name: { file: 'ca.pem' }, tunnel: { remote: [{ file: 'ca.pem' }] } });
  assert.deepEqual(refused(fileOf('elsewhere.json', JSON.stringify(value))).context['problems'], [
    'name: must be text, not an object',
    'tunnel.remote[0]: must be text, not an object',
  ]);
});

test('a file in the place of another kind of PEM is noticed without showing it', () => {
  const value = profileWith({ user: { ...certificateUser, certificate: { file: 'alice.key' } } });
  assert.deepEqual(refused(fileOf('swapped.json', JSON.stringify(value))).context['problems'], [
    'user.certificate: holds a private key; certificates alone belong here',
  ]);
});
