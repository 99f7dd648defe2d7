import type { PolicyRuleText } from '../../../../core/contract/policy.ts';
import { type Draft, type Otherwise, ruleKey } from './draft.ts';

/** What is other in a draft than in what is in force. Numbers as people count, behind those that IT fixed. */
export type Change =
  | { readonly kind: 'added'; readonly id: number; readonly number: number; readonly rule: PolicyRuleText }
  | { readonly kind: 'removed'; readonly id: number; readonly was: number; readonly rule: PolicyRuleText }
  | {
      readonly kind: 'changed';
      readonly id: number;
      readonly number: number;
      readonly rule: PolicyRuleText;
      readonly before: PolicyRuleText;
    }
  | {
      readonly kind: 'moved';
      readonly id: number;
      readonly number: number;
      readonly was: number;
      readonly rule: PolicyRuleText;
    }
  | { readonly kind: 'otherwise'; readonly now: Otherwise; readonly before: Otherwise };

/** The fewest changes that make the draft of the base, in the order of the draft, what was removed first. */
export function changesBetween(base: Draft, draft: Draft, fixed: number): Change[] {
  const before = new Map(base.rules.map(({ id, rule }, place) => [id, { place, rule }]));
  const kept = new Set(draft.rules.map(({ id }) => id));
  const removed = base.rules.flatMap(({ id, rule }, place): Change[] =>
    kept.has(id) ? [] : [{ kind: 'removed', id, was: place + 1 + fixed, rule }],
  );
  const places = draft.rules.flatMap(({ id }) => before.get(id)?.place ?? []);
  const inOrder = new Set(longestRise(places));
  const others = draft.rules.flatMap(({ id, rule }, place): Change[] => {
    const number = place + 1 + fixed;
    const was = before.get(id);
    if (!was) return [{ kind: 'added', id, number, rule }];
    const changes: Change[] = [];
    if (ruleKey(was.rule) !== ruleKey(rule))
      changes.push({ kind: 'changed', id, number, rule, before: was.rule });
    if (!inOrder.has(was.place))
      changes.push({ kind: 'moved', id, number, was: was.place + 1 + fixed, rule });
    return changes;
  });
  const last: Change[] =
    base.otherwise === draft.otherwise
      ? []
      : [{ kind: 'otherwise', now: draft.otherwise, before: base.otherwise }];
  return [...removed, ...others, ...last];
}

/** The longest selection of numbers that rise: whoever is not in it was moved. */
function longestRise(numbers: readonly number[]): number[] {
  // tails[n] is where the lowest end of a rise of n + 1 numbers stands, and before[i] what comes before it there.
  const tails: number[] = [];
  const before: number[] = [];
  for (const [at, number] of numbers.entries()) {
    let [low, high] = [0, tails.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((numbers[tails[middle] ?? 0] ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    before.push(tails[low - 1] ?? -1);
    tails[low] = at;
  }
  const rise: number[] = [];
  for (let at = tails.at(-1) ?? -1; at >= 0; at = before[at] ?? -1) rise.unshift(numbers[at] ?? 0);
  return rise;
}
