/** How the sentences of this folder read a failure's context: as short, printable text or as nothing. */
import type { FailureContext } from '../../lib/failure.ts';
import { shorten } from '../text-forms.ts';

/** The languages that failures are told in. */
export type Language = 'en' | 'de';

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

/** Conditions that are not shown may be read from the context itself. */
export type WordsOf<Field extends string> = (facts: Facts<Field>, context: FailureContext) => Words;

export interface Explanation<Field extends string = string> {
  /** The context fields that the words make use of. */
  readonly fields: readonly Field[];
  readonly who: Actor;
  /** A method, so that one whose fields are known stands for one whose fields are not. */
  words(facts: Facts<Field>, context: FailureContext): Words;
}

/** The words of the same failures in another language: of the same facts, for every code and no other. */
export type Translation<English extends Readonly<Record<string, Explanation>>> = {
  readonly [Code in keyof English]: WordsOf<English[Code]['fields'][number]>;
};

/**
 * An explanation that shows `fields` of the context. A number in notBefore, notAfter or now is epoch milliseconds. The
 * fields are told by the argument alone, so that the words can use no other.
 */
export function explain<Field extends string>(
  who: Actor,
  fields: readonly Field[],
  words: WordsOf<Field>,
): Explanation<NoInfer<Field>> {
  return { fields, who, words };
}

/** The facts as text in a language. */
export function factsOf<Field extends string>(
  fields: readonly Field[],
  context: FailureContext,
  language: Language,
): Facts<Field> {
  const entries = fields.map((field) => [field, factText(field, context[field], language)]);
  return Object.fromEntries(entries) as Facts<Field>;
}

const MAX_LENGTH = 400;
const DATE_FIELDS: readonly string[] = ['notBefore', 'notAfter', 'now'];

/** Text from outside (a certificate's name, a gateway's message) loses its control characters and its length. */
function factText(field: string, value: FailureContext[string], language: Language): string | undefined {
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'number' && DATE_FIELDS.includes(field)) return dateText(value, language);
  if (typeof value !== 'object') return shorten(String(value), MAX_LENGTH);
  if (value.length === 0) return undefined;
  return value.map((part) => shorten(part, MAX_LENGTH)).join(field === 'problems' ? '\n' : ', ');
}

/** Epoch milliseconds as `2026-11-21 04:58 UTC`, in German as `21.11.2026, 04:58 UTC`. */
function dateText(epochMs: number, language: Language): string {
  const date = new Date(epochMs);
  const german = language === 'de';
  if (Number.isNaN(date.getTime())) return german ? 'ein unlesbares Datum' : 'an unreadable date';
  const [day = '', time = ''] = date.toISOString().slice(0, 16).split('T');
  return `${german ? `${day.split('-').toReversed().join('.')},` : day} ${time} UTC`;
}

/** The sentence part that `words` makes of a fact, or nothing when the fact is not known. */
export function given(fact: string | undefined, words: (fact: string) => string): string {
  return fact === undefined ? '' : words(fact);
}

/** A count with its noun: `1 second`, `30 seconds`. */
export function counted(count: string, one: string, many: string): string {
  return `${count} ${count === '1' ? one : many}`;
}
