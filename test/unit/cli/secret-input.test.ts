import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { fstatSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readSecretFromFd } from '../../../core/cli/secret-input.ts';
import { toHex, utf8, utf8Text } from '../../../core/lib/bytes.ts';
import { temporaryFolder } from './temporary.ts';

const folder = temporaryFolder();

async function readFrom(content: string | Uint8Array): Promise<string> {
  const path = join(folder, 'secret');
  writeFileSync(path, content);
  const fd = openSync(path, 'r');
  const result = await readSecretFromFd(fd);
  assert.throws(() => fstatSync(fd), { code: 'EBADF' }, 'the descriptor is closed');
  return result.ok ? utf8Text(result.value.reveal()) : result.error;
}

test('a secret is the first line, without its end', async () => {
  assert.equal(await readFrom('hunter2'), 'hunter2');
  assert.equal(await readFrom('hunter2\n'), 'hunter2');
  assert.equal(await readFrom('hunter2\r\nother'), 'hunter2');
  assert.equal(await readFrom(' pass wörd \nother\n'), ' pass wörd ');
});

test('an empty or endless secret is refused', async () => {
  assert.equal(await readFrom(''), 'it is empty');
  assert.equal(await readFrom('\nx'), 'it is empty');
  assert.equal(await readFrom('\r\n'), 'it is empty');
  assert.equal(await readFrom('x'.repeat(4096)), 'x'.repeat(4096));
  assert.equal(await readFrom(`${'x'.repeat(4096)}\r\n`), 'x'.repeat(4096));
  assert.equal(await readFrom('x'.repeat(4097)), 'it is longer than 4 KiB');
  assert.equal(await readFrom(new Uint8Array(100_000).fill(0x78)), 'it is longer than 4 KiB');
});

test('a descriptor that is not open, or is not for reading, says so', async () => {
  const closed = await readSecretFromFd(987);
  assert.deepEqual(closed, { ok: false, error: 'it is not open' });
  const directory = await readSecretFromFd(openSync(folder, 'r'));
  assert.deepEqual(directory, { ok: false, error: 'it cannot be read (EISDIR)' });
});

interface Session {
  readonly shown: string;
  readonly status: number | string | null;
}

/** Runs the prompt in a pseudo-terminal, types `keys` (or sends a signal) once it asks, and waits for its end. */
function inTerminal(keys: string, signal?: NodeJS.Signals): Promise<Session> {
  const program = fileURLToPath(new URL('prompt-program.ts', import.meta.url));
  const command = `sh -c 'echo PID=$$; exec "${process.execPath}" "${program}"'; echo "STATUS=$?"; stty -a`;
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    env: { ...process.env, SHELL: '/bin/sh' },
  });
  return new Promise((resolve, reject) => {
    let shown = '';
    let answered = false;
    child.stdout.on('data', (octets: Uint8Array) => {
      shown += utf8Text(octets);
      if (answered || !shown.includes('Password: ')) return;
      answered = true;
      const pid = Number(/PID=(\d+)/.exec(shown)?.[1]);
      if (signal === undefined) child.stdin.write(utf8(keys));
      else process.kill(pid, signal);
    });
    child.on('error', reject);
    child.on('close', () => resolve({ shown, status: /STATUS=(\d+)/.exec(shown)?.[1] ?? null }));
  });
}

test('a typed secret is never shown, and the terminal echoes again afterwards', async () => {
  const { shown, status } = await inTerminal('hunterX\u007f2\r');
  assert.ok(shown.includes(`[secret:${toHex(utf8('hunter2'))}:cooked]`), shown);
  assert.ok(!shown.includes('hunter'), shown);
  assert.match(shown, / echo /);
  assert.match(shown, / icanon/);
  assert.equal(status, '0');
});

test('Ctrl-C and Ctrl-D leave the prompt and put the terminal back', async () => {
  for (const [keys, kind] of [
    ['abc\u0003', 'interrupted'],
    ['\u0004', 'ended'],
    ['\r', 'ended'],
  ] as const) {
    const { shown } = await inTerminal(keys);
    assert.ok(shown.includes(`[${kind}::cooked]`), shown);
    assert.match(shown, / echo /);
  }
});

test('a signal at the prompt ends the program and puts the terminal back', async () => {
  for (const [signal, status] of [
    ['SIGTERM', '143'],
    ['SIGHUP', '129'],
    ['SIGINT', '130'],
  ] as const) {
    const ended = await inTerminal('', signal);
    assert.equal(ended.status, status, ended.shown);
    assert.match(ended.shown, / echo /);
  }
});
