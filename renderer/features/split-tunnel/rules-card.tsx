import { type KeyboardEvent, type ReactNode, useState } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { MAX_RULES } from '../../../core/contract/policy-text.ts';
import { Button, Select } from '../../ui/controls.tsx';
import { Icon, type IconName } from '../../ui/icons.tsx';
import { FixedRules } from './fixed-rules.tsx';
import {
  type Draft,
  moved,
  nudged,
  numberOf,
  type Otherwise,
  withCopies,
  withOtherwise,
  withoutRules,
  withRule,
  withRules,
} from './model/draft.ts';
import { EMPTY_RULE } from './model/form.ts';
import type { Mark } from './model/marks.ts';
import { PasteDialog } from './paste-dialog.tsx';
import { RuleList } from './rule-list.tsx';
import type { Row } from './rows.ts';
import type { Split } from './use-split.ts';

const OTHERWISE: readonly Otherwise[] = ['gateway', 'subnets', 'protect', 'bypass', 'block'];

export interface RulesCardProps {
  readonly split: Split;
  readonly rows: readonly Row[];
  readonly marks: ReadonlyMap<number, readonly Mark[]>;
  /** The file that the rules of IT are in. */
  readonly origin: string;
  readonly litRule: number | undefined;
  readonly edited: number | undefined;
  readonly onEdit: (id: number | undefined) => void;
  readonly selected: ReadonlySet<number>;
  readonly onSelect: (ids: ReadonlySet<number>) => void;
  /** Puts the focus on a rule as soon as it is there. */
  readonly onFocus: (id: number) => void;
  readonly pasted: string | undefined;
  readonly onPasted: (text: string | undefined) => void;
  readonly say: (words: string) => void;
}

/** The rules in their order, those of IT first, with all that can be done to them. */
export function RulesCard(props: RulesCardProps): ReactNode {
  const { t } = useTranslation();
  const { split, rows, marks, origin, litRule, edited, selected, onSelect, pasted, onPasted } = props;
  const { draft, work } = split;
  const fixed = work?.fixed ?? { version: 1, rules: [] };
  const acts = useActs(props);
  return (
    <section className="card" aria-labelledby="split-rules-title" onKeyDownCapture={acts.onKey}>
      <div className="row row-between">
        <h2 id="split-rules-title">{t('split.rules.title')}</h2>
        <div className="row split-tools">
          <Button kind="primary" onPress={acts.add} isDisabled={draft.rules.length >= MAX_RULES}>
            {t('split.rules.add')}
          </Button>
          <Button onPress={() => onPasted('')}>{t('split.rules.paste')}</Button>
        </div>
      </div>
      <FixedRules rules={fixed.rules} origin={origin} marks={marks} litRule={litRule} />
      <Tools {...props} acts={acts} />
      {rows.length === 0 ? (
        <p className="quiet split-empty">{t('split.rules.empty')}</p>
      ) : (
        <RuleList
          rows={rows}
          selected={selected}
          isEditing={edited !== undefined}
          onSelect={onSelect}
          onEdit={acts.open}
          onRule={acts.change}
          onMove={acts.move}
        />
      )}
      <div className="split-otherwise">
        <Select
          label={t('split.rules.otherwise')}
          value={fixed.otherwise ?? draft.otherwise}
          options={OTHERWISE.map((key) => ({ key, text: t(`split.rules.otherwiseText.${key}`) }))}
          onChange={(otherwise) => split.edit(withOtherwise(draft, otherwise))}
          isDisabled={fixed.otherwise !== undefined}
          {...(fixed.otherwise === undefined ? {} : { help: t('split.rules.otherwiseFixed') })}
        />
      </div>
      {rows.length > 0 && (
        <p id="split-rules-hint" className="quiet split-small">
          {t('split.rules.hint')}
        </p>
      )}
      {pasted !== undefined && (
        <PasteDialog
          text={pasted}
          count={draft.rules.length}
          onClose={() => onPasted(undefined)}
          onRules={(rules) => {
            onPasted(undefined);
            acts.insert(rules);
          }}
        />
      )}
    </section>
  );
}

function Tools({ split, selected, edited, acts }: RulesCardProps & { acts: Acts }): ReactNode {
  const { t } = useTranslation();
  const { history } = split.work ?? {};
  const isIdle = selected.size === 0 || edited !== undefined;
  return (
    <div className="split-toolbar" role="group" aria-label={t('split.rules.title')}>
      <Tool
        icon="up"
        label={t('split.rules.up')}
        isDisabled={isIdle}
        onPress={() => acts.nudge(-1, selected)}
      />
      <Tool
        icon="down"
        label={t('split.rules.down')}
        isDisabled={isIdle}
        onPress={() => acts.nudge(1, selected)}
      />
      <Tool
        icon="copy"
        label={t('split.rules.duplicate')}
        isDisabled={isIdle}
        onPress={() => acts.duplicate(selected)}
      />
      <Tool
        icon="close"
        label={t('common.remove')}
        isDisabled={isIdle}
        onPress={() => acts.remove(selected)}
      />
      <span className="split-gap" />
      <Tool
        icon="undo"
        label={t('common.undo')}
        isDisabled={(history?.past.length ?? 0) === 0}
        onPress={acts.undo}
      />
      <Tool
        icon="redo"
        label={t('split.rules.redo')}
        isDisabled={(history?.future.length ?? 0) === 0}
        onPress={acts.redo}
      />
    </div>
  );
}

