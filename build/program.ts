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

/** A start-up snapshot of a program. */
interface Part {
  /** The name of its file, without an ending. */
  readonly snapshot: string;
  readonly entry: string;
  /** First words of a command line that it is for; all others without them. */
  readonly words?: readonly string[];
  /** Modules that nothing of that needs. */
  readonly without?: readonly string[];
  readonly nodeArguments?: readonly string[];
  /** Settings of glibc. */
  readonly tunables?: readonly string[];
}

/**
 * The snapshot is copied through the C heap piece by piece: in this way all of it is got from the system at once, in huge
 * pages, and nothing is given back in between. For processes that somebody waits for; what runs for long has its memory
 * page by page. Other C libraries than glibc do not look at it.
 */
const ONE_HEAP = [
  'glibc.malloc.hugetlb=1',
  'glibc.malloc.mmap_threshold=268435456',
  'glibc.malloc.top_pad=50331648',
];

const PARTS = {
  causeway: [
    {
      snapshot: 'causeway-client',
      entry: 'build/client-entry.ts',
      words: ['up', 'down', 'status', 'logs', 'doctor'],
      without: [
        'core/cli/check.ts',
        'core/cli/completion/scripts.ts',
        'core/cli/completion/words.ts',
        'core/cli/connect.ts',
        'core/cli/service/policies.ts',
        'core/cli/service/profiles.ts',
        'core/cli/service/run-as.ts',
        'core/composition/connection.ts',
      ],
      // The seed of hash tables is then the same in each process. Who could make use of that is the service, as which
      // nobody but root can answer; what talks to networks has a seed of its own.
      nodeArguments: ['--no-rehash-snapshot', '--v8-pool-size=1'],
      tunables: [...ONE_HEAP, 'glibc.malloc.arena_max=1'],
    },
    { snapshot: 'causeway', entry: 'build/program-entry.ts', tunables: ONE_HEAP },
  ],
  causewayd: [{ snapshot: 'causewayd', entry: 'build/daemon-entry.ts' }],
} as const satisfies Readonly<Record<string, readonly Part[]>>;

export type ProgramName = keyof typeof PARTS;

/** The files, besides the program itself, that it is started from: beside it, or in its home. */
export function snapshotsOf(name: ProgramName): string[] {
  return PARTS[name].map(({ snapshot }) => `${snapshot}.snapshot`);
}

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
  // Built beside their places and renamed: whoever starts the program meanwhile gets a whole one.
  for (const part of PARTS[name]) {
    const bundle = join(out, `${part.snapshot}.cjs`);
    await bundleTo(bundle, part, home ?? ROOT);
    const snapshot = join(out, `${part.snapshot}.snapshot`);
    const fresh = `${snapshot}.${process.pid}.tmp`;
    writeSnapshot(bundle, fresh);
    renameSync(fresh, snapshot);
  }
  const freshFile = `${file}.${process.pid}.tmp`;
  const node = home === undefined ? process.execPath : join(home, 'node');
  writeFileSync(freshFile, launcher(node, home ?? out, name));
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
async function bundleTo(outfile: string, part: Part, home: string): Promise<void> {
  await build({
    entryPoints: [join(ROOT, part.entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: `node${process.versions.node}`,
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'silent',
    define: part.without ? {} : { REHEARSAL_SCRIPT: await rehearsed() },
    plugins: [...(part.without ? [leavingOut(part.without)] : []), ownUrls(home), lateModules],
  });
}

let script: Promise<string> | undefined;

function rehearsed(): Promise<string> {
  // Loaded here, because a gateway is much to load for nothing when the program is up to date.
  script ??= import('./rehearsal-script.ts').then(async ({ rehearsalScript }) =>
    JSON.stringify(await rehearsalScript()),
  );
  return script;
}

/** Files of ours in whose place there is one that cannot be loaded. */
function leavingOut(files: readonly string[]): Plugin {
  const paths = files.map((file) => join(ROOT, file));
  return {
    name: 'leaving-out',
    setup: (bundler) => {
      bundler.onLoad({ filter: /\/core\/.*\.ts$/ }, ({ path }) =>
        paths.includes(path) ? { loader: 'ts', contents: NOT_HERE } : undefined,
      );
    },
  };
}

const NOT_HERE = `throw new Error('not a part of this program'); export {};`;

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

/** A shell that becomes Node with the snapshot for the first word. `place`: where the snapshots are. */
function launcher(node: string, place: string, name: ProgramName): string {
  const starts = PARTS[name].map((part: Part) => {
    const { snapshot, words, nodeArguments = [], tunables = [] } = part;
    const flags = [...nodeArguments, '--snapshot-blob', quoted(join(place, `${snapshot}.snapshot`))];
    const settings = tunables.length > 0 ? `GLIBC_TUNABLES=${tunables.join(':')} ` : '';
    const start = `${settings}exec ${quoted(node)} ${flags.join(' ')} ${name} "$@"`;
    return words ? `case "\${1-}" in ${words.join('|')})\n  ${start} ;;\nesac` : start;
  });
  return `#!/bin/sh\n${starts.join('\n')}\n`;
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
