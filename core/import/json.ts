import { parseProfile } from '../contract/profile.ts';
import type { ImportedFile, ImportResult } from './result.ts';

/** A profile of ours. Every key of it is taken as it is; what profile.ts does not accept is told as a problem. */
export function importJson({ source, contents }: ImportedFile): ImportResult {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(contents));
  } catch {
    return { kind: 'unreadable', source, why: 'not-json' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { kind: 'unreadable', source, why: 'not-json' };
  const profile = Object.fromEntries(Object.entries(value));
  const parsed = parseProfile(profile);
  return {
    kind: 'proposal',
    proposal: {
      source,
      profile,
      report: Object.keys(profile).map((key) => ({ key, outcome: 'taken' })),
      problems: parsed.ok ? [] : [...parsed.error],
    },
  };
}
