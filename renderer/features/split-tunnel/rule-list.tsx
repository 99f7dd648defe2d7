import { memo, type ReactNode, useMemo } from 'react';
import {
  Button as AriaButton,
  DropIndicator,
  GridList,
  GridListItem,
  ListLayout,
  type Key,
  type Selection,
  useDragAndDrop,
  Virtualizer,
} from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { PolicyRuleText } from '../../../core/contract/policy.ts';
import { IconButton } from '../../ui/controls.tsx';
import { Icon } from '../../ui/icons.tsx';
import type { Row } from './rows.ts';
import { RuleEditor } from './rule-editor.tsx';
import { RuleLine } from './rule-line.tsx';
import { ruleText } from './rule-words.ts';

/** With more lines than these only those are made that can be seen. */
const AT_ONCE = 60;
const LAYOUT = { estimatedRowSize: 54 };

export interface RuleListProps {
  readonly rows: readonly Row[];
  readonly selected: ReadonlySet<number>;
  readonly isEditing: boolean;
  readonly onSelect: (ids: ReadonlySet<number>) => void;
  readonly onEdit: (id: number | undefined) => void;
  readonly onRule: (id: number, rule: PolicyRuleText) => void;
  readonly onMove: (ids: ReadonlySet<number>, where: 'before' | 'after', target: number) => void;
}

/** The rules of the person: chosen, opened and put in another order by mouse and by keyboard. */
export function RuleList(props: RuleListProps): ReactNode {
  const { rows, selected, isEditing, onSelect, onEdit, onRule, onMove } = props;
  const { t } = useTranslation();
  const { dragAndDropHooks } = useDragAndDrop({
    isDisabled: isEditing,
    getItems: (keys) =>
      [...keys].map((key) => ({
        'text/plain': JSON.stringify(rows.find(({ id }) => id === key)?.rule),
      })),
    onReorder: ({ keys, target }) => {
      if (target.dropPosition !== 'on') onMove(numbersOf(keys), target.dropPosition, Number(target.key));
    },
    renderDropIndicator: (target) => <DropIndicator target={target} className="split-drop" />,
  });
  const actions = useMemo(() => ({ onEdit, onRule }), [onEdit, onRule]);
  const isLong = rows.length > AT_ONCE;
  const list = (
    <GridList
      className="split-rules"
      data-long={isLong || undefined}
      aria-label={t('split.rules.list')}
      aria-describedby="split-rules-hint"
      items={rows}
      selectionMode="multiple"
      selectionBehavior="replace"
      selectedKeys={selected}
      onSelectionChange={(chosen: Selection) =>
        onSelect(chosen === 'all' ? new Set(rows.map(({ id }) => id)) : numbersOf(chosen))
      }
      onAction={(key) => onEdit(Number(key))}
      dragAndDropHooks={dragAndDropHooks}
      keyboardNavigationBehavior="tab"
      disallowTypeAhead
      dependencies={[actions, t]}
    >
      {(row) => <RuleRow row={row} {...actions} />}
    </GridList>
  );
  return isLong ? (
    <Virtualizer layout={ListLayout} layoutOptions={LAYOUT}>
      {list}
    </Virtualizer>
  ) : (
    list
  );
}

const RuleRow = memo(function RuleRow({
  row,
  onEdit,
  onRule,
}: { readonly row: Row } & Pick<RuleListProps, 'onEdit' | 'onRule'>): ReactNode {
  const { t } = useTranslation();
  const { id, number, rule, marks, news, isLit, isEdited } = row;
  const label = t('split.rules.rowLabel', {
    number,
    action: t(`split.action.${rule.action}`),
    text: ruleText(t, rule),
  });
  // The list wants one in every line, also where nothing is moved.
  const drag = (
    <AriaButton slot="drag" className="split-drag" aria-label={t('split.rules.drag', { number })}>
      <Icon name="drag" />
    </AriaButton>
  );
  return (
    <GridListItem
      id={id}
      textValue={label}
      className="split-rule"
      data-action={rule.action}
      data-news={news}
      data-lit={isLit || undefined}
      data-edited={isEdited || undefined}
      data-id={id}
      data-rule={number}
    >
      {isEdited ? (
        // What is typed here is not for the list.
        <div className="split-editor-place" onKeyDown={(event) => event.stopPropagation()}>
          {drag}
          <RuleEditor
            number={number}
            rule={rule}
            onDone={(done) => onRule(id, done)}
            onCancel={() => onEdit(undefined)}
          />
        </div>
      ) : (
        <>
          {drag}
          <RuleLine number={number} rule={rule} marks={marks} news={news} />
          <IconButton icon="edit" label={t('split.rules.editRule', { number })} onPress={() => onEdit(id)} />
        </>
      )}
    </GridListItem>
  );
});

function numbersOf(keys: Iterable<Key>): ReadonlySet<number> {
  return new Set([...keys].map(Number));
}
