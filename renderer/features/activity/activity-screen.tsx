import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

export function ActivityScreen(): ReactNode {
  const { t } = useTranslation();
  return (
    <div className="content-inner">
      <h1>{t('activity.title')}</h1>
    </div>
  );
}
