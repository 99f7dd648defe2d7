import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Proposal } from '../../../core/contract/gui-api.ts';
import { Switch } from '../../ui/controls.tsx';
import { notableLines, outcomesOf } from './model/proposal.ts';

const LOOKS = { taken: 'badge badge-ok', changed: 'badge badge-warn', ignored: 'badge' } as const;
const OUTCOMES = ['taken', 'changed', 'ignored'] as const;

/** What became of each key of a file. */
export function ReportTable({ report }: { report: Proposal['report'] }): ReactNode {
  const { t } = useTranslation();
  const [isShort, setShort] = useState(true);
  const counts = outcomesOf(report);
  const notable = notableLines(report);
  const shown = isShort ? notable : report;
  return (
    <section className="profile-report">
      <h3>{t('profiles.proposal.report')}</h3>
      <div className="row row-between">
        <div className="row">
          {OUTCOMES.map((outcome) => (
            <span key={outcome} className={LOOKS[outcome]}>
              {t(`profiles.proposal.summary.${outcome}`, { count: counts[outcome] })}
            </span>
          ))}
        </div>
        <Switch isSelected={isShort} onChange={setShort}>
          {t('profiles.proposal.onlyNotable')}
        </Switch>
      </div>
      {shown.length === 0 ? (
        <p className="quiet">{t('profiles.proposal.allTaken')}</p>
      ) : (
        <div
          className="profile-report-scroll"
          tabIndex={0}
          role="region"
          aria-label={t('profiles.proposal.report')}
        >
          <table>
            <thead>
              <tr>
                <th scope="col">{t('profiles.proposal.columns.key')}</th>
                <th scope="col">{t('profiles.proposal.columns.outcome')}</th>
                <th scope="col">{t('profiles.proposal.columns.note')}</th>
              </tr>
            </thead>
            <tbody>
              {shown.map(({ key, outcome, to, note, detail = '' }) => (
                <tr key={key}>
                  <th scope="row">
                    <code>{key}</code>
                  </th>
                  <td>
                    <span className={LOOKS[outcome]}>{t(`profiles.proposal.outcomes.${outcome}`)}</span>
                  </td>
                  <td className="selectable">
                    {to !== undefined && (
                      <span className="quiet">{t('profiles.proposal.became', { to })}. </span>
                    )}
                    {note !== undefined && t(`profiles.notes.${note}`, { detail })}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
