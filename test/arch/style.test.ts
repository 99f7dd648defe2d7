import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import ts from 'typescript';
import { MAX_FILE_LINES } from './layers.ts';
import { eachNode, filesBelow, place, ROOT, sourcesBelow } from './sources.ts';

const all = sourcesBelow(['core', 'electron', 'renderer', 'test', 'build']);

test('no file is longer than one concept needs', () => {
  const native = filesBelow(['core'], ['.cc', '.h']).map((path) => ({
    path,
    text: readFileSync(join(ROOT, path), 'utf8'),
  }));
  const long = [...all, ...native]
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .filter(({ lines }) => lines > MAX_FILE_LINES)
    .map(({ path, lines }) => `${path}: ${lines} lines`);
  assert.deepEqual(long, []);
});

test('nothing is typed any, and nothing silences the compiler', () => {
  const found: string[] = [];
  for (const source of all) {
    eachNode(source, (node) => {
      if (node.kind === ts.SyntaxKind.AnyKeyword) found.push(`${place(source, node)}: any`);
    });
    const silenced = /@ts-(ignore|nocheck|expect-error)|eslint-disable/.exec(source.text);
    if (silenced && !source.path.startsWith('test/arch/')) found.push(`${source.path}: ${silenced[0]}`);
  }
  assert.deepEqual(found, []);
});

/** Said to the compiler alone, as when a type of somebody else's gets one more member: nothing of it is left at run time. */
function isDeclared(node: ts.ModuleDeclaration): boolean {
  return node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword) ?? false;
}

test('exports have names, and nothing needs a build step', () => {
  const found: string[] = [];
  for (const source of all) {
    eachNode(source, (node) => {
      if (ts.isExportAssignment(node)) found.push(`${place(source, node)}: default export`);
      if (ts.isEnumDeclaration(node) || (ts.isModuleDeclaration(node) && !isDeclared(node)))
        found.push(`${place(source, node)}: not erasable`);
    });
  }
  assert.deepEqual(found, []);
});

test('the top level holds what people expect there and nothing else', () => {
  const expected = new Set([
    '.ci',
    '.gitignore',
    '.prettierignore',
    '.prettierrc.json',
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'SECURITY.md',
    'build',
    'core',
    'electron',
    'eslint.config.js',
    'package-lock.json',
    'package.json',
    'renderer',
    'test',
    'tsconfig.json',
  ]);
  const tracked = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' })
    .split('\n')
    .filter(Boolean);
  const top = new Set(tracked.map((path) => path.split('/')[0] ?? ''));
  assert.deepEqual(
    [...top].filter((name) => !expected.has(name)),
    [],
  );
});

test('no test is switched off or left alone', () => {
  const off = all
    .filter(({ path }) => path.endsWith('.test.ts'))
    .filter(({ text }) =>
      /\b(test|describe|it|suite)\.(only|skip|todo)\(|\b(skip|todo|only): true/.test(text),
    )
    .map(({ path }) => path)
    .filter((path) => path !== 'test/arch/style.test.ts');
  assert.deepEqual(off, []);
});
