import { activity } from './activity.ts';
import { common } from './common.ts';
import { connection } from './connection.ts';
import { profiles } from './profiles.ts';
import { settings } from './settings.ts';
import { split } from './split.ts';

/** Everything that the window says, in English. The other languages have the same keys. */
export const en = { common, connection, profiles, split, activity, settings } as const;
