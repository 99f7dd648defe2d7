import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { PolicyRuleText } from '../../../core/contract/policy.ts';
import { Icon } from '../../ui/icons.tsx';
import { lintText } from './lint-text.ts';
import type { Mark } from './model/marks.ts';
import { conditionTexts } from './rule-words.ts';

/** Destinations that a line shows. */
const SHOWN = 6;

export interface RuleLineProps {
  readonly number: number;
  readonly rule: PolicyRuleText;
  readonly marks: readonly Mark[];
  /** What became of it since the policy in force. */
  readonly news?: 'added' | 'changed' | 'moved' | undefined;
}

/** A rule as people read it: what happens, to what, under which conditions, and what is odd about it. */
export function RuleLine({ number, rule, marks, news }: RuleLineProps): ReactNode {
  const { t, i18n } = useTranslation();
  const conditions = conditionTexts(t, rule);
  const more = (rule.to?.length ?? 0) - SHOWN;
  return (
    <>
      <span className="split-number">{number}</span>
      <span className={`badge badge-${rule.action} split-action`}>{t(`split.badge.${rule.action}`)}</span>
      <div className="split-what">
        <div className="split-places">
          {rule.to ? (
            rule.to.slice(0, SHOWN).map((place) => (
              <code key={place} className="split-place" title={place}>
                {place}
              </code>
            ))
          ) : (
            <span>{t('split.everywhere')}</span>
          )}
          {more > 0 && <span className="quiet">{t('split.more', { count: more })}</span>}
          {news && <span className="split-news">{t(`split.rules.${news}`)}</span>}
        </div>
        {(conditions.length > 0 || rule.note !== undefined) && (
          <div className="split-conditions">
            {conditions.map((text) => (
              <span key={text}>{text}</span>
            ))}
            {rule.note !== undefined && <span className="quiet split-note">{rule.note}</span>}
          </div>
        )}
        {marks.map(({ problem, tone }) => (
          <div key={problem.kind} className="split-mark" data-tone={tone}>
            <Icon name={tone === 'plain' ? 'info' : 'warning'} />
            <span>
              <span className="hidden-visually">{t('split.lint.label')}: </span>
              {lintText(t, i18n.language, problem)}
            </span>
          </div>
        ))}
      </div>
    </>
  );
}
