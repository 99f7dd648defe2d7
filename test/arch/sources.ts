import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

export const ROOT = resolve(import.meta.dirname, '../..');

export interface Source {
  /** Relative to the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
}

const SKIPPED: ReadonlySet<string> = new Set(['node_modules', 'vectors', 'corpus', 'Release']);

function* walk(directory: string): Generator<string> {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      if (!SKIPPED.has(entry.name) && relative(ROOT, path) !== join('core', 'node-tun', 'build'))
        yield* walk(path);
    } else yield path;
  }
}

/** The paths of all files below these folders of the root that end so. Folders that do not exist have none. */
export function filesBelow(folders: readonly string[], ends: readonly string[]): string[] {
  const present = new Set(readdirSync(ROOT));
  return folders
    .filter((folder) => present.has(folder.split('/')[0] ?? ''))
    .flatMap((folder) => [...walk(join(ROOT, folder))])
    .filter((path) => ends.some((end) => path.endsWith(end)))
    .map((path) => relative(ROOT, path))
    .sort();
}

export function sourcesBelow(folders: readonly string[]): Source[] {
  return filesBelow(folders, ['.ts', '.tsx']).map((path) => {
    const text = readFileSync(join(ROOT, path), 'utf8');
    return { path, text, tree: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true) };
  });
}

/** What a file imports: paths relative to the root for relative imports, bare names for packages and Node. */
export function importsOf(source: Source): string[] {
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    const specifier =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
          ? node.arguments[0]
          : undefined;
    if (specifier && ts.isStringLiteral(specifier)) names.push(specifier.text);
    ts.forEachChild(node, visit);
  };
  visit(source.tree);
  return names.map((name) => (name.startsWith('.') ? join(dirname(source.path), name) : name));
}

/** Calls back for every node of a file. */
export function eachNode(source: Source, callback: (node: ts.Node) => void): void {
  const visit = (node: ts.Node): void => {
    callback(node);
    ts.forEachChild(node, visit);
  };
  visit(source.tree);
}

/** `path:line` of a node, for messages. */
export function place(source: Source, node: ts.Node): string {
  return `${source.path}:${source.tree.getLineAndCharacterOfPosition(node.getStart(source.tree)).line + 1}`;
}
