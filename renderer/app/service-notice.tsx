import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { AppState } from '../../core/contract/gui-api.ts';
import { Button } from '../ui/controls.tsx';
import { Notice } from '../ui/parts.tsx';
import { useAppState, useVerb } from './bridge.tsx';

/** Why the service cannot be talked to, on every screen, for as long as it cannot. */
export function ServiceNotice(): ReactNode {
  const { t } = useTranslation();
  const { service, version } = useAppState();
  const retry = useVerb('retryService');
  const restart = useVerb('restartApp');
  if (service.link === 'ready') return null;
  if (service.link === 'connecting')
    return (
      <p className="content-inner quiet" role="status">
        {t('common.service.connecting')}
      </p>
    );
  const words = {
    absent: { title: t('common.service.absentTitle'), body: t('common.service.absentBody') },
    'no-access': { title: t('common.service.noAccessTitle'), body: t('common.service.noAccessBody') },
    untrusted: { title: t('common.service.untrustedTitle'), body: t('common.service.untrustedBody') },
    'other-version': {
      title: t('common.service.otherVersionTitle'),
      body: t(`common.service.${older(service)}`, { app: version, service: service.version ?? '?' }),
    },
  }[service.link];
  return (
    <div className="content-inner" style={{ marginBottom: 18 }}>
      <Notice tone="bad" title={words.title} isLive>
        <p>{words.body}</p>
        <div className="row">
          <Button onPress={() => void retry.run({})} isDisabled={retry.isBusy}>
            {t('common.tryAgain')}
          </Button>
          {service.link === 'other-version' && service.appIsNewer !== true && (
            <Button onPress={() => void restart.run({})} isDisabled={restart.isBusy}>
              {t('common.service.restartApp')}
            </Button>
          )}
        </div>
      </Notice>
    </div>
  );
}

/** Which of the two has to be brought up to date. */
function older({ appIsNewer }: AppState['service']): 'olderService' | 'olderApp' | 'otherVersionBody' {
  if (appIsNewer === undefined) return 'otherVersionBody';
  return appIsNewer ? 'olderService' : 'olderApp';
}
