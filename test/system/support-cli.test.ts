/** What an employee gives to support, changes in an editor and reads in the log: commands with the service behind them. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import type { DiagnosticsBundle } from '../../core/contract/daemon-api.ts';
import { buildProgram } from '../../build/program.ts';
import {
  BY_PASSWORD,
  byCertificate,
  openOffice,
  passwordProfile,
  serverCertificate,
  USER,
  type Office,
} from '../interop/office.ts';
import { DAEMON_GROUP, DaemonProcess } from '../support/daemon.ts';
import { NetLab, waitFor } from '../support/netns.ts';

const EMPLOYEE = 64_126;
const COLLEAGUE = 64_127;

interface Outcome {
  readonly status: number | null;
  readonly text: string;
}

describe('support, editor and log', { skip: NetLab.unavailable() }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'cw-support-'));
  let office: Office;
  let daemon: DaemonProcess;
  let program = '';

  before(async () => {
    chmodSync(folder, 0o755);
    chownSync(folder, EMPLOYEE, DAEMON_GROUP);
    program = (await buildProgram()).file;
    office = await openOffice('supp');
    await office.gateway.configure({
      gateway: byCertificate(serverCertificate('p256')),
      client: BY_PASSWORD,
      ike: ['aes256gcm16-prfsha384-ecp384'],
      esp: ['aes256gcm16'],
    });
    daemon = await DaemonProcess.start(office.net.client);
    writeFileSync(join(folder, 'office.json'), JSON.stringify(passwordProfile()));
    assert.equal((await causeway(['profile', 'import', 'office.json'])).status, 0);
  });
  after(async () => {
    await daemon.end();
    await daemon.destroy();
    await office.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function begin(words: readonly string[], uid: number, env: NodeJS.ProcessEnv): ChildProcess {
    return spawn(program, [...words, '--socket', daemon.socketPath], {
      uid,
      gid: uid === 0 ? 0 : DAEMON_GROUP,
      cwd: folder,
      env: { PATH: '/usr/bin:/bin', TMPDIR: folder, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
  }

  async function causeway(
    words: readonly string[],
    {
      uid = EMPLOYEE,
      env = {},
      secret = '',
    }: { uid?: number; env?: NodeJS.ProcessEnv; secret?: string } = {},
  ): Promise<Outcome> {
    const child = begin(words, uid, env);
    let text = '';
    for (const output of [child.stdout, child.stderr])
      output?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    (child.stdio[3] as Writable).end(secret);
    return new Promise((resolve) => child.once('close', (status) => resolve({ status, text })));
  }

  /** An editor that does with the file what a line of shell says. */
  function editor(line: string): { readonly env: NodeJS.ProcessEnv } {
    const path = join(folder, 'editor');
    writeFileSync(path, `#!/bin/sh\n[ "$1" = --wait ] && shift\n${line}\n`);
    chmodSync(path, 0o755);
    return { env: { EDITOR: `${path} --wait` } };
  }

  function keptTexts(): string[] {
    return readdirSync(folder)
      .filter((name) => name.startsWith('causeway-policy-'))
      .map((name) => join(folder, name));
  }

  test('gives support all but names, in a file of its own that others cannot read', async () => {
    const up = await causeway(['up', 'Office', '--password-fd', '3'], { secret: `${USER.password}\n` });
    assert.equal(up.status, 0, up.text);
    const saved = await causeway(['diagnostics', '--output', 'bundle.json']);
    assert.equal(saved.status, 0, saved.text);
    assert.match(saved.text, /^What support will see:\n {2}versions .*(?:\n.*)+Saved in .*bundle\.json/);
    const file = join(folder, 'bundle.json');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const text = readFileSync(file, 'utf8');
    const { parts } = JSON.parse(text) as DiagnosticsBundle;
    const part = (wanted: string): string => JSON.stringify(parts.find(({ name }) => name === wanted)?.value);
    assert.match(part('status'), /"state":"connected".*"suite":\{"ike":"aes256gcm16/);
    assert.match(part('machine'), /causeway0.*lookup 51510/s);
    assert.match(part('profiles'), /"method":"eap-mschapv2","username":"user-\d+"/);
    assert.match(part('log'), /connection-started/);
    assert.match(part('doctor'), /address-\d+-private-v4/);
    const names = [
      USER.name,
      USER.password,
      'gateway.test',
      '192.0.2.1',
      '10.50.0',
      'BEGIN CERT',
      hostname(),
    ];
    for (const name of names) assert.ok(!text.toLowerCase().includes(name.toLowerCase()), name);
  });

  test('gives a colleague nothing of a connection that is not theirs, and root all of the log', async () => {
    const theirs = await causeway(['diagnostics', '--print'], { uid: COLLEAGUE });
    assert.equal(theirs.status, 0, theirs.text);
    assert.doesNotMatch(theirs.text, /connection-started|"facts"|eap-mschapv2/);
    assert.match((await causeway(['diagnostics', '--json'], { uid: 0 })).text, /connection-started/);
    assert.equal((await causeway(['down'])).status, 0);
  });

  test('replaces no file, and follows no link', async () => {
    writeFileSync(join(folder, 'mine'), 'precious');
    symlinkSync(join(folder, 'mine'), join(folder, 'link.json'));
    symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling.json'));
    for (const name of ['mine', 'link.json', 'dangling.json']) {
      const refused = await causeway(['diagnostics', '--output', name]);
      assert.equal(refused.status, 3);
      assert.match(refused.text, /could not be written[\s\S]*something with that name already/);
    }
    assert.equal(readFileSync(join(folder, 'mine'), 'utf8'), 'precious');
    assert.ok(!existsSync(join(folder, 'nowhere')));
  });

  test('tells what an edit changed, and that nothing did', async () => {
    const rule = '{"action":"block","to":["192.0.2.0/24"]}';
    const edited = await causeway(
      ['policy', 'edit', 'Office'],
      editor(`sed -i 's#"rules": .*#"rules": [${rule}],#' "$1"`),
    );
    assert.equal(edited.status, 0, edited.text);
    assert.match(edited.text, /^\+ {7}"action": "block",$/m);
    assert.match(edited.text, /^The policy of Office is written\.\nNothing in it is odd\.$/m);
    assert.match((await causeway(['policy', 'show', 'Office'])).text, /"192\.0\.2\.0\/24"/);
    const same = await causeway(['policy', 'edit', 'Office'], editor('stat -c %a "$1" "$(dirname "$1")"'));
    assert.match(same.text, /^600\n700\nNothing is changed: the policy of Office is as it was\.$/m);
    assert.deepEqual(keptTexts(), []);
  });

  for (const [what, line, words] of [
    ['is no JSON', 'echo "{ my long work" > "$1"', /cannot be read/],
    ['has a mistake', `sed -i 's#"block"#"blok"#' "$1"`, /has mistakes in it[\s\S]*blok/],
    ['is left by an editor that fails', 'echo "{ my long work" > "$1"; exit 1', /editor did not do its work/],
  ] as const) {
    test(`loses nothing of an edit that ${what}, and tells where it is`, async () => {
      const before = (await causeway(['policy', 'show', 'Office'])).text;
      const refused = await causeway(['policy', 'edit', 'Office'], editor(line));
      assert.equal(refused.status, 3);
      assert.match(refused.text, words);
      const [kept = ''] = keptTexts();
      assert.ok(refused.text.includes(`is kept in ${kept}/policy.json`), refused.text);
      assert.match(readFileSync(`${kept}/policy.json`, 'utf8'), /my long work|blok/);
      assert.equal((await causeway(['policy', 'show', 'Office'])).text, before);
      rmSync(kept, { recursive: true });
    });
  }

  test('does not undo what somebody else wrote meanwhile', async () => {
    const other = join(folder, 'other.json');
    writeFileSync(other, '{"version":1,"rules":[]}');
    const set = `${program} policy set Office ${other} --socket ${daemon.socketPath}`;
    const refused = await causeway(
      ['policy', 'edit', 'Office'],
      editor(`sed -i s/block/bypass/ "$1"; ${set}`),
    );
    assert.equal(refused.status, 3, refused.text);
    assert.match(refused.text, /changed by somebody else meanwhile/);
    assert.equal(keptTexts().length, 1);
  });

  test('goes on with the log as it is written, until Ctrl-C, and only for administrators', async () => {
    const follower = begin(['logs', '--follow', '--lines', '1'], 0, {});
    let text = '';
    follower.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await waitFor(() => text !== '', 10_000, 'the first line');
    assert.equal(text.trim().split('\n').length, 1);
    assert.equal((await causeway(['up', 'Office', '--password-fd', '3'], { secret: 'wrong\n' })).status, 7);
    const whole = /connection-started[\s\S]*connection-ended/;
    await waitFor(() => whole.test(text), 10_000, 'the end of the connection');
    const ended = new Promise((resolve) => follower.once('close', resolve));
    follower.kill('SIGINT');
    assert.equal(await ended, 0);
    assert.match((await causeway(['logs', '--follow'])).text, /You may not do that/);
  });
});
