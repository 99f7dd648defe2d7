import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { DoctorFinding } from '../../../core/contract/daemon-api.ts';
import { useAppState, useVerb } from '../../app/bridge.tsx';
import { Button } from '../../ui/controls.tsx';
import { FailureNotice } from '../../ui/failure.tsx';

const TONES = { good: 'ok', changed: 'accent', bad: 'bad' } as const;

/** Looks for what is wrong on this computer, and has it put right. */
export function DoctorCard(): ReactNode {
  const { t } = useTranslation();
  const { service } = useAppState();
  const examine = useVerb('doctor');
  const repair = useVerb('repair');
  const [findings, setFindings] = useState<readonly DoctorFinding[]>();
  const isBusy = examine.isBusy || repair.isBusy;
  const isReady = service.link === 'ready' && !isBusy;
  return (
    <section className="card">
      <h2>{t('settings.doctor.title')}</h2>
      <p className="quiet">{t('settings.doctor.body')}</p>
      <div className="row">
        <Button
          isDisabled={!isReady}
          onPress={() =>
            void examine.run({}).then((outcome) => {
              if (outcome.ok) setFindings(outcome.value);
            })
          }
        >
          {t('settings.doctor.run')}
        </Button>
        {findings?.some(({ state }) => state === 'bad') === true && (
          <Button
            isDisabled={!isReady}
            onPress={() =>
              void repair.run({}).then((outcome) => {
                if (outcome.ok) setFindings(outcome.value);
              })
            }
          >
            {t('settings.doctor.repair')}
          </Button>
        )}
      </div>
      {examine.failure && <FailureNotice failure={examine.failure} />}
      {repair.failure && <FailureNotice failure={repair.failure} />}
      {findings && (
        <ul className="findings">
          {findings.map(({ what, state, detail }) => (
            <li key={what}>
              <span className={`badge badge-${TONES[state]}`}>{t(`settings.doctor.states.${state}`)}</span>
              <span className="selectable">
                <strong>{what}</strong> {detail}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
