/** How the sentences of this folder read a failure's context: as short, printable text or as nothing. */
import type { FailureContext } from '../../lib/failure.ts';
import { shorten } from '../text-forms.ts';

/** Who has to act before the connection can work. */
export type Actor = 'user' | 'it' | 'network' | 'makers';

export interface Words {
  /** What failed: a few words without a full stop. */
  readonly title: string;
  /** Why, as far as it is known: one or more sentences. */
  readonly why: string;
  /** What to do next, and by whom. */
  readonly next: string;
}

/** The named fields of a context, each as text; undefined when the context lacks it. */
export type Facts<Field extends string> = Readonly<Record<Field, string | undefined>>;

export interface Explanation {
  /** The context fields that the words make use of. */
  readonly fields: readonly string[];
  readonly who: Actor;
  readonly words: (context: FailureContext) => Words;
}

/**
 * An explanation that shows `fields` of the context; conditions that are not shown may be read from the context
 * itself. A number in notBefore, notAfter or now is epoch milliseconds.
 */
export function explain<Field extends string>(
  who: Actor,
  fields: readonly Field[],
  words: (facts: Facts<Field>, context: FailureContext) => Words,
): Explanation {
  return { fields, who, words: (context) => words(factsOf(fields, context), context) };
}

function factsOf<Field extends string>(fields: readonly Field[], context: FailureContext): Facts<Field> {
  const entries = fields.map((field) => [field, factText(field, context[field])]);
  return Object.fromEntries(entries) as Facts<Field>;
}

const MAX_LENGTH = 400;
const DATE_FIELDS: readonly string[] = ['notBefore', 'notAfter', 'now'];

/** Text from outside (a certificate's name, a gateway's message) loses its control characters and its length. */
function factText(field: string, value: FailureContext[string]): string | undefined {
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'number' && DATE_FIELDS.includes(field)) return dateText(value);
  if (typeof value !== 'object') return shorten(String(value), MAX_LENGTH);
  if (value.length === 0) return undefined;
  return value.map((part) => shorten(part, MAX_LENGTH)).join(field === 'problems' ? '\n' : ', ');
}

/** Epoch milliseconds as `2026-11-21 04:58 UTC`. */
function dateText(epochMs: number): string {
  const date = new Date(epochMs);
  if (Number.isNaN(date.getTime())) return 'an unreadable date';
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** The sentence part that `words` makes of a fact, or nothing when the fact is not known. */
export function given(fact: string | undefined, words: (fact: string) => string): string {
  return fact === undefined ? '' : words(fact);
}

/** A count with its noun: `1 second`, `30 seconds`. */
export function counted(count: string, noun: string): string {
  return `${count} ${noun}${count === '1' ? '' : 's'}`;
}
