import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { KILL_SWITCHES } from '../../../core/contract/settings.ts';
import { useAppState, useVerb } from '../../app/bridge.tsx';
import { Select, Switch } from '../../ui/controls.tsx';
import { FailureNotice } from '../../ui/failure.tsx';

/** What holds for everybody on this computer. The service refuses it to those who may not. */
export function MachineCard(): ReactNode {
  const { t } = useTranslation();
  const { machine } = useAppState();
  const write = useVerb('writeMachineSettings');
  if (!machine) return null;
  return (
    <section className="card">
      <h2>{t('settings.machine')}</h2>
      <p className="quiet">{t('settings.machineNote')}</p>
      <Select
        label={t('settings.killSwitch')}
        value={machine.killSwitch}
        isDisabled={write.isBusy}
        options={KILL_SWITCHES.map((key) => ({ key, text: t(`settings.killSwitches.${key}`) }))}
        onChange={(killSwitch) => void write.run({ ...machine, killSwitch })}
      />
      <Switch
        isSelected={machine.lan}
        isDisabled={write.isBusy}
        onChange={(lan) => void write.run({ ...machine, lan })}
      >
        {t('settings.lan')}
      </Switch>
      {write.failure && <FailureNotice failure={write.failure} />}
    </section>
  );
}
