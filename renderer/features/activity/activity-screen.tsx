import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ActivityEntry } from '../../../core/contract/gui-api.ts';
import { useAppState } from '../../app/bridge.tsx';
import { failureWords } from '../../i18n/failures.ts';
import { warningText } from '../../i18n/warnings.ts';
import { Select, TextField } from '../../ui/controls.tsx';
import { FailureExplained } from './failure-explained.tsx';
import { filtered, isTrouble } from './model.ts';
import { ReportCard } from './report-card.tsx';
import { ServiceLog } from './service-log.tsx';

/** What happened: the last failure explained, everything since the app started, and the log of the service. */
export function ActivityScreen(): ReactNode {
  const { t } = useTranslation();
  const { activity, status } = useAppState();
  const failed = activity.findLast(({ failure }) => failure !== undefined);
  const last = failed?.failure ?? status?.lastFailure;
  return (
    <div className="content-inner">
      <h1>{t('activity.title')}</h1>
      {last && <FailureExplained failure={last} at={failed?.at} profile={failed?.profile} />}
      <Entries entries={activity} />
      <ServiceLog />
      <ReportCard />
    </div>
  );
}

function Entries({ entries }: { entries: readonly ActivityEntry[] }): ReactNode {
  const { t, i18n } = useTranslation();
  const textOf = useEntryText();
  const [words, setWords] = useState('');
  const [kinds, setKinds] = useState<'all' | 'trouble'>('all');
  const rows = filtered(
    entries.map((entry, index) => ({ entry, text: textOf(entry), key: index })),
    { words, kinds },
  );
  const time = new Intl.DateTimeFormat(i18n.language, { timeStyle: 'medium' });
  if (entries.length === 0) return <p className="quiet">{t('activity.empty')}</p>;
  return (
    <section className="card">
      <div className="activity-filter">
        <TextField
          label={t('activity.filter')}
          value={words}
          onChange={setWords}
          placeholder={t('activity.filterPlaceholder')}
        />
        <Select
          label={t('activity.what')}
          value={kinds}
          onChange={setKinds}
          options={[
            { key: 'all', text: t('activity.kinds.all') },
            { key: 'trouble', text: t('activity.kinds.trouble') },
          ]}
        />
      </div>
      {rows.length === 0 && <p className="quiet">{t('activity.noneFound')}</p>}
      <ol className="activity">
        {rows.map(({ entry, text, key }) => (
          <li key={key}>
            <time className="quiet mono" dateTime={new Date(entry.at).toISOString()}>
              {time.format(entry.at)}
            </time>
            <span className={`dot dot-${toneOf(entry)}`} aria-hidden="true" />
            <span className="selectable">
              {entry.profile !== undefined && <strong>{entry.profile}: </strong>}
              {text}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function toneOf(entry: ActivityEntry): string {
  if (entry.kind === 'failure') return 'bad';
  if (entry.kind === 'connected') return 'ok';
  return isTrouble(entry) ? 'warn' : 'idle';
}

function useEntryText(): (entry: ActivityEntry) => string {
  const { t } = useTranslation();
  return ({ kind, what, detail, cause, failure, warning }) => {
    switch (kind) {
      case 'connected':
        return detail === undefined ? t('activity.connected') : t('activity.connectedTo', { detail });
      case 'ended':
        return t('activity.ended');
      case 'service':
        return t(`activity.link.${what as 'ready'}`);
      case 'state': {
        const state = t(`connection.state.${what as 'connecting'}`);
        return cause ? `${state} (${failureWords(cause).title})` : state;
      }
      case 'failure':
        return failure ? failureWords(failure).title : what;
      case 'warning':
        return warning ? warningText(t, warning) : what;
    }
  };
}
