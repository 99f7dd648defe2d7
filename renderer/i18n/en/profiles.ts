export const profiles = {
  title: 'Profiles',
} as const;
