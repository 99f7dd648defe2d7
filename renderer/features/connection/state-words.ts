import { useTranslation } from 'react-i18next';
import type { AppState } from '../../../core/contract/gui-api.ts';
import { useAppState } from '../../app/bridge.tsx';

export type StateTone = 'idle' | 'busy' | 'ok' | 'warn' | 'bad';

/** The colour of the state; its words say the same. */
export function toneOf({ status, service }: AppState): StateTone {
  if (service.link === 'connecting') return 'idle';
  if (service.link !== 'ready') return 'bad';
  const connection = status?.connection;
  if (!connection) return status?.protection.blocked === true || status?.lastFailure ? 'bad' : 'idle';
  switch (connection.state) {
    case 'connected':
      return connection.warnings.length > 0 ? 'warn' : 'ok';
    case 'roaming':
      return 'warn';
    case 'asking':
    case 'reconnecting':
    case 'waiting-for-network':
      return 'warn';
    default:
      return 'busy';
  }
}

/** The state in a few words. */
export function useStateText(): string {
  const { t } = useTranslation();
  const { status, service } = useAppState();
  if (service.link === 'connecting') return t('connection.state.starting');
  if (service.link !== 'ready') return t('connection.state.noService');
  const connection = status?.connection;
  if (!connection)
    return status?.protection.blocked === true
      ? t('connection.state.blocked')
      : t('connection.state.disconnected');
  if (connection.doubt === 'checking') return t('connection.state.checking');
  return t(`connection.state.${connection.state}`);
}
