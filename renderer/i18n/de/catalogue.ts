import type { en } from '../en/catalogue.ts';
import type { Same } from '../same.ts';
import { activity } from './activity.ts';
import { common } from './common.ts';
import { connection } from './connection.ts';
import { profiles } from './profiles.ts';
import { settings } from './settings.ts';
import { split } from './split.ts';

export const de: Same<typeof en> = { common, connection, profiles, split, activity, settings };
