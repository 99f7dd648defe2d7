import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { build as bundle, type BuildOptions } from 'esbuild';
import { build as buildPage } from 'vite';
import { ensureElectron } from './electron.ts';
import { drawIcons } from './icons.ts';

/*
 * Builds build/out/app, the desktop app as Electron runs it: the main process and the preload script in one file each,
 * the page, the icons, and keytar, the one package with a part of its own for each system.
 * `node build/app.ts` does nothing when all that it depends on is as at the last build; `--force` builds anyway.
 */

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const OUT = join(ROOT, 'build/out/app');
/** The oldest that the app is run with: that of the stand-in of electron.ts. */
const TARGETS = { node: 'node20', page: 'chrome130' } as const;

export interface AppBuild {
  /** The directory that Electron takes for the app. */
  readonly directory: string;
  /** False when it was up to date already. */
  readonly built: boolean;
}

/** Makes the app. Rejects with an Error that says what a bundler did not like. */
export async function buildApp(options: { force?: boolean } = {}): Promise<AppBuild> {
  const stampFile = join(OUT, 'stamp');
  const stamp = stampOf();
  const isFresh = existsSync(stampFile) && readFileSync(stampFile, 'utf8').trim() === stamp;
  if (isFresh && options.force !== true) return { directory: OUT, built: false };
  // Built beside its place: whoever starts the app meanwhile gets a whole one.
  const fresh = `${OUT}.${process.pid}.tmp`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  try {
    await bundleProcesses(fresh);
    await bundlePage(join(ROOT, 'renderer'), join(fresh, 'renderer'));
    drawIcons(join(fresh, 'assets'));
    copyKeytar(join(fresh, 'node_modules/keytar'));
    const { name, version, license } = manifest();
    const text = { name, productName: 'Causeway', version, license, main: 'main.cjs' };
    writeFileSync(join(fresh, 'package.json'), `${JSON.stringify(text, undefined, 2)}\n`);
    writeFileSync(join(fresh, 'stamp'), `${stamp}\n`);
    rmSync(OUT, { recursive: true, force: true });
    renameSync(fresh, OUT);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return { directory: OUT, built: true };
}

async function bundleProcesses(out: string): Promise<void> {
  const common: BuildOptions = {
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: TARGETS.node,
    external: ['electron', 'keytar'],
    legalComments: 'none',
    absWorkingDir: ROOT,
  };
  await bundle({
    ...common,
    entryPoints: ['electron/main/main.ts'],
    outfile: join(out, 'main.cjs'),
    sourcemap: 'inline',
  });
  await bundle({
    ...common,
    entryPoints: ['electron/preload/preload.ts'],
    outfile: join(out, 'preload.cjs'),
  });
}

/** Builds the page whose index.html is in `root`. */
export async function bundlePage(root: string, outDir: string): Promise<void> {
  await buildPage({
    root,
    configFile: false,
    base: './',
    logLevel: 'warn',
    plugins: [react()],
    build: {
      outDir,
      emptyOutDir: true,
      target: TARGETS.page,
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      reportCompressedSize: false,
    },
  });
}

/** Its JavaScript, and its part for this system. */
function copyKeytar(to: string): void {
  const from = join(ROOT, 'node_modules/keytar');
  const native = `prebuilds/${process.platform}-${process.arch}`;
  for (const part of ['package.json', 'lib', 'LICENSE.md', native])
    cpSync(join(from, part), join(to, part), { recursive: true });
}

function manifest(): { name: string; version: string; license: string } {
  return JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as ReturnType<typeof manifest>;
}

function stampOf(): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([OUT, process.version, process.platform, process.arch]));
  const sources = globSync(
    [
      'electron/**/*',
      'renderer/**/*',
      'core/{lib,contract,rpc,import,crypto,pki,platform/linux/dbus}/**/*.{ts,json}',
      'build/*.ts',
    ],
    { cwd: ROOT, withFileTypes: true },
  )
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  for (const path of [...sources.sort(), join(ROOT, 'package-lock.json')]) {
    const octets = readFileSync(path);
    hash.update(`${path}\0${octets.length}\0`).update(octets);
  }
  return hash.digest('hex');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const electron = await ensureElectron();
  if (electron.built) console.log(`Electron is there (${electron.origin})`);
  const { built } = await buildApp({ force: process.argv.includes('--force') });
  console.log(built ? 'built build/out/app' : 'up to date: build/out/app');
}
