import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { PolicyRuleText } from '../../../core/contract/policy.ts';
import { Icon } from '../../ui/icons.tsx';
import type { Mark } from './model/marks.ts';
import { RuleLine } from './rule-line.tsx';

export interface FixedRulesProps {
  readonly rules: readonly PolicyRuleText[];
  /** The file that they are in. */
  readonly origin: string;
  readonly marks: ReadonlyMap<number, readonly Mark[]>;
  readonly litRule: number | undefined;
}

/** What IT set: to be read, and not to be changed. */
export function FixedRules({ rules, origin, marks, litRule }: FixedRulesProps): ReactNode {
  const { t } = useTranslation();
  if (rules.length === 0) return null;
  return (
    <section className="split-fixed" aria-labelledby="split-fixed-title">
      <div className="split-fixed-head">
        <Icon name="lock" />
        <div>
          <h3 id="split-fixed-title">{t('split.rules.fixedTitle')}</h3>
          <p className="quiet split-small">{t('split.rules.fixedBody', { origin })}</p>
        </div>
      </div>
      <ol className="split-rules">
        {rules.map((rule, i) => (
          <li
            key={i}
            className="split-rule"
            data-action={rule.action}
            data-rule={i + 1}
            data-lit={litRule === i + 1 || undefined}
            tabIndex={-1}
          >
            <span className="split-drag" aria-hidden="true" />
            <RuleLine number={i + 1} rule={rule} marks={marks.get(i + 1) ?? []} />
          </li>
        ))}
      </ol>
    </section>
  );
}
