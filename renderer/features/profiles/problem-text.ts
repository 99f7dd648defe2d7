import { useTranslation } from 'react-i18next';
import { germanProblem } from '../../i18n/de/profile-problems.ts';
import { languageOf } from '../../i18n/i18n.ts';
import type { Problem } from './model/problems.ts';

/** The words for what is wrong with a field, in the language of the window. */
export function useProblemText(): (problem: Problem) => string {
  // The hook makes the caller follow a change of the language.
  useTranslation();
  const isGerman = languageOf() === 'de';
  return ({ text }) => upper(isGerman ? germanProblem(text) : text);
}

function upper(text: string): string {
  const end = /[.?!]$/.test(text) ? '' : '.';
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${end}`;
}
