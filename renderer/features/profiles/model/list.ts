import type { AppProfile } from '../../../../core/contract/gui-api.ts';

/** The profiles that have all the words, by name. */
export function foundProfiles(profiles: readonly AppProfile[], words: string): readonly AppProfile[] {
  const wanted = words
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return profiles
    .filter(({ name, gateway, username = '' }) => {
      const text = `${name} ${gateway} ${username}`.toLowerCase();
      return wanted.every((word) => text.includes(word));
    })
    .toSorted((a, b) => a.name.localeCompare(b.name));
}

/** From so many on there is a field to search in. */
export const SEARCH_FROM = 8;

const METHODS = ['eap-mschapv2', 'eap-gtc', 'certificate', 'psk'] as const;

/** The key of the words for a way to log in. */
export function methodKey(method: string): (typeof METHODS)[number] | 'unknown' {
  return METHODS.find((one) => one === method) ?? 'unknown';
}
