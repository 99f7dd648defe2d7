import type { split as english } from '../en/split.ts';
import type { Same } from '../same.ts';

export const split: Same<typeof english> = {
  title: 'Aufteilung',
};
