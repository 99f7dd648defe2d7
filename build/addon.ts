import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/*
 * Builds the native addon core/node-tun with the system's C++ compiler and the headers that the pinned Node
 * brings in its package: no build tool that would have to download headers. `node build/addon.ts` does nothing
 * when sources, headers, flags and compiler are those of the last build; `--force` builds anyway.
 */

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const ADDON = join(ROOT, 'core/node-tun');

const FLAGS: readonly string[] = [
  '-O2',
  '-fPIC',
  '-shared',
  '-std=c++20',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-fno-exceptions',
  '-fno-rtti',
  '-fvisibility=hidden',
  '-fstack-protector-strong',
  '-U_FORTIFY_SOURCE',
  '-D_FORTIFY_SOURCE=2',
  '-Wl,-z,relro,-z,now',
];

export interface AddonBuild {
  /** The addon. */
  readonly file: string;
  /** False when it was up to date already. */
  readonly built: boolean;
}

/**
 * Makes `<outDirectory>/node-tun.node`. Throws an Error that says what is missing or what the compiler said.
 * `outDirectory` is where index.ts looks unless a test says otherwise.
 */
export function buildAddon(options: { force?: boolean; outDirectory?: string } = {}): AddonBuild {
  const out = options.outDirectory ?? join(ADDON, 'build');
  const file = join(out, 'node-tun.node');
  const stampFile = join(out, 'stamp');
  const compiler = process.env['CXX'] ?? 'c++';
  const headers = findHeaders();
  const sources = filesOf(join(ADDON, 'src'));
  const stamp = stampOf(compiler, headers, sources);
  const upToDate =
    existsSync(file) && existsSync(stampFile) && readFileSync(stampFile, 'utf8').trim() === stamp;
  if (upToDate && options.force !== true) return { file, built: false };

  mkdirSync(out, { recursive: true });
  // Built beside its place and renamed: a process that has the old one loaded keeps it, nobody sees half of one.
  const fresh = join(out, `node-tun.${process.pid}.tmp`);
  const units = sources.filter((source) => source.endsWith('.cc'));
  const compiled = run(compiler, [...FLAGS, `-I${headers}`, '-o', fresh, ...units]);
  if (compiled.status !== 0) {
    rmSync(fresh, { force: true });
    throw new Error(`${compiler} could not build the addon:\n${compiled.output}`);
  }
  renameSync(fresh, file);
  writeFileSync(stampFile, `${stamp}\n`);
  return { file, built: true };
}

/** The include folder of the pinned Node, which must be the Node that runs this. */
function findHeaders(): string {
  const name = `node-linux-${process.arch}`;
  const places = [join('node_modules/node/node_modules', name), join('node_modules', name)];
  const headers = places
    .map((place) => join(ROOT, place, 'include/node'))
    .find((directory) => existsSync(join(directory, 'node_api.h')));
  if (headers === undefined) {
    throw new Error(`no Node headers in ${places.join(' or ')}: install the npm packages first (npm ci)`);
  }
  const text = readFileSync(join(headers, 'node_version.h'), 'utf8');
  const major = /^#define NODE_MAJOR_VERSION (\d+)$/m.exec(text)?.[1];
  if (major !== process.versions.node.split('.')[0]) {
    throw new Error(
      `the headers are of Node ${major ?? '?'}, this is ${process.version}: run it with the pinned Node (npm exec -- node build/addon.ts)`,
    );
  }
  return headers;
}

/** One hash over everything that the result depends on. */
function stampOf(compiler: string, headers: string, sources: readonly string[]): string {
  const version = run(compiler, ['--version']);
  if (version.status !== 0) throw new Error(`no C++ compiler: ${compiler} (Debian: apt-get install g++)`);
  const hash = createHash('sha256');
  hash.update(JSON.stringify([version.output, process.arch, ...FLAGS]));
  const used = [
    'node_api.h',
    'node_api_types.h',
    'js_native_api.h',
    'js_native_api_types.h',
    'node_version.h',
  ];
  for (const path of [...used.map((name) => join(headers, name)), ...sources]) {
    const text = readFileSync(path);
    hash.update(`${path.slice(ROOT.length)}\0${text.length}\0`).update(text);
  }
  return hash.digest('hex');
}

function filesOf(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.cc') || name.endsWith('.h'))
    .sort()
    .map((name) => join(directory, name));
}

function run(file: string, args: readonly string[]): { status: number; output: string } {
  const done = spawnSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (done.error !== undefined) return { status: -1, output: done.error.message };
  return { status: done.status ?? -1, output: done.stdout + done.stderr };
}

if (import.meta.main) {
  try {
    const { file, built } = buildAddon({ force: process.argv.includes('--force') });
    console.log(`${built ? 'built' : 'up to date:'} ${file.slice(ROOT.length + 1)}`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
