import assert from 'node:assert/strict';
import { openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Screen } from '../../../core/cli/screen.ts';
import type { ServiceCommand } from '../../../core/cli/service/command.ts';
import { importProfile } from '../../../core/cli/service/import-profile.ts';
import type { ServiceSession } from '../../../core/cli/service/session.ts';
import { PLAIN } from './fake-host.ts';
import { temporaryFolder } from './temporary.ts';

const FOLDER = temporaryFolder();
const SAMPLES = join(import.meta.dirname, '../import/samples');
const ID = '00112233445566aa';

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly error: string;
  /** What the service was given. */
  readonly written: Record<string, unknown> | undefined;
}

async function run(file: string, options: Partial<ServiceCommand> = {}): Promise<Ran> {
  let out = '';
  let error = '';
  let written: Record<string, unknown> | undefined;
  const call = (name: string, params: { contents: Record<string, unknown> }): Promise<unknown> => {
    assert.equal(name, 'profile.write');
    written = params.contents;
    return Promise.resolve({ ok: true, value: { id: ID } });
  };
  const session = {
    client: { call },
    command: { name: 'profile', operands: [], json: false, ...options },
    screen: new Screen(
      { write: (text: string) => (out += text) },
      { write: (text: string) => (error += text) },
      PLAIN,
    ),
    terminal: undefined,
  };
  const code = await importProfile(session as unknown as ServiceSession, file, undefined);
  return { code, out, error, written };
}

/** A descriptor from which a passphrase is read. */
function descriptorWith(passphrase: string): number {
  const path = join(FOLDER, 'passphrase');
  writeFileSync(path, `${passphrase}\n`);
  return openSync(path, 'r');
}

test('a file of another program is added, with a line for each of its keys', async () => {
  const { code, out, written } = await run(join(SAMPLES, 'office.sswan'));
  assert.equal(code, 0);
  assert.match(out, /^taken {9}remote\.addr → gateway\.address$/m);
  assert.match(out, /^changed {7}ike-proposal → ike\.proposals: Left out, because .*: modp1024\.$/m);
  assert.match(out, /^not honoured {2}apps: These are names of apps on a phone\./m);
  assert.match(out, new RegExp(`^Example office is added \\(${ID}\\)\\.$`, 'm'));
  assert.deepEqual(written?.['user'], {
    method: 'eap-mschapv2',
    username: 'alice',
    ikeIdentity: 'alice@example.com',
  });
});

test('a store is opened by the passphrase in a descriptor, and its key is written locked', async () => {
  const { code, written } = await run(join(SAMPLES, 'certificate.sswan'), {
    passphraseFd: descriptorWith('Grüße 1'),
  });
  assert.equal(code, 0);
  assert.match(JSON.stringify(written), /BEGIN ENCRYPTED PRIVATE KEY/);
  assert.doesNotMatch(JSON.stringify(written), /BEGIN PRIVATE KEY/);
});

test('a wrong passphrase, and none at all, are told', async () => {
  const wrong = await run(join(SAMPLES, 'modern.p12'), { passphraseFd: descriptorWith('no') });
  assert.notEqual(wrong.code, 0);
  assert.match(wrong.error, /passphrase/i);
  const none = await run(join(SAMPLES, 'modern.p12'));
  assert.notEqual(none.code, 0);
  assert.match(none.error, /no terminal to ask on/);
  assert.equal(none.written, undefined);
});

test('a store without a gateway is not added, but saved for who completes it', async () => {
  const refused = await run(join(SAMPLES, 'modern.p12'), { passphraseFd: descriptorWith('Grüße 1') });
  assert.notEqual(refused.code, 0);
  assert.match(refused.error, /gateway\.address: is missing/);
  assert.match(refused.error, /--output FILE/);
  const output = join(FOLDER, 'draft.json');
  const saved = await run(join(SAMPLES, 'modern.p12'), {
    passphraseFd: descriptorWith('Grüße 1'),
    output,
  });
  assert.equal(saved.code, 0);
  assert.equal(saved.written, undefined);
  assert.equal(statSync(output).mode & 0o777, 0o600);
  const draft = JSON.parse(readFileSync(output, 'utf8')) as { gateway: object };
  writeFileSync(
    output,
    JSON.stringify({ ...draft, gateway: { ...draft.gateway, address: 'vpn.example.com' } }),
  );
  assert.equal((await run(output)).code, 0);
});

test('what cannot be imported is refused by its own reason', async () => {
  const legacy = await run(join(SAMPLES, 'rc2.p12'), { passphraseFd: descriptorWith('secret') });
  assert.notEqual(legacy.code, 0);
  assert.match(legacy.error, /The file cannot be imported/);
  assert.match(legacy.error, /locked by RC2-40/);
});

test('a profile of ours keeps its strictness and the places of its mistakes', async () => {
  const path = join(FOLDER, 'ours.json');
  writeFileSync(path, '{"version": 1,\n "name": }');
  assert.match((await run(path)).error, /line 2/);
});

test('programs get a line of JSON for each key', async () => {
  const { out } = await run(join(SAMPLES, 'office.sswan'), { json: true });
  const lines = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  assert.deepEqual(lines[0], { key: 'uuid', outcome: 'ignored', note: 'bookkeeping' });
  assert.deepEqual(lines.at(-1), { id: ID, name: 'Example office' });
});
