/**
 * Everything that `npm test` runs after the set-up: format, types, lint, then every test. Tests of the pure rooms and
 * those with namespaces of their own run side by side; those that judge times run one file at a time.
 *
 * `npm test -- [WORD ...]` runs only the test files whose path has one of the words, without the checks before.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const root = resolve(import.meta.dirname, '..');
const words = process.argv.slice(2);

/** Folders whose tests make networks of their own: few at a time, because they make traffic too. */
const WITH_PACKETS = ['interop', 'system', 'gui'];
/** Those among them that judge how long something took, or show windows: they have the machine to themselves. */
const ALONE = [
  'gui/',
  'system/gateway-restart',
  'system/nat-rebinding',
  'system/rekey-traffic',
  'system/roam',
  'system/sleep',
  'system/truth',
];

function check(title: string, command: string, args: readonly string[]): void {
  const startedAt = performance.now();
  const { status } = spawnSync(join(root, 'node_modules/.bin', command), args, {
    cwd: root,
    stdio: 'inherit',
  });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'passed' : 'FAILED'}: ${title} (${seconds} s)`);
  if (status !== 0) process.exit(1);
}

interface Count {
  passed: number;
  failed: number;
  readonly failedFiles: Set<string>;
}

async function runTests(title: string, files: string[], concurrency: number): Promise<Count> {
  const count: Count = { passed: 0, failed: 0, failedFiles: new Set() };
  if (files.length === 0) return count;
  console.log(`\n${title}: ${files.length} files`);
  const stream = run({ files, concurrency, isolation: 'process' });
  stream.on('test:pass', ({ details, skip, todo }) => {
    if (details.type !== 'suite' && skip === undefined && todo === undefined) count.passed += 1;
  });
  stream.on('test:fail', ({ details, file }) => {
    if (details.type !== 'suite') count.failed += 1;
    if (file !== undefined) count.failedFiles.add(file);
  });
  const output = stream.compose(new spec());
  for await (const text of output) process.stdout.write(text as string);
  return count;
}

const files = globSync('test/**/*.test.ts', { cwd: root })
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort()
  .map((file) => join(root, file));
if (files.length === 0) {
  console.error(`no test file has ${words.join(' or ')} in its path`);
  process.exit(2);
}

if (words.length === 0) {
  check('format', 'prettier', ['--check', '--log-level=warn', '.']);
  for (const project of ['.', 'renderer', 'test/gui/gallery'])
    check(`types of ${project}`, 'tsc', ['-p', project]);
  check('lint', 'eslint', ['--max-warnings=0', '.']);
}
const placeOf = (file: string): string => relative(join(root, 'test'), file);
const isQuick = (file: string): boolean => !WITH_PACKETS.includes(placeOf(file).split('/')[0] ?? '');
const isAlone = (file: string): boolean => ALONE.some((begin) => placeOf(file).startsWith(begin));
const quick = await runTests('Tests without a network', files.filter(isQuick), availableParallelism());
const packets = files.filter((file) => !isQuick(file));
const slow = await runTests(
  'Tests with real packets',
  packets.filter((file) => !isAlone(file)),
  availableParallelism(),
);
const alone = await runTests('Tests that judge times', packets.filter(isAlone), 1);

// Gateways, kernels and desktops that are not ours sometimes starve on a busy machine: what failed among them is tried
// once more, with nothing beside it, and that counts. Both are told.
const doubtful = [...slow.failedFiles, ...alone.failedFiles];
const again = await runTests('Once more, by themselves', doubtful, 1);
if (doubtful.length > 0) {
  console.log(`\n${doubtful.length - again.failedFiles.size} of these passed by themselves:`);
  for (const file of doubtful)
    console.log(`  ${again.failedFiles.has(file) ? 'failed again' : 'passed'}: ${placeOf(file)}`);
}

const passed = quick.passed + slow.passed + alone.passed;
const failed = quick.failed + again.failed;
console.log(`\n${passed} passed, ${failed} failed`);
// A file can fail as a whole without a test in it that did.
const isGood = failed + quick.failedFiles.size + again.failedFiles.size === 0;
process.exitCode = isGood ? 0 : 1;
