import type { TFunction } from 'i18next';
import type { LintProblem } from '../../../core/contract/daemon-api.ts';

/** Numbers of rules as people list them; many are cut short. */
export function numbersText(language: string, numbers: readonly number[]): string {
  const shown = numbers.length > 6 ? [...numbers.slice(0, 5).map(String), '…'] : numbers.map(String);
  return new Intl.ListFormat(language).format(shown);
}

/** What is odd about a rule, in a sentence. */
export function lintText(t: TFunction, language: string, problem: LintProblem): string {
  switch (problem.kind) {
    case 'shadowed':
      return t('split.lint.shadowed', by(language, problem.by));
    case 'partly-shadowed':
      return t('split.lint.partlyShadowed', by(language, problem.by));
    case 'redundant':
      return t('split.lint.redundant');
    case 'not-granted':
      return t(problem.part === 'all' ? 'split.lint.notGrantedAll' : 'split.lint.notGrantedSome');
  }
}

function by(language: string, numbers: readonly number[]): { count: number; rules: string } {
  return { count: numbers.length, rules: numbersText(language, numbers) };
}
