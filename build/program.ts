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
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

/*
 * Builds build/out/causeway, the command line client as people start it: the sources in one file, evaluated once,
 * and the heap that this leaves written down as a start-up snapshot of the pinned Node. Starting from it takes a
 * fraction of the time of loading the sources. Before the heap is written down, a connection is rehearsed against what
 * the gateway of the tests answers, so that nothing on that way has to be compiled again. The program belongs to its
 * place and this Node, and moves nowhere else: to this checkout, or where build/install.ts says that it will be.
 * `node build/program.ts` does nothing when all that it depends on is as at the last build; `--force` builds anyway.
 */

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const OUT = join(ROOT, 'build/out');
const ENTRIES = { causeway: 'build/program-entry.ts', causewayd: 'build/daemon-entry.ts' } as const;

export type ProgramName = keyof typeof ENTRIES;

export interface ProgramOptions {
  readonly name?: ProgramName;
  readonly force?: boolean;
  /** build/out unless somebody says otherwise. */
  readonly outDirectory?: string;
  /**
   * The directory in which the program will be: it then has the snapshot, the Node as `node`, and package.json and the
   * addon at the places that they have in a checkout. This checkout without it.
   */
  readonly home?: string;
}

export interface ProgramBuild {
  /** The program: takes the arguments of core/cli/main.ts, or of core/daemon/main.ts. */
  readonly file: string;
  /** False when it was up to date already. */
  readonly built: boolean;
}

/** Makes `<outDirectory>/<name>`. Rejects with an Error that says what esbuild or Node did not like. */
export async function buildProgram(options: ProgramOptions = {}): Promise<ProgramBuild> {
  const { name = 'causeway', outDirectory: out = OUT, home, force = false } = options;
  const file = join(out, name);
  const stampFile = join(out, name === 'causeway' ? 'stamp' : `${name}.stamp`);
  const stamp = stampOf(name, out, home);
  const upToDate =
    existsSync(file) && existsSync(stampFile) && readFileSync(stampFile, 'utf8').trim() === stamp;
  if (upToDate && !force) return { file, built: false };

  mkdirSync(out, { recursive: true });
  const bundle = join(out, `${name}.cjs`);
  await bundleTo(bundle, name, home ?? ROOT);
  // Built beside their places and renamed: whoever starts the program meanwhile gets a whole one.
  const snapshot = join(out, `${name}.snapshot`);
  const fresh = `${snapshot}.${process.pid}.tmp`;
  writeSnapshot(bundle, fresh);
  renameSync(fresh, snapshot);
  const freshFile = `${file}.${process.pid}.tmp`;
  writeFileSync(
    freshFile,
    home === undefined
      ? launcher(process.execPath, snapshot, name)
      : launcher(join(home, 'node'), join(home, `${name}.snapshot`), name),
  );
  chmodSync(freshFile, 0o755);
  renameSync(freshFile, file);
  writeFileSync(stampFile, `${stamp}\n`);
  return { file, built: true };
}

/** One hash over everything that the result depends on. The paths are in it because the result has them inside. */
function stampOf(name: ProgramName, out: string, home: string | undefined): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([name, home ?? '', ROOT, out, process.execPath, process.version, process.arch]));
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
async function bundleTo(outfile: string, name: ProgramName, home: string): Promise<void> {
  await build({
    entryPoints: [join(ROOT, ENTRIES[name])],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: `node${process.versions.node}`,
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'silent',
    define: name === 'causeway' ? { REHEARSAL_SCRIPT: await rehearsed() } : {},
    plugins: [ownUrls(home), lateModules],
  });
}

async function rehearsed(): Promise<string> {
  // Loaded here, because a gateway is much to load for nothing when the program is up to date.
  const { rehearsalScript } = await import('./rehearsal-script.ts');
  return JSON.stringify(await rehearsalScript());
}

/** Every file keeps the import.meta.url that it has in its home: files are found beside it, the addon among them. */
function ownUrls(home: string): Plugin {
  return {
    name: 'own-urls',
    setup: (bundler) => {
      bundler.onLoad({ filter: /\/core\/.*\.ts$/ }, ({ path }) => {
        const text = readFileSync(path, 'utf8');
        const url = pathToFileURL(join(home, relative(ROOT, path))).href;
        return {
          loader: 'ts',
          contents: text
            .replaceAll('import.meta.url', JSON.stringify(url))
            .replaceAll('import.meta.main', 'false'),
        };
      });
    },
  };
}

/** Modules of Node that no snapshot can hold. */
const LATE: readonly string[] = ['node:tls'];

/** Their functions are looked up when they are called, in the process that was started from the snapshot. */
const lateModules: Plugin = {
  name: 'late-modules',
  setup: (bundler) => {
    bundler.onResolve({ filter: /^node:/ }, ({ path }) =>
      LATE.includes(path) ? { path, namespace: 'late' } : undefined,
    );
    bundler.onLoad({ filter: /.*/, namespace: 'late' }, async ({ path }) => {
      const found = (await import(path)) as Readonly<Record<string, unknown>>;
      const names = Object.keys(found).filter(
        (name) => name !== 'default' && typeof found[name] === 'function',
      );
      const late = `process.getBuiltinModule(${JSON.stringify(path)})`;
      return {
        loader: 'js',
        contents: names
          .map((name) => `export function ${name}(...given) { return ${late}.${name}(...given); }`)
          .join('\n'),
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
function launcher(node: string, snapshot: string, name: ProgramName): string {
  return `#!/bin/sh
GLIBC_TUNABLES=glibc.malloc.hugetlb=1
export GLIBC_TUNABLES
exec ${quoted(node)} --snapshot-blob ${quoted(snapshot)} ${name} "$@"
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
