import { type ReactNode, useState } from 'react';
import { Form } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { AppState } from '../../../core/contract/gui-api.ts';
import type { Need } from '../../../core/contract/daemon-api.ts';
import { useAppState, useVerb } from '../../app/bridge.tsx';
import { Button, Switch, TextField } from '../../ui/controls.tsx';
import { FailureNotice } from '../../ui/failure.tsx';
import { Dialog, Notice } from '../../ui/parts.tsx';
import { useNow } from '../../ui/use-now.ts';

/** Asks the person for what the connection waits for. */
export function NeedDialog(): ReactNode {
  const { status } = useAppState();
  const connection = status?.connection;
  return connection?.isYours === true && connection.need ? <Asking need={connection.need} /> : null;
}

function Asking({ need }: { need: Need }): ReactNode {
  const { t } = useTranslation();
  const state = useAppState();
  const now = useNow(1000);
  const answer = useVerb('answerNeed');
  const refuse = useVerb('refuseNeed');
  const [secret, setSecret] = useState('');
  const canRemember = state.settings.saveSecrets && state.keychain.state !== 'absent';
  // To unlock a keychain is a step of its own, which nobody is sent to unasked.
  const [wanted, setWanted] = useState<boolean>();
  const remember = wanted ?? state.keychain.state !== 'locked';
  const { what, username, rejected, message, until } = need;
  const isLasting = what !== 'one-time code';
  const isBusy = answer.isBusy || refuse.isBusy;
  return (
    <Dialog
      title={t('connection.need.title', { profile: need.profile, what: t(`connection.need.${what}`) })}
      onClose={() => void refuse.run({ need: need.id })}
      needsAnswer
    >
      <Form
        onSubmit={(event) => {
          event.preventDefault();
          if (secret === '' || isBusy) return;
          void answer.run({ need: need.id, secret, remember: isLasting && remember && canRemember });
          setSecret('');
        }}
      >
        {username !== undefined && <p className="quiet">{t('connection.need.forUser', { username })}</p>}
        {message !== undefined && <p>{t('connection.need.says', { message })}</p>}
        {rejected && (
          <Notice tone="bad" isLive>
            <p>{t('connection.need.rejected')}</p>
          </Notice>
        )}
        <TextField
          label={t(`connection.need.label.${what}`)}
          type="password"
          value={secret}
          onChange={setSecret}
          autoFocus
        />
        {isLasting ? (
          <Remember state={state} isSelected={remember} onChange={setWanted} />
        ) : (
          <p className="quiet">{t('connection.need.onlyOnce')}</p>
        )}
        {answer.failure && <FailureNotice failure={answer.failure} />}
        <div className="dialog-actions">
          <span className="quiet" style={{ marginInlineEnd: 'auto', alignSelf: 'center' }}>
            {t('connection.need.left', { seconds: Math.max(0, Math.ceil((until - now) / 1000)) })}
          </span>
          <Button onPress={() => void refuse.run({ need: need.id })} isDisabled={isBusy}>
            {t('connection.need.refuse')}
          </Button>
          <Button type="submit" kind="primary" isDisabled={secret === '' || isBusy}>
            {t('connection.need.answer')}
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}

interface RememberProps {
  readonly state: AppState;
  readonly isSelected: boolean;
  readonly onChange: (isSelected: boolean) => void;
}

/** Whether to keep it; or why that cannot be, since it is never kept anywhere else. */
function Remember({ state: { settings, keychain }, isSelected, onChange }: RememberProps): ReactNode {
  const { t } = useTranslation();
  const { backend } = keychain;
  if (!settings.saveSecrets) return <p className="quiet">{t('connection.need.rememberOff')}</p>;
  if (keychain.state === 'absent') return <p className="quiet">{t('connection.need.rememberAbsent')}</p>;
  return (
    <Switch isSelected={isSelected} onChange={onChange}>
      {t(keychain.state === 'locked' ? 'connection.need.rememberLocked' : 'connection.need.remember', {
        backend,
      })}
    </Switch>
  );
}
