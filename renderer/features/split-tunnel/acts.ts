import type { TFunction } from 'i18next';
import { type KeyboardEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PolicyRuleText } from '../../../core/contract/policy.ts';
import {
  type Draft,
  moved,
  nudged,
  numberOf,
  withCopies,
  withoutRules,
  withRule,
  withRules,
} from './model/draft.ts';
import { EMPTY_RULE } from './model/form.ts';
import type { Split } from './use-split.ts';

type Ids = ReadonlySet<number>;

/** What acting on rules needs to know, and whom it tells. */
export interface ActsContext {
  readonly split: Split;
  readonly selected: Ids;
  readonly edited: number | undefined;
  readonly onSelect: (ids: Ids) => void;
  readonly onEdit: (id: number | undefined) => void;
  /** Puts the focus on a rule as soon as it is there. */
  readonly onFocus: (id: number) => void;
  readonly say: (words: string) => void;
}

interface Told extends ActsContext {
  readonly t: TFunction;
  /** How many rules of IT come before. */
  readonly fixed: number;
}

export type Acts = ReturnType<typeof useActs>;

/** What can be done to the rules, each with what is said about it. */
export function useActs(context: ActsContext) {
  const { t } = useTranslation();
  const [fresh, setFresh] = useState<number>();
  const told = { ...context, t, fixed: context.split.work?.fixed.rules.length ?? 0 };
  const acts = {
    ...writingActs(told, fresh, setFresh),
    ...orderActs(told),
    ...bulkActs(told),
    undo: () => {
      context.split.undo();
      context.say(t('split.said.undone'));
    },
    redo: () => {
      context.split.redo();
      context.say(t('split.said.redone'));
    },
  };
  return { ...acts, onKey: (event: KeyboardEvent) => onRuleKey(event, acts, context.selected) };
}

/** `fresh`: a rule that was just begun. Closed without a word it was never there. */
function writingActs(
  { split, selected, edited, fixed, t, onSelect, onEdit, onFocus, say }: Told,
  fresh: number | undefined,
  setFresh: (id: number | undefined) => void,
) {
  const { draft, edit, undo } = split;
  return {
    add: () => {
      const last = draft.rules.findLastIndex(({ id }) => selected.has(id));
      edit(withRules(draft, last < 0 ? draft.rules.length : last + 1, [EMPTY_RULE]));
      onSelect(new Set([draft.nextId]));
      setFresh(draft.nextId);
      onEdit(draft.nextId);
    },
    open: (id: number | undefined) => {
      if (id === undefined && fresh !== undefined && edited === fresh) undo();
      setFresh(undefined);
      onEdit(id);
      if (id === undefined && edited !== undefined) onFocus(edited);
    },
    change: (id: number, rule: PolicyRuleText) => {
      edit(withRule(draft, id, rule));
      setFresh(undefined);
      onEdit(undefined);
      onFocus(id);
      say(t('split.said.changed', { number: numberOf(draft, id, fixed) }));
    },
  };
}

function orderActs({ split: { draft, edit }, fixed, t, onSelect, say }: Told) {
  const sayMoved = (to: Draft, ids: Ids): void => {
    const place = to.rules.findIndex(({ id }) => ids.has(id)) + 1 + fixed;
    say(t('split.said.moved', { count: ids.size, place, all: to.rules.length + fixed }));
  };
  return {
    move: (ids: Ids, where: 'before' | 'after', target: number) => {
      const to = moved(draft, ids, where, target);
      edit(to);
      sayMoved(to, ids);
    },
    nudge: (by: -1 | 1, ids: Ids) => {
      const to = nudged(draft, ids, by);
      edit(to);
      onSelect(ids);
      if (to === draft) say(t(by < 0 ? 'split.said.top' : 'split.said.bottom'));
      else sayMoved(to, ids);
    },
  };
}

function bulkActs({ split: { draft, edit }, t, onSelect, onFocus, say }: Told) {
  /** Rules that have just been given their ids. */
  const welcome = (count: number): void => {
    onSelect(new Set(Array.from({ length: count }, (_, i) => draft.nextId + i)));
    onFocus(draft.nextId);
    say(t('split.said.added', { count }));
  };
  return {
    insert: (rules: readonly PolicyRuleText[]) => {
      edit(withRules(draft, draft.rules.length, rules));
      welcome(rules.length);
    },
    duplicate: (ids: Ids) => {
      edit(withCopies(draft, ids));
      welcome(ids.size);
    },
    remove: (ids: Ids) => {
      const last = draft.rules.findLastIndex(({ id }) => ids.has(id));
      const next = draft.rules[last + 1] ?? draft.rules.findLast(({ id }) => !ids.has(id));
      edit(withoutRules(draft, ids));
      onSelect(new Set(next ? [next.id] : []));
      if (next) onFocus(next.id);
      say(t('split.said.removed', { count: ids.size }));
    },
  };
}

/** Keys on a rule itself, for all that are chosen if it is; in fields they are what they always are. */
function onRuleKey(
  event: KeyboardEvent,
  acts: ReturnType<typeof orderActs> & ReturnType<typeof bulkActs>,
  selected: Ids,
): void {
  const { target, altKey, ctrlKey, key } = event;
  if (!(target instanceof HTMLElement) || target.dataset['id'] === undefined) return;
  const id = Number(target.dataset['id']);
  const ids = selected.has(id) ? selected : new Set([id]);
  const act =
    altKey && key === 'ArrowUp'
      ? () => acts.nudge(-1, ids)
      : altKey && key === 'ArrowDown'
        ? () => acts.nudge(1, ids)
        : key === 'Delete' || key === 'Backspace'
          ? () => acts.remove(ids)
          : ctrlKey && key.toLowerCase() === 'd'
            ? () => acts.duplicate(ids)
            : undefined;
  if (!act) return;
  event.preventDefault();
  event.stopPropagation();
  act();
}
