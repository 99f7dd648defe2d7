import type { LintProblem } from '../../../../core/contract/daemon-api.ts';
import type { Draft } from './draft.ts';

/** What was found in one draft, by the numbers that the same rules have in another. */
export function carried(
  problems: readonly LintProblem[],
  from: Draft,
  to: Draft,
  fixed: number,
): readonly LintProblem[] {
  if (from === to) return problems;
  const now = new Map(to.rules.map(({ id }, place) => [id, place + 1 + fixed]));
  const numberNow = (number: number): number | undefined => {
    const id = from.rules[number - 1 - fixed]?.id;
    return number <= fixed ? number : id === undefined ? undefined : now.get(id);
  };
  return problems.flatMap((problem): LintProblem[] => {
    const rule = numberNow(problem.rule);
    if (rule === undefined) return [];
    return 'by' in problem
      ? [{ ...problem, rule, by: problem.by.flatMap((number) => numberNow(number) ?? []) }]
      : [{ ...problem, rule }];
  });
}

/** What a mark is worth: something is lost, something is different than it looks, something could be simpler. */
export type MarkTone = 'bad' | 'warn' | 'plain';

export interface Mark {
  readonly problem: LintProblem;
  readonly tone: MarkTone;
}

const ORDER: readonly MarkTone[] = ['bad', 'warn', 'plain'];

/** What the service finds odd, by the numbers of rules, the worst first. */
export function marksOf(problems: readonly LintProblem[]): ReadonlyMap<number, readonly Mark[]> {
  const marks = new Map<number, Mark[]>();
  for (const problem of problems) {
    const mark = { problem, tone: toneOf(problem) };
    const of = [...(marks.get(problem.rule) ?? []), mark];
    marks.set(
      problem.rule,
      of.sort((a, b) => ORDER.indexOf(a.tone) - ORDER.indexOf(b.tone)),
    );
  }
  return marks;
}

function toneOf(problem: LintProblem): MarkTone {
  switch (problem.kind) {
    case 'not-granted':
      return problem.part === 'all' ? 'bad' : 'warn';
    case 'shadowed':
      return 'warn';
    case 'partly-shadowed':
    case 'redundant':
      return 'plain';
  }
}
