import { useMemo, useRef } from 'react';
import type { PolicyRuleText } from '../../../core/contract/policy.ts';
import type { Change } from './model/diff.ts';
import type { Draft } from './model/draft.ts';
import type { Mark } from './model/marks.ts';

/** A rule with all that its line shows. Lines that show the same are the same object from one time to the next. */
export interface Row {
  readonly id: number;
  readonly number: number;
  readonly rule: PolicyRuleText;
  readonly marks: readonly Mark[];
  /** What became of it since the policy in force. */
  readonly news: 'added' | 'changed' | 'moved' | undefined;
  readonly isLit: boolean;
  readonly isEdited: boolean;
}

export interface RowSources {
  readonly draft: Draft;
  readonly fixed: number;
  readonly marks: ReadonlyMap<number, readonly Mark[]>;
  readonly changes: readonly Change[];
  readonly litRule: number | undefined;
  readonly edited: number | undefined;
}

const NONE: readonly Mark[] = [];

export function useRows({ draft, fixed, marks, changes, litRule, edited }: RowSources): readonly Row[] {
  const before = useRef<ReadonlyMap<number, Row>>(new Map());
  return useMemo(() => {
    const news = new Map<number, Row['news']>();
    for (const change of changes) {
      const isOfRule = change.kind !== 'otherwise' && change.kind !== 'removed';
      if (isOfRule && !news.has(change.id)) news.set(change.id, change.kind);
    }
    const rows = draft.rules.map(({ id, rule }, place): Row => {
      const number = place + 1 + fixed;
      const row: Row = {
        id,
        number,
        rule,
        marks: marks.get(number) ?? NONE,
        news: news.get(id),
        isLit: litRule === number,
        isEdited: edited === id,
      };
      const was = before.current.get(id);
      return was && isAlike(was, row) ? was : row;
    });
    before.current = new Map(rows.map((row) => [row.id, row]));
    return rows;
  }, [draft, fixed, marks, changes, litRule, edited]);
}

function isAlike(a: Row, b: Row): boolean {
  return (
    a.number === b.number &&
    a.rule === b.rule &&
    a.news === b.news &&
    a.isLit === b.isLit &&
    a.isEdited === b.isEdited &&
    JSON.stringify(a.marks) === JSON.stringify(b.marks)
  );
}
