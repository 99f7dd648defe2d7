import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { type AppSettings, LANGUAGES, THEMES } from '../../../core/contract/gui-api.ts';
import { useAppState, useVerb } from '../../app/bridge.tsx';
import { Select, Switch } from '../../ui/controls.tsx';
import { FailureNotice } from '../../ui/failure.tsx';
import { Facts } from '../../ui/parts.tsx';
import { DoctorCard } from './doctor-card.tsx';
import { MachineCard } from './machine-card.tsx';

/** The settings with another language; without one it is that of the desktop. */
function withLanguage(
  { theme, launchAtLogin, notifications, saveSecrets }: AppSettings,
  language: AppSettings['language'],
): AppSettings {
  const others = { theme, launchAtLogin, notifications, saveSecrets };
  return language === undefined ? others : { ...others, language };
}

/** What a person chooses about the app, and what an administrator chooses about the computer. */
export function SettingsScreen(): ReactNode {
  const { t } = useTranslation();
  const { version, service, settings, keychain, trayMissing } = useAppState();
  const write = useVerb('writeAppSettings');
  const change = (changes: Partial<AppSettings>): void => void write.run({ ...settings, ...changes });
  return (
    <div className="content-inner">
      <h1>{t('settings.title')}</h1>
      {write.failure && <FailureNotice failure={write.failure} />}
      <section className="card">
        <h2>{t('settings.app')}</h2>
        <div className="row settings-selects">
          <Select
            label={t('settings.theme')}
            value={settings.theme}
            options={THEMES.map((key) => ({ key, text: t(`settings.themes.${key}`) }))}
            onChange={(theme) => change({ theme })}
          />
          <Select
            label={t('settings.language')}
            value={settings.language ?? 'system'}
            options={(['system', ...LANGUAGES] as const).map((key) => ({
              key,
              text: t(`settings.languages.${key}`),
            }))}
            onChange={(language) =>
              void write.run(withLanguage(settings, language === 'system' ? undefined : language))
            }
          />
        </div>
        <Switch isSelected={settings.launchAtLogin} onChange={(launchAtLogin) => change({ launchAtLogin })}>
          {t('settings.launchAtLogin')}
        </Switch>
        <Switch isSelected={settings.notifications} onChange={(notifications) => change({ notifications })}>
          {t('settings.notifications')}
        </Switch>
        {trayMissing && <p className="quiet">{t('settings.trayMissing')}</p>}
      </section>
      <section className="card">
        <h2>{t('settings.secrets')}</h2>
        <Facts
          rows={[
            [
              t('settings.keychain'),
              t(`settings.keychainStates.${keychain.state}`, { backend: keychain.backend }),
            ],
          ]}
        />
        <Switch isSelected={settings.saveSecrets} onChange={(saveSecrets) => change({ saveSecrets })}>
          {t('settings.saveSecrets')}
        </Switch>
        <p className="quiet">{t('settings.saveSecretsHelp')}</p>
      </section>
      <MachineCard />
      <DoctorCard />
      <section className="card">
        <h2>{t('settings.about')}</h2>
        <p className="selectable">
          {t('settings.versions', { app: version, service: service.version ?? t('settings.noService') })}
        </p>
      </section>
    </div>
  );
}
