import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

export function SettingsScreen(): ReactNode {
  const { t } = useTranslation();
  return (
    <div className="content-inner">
      <h1>{t('settings.title')}</h1>
    </div>
  );
}
