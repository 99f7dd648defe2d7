import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAppState, useVerb } from '../../app/bridge.tsx';
import { Button } from '../../ui/controls.tsx';
import { FailureNotice } from '../../ui/failure.tsx';

const LINES = 500;

/** The newest lines of the log of the service, for those who may read it. */
export function ServiceLog(): ReactNode {
  const { t } = useTranslation();
  const { service } = useAppState();
  const read = useVerb('readLog');
  const [lines, setLines] = useState<readonly string[]>();
  return (
    <section className="card">
      <div className="row row-between">
        <h2>{t('activity.log.title')}</h2>
        <Button
          isDisabled={service.link !== 'ready' || read.isBusy}
          onPress={() =>
            void read.run({ lines: LINES }).then((outcome) => {
              if (outcome.ok) setLines(outcome.value.lines);
            })
          }
        >
          {lines ? t('activity.log.again') : t('activity.log.read')}
        </Button>
      </div>
      <p className="quiet">{t('activity.log.note')}</p>
      {read.failure && <FailureNotice failure={read.failure} />}
      {lines && (
        <pre className="log selectable" tabIndex={0} aria-label={t('activity.log.title')}>
          {lines.length === 0 ? t('activity.log.empty') : lines.join('\n')}
        </pre>
      )}
    </section>
  );
}
