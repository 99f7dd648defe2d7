import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

export function SplitScreen(): ReactNode {
  const { t } = useTranslation();
  return (
    <div className="content-inner">
      <h1>{t('split.title')}</h1>
    </div>
  );
}
