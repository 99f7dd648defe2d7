export const split = {
  title: 'Split tunnel',
} as const;
