import { type ReactNode, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { keyIsEncrypted } from '../../../core/contract/pem-text.ts';
import type { AppProfile } from '../../../core/contract/gui-api.ts';
import { useAppState, useVerb } from '../../app/bridge.tsx';
import { Button } from '../../ui/controls.tsx';
import { FailureNotice } from '../../ui/failure.tsx';
import { Icon } from '../../ui/icons.tsx';
import { Dialog, Facts, Notice } from '../../ui/parts.tsx';
import { Certificates } from './certificates.tsx';
import { methodKey } from './model/list.ts';
import { completed, defaultAt, pemOf, textOf, valueAt, type Written } from './model/written.ts';

export interface ProfileDetailProps {
  readonly profile: AppProfile;
  readonly onBack: () => void;
  readonly onEdit: (contents: Written) => void;
  readonly onDuplicate: (contents: Written) => void;
  readonly onRemoved: () => void;
}

/** All of one profile, to read. */
export function ProfileDetail({ profile, ...on }: ProfileDetailProps): ReactNode {
  const { t } = useTranslation();
  const read = useVerb('readProfile');
  const [contents, setContents] = useState<Written>();
  const { run } = read;
  const { id } = profile;
  useEffect(() => {
    let isWanted = true;
    void run({ profile: id }).then((outcome) => {
      if (isWanted && outcome.ok) setContents(outcome.value);
    });
    return () => {
      isWanted = false;
    };
    // `run` is another function at each rendering; what is read depends on the profile alone.
  }, [id]);
  return (
    <div className="content-inner">
      <div className="row profile-back">
        <Button kind="quiet" onPress={on.onBack}>
          ← {t('profiles.back')}
        </Button>
      </div>
      <div className="profile-head">
        <h1 className="profile-name selectable">{profile.name}</h1>
        {profile.origin === 'system' && <FromIt />}
      </div>
      {profile.origin === 'system' && <Notice>{t('profiles.fromItLong')}</Notice>}
      {read.failure && <FailureNotice failure={read.failure} />}
      {!contents && !read.failure && <p className="quiet">{t('profiles.loading')}</p>}
      {(contents ?? read.failure) && <Actions profile={profile} contents={contents} {...on} />}
      {contents && <Contents profile={profile} contents={contents} />}
    </div>
  );
}

/** The mark of what IT put there. */
export function FromIt(): ReactNode {
  const { t } = useTranslation();
  return (
    <span className="badge">
      <Icon name="lock" />
      {t('profiles.fromIt')}
    </span>
  );
}

/** What can be done with it; one that cannot be read can be removed alone. */
function Actions(props: ProfileDetailProps & { readonly contents: Written | undefined }): ReactNode {
  const { t } = useTranslation();
  const { profile, contents, onEdit, onDuplicate, onRemoved } = props;
  const exported = useVerb('exportProfile');
  const forget = useVerb('forgetSecret');
  const remove = useVerb('removeProfile');
  const [isAsking, setAsking] = useState(false);
  const [isExported, setExported] = useState(false);
  const isOwn = profile.origin === 'user';
  const hasKey = contents !== undefined && pemOf(valueAt(contents, 'user.privateKey')) !== '';
  return (
    <>
      <div className="row">
        {contents && isOwn && (
          <Button kind="primary" onPress={() => onEdit(contents)}>
            {t('profiles.actions.edit')}
          </Button>
        )}
        {contents && (
          <>
            <Button onPress={() => onDuplicate(contents)}>{t('profiles.actions.duplicate')}</Button>
            <Button
              isDisabled={exported.isBusy}
              onPress={() =>
                void exported.run({ profile: profile.id }).then((outcome) => {
                  setExported(outcome.ok && outcome.value);
                })
              }
            >
              {t('profiles.actions.export')}
            </Button>
          </>
        )}
        {profile.secretSaved && (
          <Button isDisabled={forget.isBusy} onPress={() => void forget.run({ profile: profile.id })}>
            {t(`profiles.actions.forget.${methodKey(profile.method)}`)}
          </Button>
        )}
        {isOwn && (
          <Button kind="danger" onPress={() => setAsking(true)}>
            {t('profiles.actions.remove')}
          </Button>
        )}
      </div>
      {isExported && (
        <Notice tone={hasKey ? 'warn' : 'ok'} isLive>
          {t('profiles.exported')} {hasKey && t('profiles.keyInExport')}
        </Notice>
      )}
      {exported.failure && <FailureNotice failure={exported.failure} />}
      {forget.failure && <FailureNotice failure={forget.failure} />}
      {isAsking && (
        <Dialog title={t('profiles.removing.title', { name: profile.name })} onClose={() => setAsking(false)}>
          <p>{t('profiles.removing.body')}</p>
          {remove.failure && <FailureNotice failure={remove.failure} />}
          <div className="dialog-actions">
            <Button autoFocus onPress={() => setAsking(false)}>
              {t('profiles.removing.keep')}
            </Button>
            <Button
              kind="danger"
              isDisabled={remove.isBusy}
              onPress={() =>
                void remove.run({ profile: profile.id }).then((outcome) => {
                  if (outcome.ok) onRemoved();
                })
              }
            >
              {t('profiles.removing.confirm')}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}

function Contents({ profile, contents }: { profile: AppProfile; contents: Written }): ReactNode {
  const { t } = useTranslation();
  const authorities = valueAt(contents, 'gateway.authorities');
  const own = authorities === undefined || authorities === 'system' ? '' : pemOf(authorities);
  const certificate = pemOf(valueAt(contents, 'user.certificate'));
  const isReadable = completed(contents) !== undefined || profile.origin === 'system';
  return (
    <>
      {!isReadable && <Notice tone="bad" title={t('profiles.detail.unreadable')} />}
      <AccountCard profile={profile} contents={contents} />
      <TrafficCard contents={contents} />
      {certificate !== '' && (
        <section className="card">
          <h2>{t('profiles.detail.certificates')}</h2>
          <Certificates pem={certificate} />
        </section>
      )}
      {own !== '' && (
        <section className="card">
          <h2>{t('profiles.detail.authorityCertificates')}</h2>
          <Certificates pem={own} />
        </section>
      )}
    </>
  );
}

function AccountCard({ profile, contents }: { profile: AppProfile; contents: Written }): ReactNode {
  const { t } = useTranslation();
  const { keychain } = useAppState();
  const text = (place: string): string => textOf(valueAt(contents, place));
  const alternatives = valueAt(contents, 'gateway.alternatives');
  const others = Array.isArray(alternatives)
    ? alternatives.map((one: unknown) => textOf(valueAt({ one }, 'one.address'))).join(', ')
    : '';
  const authorities = valueAt(contents, 'gateway.authorities');
  const isSystem = (authorities === undefined || authorities === 'system') && profile.method !== 'psk';
  const key = pemOf(valueAt(contents, 'user.privateKey'));
  const keyText =
    key !== ''
      ? t(keyIsEncrypted(key) ? 'profiles.detail.keyLocked' : 'profiles.detail.keyOpen')
      : t('profiles.detail.keyWithService');
  const needsSecret = profile.method !== 'certificate' || keyIsEncrypted(key);
  return (
    <section className="card">
      <h2>{t('profiles.detail.connection')}</h2>
      <Facts
        rows={[
          [t('profiles.detail.gateway'), text('gateway.address')],
          [t('profiles.detail.identity'), text('gateway.identity')],
          [t('profiles.detail.alternatives'), others],
          [t('profiles.detail.authorities'), isSystem ? t('profiles.detail.systemAuthorities') : undefined],
          [t('profiles.detail.login'), t(`profiles.methods.${methodKey(profile.method)}`)],
          [t('profiles.detail.username'), text('user.username')],
          [t('profiles.detail.userIdentity'), text('user.ikeIdentity') || text('user.identity')],
          [t('profiles.detail.key'), profile.method === 'certificate' ? keyText : undefined],
          [
            t(`profiles.detail.secret.${methodKey(profile.method)}`),
            needsSecret
              ? profile.secretSaved
                ? t('profiles.detail.secretSaved', { backend: keychain.backend })
                : t('profiles.detail.secretAsked')
              : undefined,
          ],
          [
            t('profiles.detail.origin'),
            profile.origin === 'system'
              ? t('profiles.fromItFile', {
                  file: `/etc/causeway/profiles.d/${profile.id.replace(/^system\./, '')}.json`,
                })
              : t('profiles.detail.yours'),
          ],
        ]}
      />
    </section>
  );
}

function TrafficCard({ contents }: { contents: Written }): ReactNode {
  const { t } = useTranslation();
  const at = (place: string): unknown => valueAt(contents, place) ?? defaultAt(place);
  const list = (place: string): string => {
    const value = valueAt(contents, place);
    return Array.isArray(value) ? value.map(textOf).join(', ') : '';
  };
  const remote = list('tunnel.remote');
  const isEverything = remote === '' || remote.includes('0.0.0.0/0') || remote.includes('::/0');
  const connect = at('automatic.connect');
  const automatic = connect === 'always' || connect === 'untrusted' ? connect : undefined;
  return (
    <section className="card">
      <h2>{t('profiles.detail.traffic')}</h2>
      <Facts
        rows={[
          [t('profiles.detail.networks'), isEverything ? t('profiles.detail.everything') : remote],
          [
            t('profiles.detail.names'),
            at('dns.use') === 'none'
              ? t('profiles.detail.namesNone')
              : list('dns.servers') || t('profiles.detail.namesOfGateway'),
          ],
          [
            t('profiles.detail.domains'),
            [list('dns.searchDomains'), list('dns.domains')].filter((one) => one !== '').join(', '),
          ],
          [t('profiles.detail.mtu'), textOf(valueAt(contents, 'tunnel.mtu'))],
          [
            t('profiles.detail.automatic'),
            automatic === undefined
              ? at('onDemand.enabled') === true
                ? t('profiles.detail.demand', { seconds: textOf(at('onDemand.idleSeconds')) })
                : undefined
              : t(`profiles.choices.${automatic}`),
          ],
          [
            t('profiles.detail.offers'),
            [list('ike.proposals'), list('esp.proposals')].filter((one) => one !== '').join('; ') ||
              t('profiles.detail.ownOffers'),
          ],
        ]}
      />
    </section>
  );
}
