import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ToldFailure } from '../../../core/contract/daemon-api.ts';
import { failureWords } from '../../i18n/failures.ts';
import { Facts } from '../../ui/parts.tsx';
import { factLines } from './model.ts';

export interface FailureExplainedProps {
  readonly failure: ToldFailure;
  readonly at: number | undefined;
  readonly profile: string | undefined;
}

/** Facts that are milliseconds since 1970. */
const DATES: readonly string[] = ['notBefore', 'notAfter', 'now'];

/** All that is known of a failure: what, why, what to do, who, and the facts that support asks for. */
export function FailureExplained({ failure, at, profile }: FailureExplainedProps): ReactNode {
  const { t, i18n } = useTranslation();
  const { title, why, next, who } = failureWords(failure);
  const time = new Intl.DateTimeFormat(i18n.language, { dateStyle: 'medium', timeStyle: 'medium' });
  const linesOf = (name: string): ReactNode => {
    const value = failure.context[name];
    if (typeof value === 'number' && DATES.includes(name)) return time.format(value);
    const lines = factLines(failure.context, name);
    return lines && <Lines lines={lines} />;
  };
  // What has no words is for the report, which has everything.
  const others = Object.keys(failure.context).filter((name) => i18n.exists(`activity.facts.${name}`));
  return (
    <section className="card failure-explained">
      <h2>{t('activity.failure.title')}</h2>
      <p className="failure-title selectable">{title}</p>
      <Facts
        rows={[
          [t('activity.failure.why'), why],
          [t('activity.failure.next'), next],
          [t('activity.failure.who'), t(`common.who.${who}`)],
          [t('activity.failure.profile'), profile],
          [t('activity.failure.when'), at === undefined ? undefined : time.format(at)],
          [t('activity.failure.offered'), linesOf('offered')],
          [t('activity.failure.configured'), linesOf('configured')],
          ...others.map((name) => [t(`activity.facts.${name as 'gateway'}`), linesOf(name)] as const),
          [t('activity.failure.code'), <code key="code">{failure.code}</code>],
        ]}
      />
    </section>
  );
}

function Lines({ lines }: { lines: readonly string[] }): ReactNode {
  return lines.map((line) => (
    <div key={line} className="mono">
      {line}
    </div>
  ));
}
