import type { activity as english } from '../en/activity.ts';
import type { Same } from '../same.ts';

export const activity: Same<typeof english> = {
  title: 'Verlauf',
};
