/** A policy while somebody works on it: values that every change makes anew, so that each can be undone. */
import type { Policy, PolicyRuleText } from '../../../../core/contract/policy.ts';

export type Action = PolicyRuleText['action'];
export type Otherwise = Policy['otherwise'];

/** A rule with a number of its own, by which it is the same one wherever it goes and whatever it says. */
export interface DraftRule {
  readonly id: number;
  readonly rule: PolicyRuleText;
}

export interface Draft {
  readonly rules: readonly DraftRule[];
  readonly otherwise: Otherwise;
  /** The id of the next rule. */
  readonly nextId: number;
}

export function draftOf({ rules, otherwise }: Policy): Draft {
  return { rules: rules.map((rule, id) => ({ id, rule })), otherwise, nextId: rules.length };
}

export function policyOf({ rules, otherwise }: Draft): Policy {
  return { version: 1, rules: rules.map(({ rule }) => rule), otherwise };
}

/** A policy of somebody else as a draft in which rules that say what one of ours says are that one. */
export function rebased({ rules, otherwise }: Policy, draft: Draft): Draft {
  const ours = new Map<string, number[]>();
  for (const { id, rule } of draft.rules) ours.set(ruleKey(rule), [...(ours.get(ruleKey(rule)) ?? []), id]);
  let { nextId } = draft;
  const theirs = rules.map((rule) => ({ id: ours.get(ruleKey(rule))?.shift() ?? nextId++, rule }));
  return { rules: theirs, otherwise, nextId };
}

/** Puts rules in, the first at place `at`, counted from 0. The ids that they have now are those from `draft.nextId`. */
export function withRules(draft: Draft, at: number, rules: readonly PolicyRuleText[]): Draft {
  const added = rules.map((rule, i) => ({ id: draft.nextId + i, rule }));
  return {
    ...draft,
    rules: draft.rules.toSpliced(at, 0, ...added),
    nextId: draft.nextId + added.length,
  };
}

export function withRule(draft: Draft, id: number, rule: PolicyRuleText): Draft {
  return { ...draft, rules: draft.rules.map((one) => (one.id === id ? { id, rule } : one)) };
}

export function withoutRules(draft: Draft, ids: ReadonlySet<number>): Draft {
  return { ...draft, rules: draft.rules.filter(({ id }) => !ids.has(id)) };
}

/** Copies rules, behind the last of them. */
export function withCopies(draft: Draft, ids: ReadonlySet<number>): Draft {
  const last = draft.rules.findLastIndex(({ id }) => ids.has(id));
  const copies = draft.rules.filter(({ id }) => ids.has(id)).map(({ rule }) => rule);
  return withRules(draft, last + 1, copies);
}

export function withOtherwise(draft: Draft, otherwise: Otherwise): Draft {
  return { ...draft, otherwise };
}

/** Puts rules, in the order that they have, before or behind another one. */
export function moved(
  draft: Draft,
  ids: ReadonlySet<number>,
  where: 'before' | 'after',
  target: number,
): Draft {
  const going = draft.rules.filter(({ id }) => ids.has(id));
  if (ids.has(target)) return draft;
  const staying = draft.rules.filter(({ id }) => !ids.has(id));
  const at = staying.findIndex(({ id }) => id === target);
  if (at < 0 || going.length === 0) return draft;
  return { ...draft, rules: staying.toSpliced(where === 'before' ? at : at + 1, 0, ...going) };
}

/** One place up or down, all of them together, as far as there is room. */
export function nudged(draft: Draft, ids: ReadonlySet<number>, by: -1 | 1): Draft {
  const places = draft.rules.flatMap(({ id }, place) => (ids.has(id) ? [place] : []));
  const [first, last] = [places.at(0), places.at(-1)];
  if (first === undefined || last === undefined) return draft;
  const neighbour = draft.rules[by < 0 ? first - 1 : last + 1];
  return neighbour ? moved(draft, ids, by < 0 ? 'before' : 'after', neighbour.id) : draft;
}

/** The place of a rule as people count, from 1, behind those that IT fixed. */
export function numberOf(draft: Draft, id: number, fixed: number): number {
  return draft.rules.findIndex((one) => one.id === id) + 1 + fixed;
}

/** A text that is the same for rules that say the same. */
export function ruleKey({ action, to, protocol, ports, app, note }: PolicyRuleText): string {
  return JSON.stringify([action, to, protocol, ports, app, note]);
}

export function isSame(a: Draft, b: Draft): boolean {
  const textOf = ({ rules, otherwise }: Draft): string =>
    JSON.stringify([otherwise, ...rules.map(({ rule }) => ruleKey(rule))]);
  return a === b || textOf(a) === textOf(b);
}
