import assert from 'node:assert/strict';
import { test } from 'node:test';
import ts from 'typescript';
import { de } from '../../renderer/i18n/de/catalogue.ts';
import { en } from '../../renderer/i18n/en/catalogue.ts';
import { eachNode, place, type Source, sourcesBelow } from './sources.ts';

const sources = sourcesBelow(['renderer']).filter(({ path }) => !path.startsWith('renderer/i18n/'));

/** Props that people see or hear, of elements and of our own components. */
const SHOWN_PROPS: ReadonlySet<string> = new Set([
  'alt',
  'aria-description',
  'aria-label',
  'aria-roledescription',
  'aria-valuetext',
  'description',
  'help',
  'label',
  'placeholder',
  'problem',
  'text',
  'title',
]);

/** Operators that give what stands beside them. */
const CHOOSING: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.PlusToken,
]);

/** The literals that an expression may come to: through its branches, but not through what it calls. */
function literalsIn(node: ts.Node): ts.Node[] {
  if (ts.isStringLiteralLike(node)) return [node];
  if (ts.isTemplateExpression(node)) {
    const parts = [node.head, ...node.templateSpans.map(({ literal }) => literal)];
    return [...parts, ...node.templateSpans.flatMap(({ expression }) => literalsIn(expression))];
  }
  if (ts.isConditionalExpression(node)) return [...literalsIn(node.whenTrue), ...literalsIn(node.whenFalse)];
  if (ts.isBinaryExpression(node)) {
    if (!CHOOSING.has(node.operatorToken.kind)) return [];
    return [...literalsIn(node.left), ...literalsIn(node.right)];
  }
  if (ts.isParenthesizedExpression(node)) return literalsIn(node.expression);
  if (ts.isJsxExpression(node) && node.expression) return literalsIn(node.expression);
  return [];
}

/** Punctuation, arrows and the like are the same in every language. */
function hasWords(node: ts.Node): boolean {
  return 'text' in node && typeof node.text === 'string' && /\p{L}{2,}/u.test(node.text);
}

function wordsOutside(source: Source): string[] {
  const found: string[] = [];
  eachNode(source, (node) => {
    const shown =
      ts.isJsxText(node) || (ts.isJsxExpression(node) && !ts.isJsxAttribute(node.parent))
        ? ts.isJsxText(node)
          ? [node]
          : literalsIn(node)
        : ts.isJsxAttribute(node) && SHOWN_PROPS.has(node.name.getText()) && node.initializer
          ? literalsIn(node.initializer)
          : [];
    for (const literal of shown)
      if (hasWords(literal)) found.push(`${place(source, literal)}: ${literal.getText().trim()}`);
  });
  return found;
}

type Catalogue = { readonly [key: string]: string | Catalogue };

/** Every text of a catalogue by its key, as `settings.doctor.title`. */
function textsOf(catalogue: Catalogue, before = ''): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [name, value] of Object.entries(catalogue)) {
    if (typeof value === 'string') texts.set(`${before}${name}`, value);
    else for (const [key, text] of textsOf(value, `${before}${name}.`)) texts.set(key, text);
  }
  return texts;
}

/** Keys that are written out, and patterns of those that are put together. */
function keysAskedFor(): { readonly whole: ReadonlySet<string>; readonly patterns: readonly RegExp[] } {
  const whole = new Set<string>();
  const patterns: RegExp[] = [];
  for (const source of sourcesBelow(['renderer']))
    eachNode(source, (node) => {
      if (ts.isStringLiteralLike(node)) whole.add(node.text);
      if (!ts.isTemplateExpression(node)) return;
      const parts = [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)];
      // What is put together of nothing but gaps would be every key.
      if (!parts.some((part) => /\w/.test(part))) return;
      const escaped = parts.map((part) => part.replaceAll('.', '\\.').replace(/[^\w\\.-]/g, '\\$&'));
      // A gap in a key whose beginning is written out may be a path itself.
      const gap = node.head.text.includes('.') ? '.+' : '[\\w -]+';
      patterns.push(new RegExp(`^${escaped.join(gap)}$`));
    });
  return { whole, patterns };
}

/** A text with a number in it has a key for each form that a language has for it (one egg, two eggs). */
function withoutPlural(key: string): string {
  return key.replace(/_(zero|one|two|few|many|other)$/, '');
}

const english = textsOf(en);
const german = textsOf(de);

test('the window says nothing that is not in the catalogue', () => {
  assert.deepEqual(
    sources.filter(({ path }) => path.endsWith('.tsx')).flatMap((source) => wordsOutside(source)),
    [],
  );
});

test('everything in the catalogue is said somewhere', () => {
  const { whole, patterns } = keysAskedFor();
  const unused = [...english.keys()].filter((key) => {
    const asked = withoutPlural(key);
    return !whole.has(asked) && !patterns.some((pattern) => pattern.test(asked));
  });
  assert.deepEqual(unused, []);
});

test('the texts of all languages have the same gaps to fill', () => {
  const gaps = (text: string): string[] =>
    [...text.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, name = '']) => name).sort();
  const different = [...english].filter(
    ([key, text]) => gaps(text).join() !== gaps(german.get(key) ?? '').join(),
  );
  assert.deepEqual(different, []);
  assert.deepEqual(
    [...english, ...german].filter(([, text]) => /\{\{|\}\}/.test(text.replace(/\{\{\w+\}\}/g, ''))),
    [],
  );
});

test('no text is empty, and none has spaces at its ends', () => {
  assert.deepEqual(
    [...english, ...german].filter(([, text]) => text === '' || text.trim() !== text),
    [],
  );
});
