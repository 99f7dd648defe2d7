import { shorten } from '../contract/text-forms.ts';
import type { ImportNoteCode } from '../contract/import-words.ts';
import type { ReportLine } from './result.ts';

/** Nobody reads more lines; what is left is counted in the last. */
const MAX_LINES = 400;
const MAX_KEY_LENGTH = 120;
const MAX_DEPTH = 40;

export interface Remark {
  readonly to?: string;
  readonly note?: ImportNoteCode;
  readonly detail?: string;
}

/**
 * Keeps what became of each key of a source. Keys are written by their path: `remote.addr`, `OnDemandRules[0].Action`.
 * A line for a key stands for everything below it too.
 */
export class Ledger {
  readonly #lines = new Map<string, ReportLine>();

  taken(key: string, remark: Remark = {}): void {
    this.#put(key, 'taken', remark);
  }

  changed(key: string, note: ImportNoteCode, remark: Omit<Remark, 'note'> = {}): void {
    this.#put(key, 'changed', { ...remark, note });
  }

  ignored(key: string, note: ImportNoteCode, detail?: string): void {
    this.#put(key, 'ignored', detail === undefined ? { note } : { note, detail });
  }

  #put(key: string, outcome: ReportLine['outcome'], { to, note, detail }: Remark): void {
    this.#lines.set(key, {
      key: shorten(key, MAX_KEY_LENGTH),
      outcome,
      ...(to === undefined ? {} : { to }),
      ...(note === undefined ? {} : { note }),
      ...(detail === undefined ? {} : { detail: shorten(detail, 400) }),
    });
  }

  /**
   * The lines in the order of the source, one for each key in it: what nobody spoke of is ignored as unknown. Lines for
   * what is no key of the source stand in front.
   */
  lines(source: unknown): ReportLine[] {
    const seen = new Set<string>();
    const found: ReportLine[] = [];
    let unknown = 0;
    for (const [key, hasLine] of this.#keysOf(source, '', 0)) {
      seen.add(key);
      const line = hasLine ? this.#lines.get(key) : undefined;
      if (line) found.push(line);
      else if (found.length >= MAX_LINES) unknown++;
      else found.push({ key: shorten(key, MAX_KEY_LENGTH), outcome: 'ignored', note: 'unknown-key' });
    }
    const before = [...this.#lines].filter(([key]) => !seen.has(key)).map(([, line]) => line);
    const rest: ReportLine[] =
      unknown === 0 ? [] : [{ key: '…', outcome: 'ignored', note: 'more-keys', detail: String(unknown) }];
    return [...before, ...found, ...rest];
  }

  /** Every key that has a line, and every other one that has nothing below it. */
  *#keysOf(value: unknown, path: string, depth: number): Generator<readonly [key: string, hasLine: boolean]> {
    if (this.#lines.has(path)) yield [path, true];
    else if (depth >= MAX_DEPTH) yield [path, false];
    else if (Array.isArray(value) && value.length > 0)
      for (const [index, item] of value.entries()) yield* this.#keysOf(item, `${path}[${index}]`, depth + 1);
    else if (isTable(value) && Object.keys(value).length > 0)
      for (const [key, item] of Object.entries(value)) yield* this.#keysOf(item, below(path, key), depth + 1);
    else if (path !== '') yield [path, false];
  }
}

/** The path of a key below another. A key with odd characters is quoted, so that it is no other's path. */
export function below(path: string, key: string): string {
  if (!/^[\w-]+$/.test(key)) return `${path}["${key}"]`;
  return path === '' ? key : `${path}.${key}`;
}

/** An object with keys, as JSON and property lists have them. */
export function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}

/** A value of an object by its own key, never by an inherited one. */
export function own(table: unknown, key: string): unknown {
  return isTable(table) && Object.hasOwn(table, key) ? table[key] : undefined;
}