interface ToolProps {
  readonly icon: IconName;
  readonly label: string;
  readonly isDisabled: boolean;
  readonly onPress: () => void;
}

/** A button of which the words go where there is no room for them. */
function Tool({ icon, label, ...rest }: ToolProps): ReactNode {
  return (
    <AriaButton {...rest} className="split-tool" aria-label={label}>
      <Icon name={icon} />
      <span>{label}</span>
    </AriaButton>
  );
}

type Acts = ReturnType<typeof useActs>;

/** What can be done to the rules, each with what is said about it. */
function useActs(props: RulesCardProps) {
  const { t } = useTranslation();
  const { split, selected, onSelect, onEdit, onFocus, say } = props;
  const { draft, edit, undo, redo, work } = split;
  const fixed = work?.fixed.rules.length ?? 0;
  const [fresh, setFresh] = useState<number>();
  const sayMoved = (to: Draft, ids: ReadonlySet<number>): void => {
    const place = to.rules.findIndex(({ id }) => ids.has(id)) + 1 + fixed;
    say(t('split.said.moved', { count: ids.size, place, all: to.rules.length + fixed }));
  };
  const insert = (rules: Parameters<typeof withRules>[2], at = draft.rules.length): void => {
    edit(withRules(draft, at, rules));
    const ids = rules.map((_, i) => draft.nextId + i);
    onSelect(new Set(ids));
    if (ids[0] !== undefined) onFocus(ids[0]);
    say(t('split.said.added', { count: rules.length }));
  };
  const acts = {
    insert,
    add: () => {
      const last = draft.rules.findLastIndex(({ id }) => selected.has(id));
      edit(withRules(draft, last < 0 ? draft.rules.length : last + 1, [EMPTY_RULE]));
      onSelect(new Set([draft.nextId]));
      setFresh(draft.nextId);
      onEdit(draft.nextId);
    },
    /** Closed without a word, a rule that was just begun was never there. */
    open: (id: number | undefined) => {
      if (id === undefined && fresh !== undefined && props.edited === fresh) undo();
      setFresh(undefined);
      onEdit(id);
      if (id === undefined && props.edited !== undefined) onFocus(props.edited);
    },
    change: (id: number, rule: Parameters<typeof withRule>[2]) => {
      edit(withRule(draft, id, rule));
      setFresh(undefined);
      onEdit(undefined);
      onFocus(id);
      say(t('split.said.changed', { number: numberOf(draft, id, fixed) }));
    },
    move: (ids: ReadonlySet<number>, where: 'before' | 'after', target: number) => {
      const to = moved(draft, ids, where, target);
      edit(to);
      sayMoved(to, ids);
    },
    nudge: (by: -1 | 1, ids: ReadonlySet<number>) => {
      const to = nudged(draft, ids, by);
      edit(to);
      onSelect(ids);
      if (to === draft) say(t(by < 0 ? 'split.said.top' : 'split.said.bottom'));
      else sayMoved(to, ids);
    },
    duplicate: (ids: ReadonlySet<number>) => {
      edit(withCopies(draft, ids));
      const copies = [...ids].map((_, i) => draft.nextId + i);
      onSelect(new Set(copies));
      if (copies[0] !== undefined) onFocus(copies[0]);
      say(t('split.said.added', { count: copies.length }));
    },
    remove: (ids: ReadonlySet<number>) => {
      const last = draft.rules.findLastIndex(({ id }) => ids.has(id));
      const next = draft.rules.slice(last + 1)[0] ?? draft.rules.findLast(({ id }) => !ids.has(id));
      edit(withoutRules(draft, ids));
      onSelect(new Set(next ? [next.id] : []));
      if (next) onFocus(next.id);
      say(t('split.said.removed', { count: ids.size }));
    },
    undo: () => {
      undo();
      say(t('split.said.undone'));
    },
    redo: () => {
      redo();
      say(t('split.said.redone'));
    },
  };
  return { ...acts, onKey: (event: KeyboardEvent) => onRuleKey(event, acts, selected) };
}

/** Keys on a rule itself, for all that are chosen if it is; in fields they are what they always are. */
function onRuleKey(
  event: KeyboardEvent,
  acts: Pick<Acts, 'nudge' | 'duplicate' | 'remove'>,
  selected: ReadonlySet<number>,
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
