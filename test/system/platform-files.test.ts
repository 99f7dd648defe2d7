import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { journalFile } from '../../core/platform/linux/journal-file.ts';
import { checkRoot, checkTun } from '../../core/platform/linux/preconditions.ts';
import { isAlive, ownIdentity } from '../../core/platform/linux/process-identity.ts';
import { realOs } from '../../core/platform/linux/real-os.ts';
import { findTool } from '../../core/platform/linux/tools.ts';
import { waitFor } from '../support/netns.ts';

/* What the platform reads and writes on a real file system, all below a directory of the test's own. */

const NOBODY = 65_534;
const skip = process.geteuid?.() === 0 ? false : 'needs root';
const scratch = mkdtempSync(join(tmpdir(), 'cw-platform-'));
after(() => rmSync(scratch, { recursive: true }));

let made = 0;
function directory(mode = 0o700): string {
  const path = join(scratch, `d${made++}`);
  mkdirSync(path);
  chmodSync(path, mode);
  return path;
}

describe('the journal in a file', { skip }, () => {
  test('it is private, whole, taken once, and gone when removed', () => {
    const path = join(scratch, 'run', 'net-1.json');
    const journal = journalFile(path);
    assert.equal(journal.read(), undefined);
    assert.equal(journal.create('one'), true);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(statSync(join(scratch, 'run')).mode & 0o777, 0o700);
    assert.equal(journalFile(path).create('another'), false);
    assert.equal(journal.read(), 'one');
    journal.replace('two');
    assert.equal(journal.read(), 'two');
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(join(scratch, 'run')), ['net-1.json'], 'nothing is left of the writing');
    journal.remove();
    journal.remove();
    assert.equal(journal.read(), undefined);
  });

  test('a directory that others can enter, or that is a link, is refused', () => {
    const link = join(scratch, 'link');
    symlinkSync(directory(), link);
    const foreign = directory();
    chownSync(foreign, NOBODY, NOBODY);
    for (const place of [directory(0o755), directory(0o710), link, foreign]) {
      assert.throws(() => journalFile(join(place, 'net.json')).create('x'), /only root can enter/);
      assert.deepEqual(readdirSync(place), []);
    }
  });

  test('a journal that others could have written is not read', () => {
    const place = directory();
    const path = join(place, 'net.json');
    writeFileSync(path, 'x', { mode: 0o600 });
    chmodSync(path, 0o620);
    assert.throws(() => journalFile(path).read(), /others could have written it/);
    chmodSync(path, 0o600);
    chownSync(path, NOBODY, NOBODY);
    assert.throws(() => journalFile(path).read(), /others could have written it/);
    rmSync(path);
    writeFileSync(join(place, 'real'), 'x', { mode: 0o600 });
    symlinkSync(join(place, 'real'), path);
    assert.throws(() => journalFile(path).read(), { code: 'ELOOP' });
  });

  test('a link in the place of the file that is being written is replaced, not followed', () => {
    const place = directory();
    const victim = join(scratch, 'victim');
    writeFileSync(victim, 'precious');
    const { pid, startTicks } = ownIdentity();
    symlinkSync(victim, join(place, `net.json.${pid}-${startTicks}.new`));
    assert.equal(journalFile(join(place, 'net.json')).create('mine'), true);
    assert.equal(readFileSync(victim, 'utf8'), 'precious');
  });

  test('what a process left that was killed while it wrote is taken away, not what one is writing', () => {
    const place = directory();
    const { pid, startTicks } = ownIdentity();
    for (const owner of [`${pid}-${startTicks - 1}`, `999999999-1`, `${pid}-${startTicks}`])
      writeFileSync(join(place, `net-1.json.${owner}.new`), '{');
    journalFile(join(place, 'net-2.json')).read();
    assert.deepEqual(readdirSync(place), [`net-1.json.${pid}-${startTicks}.new`]);
  });
});

describe('tools', { skip }, () => {
  test('the first is taken that root owns and nobody else can write', () => {
    const places = [0, 1, 2, 3, 4].map(() => directory(0o755));
    const tools = places.map((place) => join(place, 'ip'));
    for (const path of tools.slice(1)) writeFileSync(path, '#!/bin/sh\n', { mode: 0o755 });
    chownSync(tools[1]!, NOBODY, NOBODY);
    chmodSync(tools[2]!, 0o775);
    chmodSync(tools[3]!, 0o644);
    assert.deepEqual(findTool('ip', places), { ok: true, value: tools[4] });
    const missing = findTool('ip', places.slice(0, 4));
    assert.ok(!missing.ok);
    assert.equal(missing.error.code, 'platform.tool-missing');
    assert.deepEqual(missing.error.context, { tool: 'ip' });
  });

  test('they get none of our environment, and what they refuse comes back', async () => {
    process.env['LC_ALL'] = 'xx_XX';
    const done = await realOs(join(scratch, 'unused')).run('ip', ['-batch', '-'], 'link show lo\nbogus\n');
    assert.ok(done.ok);
    assert.equal(done.value.status, 1);
    assert.match(done.value.stderr, /^Object "bogus" is unknown, try "ip help"\.\nCommand failed -:2\n$/);
    assert.equal(
      existsSync(join(scratch, 'unused')),
      false,
      'nothing is written before something is changed',
    );
  });
});

describe('processes', { skip }, () => {
  test('a process is alive while it runs, and is not a later one with its number', () => {
    const self = ownIdentity();
    assert.equal(self.pid, process.pid);
    assert.equal(isAlive(self), true);
    assert.equal(isAlive({ ...self, startTicks: self.startTicks - 1 }), false);
    const { pid } = spawnSync('/bin/true');
    assert.equal(isAlive({ pid, startTicks: self.startTicks }), false);
  });

  test('a dead process that nobody has buried yet is not alive', async () => {
    const keeper = spawn('/bin/sh', ['-c', '/bin/sleep 0.05 & echo $!; exec /bin/sleep 30']);
    const pid = await new Promise<number>((resolve) => {
      keeper.stdout.once('data', (text: Buffer) => resolve(Number(text.toString())));
    });
    const stat = (): string => readFileSync(`/proc/${pid}/stat`, 'latin1');
    const startTicks = Number(stat().split(' ')[21]);
    assert.equal(isAlive({ pid, startTicks }), true);
    await waitFor(() => stat().includes(') Z '), 5000, 'the process to end');
    assert.equal(isAlive({ pid, startTicks }), false);
    keeper.kill();
  });
});

describe('preconditions', { skip }, () => {
  test('root is asked for by number', () => {
    assert.equal(checkRoot(0), undefined);
    assert.equal(checkRoot(1000)?.code, 'platform.not-root');
  });

  test('a TUN device that is missing is told from one without a driver and one without permission', () => {
    const reason = (path: string): unknown => checkTun(path)?.context['reason'];
    assert.equal(checkTun(), undefined);
    assert.equal(checkTun('/dev/no-such-device')?.code, 'platform.no-tun');
    assert.equal(reason('/dev/no-such-device'), 'missing');
    chmodSync(scratch, 0o755);
    const driverless = join(directory(0o755), 'tun');
    assert.equal(spawnSync('/bin/mknod', [driverless, 'c', '240', '0']).status, 0);
    assert.equal(reason(driverless), 'driver');
    chmodSync(driverless, 0o600);
    process.seteuid?.(NOBODY);
    try {
      assert.equal(reason(driverless), 'permission');
    } finally {
      process.seteuid?.(0);
    }
  });
});
