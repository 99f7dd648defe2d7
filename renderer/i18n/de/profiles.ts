import type { profiles as english } from '../en/profiles.ts';
import type { Same } from '../same.ts';

export const profiles: Same<typeof english> = {
  title: 'Profile',
};
