import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

export function ProfilesScreen(): ReactNode {
  const { t } = useTranslation();
  return (
    <div className="content-inner">
      <h1>{t('profiles.title')}</h1>
    </div>
  );
}
