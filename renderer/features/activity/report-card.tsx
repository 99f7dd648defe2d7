import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useVerb } from '../../app/bridge.tsx';
import { Button } from '../../ui/controls.tsx';
import { FailureNotice } from '../../ui/failure.tsx';
import { Dialog } from '../../ui/parts.tsx';

/** Makes a report for support, and shows all of it before it goes anywhere. */
export function ReportCard(): ReactNode {
  const { t } = useTranslation();
  const make = useVerb('makeReport');
  const save = useVerb('saveReport');
  const [text, setText] = useState<string>();
  const [isSaved, setSaved] = useState(false);
  return (
    <section className="card">
      <h2>{t('activity.report.title')}</h2>
      <p className="quiet">{t('activity.report.body')}</p>
      <div className="row">
        <Button
          isDisabled={make.isBusy}
          onPress={() =>
            void make.run({}).then((outcome) => {
              setSaved(false);
              if (outcome.ok) setText(outcome.value.text);
            })
          }
        >
          {make.isBusy ? t('common.working') : t('activity.report.make')}
        </Button>
        {isSaved && <span role="status">{t('activity.report.saved')}</span>}
      </div>
      {make.failure && <FailureNotice failure={make.failure} />}
      {text !== undefined && (
        <Dialog title={t('activity.report.dialog')} onClose={() => setText(undefined)} isWide>
          <pre className="log selectable" tabIndex={0} aria-label={t('activity.report.dialog')}>
            {text}
          </pre>
          {save.failure && <FailureNotice failure={save.failure} />}
          <div className="dialog-actions">
            <Button onPress={() => setText(undefined)}>{t('common.close')}</Button>
            <Button
              kind="primary"
              isDisabled={save.isBusy}
              onPress={() =>
                void save.run({}).then((outcome) => {
                  if (!outcome.ok || !outcome.value) return;
                  setSaved(true);
                  setText(undefined);
                })
              }
            >
              {t('activity.report.save')}
            </Button>
          </div>
        </Dialog>
      )}
    </section>
  );
}
