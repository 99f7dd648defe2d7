import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { PolicyRuleText } from '../../../core/contract/policy.ts';
import { Button } from '../../ui/controls.tsx';
import { FailureNotice } from '../../ui/failure.tsx';
import { Notice } from '../../ui/parts.tsx';
import { numbersText } from './lint-text.ts';
import type { Change } from './model/diff.ts';
import { ruleText } from './rule-words.ts';
import type { Split } from './use-split.ts';

export interface ChangesBarProps {
  readonly split: Split;
  readonly changes: readonly Change[];
  readonly onDiscard: () => void;
  readonly onApplied: () => void;
}

/** What is not in force yet, with what applying it does, for as long as there is something. */
export function ChangesBar({ split, changes, onDiscard, onApplied }: ChangesBarProps): ReactNode {
  const { t, i18n } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  const { isConnected, isReady, isApplying, problems, work, failure } = split;
  const refused = isConnected
    ? problems.flatMap((one) => (one.kind === 'not-granted' ? [one.rule] : []))
    : [];
  const asksForAll = ['0.0.0.0/0', '::/0'].every((one) => work?.requested.includes(one));
  return (
    <section data-open={isOpen || undefined} className="split-changes" aria-label={t('split.changes.region')}>
      {work?.elsewhere && (
        <Notice tone="warn" title={t('split.changes.elsewhereTitle')} isLive>
          <p>{t('split.changes.elsewhereBody')}</p>
          <div className="row">
            <Button onPress={split.takeTheirs}>{t('split.changes.takeTheirs')}</Button>
            <Button onPress={split.keepMine}>{t('split.changes.keepMine')}</Button>
          </div>
        </Notice>
      )}
      {failure && <FailureNotice failure={failure} />}
      {isOpen && (
        <ul className="split-diff" aria-label={t('split.changes.region')} tabIndex={0}>
          {changes.map((change) => (
            <ChangeLine
              key={change.kind === 'otherwise' ? 'otherwise' : `${change.kind}${change.id}`}
              change={change}
            />
          ))}
        </ul>
      )}
      <div className="row row-between">
        <div className="split-changes-words">
          <strong>{t('split.changes.count', { count: changes.length })}</strong>
          <span className="quiet split-small">
            {t(isConnected ? 'split.changes.whenUp' : 'split.changes.whenDown')}
          </span>
        </div>
        <div className="row">
          <Button kind="quiet" onPress={() => setOpen(!isOpen)} aria-expanded={isOpen}>
            {t(isOpen ? 'split.changes.hide' : 'split.changes.show')}
          </Button>
          <Button onPress={onDiscard} isDisabled={isApplying}>
            {t('split.changes.discard')}
          </Button>
          <Button
            kind="primary"
            isDisabled={!isReady || isApplying || work?.elsewhere !== undefined}
            onPress={() =>
              void split.apply().then((isDone) => {
                if (isDone) onApplied();
              })
            }
          >
            {t(isApplying ? 'common.working' : 'split.changes.apply')}
          </Button>
        </div>
      </div>
      {refused.length > 0 && (
        <p className="split-small split-warning">
          {t(asksForAll ? 'split.changes.notGrantedAtAll' : 'split.changes.notGranted', {
            count: refused.length,
            rules: numbersText(i18n.language, refused),
          })}
        </p>
      )}
    </section>
  );
}

const SIGNS = { added: '+', removed: '−', changed: '≠', moved: '↕', otherwise: '≠' } as const;

function ChangeLine({ change }: { change: Change }): ReactNode {
  const { t } = useTranslation();
  const { kind } = change;
  const title =
    kind === 'added'
      ? t('split.changes.added', { number: change.number })
      : kind === 'removed'
        ? t('split.changes.removed', { was: change.was })
        : kind === 'changed'
          ? t('split.changes.changed', { number: change.number })
          : kind === 'moved'
            ? t('split.changes.moved', { was: change.was, number: change.number })
            : t('split.changes.otherwise');
  return (
    <li data-kind={kind}>
      <span aria-hidden="true" className="split-sign">
        {SIGNS[kind]}
      </span>
      <div>
        <span className="split-diff-title">{title}</span>
        {kind === 'changed' && (
          <>
            <del>
              <span className="hidden-visually">{t('split.changes.before')}: </span>
              <RuleWords rule={change.before} />
            </del>
            <ins>
              <span className="hidden-visually">{t('split.changes.now')}: </span>
              <RuleWords rule={change.rule} />
            </ins>
          </>
        )}
        {kind === 'added' && (
          <ins>
            <RuleWords rule={change.rule} />
          </ins>
        )}
        {kind === 'removed' && (
          <del>
            <RuleWords rule={change.rule} />
          </del>
        )}
        {kind === 'moved' && (
          <span>
            <RuleWords rule={change.rule} />
          </span>
        )}
        {kind === 'otherwise' && (
          <>
            <del>{t(`split.rules.otherwiseText.${change.before}`)}</del>
            <ins>{t(`split.rules.otherwiseText.${change.now}`)}</ins>
          </>
        )}
      </div>
    </li>
  );
}

function RuleWords({ rule }: { rule: PolicyRuleText }): ReactNode {
  const { t } = useTranslation();
  const note = rule.note === undefined ? '' : ` (${rule.note})`;
  return `${t(`split.action.${rule.action}`)}: ${ruleText(t, rule, 4)}${note}`;
}
