import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AppProfile } from '../../../core/contract/gui-api.ts';
import { useAppState, useVerb } from '../../app/bridge.tsx';
import { Button } from '../../ui/controls.tsx';
import { FailureNotice } from '../../ui/failure.tsx';
import { Notice } from '../../ui/parts.tsx';
import { changeImport, useImport } from './import-store.ts';
import { copyOf, NEW_PROFILE, textOf, withValue, type Written } from './model/written.ts';
import { ProfileDetail } from './profile-detail.tsx';
import { ProfileEditor } from './profile-editor.tsx';
import { ProfileList } from './profile-list.tsx';
import './profiles.css';

type View =
  | { readonly kind: 'list' }
  | { readonly kind: 'detail'; readonly id: string }
  | { readonly kind: 'edit'; readonly id?: string; readonly initial: Written; readonly remark?: string };

/** The profiles: all of them, one to read, or one to write. */
export function ProfilesScreen(): ReactNode {
  const { t } = useTranslation();
  const { profiles } = useAppState();
  const { draft } = useImport();
  const [view, setView] = useState<View>({ kind: 'list' });
  const [said, setSaid] = useState<string>();
  useEffect(() => {
    if (!draft) return;
    setSaid(undefined);
    setView({ kind: 'edit', initial: { name: '', ...draft } });
    changeImport({ draft: undefined });
  }, [draft]);
  const shown = view.kind === 'detail' ? profiles.find(({ id }) => id === view.id) : undefined;
  if (view.kind === 'edit') {
    const { id, initial, remark } = view;
    return (
      <ProfileEditor
        key={id ?? 'new'}
        initial={initial}
        {...(id === undefined ? {} : { id })}
        {...(remark === undefined ? {} : { remark })}
        onDone={(saved) => {
          if (saved)
            setSaid(t(id === undefined ? 'profiles.added' : 'profiles.changed', { name: saved.name }));
          setView(id === undefined ? { kind: 'list' } : { kind: 'detail', id });
        }}
      />
    );
  }
  if (shown)
    return (
      <ProfileDetail
        key={shown.id}
        profile={shown}
        onBack={() => setView({ kind: 'list' })}
        onEdit={(contents) => setView({ kind: 'edit', id: shown.id, initial: contents })}
        onDuplicate={(contents) => {
          const name = t('profiles.copyOf', { name: textOf(contents['name']) });
          const remark = shown.origin === 'system' && shown.method === 'certificate';
          setView({
            kind: 'edit',
            initial: remark
              ? withValue(copyOf(contents, name), 'user.privateKey', '')
              : copyOf(contents, name),
            ...(remark ? { remark: t('profiles.copyOfIt') } : {}),
          });
        }}
        onRemoved={() => {
          setSaid(t('profiles.removed', { name: shown.name }));
          setView({ kind: 'list' });
        }}
      />
    );
  return (
    <Overview
      said={said}
      onSay={setSaid}
      onOpen={({ id }) => {
        setSaid(undefined);
        setView({ kind: 'detail', id });
      }}
      onNew={() => setView({ kind: 'edit', initial: NEW_PROFILE })}
    />
  );
}

interface OverviewProps {
  readonly said: string | undefined;
  readonly onSay: (text: string | undefined) => void;
  readonly onOpen: (profile: AppProfile) => void;
  readonly onNew: () => void;
}

function Overview({ said, onSay, onOpen, onNew }: OverviewProps): ReactNode {
  const { t } = useTranslation();
  const { profiles, service } = useAppState();
  const { done } = useImport();
  const choose = useVerb('chooseImport');
  useEffect(() => {
    if (!done) return;
    onSay(t(`profiles.${done.what}`, { name: done.name }));
    changeImport({ done: undefined });
  }, [done, onSay, t]);
  const isReady = service.link === 'ready';
  const actions = (
    <div className="row">
      <Button
        kind="primary"
        isDisabled={!isReady || choose.isBusy}
        onPress={() =>
          void choose.run({}).then((outcome) => {
            if (outcome.ok && outcome.value) changeImport({ conversion: outcome.value });
          })
        }
      >
        {t('profiles.import')}
      </Button>
      <Button isDisabled={!isReady} onPress={onNew}>
        {t('profiles.add')}
      </Button>
    </div>
  );
  return (
    <div className="content-inner">
      <div className="row row-between">
        <h1>{t('profiles.title')}</h1>
        {profiles.length > 0 && actions}
      </div>
      {said !== undefined && (
        <Notice tone="ok" isLive>
          {said}
        </Notice>
      )}
      {choose.failure && <FailureNotice failure={choose.failure} />}
      {profiles.length > 0 ? (
        <>
          <ProfileList profiles={profiles} onOpen={onOpen} />
          <p className="quiet">{t('profiles.importHelp')}</p>
        </>
      ) : isReady ? (
        <section className="card profile-empty">
          <h2>{t('profiles.emptyTitle')}</h2>
          <p>{t('profiles.emptyBody')}</p>
          {actions}
          <p className="quiet">{t('profiles.importHelp')}</p>
        </section>
      ) : (
        <p className="quiet">{t('profiles.noService')}</p>
      )}
    </div>
  );
}
