/**
 * A failure in words: what failed, why as far as it is known, what to do next and who has to do it. The map is
 * total over the failure codes; the words of each family are in the folder beside this file, English first.
 */
import type { Failure, FailureCode } from '../lib/failure.ts';
import { ENGLISH } from './failure-text/english/catalogue.ts';
import {
  factsOf,
  type Actor,
  type Explanation,
  type Language,
  type Words,
  type WordsOf,
} from './failure-text/facts.ts';
import { GERMAN } from './failure-text/german/catalogue.ts';
import type { FailedEvent } from './snapshot.ts';

const EXPLANATIONS: Readonly<Record<FailureCode, Explanation>> = ENGLISH;
const TRANSLATIONS: Readonly<
  Record<Exclude<Language, 'en'>, Readonly<Record<FailureCode, WordsOf<string>>>>
> = { de: GERMAN };

export interface FailureText extends Words {
  /** Who has to act: the user, IT, whoever runs the network in between, or the makers of Causeway. */
  readonly who: Actor;
}

/** The words for a failure. Facts that its context lacks are left out; what it holds is shown cut and cleaned. */
export function sentence({ code, context }: Failure, language: Language = 'en'): FailureText {
  const explanation = EXPLANATIONS[code];
  const { fields, who } = explanation;
  const facts = factsOf(fields, context, language);
  if (language === 'en') return { ...explanation.words(facts, context), who };
  return { ...TRANSLATIONS[language][code](facts, context), who };
}

/** The context fields that the words for `code` make use of. */
export function contextFields(code: FailureCode): readonly string[] {
  return EXPLANATIONS[code].fields;
}

/** The event that tells watchers of a failure, with its words. */
export function failedEvent(failure: Failure, atMs: number): FailedEvent {
  const { title, why, next, who } = sentence(failure);
  const context = toldContext(failure);
  return { event: 'failed', atMs, failure: { code: failure.code, title, why, next, who, context } };
}

/** A failure as it crosses a process border, for who has other words for it. */
export function toldFailure(failure: Failure): Pick<FailedEvent['failure'], 'code' | 'context'> {
  return { code: failure.code, context: toldContext(failure) };
}

/** The facts of a failure as they cross a process border, for who has other words for them. */
export function toldContext({ context }: Failure): FailedEvent['failure']['context'] {
  const told: FailedEvent['failure']['context'] = {};
  for (const [field, value] of Object.entries(context)) {
    if (value !== undefined) told[field] = typeof value === 'object' ? [...value] : value;
  }
  return told;
}
