import type { LintProblem } from '../../../../core/contract/daemon-api.ts';

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
