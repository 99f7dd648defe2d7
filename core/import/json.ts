import { PROFILE_KEYS } from '../contract/profile.ts';
import { Draft } from './draft.ts';
import { below, isTable } from './ledger.ts';
import type { ImportProposal } from './result.ts';

/** Keys that others put passwords under; a profile of ours has no place for any. */
const SECRET = /password|passphrase|secret|psk/i;

/** Whether JSON is meant to be a profile of ours. */
export function isOwnProfile(value: unknown): boolean {
  return isTable(value) && (Object.hasOwn(value, 'gateway') || Object.hasOwn(value, 'user'));
}

/** A profile of ours. Its known keys are taken as they are; what profile.ts does not accept is told as a problem. */
export function importJson(source: string, contents: Readonly<Record<string, unknown>>): ImportProposal {
  const draft = new Draft();
  for (const [key, value] of Object.entries(contents)) {
    if (PROFILE_KEYS['']?.includes(key) === true) draft.put(key, known(draft, key, value));
    else drop(draft, key, key);
  }
  return draft.propose(source, contents);
}

/** The value without keys that a profile does not have, all of them told. */
function known(draft: Draft, path: string, value: unknown): unknown {
  const keys = PROFILE_KEYS[path.replace(/\[\d+\]/g, '')];
  if (Array.isArray(value) && keys)
    return value.map((item, index) => known(draft, `${path}[${index}]`, item));
  if (!isTable(value) || !keys) {
    draft.ledger.taken(path);
    return value;
  }
  const kept: [string, unknown][] = [];
  for (const [key, inner] of Object.entries(value)) {
    if (keys.includes(key)) kept.push([key, known(draft, below(path, key), inner)]);
    else drop(draft, below(path, key), key);
  }
  return Object.fromEntries(kept);
}

function drop(draft: Draft, path: string, key: string): void {
  draft.ledger.ignored(path, SECRET.test(key) ? 'secret-not-kept' : 'unknown-key');
}
