import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ConnectionStatus } from '../../../core/contract/daemon-api.ts';
import { useAppState, useVerb } from '../../app/bridge.tsx';
import { useNavigate } from '../../app/navigation.tsx';
import { Button, Select } from '../../ui/controls.tsx';
import { warningText } from '../../i18n/warnings.ts';
import { FailureNotice } from '../../ui/failure.tsx';
import { Notice } from '../../ui/parts.tsx';
import { useNow } from '../../ui/use-now.ts';
import { ConnectionFacts } from './connection-facts.tsx';
import { durationText } from './model.ts';
import { toneOf, useStateText } from './state-words.ts';
import { Traffic } from './traffic.tsx';

/** The state in words, the one button, and what there is to know about the connection. */
export function ConnectionScreen(): ReactNode {
  const { t } = useTranslation();
  const state = useAppState();
  const connection = state.status?.connection ?? null;
  const lastFailure = connection ? undefined : state.status?.lastFailure;
  return (
    <div className="content-inner">
      <h1 className="hidden-visually">{t('connection.title')}</h1>
      <Hero />
      <Protection />
      <NotKept />
      {connection?.cause && <FailureNotice failure={connection.cause} />}
      {lastFailure && <FailureNotice failure={lastFailure} />}
      {connection && connection.warnings.length > 0 && (
        <Notice tone="warn" title={t('connection.health')}>
          {connection.warnings.map((warning) => (
            <p key={warning.code} className="selectable">
              {warningText(t, warning)}
            </p>
          ))}
        </Notice>
      )}
      {connection?.facts && <Traffic key={connection.startedAt} />}
      {connection?.facts && <ConnectionFacts facts={connection.facts} />}
    </div>
  );
}

/** Somebody wanted to be remembered, and was not. */
function NotKept(): ReactNode {
  const { t } = useTranslation();
  const { notKept, state, backend } = useAppState().keychain;
  if (!notKept) return null;
  const why = state === 'locked' || state === 'absent' ? state : 'other';
  return (
    <Notice tone="warn" title={t('connection.notKept.title')} isLive>
      <p>{t(`connection.notKept.${why}`, { backend })}</p>
    </Notice>
  );
}

function Hero(): ReactNode {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const state = useAppState();
  const text = useStateText();
  const { profiles, status, service } = state;
  const connection = status?.connection ?? null;
  const [chosen, setChosen] = useState<string>();
  const profile = profiles.find(({ id }) => id === chosen) ?? profiles[0];
  const connect = useVerb('connect');
  const disconnect = useVerb('disconnect');
  if (service.link === 'ready' && profiles.length === 0 && !connection)
    return (
      <section className="card hero">
        <p>{t('connection.noProfile')}</p>
        <div className="row">
          <Button kind="primary" onPress={() => navigate('profiles')}>
            {t('connection.addProfile')}
          </Button>
        </div>
      </section>
    );
  return (
    <section className="card hero" data-tone={toneOf(state)}>
      <div className="hero-state">
        <p className="hero-text" role="status">
          {text}
        </p>
        <Details />
      </div>
      {connection ? (
        <Button
          size="large"
          kind={connection.state === 'connected' ? 'plain' : 'danger'}
          isDisabled={!connection.isYours || connection.state === 'disconnecting' || disconnect.isBusy}
          onPress={() => void disconnect.run({})}
        >
          {['connected', 'roaming'].includes(connection.state)
            ? t('connection.disconnect')
            : t('connection.cancel')}
        </Button>
      ) : (
        <div className="hero-go">
          {profiles.length > 1 && profile && (
            <Select
              label={t('connection.profile')}
              isLabelHidden
              value={profile.id}
              options={profiles.map(({ id, name }) => ({ key: id, text: name }))}
              onChange={setChosen}
            />
          )}
          <Button
            size="large"
            kind="primary"
            isDisabled={!profile || service.link !== 'ready' || connect.isBusy}
            onPress={() => {
              if (profile) void connect.run({ profile: profile.id });
            }}
          >
            {t('connection.connect')}
          </Button>
        </div>
      )}
      {connect.failure && <FailureNotice failure={connect.failure} />}
      {disconnect.failure && <FailureNotice failure={disconnect.failure} />}
    </section>
  );
}

/** The line under the state: which profile, since when, or what is being done about it. */
function Details(): ReactNode {
  const { t, i18n } = useTranslation();
  const { status, profiles } = useAppState();
  const connection = status?.connection;
  const now = useNow(connection ? tickOf(connection) : undefined);
  if (!connection) {
    const [only] = profiles;
    return profiles.length === 1 && only ? <p className="quiet hero-line">{only.name}</p> : null;
  }
  const { profile, state, since, phase, retryAt, attempt = 0, isYours } = connection;
  const time = new Intl.DateTimeFormat(i18n.language, { timeStyle: 'short' }).format(since);
  const name =
    phase === undefined
      ? undefined
      : (PHASES as readonly string[]).includes(phase)
        ? (phase as Phase)
        : undefined;
  const line =
    state === 'connected'
      ? now - since < MINUTE_MS
        ? t('connection.sinceNow', { time })
        : t('connection.since', { time, duration: durationText(now - since) })
      : state === 'reconnecting'
        ? retryAt === undefined
          ? t('connection.retryNow', { attempt })
          : t('connection.retryIn', { attempt, seconds: Math.max(0, Math.ceil((retryAt - now) / 1000)) })
        : name !== undefined && ['connecting', 'configuring', 'preparing'].includes(state)
          ? t(`connection.phase.${name}`)
          : undefined;
  return (
    <>
      <p className="hero-line">{profile.name}</p>
      {line !== undefined && <p className="quiet hero-line">{line}</p>}
      {!isYours && <p className="quiet hero-line">{t('connection.someoneElse')}</p>}
    </>
  );
}

/** Milliseconds after which the line says something else. */
function tickOf({ state, retryAt }: ConnectionStatus): number | undefined {
  if (retryAt !== undefined) return 1000;
  return state === 'connected' ? MINUTE_MS / 4 : undefined;
}

const MINUTE_MS = 60_000;
const PHASES = ['resolving', 'init', 'auth', 'configuring'] as const;
type Phase = (typeof PHASES)[number];

function Protection(): ReactNode {
  const { t, i18n } = useTranslation();
  const portal = useVerb('openPortal');
  const protection = useAppState().status?.protection;
  if (protection?.blocked !== true) return null;
  const { holeUntil } = protection;
  const time = new Intl.DateTimeFormat(i18n.language, { timeStyle: 'short' });
  return (
    <Notice tone="warn" title={t('connection.protection.blockedTitle')}>
      <p>{t('connection.protection.blockedBody')}</p>
      {holeUntil === undefined ? (
        <div className="row">
          <Button onPress={() => void portal.run({ seconds: 300 })} isDisabled={portal.isBusy}>
            {t('connection.protection.portal')}
          </Button>
        </div>
      ) : (
        <p>{t('connection.protection.hole', { time: time.format(holeUntil) })}</p>
      )}
      {portal.failure && <FailureNotice failure={portal.failure} />}
    </Notice>
  );
}
