/** A profile as it is being written: JSON that may not be right yet. Places are written as problems write them. */
import { parseProfile, type Profile } from '../../../../core/contract/profile.ts';

export type Written = Readonly<Record<string, unknown>>;

/** The value at a place such as `gateway.address`; undefined when there is none. */
export function valueAt(profile: Written, path: string): unknown {
  let here: unknown = profile;
  for (const key of path.split('.')) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined;
    here = (here as Record<string, unknown>)[key];
  }
  return here;
}

/** The profile with another value at a place. Undefined takes the value away, and what is empty then. */
export function withValue(profile: Written, path: string, value: unknown): Written {
  const [key = '', ...rest] = path.split('.');
  const inner = Object.hasOwn(profile, key) ? profile[key] : undefined;
  const made = rest.length === 0 ? value : withValue(isTable(inner) ? inner : {}, rest.join('.'), value);
  const others = Object.entries(profile).filter(([name]) => name !== key);
  const isGone = made === undefined || (rest.length > 0 && isTable(made) && Object.keys(made).length === 0);
  if (isGone) return Object.fromEntries(others);
  return Object.hasOwn(profile, key)
    ? Object.fromEntries(Object.entries(profile).map(([name, old]) => [name, name === key ? made : old]))
    : { ...profile, [key]: made };
}

export function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Text of a value that is text, or a number; nothing for everything else. */
export function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** PEM as one text, which may be written as a list of lines. */
export function pemOf(value: unknown): string {
  if (Array.isArray(value)) return value.filter((line) => typeof line === 'string').join('\n');
  return typeof value === 'string' ? value : '';
}

/** What people type for a number, as JSON has it: a number where it is one, the text where it is not. */
export function numberFrom(text: string): number | string | undefined {
  const clean = text.trim();
  if (clean === '') return undefined;
  return /^[0-9]{1,9}$/.test(clean) ? Number(clean) : clean;
}

/** The entries of a text with one in each line; undefined for none. */
export function linesFrom(text: string): readonly string[] | undefined {
  const lines = text
    .split(/[\n,;]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.length === 0 ? undefined : lines;
}

export function linesOf(value: unknown): string {
  return Array.isArray(value) ? value.filter((line) => typeof line === 'string').join('\n') : textOf(value);
}

/** A profile with nothing in it but what a person chooses first. */
export const NEW_PROFILE: Written = {
  version: 1,
  name: '',
  gateway: { address: '' },
  user: { method: 'eap-mschapv2', username: '' },
};

const USER_KEYS = {
  'eap-mschapv2': ['username', 'eapIdentity', 'ikeIdentity'],
  'eap-gtc': ['username', 'eapIdentity', 'ikeIdentity'],
  certificate: ['certificate', 'privateKey', 'identity'],
  psk: ['identity'],
} as const;
export type UserMethod = keyof typeof USER_KEYS;
export const USER_METHODS = Object.keys(USER_KEYS) as readonly UserMethod[];

/** The profile with another way to log in, and without what belongs to the ways before. */
export function withMethod(profile: Written, method: UserMethod): Written {
  const user = profile['user'];
  const known: readonly string[] = USER_KEYS[method];
  const kept = isTable(user) ? Object.entries(user).filter(([key]) => known.includes(key)) : [];
  const changed = withValue(profile, 'user', { method, ...Object.fromEntries(kept) });
  return method === 'psk' ? withValue(changed, 'gateway.authorities', undefined) : changed;
}

export function methodOf(profile: Written): UserMethod {
  const method = valueAt(profile, 'user.method');
  return USER_METHODS.find((one) => one === method) ?? 'eap-mschapv2';
}

/** A copy under another name. */
export function copyOf(profile: Written, name: string): Written {
  return withValue(profile, 'name', name.slice(0, 100));
}

/** The profile with every default, or undefined while it has problems. */
export function completed(profile: Written): Profile | undefined {
  const parsed = parseProfile(profile);
  return parsed.ok ? parsed.value : undefined;
}

const smallest = parseProfile({
  version: 1,
  name: 'x',
  gateway: { address: 'x.example' },
  user: { method: 'eap-mschapv2', username: 'x' },
});

/** What holds at a place where nothing is said; undefined where nothing does. */
export function defaultAt(path: string): unknown {
  return smallest.ok ? valueAt(smallest.value, path) : undefined;
}
