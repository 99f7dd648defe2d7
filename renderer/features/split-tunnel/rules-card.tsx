import type { ReactNode } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { MAX_RULES } from '../../../core/contract/policy-text.ts';
import { Button, Select } from '../../ui/controls.tsx';
import { Icon, type IconName } from '../../ui/icons.tsx';
import { type Acts, type ActsContext, useActs } from './acts.ts';
import { FixedRules } from './fixed-rules.tsx';
import { type Otherwise, withOtherwise } from './model/draft.ts';
import type { Mark } from './model/marks.ts';
import { PasteDialog } from './paste-dialog.tsx';
import { RuleList } from './rule-list.tsx';
import type { Row } from './rows.ts';

const OTHERWISE: readonly Otherwise[] = ['gateway', 'subnets', 'protect', 'bypass', 'block'];

export interface RulesCardProps extends ActsContext {
  readonly rows: readonly Row[];
  readonly marks: ReadonlyMap<number, readonly Mark[]>;
  /** The file that the rules of IT are in. */
  readonly origin: string;
  readonly litRule: number | undefined;
  /** What is to be made rules of, for as long as somebody looks at it. */
  readonly pasted: string | undefined;
  readonly onPasted: (text: string | undefined) => void;
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
