import { parseProfile } from '../contract/profile.ts';
import type { ImportNoteCode } from '../contract/import-words.ts';
import { Ledger, type Remark } from './ledger.ts';
import type { ImportProposal } from './result.ts';

const MAX_NAME_LENGTH = 100;

/** A profile that is being made of something else, and what became of each key of that. */
export class Draft {
  readonly ledger = new Ledger();
  readonly #profile: Record<string, unknown> = { version: 1, gateway: {} };

  /** Puts a value at a place such as `gateway.address`. */
  put(to: string, value: unknown): void {
    const [section = '', key] = to.split('.');
    if (key === undefined) this.#profile[section] = value;
    else {
      const old = this.#profile[section];
      this.#profile[section] = { ...(typeof old === 'object' ? old : {}), [key]: value };
    }
  }

  /** Puts a value, and says of which key of the source it is. */
  take(key: string, to: string, value: unknown, remark: Omit<Remark, 'to'> = {}): void {
    this.put(to, value);
    this.ledger.taken(key, { ...remark, to });
  }

  change(key: string, to: string, value: unknown, note: ImportNoteCode, detail?: string): void {
    this.put(to, value);
    this.ledger.changed(key, note, detail === undefined ? { to } : { to, detail });
  }

  /** A name that fits: without what cannot be seen, and no longer than names may be. */
  name(text: string, otherwise: string): void {
    const clean = text.replace(/\p{C}/gu, ' ').replace(/\s+/g, ' ').trim();
    const cut = (clean === '' ? otherwise : clean).slice(0, MAX_NAME_LENGTH);
    // Half of a character may be left at the end.
    this.put('name', cut.replace(/[\ud800-\udbff]$/, '').trim());
  }

  has(section: string, key: string): boolean {
    const inner = this.#profile[section];
    return typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key);
  }

  get profile(): Readonly<Record<string, unknown>> {
    return this.#profile;
  }

  propose(source: string, contents: unknown): ImportProposal {
    const parsed = parseProfile(this.#profile);
    return {
      source,
      profile: this.#profile,
      report: this.ledger.lines(contents),
      problems: parsed.ok ? [] : [...parsed.error],
    };
  }
}
