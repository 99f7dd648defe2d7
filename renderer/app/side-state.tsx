import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { toneOf, useStateText } from '../features/connection/state-words.ts';
import { useAppState } from './bridge.tsx';

/** How things stand, on every screen. */
export function SideState(): ReactNode {
  const { t } = useTranslation();
  const state = useAppState();
  const text = useStateText();
  return (
    <div className="side-state" role="status" aria-label={t('connection.stateLabel')}>
      <span className={`dot dot-${toneOf(state)}`} aria-hidden="true" />
      <span>{text}</span>
    </div>
  );
}
