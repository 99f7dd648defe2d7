import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

/*
 * Builds build/out/causeway, the command line client as people start it: the sources in one file, evaluated once,
 * and the heap that this leaves written down as a start-up snapshot of the pinned Node. Starting from it takes a
 * fraction of the time of loading the sources. Before the heap is written down, a connection is rehearsed against what
 * the gateway of the tests answers, so that nothing on that way has to be compiled again. The program belongs to this
 * checkout and this Node, and moves nowhere else.
 * `node build/program.ts` does nothing when all that it depends on is as at the last build; `--force` builds anyway.
 */

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const OUT = join(ROOT, 'build/out');
const ENTRY = join(ROOT, 'build/program-entry.ts');

export interface ProgramBuild {
  /** The program: takes the arguments of core/cli/main.ts. */
  readonly file: string;
  /** False when it was up to date already. */
  readonly built: boolean;
}

/**
 * Makes `<outDirectory>/causeway`. Rejects with an Error that says what esbuild or Node did not like.
 * `outDirectory` is build/out unless a test says otherwise.
 */
export async function buildProgram(
  options: { force?: boolean; outDirectory?: string } = {},
): Promise<ProgramBuild> {
  const out = options.outDirectory ?? OUT;
  const file = join(out, 'causeway');
  const stampFile = join(out, 'stamp');
  const stamp = stampOf(out);
  const upToDate =
    existsSync(file) && existsSync(stampFile) && readFileSync(stampFile, 'utf8').trim() === stamp;
  if (upToDate && options.force !== true) return { file, built: false };

  mkdirSync(out, { recursive: true });
  const bundle = join(out, 'causeway.cjs');
  await bundleTo(bundle);
  // Built beside their places and renamed: whoever starts the program meanwhile gets a whole one.
  const snapshot = join(out, 'causeway.snapshot');
  const fresh = `${snapshot}.${process.pid}.tmp`;
  writeSnapshot(bundle, fresh);
  renameSync(fresh, snapshot);
  const freshFile = `${file}.${process.pid}.tmp`;
  writeFileSync(freshFile, launcher(snapshot));
  chmodSync(freshFile, 0o755);
  renameSync(freshFile, file);
  writeFileSync(stampFile, `${stamp}\n`);
  return { file, built: true };
}

/** One hash over everything that the result depends on. The paths are in it because the result has them inside. */
function stampOf(out: string): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([ROOT, out, process.execPath, process.version, process.arch]));
  const sources = globSync('core/**/*.{ts,json}', { cwd: ROOT, exclude: ['core/node-tun/build'] }).sort();
  const makers = globSync(['build/*.ts', 'test/support/gateway/*.ts', 'test/support/pki-factory.ts'], {
    cwd: ROOT,
  });
  for (const path of [...sources, ...makers.sort(), 'package.json', 'package-lock.json']) {
    const text = readFileSync(join(ROOT, path));
    hash.update(`${path}\0${text.length}\0`).update(text);
  }
  return hash.digest('hex');
}

/** A snapshot is made from one script without imports of other files. */
async function bundleTo(outfile: string): Promise<void> {
  // Loaded here, because a gateway is much to load for nothing when the program is up to date.
  const { rehearsalScript } = await import('./rehearsal-script.ts');
  await build({
    entryPoints: [ENTRY],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: `node${process.versions.node}`,
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'silent',
    define: { REHEARSAL_SCRIPT: JSON.stringify(await rehearsalScript()) },
    plugins: [ownUrls],
  });
}

/** Every file keeps its own import.meta.url: files are found beside it, the addon among them. */
const ownUrls: Plugin = {
  name: 'own-urls',
  setup: (bundler) => {
    bundler.onLoad({ filter: /\/core\/.*\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      return {
        loader: 'ts',
        contents: text.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
      };
    });
  },
};

function writeSnapshot(bundle: string, file: string): void {
  const args = ['--no-warnings', '--no-flush-bytecode', '--snapshot-blob', file, '--build-snapshot', bundle];
  // What the environment has for Node would be in every process that starts from the snapshot.
  const env = { ...process.env, NODE_OPTIONS: undefined };
  const made = spawnSync(process.execPath, args, { encoding: 'utf8', env });
  if (made.status === 0) return;
  rmSync(file, { force: true });
  throw new Error(`Node could not make the snapshot:\n${made.error?.message ?? made.stdout + made.stderr}`);
}

/**
 * The tunable makes glibc ask for huge pages: the snapshot is copied through the C heap, and taking its pages one by
 * one would be a fifth of the start-up. Other C libraries do not look at it.
 */
function launcher(snapshot: string): string {
  return `#!/bin/sh
GLIBC_TUNABLES=glibc.malloc.hugetlb=1
export GLIBC_TUNABLES
exec ${quoted(process.execPath)} --snapshot-blob ${quoted(snapshot)} causeway "$@"
`;
}

/** One word of a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

if (import.meta.main) {
  try {
    const { file, built } = await buildProgram({ force: process.argv.includes('--force') });
    console.log(`${built ? 'built' : 'up to date:'} ${file.slice(ROOT.length + 1)}`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
