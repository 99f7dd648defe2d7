/** The app as it is shipped: out of an archive, by an Electron whose fuses are blown. No debugger can look into it. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { packAsar } from '../../build/asar.ts';
import { blowFuses, wrongFuses } from '../../build/fuses.ts';
import { DAEMON_GROUP } from '../support/daemon.ts';
import { FakeService } from '../support/fake-service.ts';
import { waitFor } from '../support/netns.ts';
import { Desktop, desktopMissing } from './support/desktop.ts';

const ROOT = join(import.meta.dirname, '../..');
const skip = desktopMissing();

let desktop: Desktop;
let service: FakeService;
let directory: string;
let program: string;

before(async () => {
  if (skip !== false) return;
  desktop = await Desktop.open();
  service = await FakeService.start({ group: DAEMON_GROUP, mode: 0o660 });
  directory = join(desktop.directory, 'release');
  program = join(directory, 'causeway-app');
  cpSync(join(ROOT, 'build/out/electron'), directory, { recursive: true });
  cpSync(join(directory, 'electron'), program);
  rmSync(join(directory, 'electron'));
  const resources = join(directory, 'resources');
  rmSync(resources, { recursive: true });
  // A directory that would be the app, were it not for the fuse.
  mkdirSync(join(resources, 'app'), { recursive: true });
  writeFileSync(join(resources, 'app/package.json'), '{ "name": "other", "main": "main.cjs" }\n');
  writeFileSync(join(resources, 'app/main.cjs'), 'console.log("another app"); process.exit(0);\n');
  packAsar(join(ROOT, 'build/out/app'), join(resources, 'app.asar'));
  await blowFuses(program);
});
after(async () => {
  if (skip !== false) return;
  await service.close();
  await desktop.close();
});

function environment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { ...desktop.env, CAUSEWAY_SOCKET: service.socketPath, ...more };
}

function argv(...args: readonly string[]): readonly [string, readonly string[]] {
  const [first = '', ...rest] = desktop.argv([program, '--disable-gpu', ...args]);
  return [first, rest];
}

/** Starts it, waits until its icon is in the tray, and ends it from there. What it wrote is returned. */
async function startAndQuit(args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<string> {
  const child: ChildProcess = spawn(...argv(...args), {
    env: environment(more),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    await service.call('profile.list');
    const isShown = async (): Promise<boolean> =>
      (await desktop.panel.tray()).menu?.some(({ label }) => label === 'Connect Office') === true;
    await waitFor(isShown, 10_000, `the icon of the app; it said ${said}`);
    await desktop.panel.click('Quit');
    await ended;
    return said;
  } finally {
    child.kill('SIGKILL');
  }
}

test('every fuse is as it is shipped, and a program with another one is found', { skip }, async () => {
  assert.deepEqual(await wrongFuses(program), []);
  const wrong = await wrongFuses(join(ROOT, 'build/out/electron/electron'));
  assert.ok(wrong.includes('RunAsNode') && wrong.includes('EnableNodeCliInspectArguments'), wrong.join());
});

test('the app starts out of its archive, and not out of the directory beside it', { skip }, async () => {
  const said = await startAndQuit([]);
  assert.doesNotMatch(said, /another app/);
});

test('it keeps nothing of the page on the disk', { skip }, () => {
  const config = join(desktop.env['HOME'] ?? '', '.config');
  const stored = readdirSync(config, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /Local Storage.*\.(log|ldb)$|IndexedDB|Service Worker|Cookies$/.test(path),
  );
  const written = stored.filter((path) => statSync(join(config, path)).size > 0);
  // A file for cookies is there before there is one.
  assert.deepEqual(
    written.filter((path) => !path.endsWith('Cookies')),
    [],
  );
});

test('neither a debugger nor the options of Node get in', { skip }, async () => {
  const marker = join(desktop.env['HOME'] ?? '', 'loaded');
  const intruder = join(desktop.directory, 'intruder.cjs');
  writeFileSync(intruder, `require('node:fs').writeFileSync(${JSON.stringify(marker)}, 'in');\n`, {
    mode: 0o644,
  });
  const said = await startAndQuit(['--inspect=127.0.0.1:0'], { NODE_OPTIONS: `--require ${intruder}` });
  assert.doesNotMatch(said, /Debugger listening/);
  assert.ok(!existsSync(marker));
});

test('it is no Node', { skip }, () => {
  const [first = '', ...rest] = desktop.argv([program, '-e', 'console.log("as Node", process.version)']);
  const done = spawnSync(first, rest, {
    env: { ...environment(), ELECTRON_RUN_AS_NODE: '1', DISPLAY: '' },
    encoding: 'utf8',
    timeout: 10_000,
  });
  assert.doesNotMatch(done.stdout, /as Node/);
});
