import { type ReactNode, useState } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import type { AppProfile } from '../../../core/contract/gui-api.ts';
import { useAppState } from '../../app/bridge.tsx';
import { TextField } from '../../ui/controls.tsx';
import { Icon } from '../../ui/icons.tsx';
import { foundProfiles, methodKey, SEARCH_FROM } from './model/list.ts';
import { FromIt } from './profile-detail.tsx';

export interface ProfileListProps {
  readonly profiles: readonly AppProfile[];
  readonly onOpen: (profile: AppProfile) => void;
}

/** Every profile in a line, with a field to search in when there are many. */
export function ProfileList({ profiles, onOpen }: ProfileListProps): ReactNode {
  const { t } = useTranslation();
  const { status } = useAppState();
  const [words, setWords] = useState('');
  const found = foundProfiles(profiles, words);
  const used = status?.connection?.profile.id;
  return (
    <>
      {profiles.length >= SEARCH_FROM && (
        <div className="profile-search">
          <TextField
            label={t('profiles.search')}
            value={words}
            onChange={setWords}
            placeholder={t('profiles.searchPlaceholder')}
          />
          <p className="quiet" role="status">
            {t('profiles.count', { shown: found.length, all: profiles.length })}
          </p>
        </div>
      )}
      {found.length === 0 && <p className="quiet">{t('profiles.noneFound')}</p>}
      <ul className="profile-list" aria-label={t('profiles.title')}>
        {found.map((profile) => (
          <li key={profile.id}>
            <ProfileLine profile={profile} isUsed={profile.id === used} onOpen={onOpen} />
          </li>
        ))}
      </ul>
    </>
  );
}

interface LineProps {
  readonly profile: AppProfile;
  readonly isUsed: boolean;
  readonly onOpen: (profile: AppProfile) => void;
}

function ProfileLine({ profile, isUsed, onOpen }: LineProps): ReactNode {
  const { t } = useTranslation();
  const { name, gateway, method, username, origin, secretSaved } = profile;
  const user = username === undefined ? '' : ` ${t('profiles.as', { username })}`;
  return (
    <AriaButton className="profile-line" onPress={() => onOpen(profile)}>
      <span className="profile-line-text">
        <span className="profile-line-name">{name}</span>
        <span className="quiet profile-line-more">
          {gateway} · {t(`profiles.methods.${methodKey(method)}`)}
          {user}
        </span>
      </span>
      <span className="row profile-line-marks">
        {isUsed && <span className="badge badge-ok">{t('profiles.inUse')}</span>}
        {secretSaved && (
          <span className="badge badge-accent">{t(`profiles.saved.${methodKey(method)}`)}</span>
        )}
        {origin === 'system' && <FromIt />}
        <span className="profile-line-go">
          <Icon name="down" />
        </span>
      </span>
    </AriaButton>
  );
}
