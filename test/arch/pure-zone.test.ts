import assert from 'node:assert/strict';
import { test } from 'node:test';
import ts from 'typescript';
import { IMPURE_GLOBALS, IMPURE_MEMBERS, PURE_NODE_MODULES, PURE_ROOMS } from './layers.ts';
import { eachNode, importsOf, place, type Source, sourcesBelow } from './sources.ts';

const pure = sourcesBelow(['core']).filter(({ path }) =>
  PURE_ROOMS.some((room) => path.startsWith(`${room}/`)),
);

/** What of node:crypto computes without touching the machine's own source of randomness or the thread pool. */
const IMPURE_CRYPTO: ReadonlySet<string> = new Set([
  'randomBytes',
  'randomFillSync',
  'randomUUID',
  'randomInt',
  'webcrypto',
]);

function isUse(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  // A name that is declared, a property, a parameter: not the global of the same name.
  return (
    !('name' in parent && parent.name === node) && !ts.isPropertyAssignment(parent) && !ts.isTypeNode(parent)
  );
}

function impurities(source: Source): string[] {
  const found: string[] = [];
  for (const imported of importsOf(source)) {
    if (imported.startsWith('node:') && !PURE_NODE_MODULES.includes(imported))
      found.push(`${source.path}: ${imported}`);
  }
  eachNode(source, (node) => {
    if (ts.isIdentifier(node) && IMPURE_GLOBALS.includes(node.text) && isUse(node)) {
      found.push(`${place(source, node)}: ${node.text}`);
    }
    if (ts.isPropertyAccessExpression(node)) {
      const text = { object: node.expression.getText(source.tree), property: node.name.text };
      if (
        IMPURE_MEMBERS.some((member) => member.object === text.object && member.property === text.property)
      ) {
        found.push(`${place(source, node)}: ${text.object}.${text.property}`);
      }
    }
    if (
      ts.isNewExpression(node) &&
      node.expression.getText(source.tree) === 'Date' &&
      !node.arguments?.length
    ) {
      found.push(`${place(source, node)}: new Date()`);
    }
    if (ts.isImportSpecifier(node) && IMPURE_CRYPTO.has((node.propertyName ?? node.name).text)) {
      found.push(`${place(source, node)}: ${node.name.text}`);
    }
  });
  return found;
}

test('the pure rooms touch no socket, file, process, timer, clock or random source', () => {
  assert.ok(pure.length > 50, `only ${pure.length} files were found`);
  assert.deepEqual(pure.flatMap(impurities), []);
});

test('an impurity is found wherever it hides', () => {
  const check = (text: string): number => {
    const tree = ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest, true);
    return impurities({ path: 'x.ts', text, tree }).length;
  };
  assert.equal(check('const a = Date.now();'), 1);
  assert.equal(check('const a = new Date();'), 1);
  assert.equal(check('const a = new Date(5);'), 0);
  assert.equal(check('setTimeout(() => 1, 5);'), 1);
  assert.equal(check("import { readFileSync } from 'node:fs';"), 1);
  assert.equal(check("import { randomBytes } from 'node:crypto';"), 1);
  assert.equal(check("import { createHash } from 'node:crypto';"), 0);
  assert.equal(check('console.log(process.pid);'), 2);
  assert.equal(check('const a = { process: 1 }; a.process;'), 0);
});
