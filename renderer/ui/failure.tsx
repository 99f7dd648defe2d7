import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { GuiFailure } from '../../core/contract/gui-api.ts';
import { failureWords } from '../i18n/failures.ts';
import { Notice } from './parts.tsx';

/** A failure as people need it: what failed, why, what to do, and who has to do it. */
export function FailureNotice({ failure }: { failure: GuiFailure }): ReactNode {
  const { t } = useTranslation();
  const { title, why, next, who } = failureWords(failure);
  return (
    <Notice tone="bad" title={title} isLive>
      {why !== '' && <p className="selectable">{why}</p>}
      {next !== '' && (
        <p className="selectable">
          <strong>{t('common.next')}:</strong> {next}
        </p>
      )}
      <p className="quiet">{t(`common.who.${who}`)}</p>
    </Notice>
  );
}
