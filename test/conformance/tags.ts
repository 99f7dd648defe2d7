import ts from 'typescript';
import { eachNode, place, sourcesBelow } from '../arch/sources.ts';
import type { Side } from './tag.ts';

/** Which tests prove a requirement, by side: `path:line` each. */
export type Proofs = ReadonlyMap<string, Readonly<Record<Side, readonly string[]>>>;

/** Reads the proves(…) calls of all tests from their sources. Throws on one that is not made of literals. */
export function readTags(): Proofs {
  const proofs = new Map<string, Record<Side, string[]>>();
  for (const source of sourcesBelow(['test']).filter(({ path }) => path.endsWith('.test.ts'))) {
    eachNode(source, (node) => {
      if (!ts.isCallExpression(node) || node.expression.getText(source.tree) !== 'proves') return;
      for (const [id, side] of pairs(node, source.tree, place(source, node))) {
        const sides = proofs.get(id) ?? { does: [], refuses: [] };
        sides[side].push(place(source, node));
        proofs.set(id, sides);
      }
    });
  }
  return proofs;
}

function pairs(call: ts.CallExpression, tree: ts.SourceFile, where: string): [string, Side][] {
  const [first] = call.arguments;
  if (first && ts.isStringLiteralLike(first)) return [pair(call.arguments, tree, where)];
  return call.arguments.map((argument) => {
    if (!ts.isArrayLiteralExpression(argument)) throw new Error(`${where}: proves() wants literals`);
    return pair(argument.elements, tree, where);
  });
}

function pair(elements: readonly ts.Expression[], tree: ts.SourceFile, where: string): [string, Side] {
  const [id, side] = elements;
  if (!id || !side || !ts.isStringLiteralLike(id) || !ts.isStringLiteralLike(side)) {
    throw new Error(
      `${where}: proves() wants an id and a side as literals: ${elements.map((e) => e.getText(tree)).join()}`,
    );
  }
  if (side.text !== 'does' && side.text !== 'refuses') throw new Error(`${where}: no side: ${side.text}`);
  return [id.text, side.text];
}
