import { failure, type Failure } from '../../lib/failure.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import type { JournalStore, ProcessIdentity } from './os.ts';

/** What a process changed, or is about to change, in the order in which it does; written down before it does. */
export interface Entries<Step> {
  readonly owner: ProcessIdentity;
  /** Of the machine's start that the owner belongs to, where the journal outlives one. */
  readonly boot?: string;
  readonly steps: readonly Step[];
}

/** A kind of changes: what they are made of, and how they are made and undone. */
export interface LedgerKind<Step> {
  readonly journal: JournalStore;
  readonly self: ProcessIdentity;
  readonly boot?: string;
  readonly isAlive: (owner: ProcessIdentity) => boolean;
  readonly write: (entries: Entries<Step>) => string;
  /** The error says what is wrong with the text. */
  readonly read: (text: string) => Result<Entries<Step>, string>;
  /** What a step changes: two steps of one key stand for two states of the same thing. */
  readonly key: (step: Step) => string;
  /** What stays of a step that is in force when another one of its key is wanted; undefined: the other is taken. */
  readonly keep: (held: Step, wanted: Step) => Step | undefined;
  /** Takes `additions`, then undoes `removals`. Stops at the first refusal. */
  readonly carryOut: (additions: readonly Step[], removals: readonly Step[]) => Promise<Failure | undefined>;
  /** Undoes steps in reverse order, whichever of them were taken. */
  readonly undo: (steps: readonly Step[]) => Promise<Failure | undefined>;
  /** The journal could not be read or written. */
  readonly journalFailure: (place: string, detail: string) => Failure;
  /** Another process that lives has changed what we want to change. */
  readonly alreadyRunning: (entries: Entries<Step>) => Failure;
}

/** How often a journal of somebody who is gone may be in the way. */
const ATTEMPTS = 3;

/**
 * Changes to the machine that can be undone by whoever comes next. At any moment the journal holds at least what is
 * different on the machine, so that a crash between any two changes does no harm. Who calls sees to it that one call
 * runs after the other.
 */
export class Ledger<Step> {
  readonly #kind: LedgerKind<Step>;
  /** What is, or may be, on the machine because of us; the journal says the same. */
  #steps: readonly Step[] = [];
  /** True when `steps` may be there only in part: an undoing was refused. */
  #torn = false;

  constructor(kind: LedgerKind<Step>) {
    this.#kind = kind;
  }

  /** What is on the machine because of us. */
  get steps(): readonly Step[] {
    return this.#steps;
  }

  /** Undoes what is there only in part. Before it, what the machine was like without us is not to be seen. */
  async settle(): Promise<Result<void, Failure>> {
    return this.#torn ? this.clear() : ok(undefined);
  }

  /**
   * Makes the machine as the steps say, whatever was there before. `again`: takes also those that were taken already,
   * because somebody else may have undone them. When it fails, everything is put back.
   */
  async apply(target: readonly Step[], again = false): Promise<Result<void, Failure>> {
    if (target.length === 0) return this.clear();
    const settled = await this.settle();
    if (!settled.ok) return settled;
    const { next, additions, superseded, removals } = this.#difference(target, again);
    if (additions.length === 0 && removals.length === 0) return ok(undefined);
    // From here on either state, or anything between, may be what a crash leaves.
    const before = [...removals, ...superseded];
    const written = await this.#write([...before, ...next]);
    if (!written.ok) return written;
    const failed = await this.#kind.carryOut(additions, removals);
    if (failed !== undefined) {
      this.#torn = true;
      const cleared = await this.clear();
      return err(cleared.ok ? failed : withLeftovers(failed, cleared.error));
    }
    return before.length === 0 ? ok(undefined) : this.#write(next);
  }

