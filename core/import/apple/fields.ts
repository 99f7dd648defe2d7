import type { ImportNoteCode } from '../../contract/import-words.ts';
import type { Draft } from '../draft.ts';
import { below, isTable, own } from '../ledger.ts';

/** A dictionary of a property list at its place, with what reads and tells its keys. */
export class Fields {
  readonly draft: Draft;
  readonly path: string;
  readonly #table: unknown;

  constructor(draft: Draft, path: string, table: unknown) {
    this.draft = draft;
    this.path = path;
    this.#table = table;
  }

  key(name: string): string {
    return below(this.path, name);
  }

  has(name: string): boolean {
    return this.value(name) !== undefined;
  }

  value(name: string): unknown {
    return own(this.#table, name);
  }

  /** The text of a key; an empty one is none. */
  text(name: string): string | undefined {
    const value = this.value(name);
    return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
  }

  /** Whether it is 1 or true; undefined when it says neither that nor the opposite. */
  flag(name: string): boolean | undefined {
    const value = this.value(name);
    if (value === true || value === 1 || value === '1') return true;
    return value === false || value === 0 || value === '0' ? false : undefined;
  }

  number(name: string): number | undefined {
    const value = this.value(name);
    return typeof value === 'number' && Number.isInteger(value) ? value : undefined;
  }

  list(name: string): readonly unknown[] | undefined {
    const value = this.value(name);
    return Array.isArray(value) ? value : undefined;
  }

  /** The fields of a dictionary in it. */
  inside(name: string): Fields | undefined {
    const value = this.value(name);
    return isTable(value) ? new Fields(this.draft, this.key(name), value) : undefined;
  }

  taken(name: string, to?: string, note?: ImportNoteCode): void {
    this.draft.ledger.taken(this.key(name), {
      ...(to === undefined ? {} : { to }),
      ...(note === undefined ? {} : { note }),
    });
  }

  /** Tells of these keys, as far as they are there, that they are not honoured. */
  ignored(names: readonly string[], note: ImportNoteCode, detail?: string): void {
    for (const name of names) if (this.has(name)) this.draft.ledger.ignored(this.key(name), note, detail);
  }

  /** Takes a key's text as it is; what is no text is told. */
  takeText(name: string, to: string, change: (text: string) => string = (text) => text): string | undefined {
    if (!this.has(name)) return undefined;
    const text = this.text(name);
    if (text === undefined) {
      this.draft.ledger.ignored(this.key(name), this.value(name) === '' ? 'empty' : 'not-text');
      return undefined;
    }
    this.draft.take(this.key(name), to, change(text));
    return text;
  }
}
