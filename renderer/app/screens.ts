import type { ComponentType } from 'react';
import { ActivityScreen } from '../features/activity/activity-screen.tsx';
import { ConnectionScreen } from '../features/connection/connection-screen.tsx';
import { ProfilesScreen } from '../features/profiles/profiles-screen.tsx';
import { SettingsScreen } from '../features/settings/settings-screen.tsx';
import { SplitScreen } from '../features/split-tunnel/split-screen.tsx';
import type { IconName } from '../ui/icons.tsx';

export const SCREEN_NAMES = ['connection', 'profiles', 'split', 'activity', 'settings'] as const;
export type ScreenName = (typeof SCREEN_NAMES)[number];

/** What each screen is shown by; its words are in the part of the catalogue with its name. */
export const SCREENS: Readonly<Record<ScreenName, { icon: IconName; view: ComponentType }>> = {
  connection: { icon: 'connection', view: ConnectionScreen },
  profiles: { icon: 'profiles', view: ProfilesScreen },
  split: { icon: 'split', view: SplitScreen },
  activity: { icon: 'activity', view: ActivityScreen },
  settings: { icon: 'settings', view: SettingsScreen },
};