  /** Undoes everything; safe to call again. */
  async clear(): Promise<Result<void, Failure>> {
    if (this.#steps.length === 0) return ok(undefined);
    this.#torn = true;
    const failed = await this.#kind.undo(this.#steps);
    if (failed !== undefined) return err(failed);
    const removed = this.#journalled(() => this.#kind.journal.remove());
    if (!removed.ok) return removed;
    this.#steps = [];
    this.#torn = false;
    return ok(undefined);
  }

  /** Undoes what a process that is gone left behind; true when there was something. Fails when it still lives. */
  async repair(): Promise<Result<boolean, Failure>> {
    if (this.#torn) {
      const cleared = await this.clear();
      return cleared.ok ? ok(true) : cleared;
    }
    const found = this.#find();
    if (!found.ok) return found;
    const entries = found.value;
    if (entries === undefined) return ok(false);
    if (this.#lives(entries)) return err(this.#kind.alreadyRunning(entries));
    const failed = await this.#kind.undo(entries.steps);
    if (failed !== undefined) return err(failed);
    const removed = this.#journalled(() => this.#kind.journal.remove());
    return removed.ok ? ok(true) : removed;
  }

  #lives({ owner, boot }: Entries<Step>): boolean {
    return boot === this.#kind.boot && this.#kind.isAlive(owner);
  }

  #find(): Result<Entries<Step> | undefined, Failure> {
    const { journal, read, journalFailure } = this.#kind;
    const text = this.#journalled(() => journal.read());
    if (!text.ok) return text;
    if (text.value === undefined) return ok(undefined);
    const entries = read(text.value);
    return entries.ok ? entries : err(journalFailure(journal.place, entries.error));
  }

  /** Puts the steps into the journal, and on the first time takes the journal for this process. */
  async #write(steps: readonly Step[]): Promise<Result<void, Failure>> {
    const { journal, self, boot, write, journalFailure } = this.#kind;
    const text = write({ owner: self, ...(boot === undefined ? {} : { boot }), steps });
    if (this.#steps.length > 0) {
      const replaced = this.#saved(() => journal.replace(text));
      if (replaced.ok) this.#steps = steps;
      return replaced;
    }
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const created = this.#saved(() => journal.create(text));
      if (!created.ok) return created;
      if (created.value) {
        this.#steps = steps;
        return ok(undefined);
      }
      const repaired = await this.repair();
      if (!repaired.ok) return repaired;
    }
    return err(journalFailure(journal.place, 'others keep taking it'));
  }

  #journalled<T>(access: () => T): Result<T, Failure> {
    return attempted(access, (detail) => this.#kind.journalFailure(this.#kind.journal.place, detail));
  }

  /** What could not be written down is not done. */
  #saved<T>(access: () => T): Result<T, Failure> {
    const { place } = this.#kind.journal;
    return attempted(access, (detail) => failure('platform.not-saved', { detail: `${place}: ${detail}` }));
  }

  /**
   * What leads from the steps in force to others. `next` are the steps to undo afterwards, in the order of `target`;
   * `superseded` those whose place an addition takes.
   */
  #difference(target: readonly Step[], again: boolean): Difference<Step> {
    const { key, keep } = this.#kind;
    const now = new Map(this.#steps.map((step) => [key(step), step]));
    const wanted = new Set(target.map(key));
    const next: Step[] = [];
    const additions: Step[] = [];
    const superseded: Step[] = [];
    for (const step of target) {
      const held = now.get(key(step));
      const kept = held === undefined ? undefined : keep(held, step);
      next.push(kept ?? step);
      if (kept === undefined || again) additions.push(kept ?? step);
      if (held !== undefined && kept === undefined) superseded.push(held);
    }
    const removals = this.#steps.filter((step) => !wanted.has(key(step)));
    return { next, additions, superseded, removals };
  }
}

function attempted<T>(access: () => T, failed: (detail: string) => Failure): Result<T, Failure> {
  try {
    return ok(access());
  } catch (error) {
    return err(failed(error instanceof Error ? error.message : String(error)));
  }
}

interface Difference<Step> {
  readonly next: readonly Step[];
  readonly additions: readonly Step[];
  readonly superseded: readonly Step[];
  readonly removals: readonly Step[];
}

function withLeftovers(failed: Failure, leftover: Failure): Failure {
  return { ...failed, context: { ...failed.context, leftover: leftover.context['detail'] } };
}
