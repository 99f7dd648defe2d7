import { type ComponentType, lazy } from 'react';
import { ConnectionScreen } from '../features/connection/connection-screen.tsx';
import type { IconName } from '../ui/icons.tsx';

export const SCREEN_NAMES = ['connection', 'profiles', 'split', 'activity', 'settings'] as const;
export type ScreenName = (typeof SCREEN_NAMES)[number];

/** The screens that the window does not begin with are no part of what it has to load before it shows anything. */
const LATER = {
  profiles: async () => (await import('../features/profiles/profiles-screen.tsx')).ProfilesScreen,
  split: async () => (await import('../features/split-tunnel/split-screen.tsx')).SplitScreen,
  activity: async () => (await import('../features/activity/activity-screen.tsx')).ActivityScreen,
  settings: async () => (await import('../features/settings/settings-screen.tsx')).SettingsScreen,
};

function later(name: keyof typeof LATER): ComponentType {
  return lazy(async () => ({ default: await LATER[name]() }));
}

/** What each screen is shown by; its words are in the part of the catalogue with its name. */
export const SCREENS: Readonly<Record<ScreenName, { icon: IconName; view: ComponentType }>> = {
  connection: { icon: 'connection', view: ConnectionScreen },
  profiles: { icon: 'profiles', view: later('profiles') },
  split: { icon: 'split', view: later('split') },
  activity: { icon: 'activity', view: later('activity') },
  settings: { icon: 'settings', view: later('settings') },
};

/** The dialog of what is imported; it takes files that are dropped as soon as it is there. */
export const ProposalDialog: ComponentType = lazy(async () => ({
  default: (await import('../features/profiles/proposal-dialog.tsx')).ProposalDialog,
}));

/** Loads all of them, so that none has to be waited for. */
export async function loadScreens(): Promise<void> {
  await Promise.all(Object.values(LATER).map((load) => load()));
}
