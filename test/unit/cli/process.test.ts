import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CERTIFICATE, PRIVATE_KEY, profileWith } from '../contract/samples.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();
chmodSync(folder, 0o755);
const main = fileURLToPath(new URL('../../../core/cli/main.ts', import.meta.url));
const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly error: string;
}

function causeway(
  args: readonly string[],
  options: { uid?: number; env?: Record<string, string> } = {},
): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 20_000,
    env: { PATH: process.env['PATH'] ?? '', ...options.env },
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  return { status, out: stdout, error: stderr };
}

function profileFile(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test('--version prints the version of the package', () => {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { version: string };
  assert.deepEqual(causeway(['--version']), { status: 0, out: `causeway ${version}\n`, error: '' });
});

test('--help and no arguments print the help', () => {
  const { status, out, error } = causeway(['--help']);
  assert.deepEqual([status, error], [0, '']);
  assert.match(out, /^Causeway connects[^]*Exit codes:/);
  assert.equal(causeway([]).out, out);
});

test('a command that is not understood ends with 2 and a sentence', () => {
  const { status, out, error } = causeway(['conect', 'x.json']);
  assert.deepEqual([status, out], [2, '']);
  assert.match(error, /^causeway: 'conect' is not a command; did you mean 'causeway connect'\?\n/);
});

test('every kind of broken profile ends with 3 and sentences, without a stack', () => {
  const cases: readonly (readonly [name: string, text: string, words: RegExp])[] = [
    ['comma.json', '{\n  "version": 1,\n}', /at line 3, column 1: there is a comma too many before this }/],
    [
      'key.json',
      JSON.stringify(profileWith({ gatway: {} })),
      /gatway: is not a known key; did you mean 'gateway'\?/,
    ],
    ['type.json', JSON.stringify(profileWith({ name: 7 })), /name: must be text, not a number/],
    ['empty.json', '', /line 1, column 1: the text ends too early/],
  ];
  for (const [name, text, words] of cases) {
    for (const command of ['check', 'connect']) {
      const { status, out, error } = causeway([command, profileFile(name, text)]);
      assert.deepEqual([status, out], [3, ''], error);
      assert.match(error, words);
      assert.doesNotMatch(error, /^ +at |\.ts:|ZodError|SyntaxError/m);
    }
  }
  const missing = causeway(['connect', join(folder, 'missing.json')]);
  assert.equal(missing.status, 3);
  assert.match(missing.error, /missing\.json could not be read: there is no such file/);
});

test('check finds what only a connection would notice', () => {
  const cases: readonly (readonly [name: string, changes: Record<string, unknown>, words: RegExp])[] = [
    ['words.json', { ike: { proposals: ['aes256-rot13'] } }, /ike\.proposals: .*rot13/],
    [
      'certificate.json',
      { user: { method: 'certificate', certificate: CERTIFICATE, privateKey: PRIVATE_KEY } },
      /A certificate in the profile cannot be used/,
    ],
  ];
  for (const [name, changes, words] of cases) {
    const { status, error } = causeway(['check', profileFile(name, JSON.stringify(profileWith(changes)))]);
    assert.equal(status, 3, error);
    assert.match(error, words);
  }
});

test('check tells a good profile', () => {
  const { status, out, error } = causeway(['check', profileFile('good.json', JSON.stringify(profileWith()))]);
  assert.deepEqual([status, error], [0, '']);
  assert.match(out, /^\+ .*good\.json is a good profile\n {2}Name +Office\n/);
});

test('with --json a failure is one event on standard output', () => {
  const { status, out, error } = causeway(['connect', '--json', join(folder, 'missing.json')]);
  assert.deepEqual([status, error], [3, '']);
  const event = JSON.parse(out) as { event: string; failure: { code: string } };
  assert.deepEqual([event.event, event.failure.code], ['failed', 'config.profile-unreadable']);
});

test('connecting without root ends with 9 and says what to do', { skip: !isRoot }, () => {
  const path = profileFile('office.json', JSON.stringify(profileWith()));
  const { status, out, error } = causeway(['connect', path], { uid: NOBODY });
  assert.deepEqual([status, out], [9, ''], error);
  assert.match(error, /^x Connecting needs administrator rights\n[^]*sudo/);
});

test('connecting without a terminal and without --password-fd ends with 3', { skip: !isRoot }, () => {
  const path = profileFile('office.json', JSON.stringify(profileWith()));
  const { status, error } = causeway(['connect', path]);
  assert.equal(status, 3, error);
  assert.match(error, /needs the password of alice, and there is no terminal to ask on/);
});

test('compiled code is kept only where nobody else can write', { skip: !isRoot }, () => {
  const home = join(folder, 'home');
  mkdirSync(home);
  chownSync(home, NOBODY, NOBODY);
  const safe = join(home, '.cache', 'causeway');
  assert.equal(causeway(['--version'], { uid: NOBODY, env: { HOME: home } }).status, 0);
  assert.equal(statSync(safe).mode & 0o777, 0o700);
  assert.ok(readdirSync(safe).length > 0);

  const open = join(folder, 'open', 'causeway');
  mkdirSync(open, { recursive: true });
  chmodSync(open, 0o777);
  const { status } = causeway(['--version'], { uid: NOBODY, env: { XDG_CACHE_HOME: join(folder, 'open') } });
  assert.equal(status, 0);
  assert.deepEqual(readdirSync(open), []);
});

test('the program runs by its own first line', () => {
  const first = readFileSync(main, 'utf8').split('\n', 1)[0];
  assert.equal(first, '#!/usr/bin/env node');
  assert.ok((statSync(main).mode & 0o111) !== 0);
});
