import type { ActivityEntry } from '../../../core/contract/gui-api.ts';

export type ActivityFilter = { readonly words: string; readonly kinds: 'all' | 'trouble' };

const TROUBLE: readonly ActivityEntry['kind'][] = ['failure', 'warning', 'service'];

/** Entries with the text that a person reads, newest first, that the filter lets through. */
export function filtered<T extends { readonly entry: ActivityEntry; readonly text: string }>(
  rows: readonly T[],
  { words, kinds }: ActivityFilter,
): T[] {
  const wanted = words
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return rows
    .filter(({ entry }) => kinds === 'all' || isTrouble(entry))
    .filter(({ entry, text }) => {
      const all = `${text} ${entry.profile ?? ''}`.toLowerCase();
      return wanted.every((word) => all.includes(word));
    })
    .toReversed();
}

export function isTrouble({ kind, what }: ActivityEntry): boolean {
  if (kind === 'state') return what === 'reconnecting' || what === 'waiting-for-network';
  return TROUBLE.includes(kind) && what !== 'ready';
}

/** A fact of a failure by its name, as lines; undefined when there is none of that name. */
export function factLines(
  context: Readonly<Record<string, string | number | boolean | readonly string[]>>,
  name: string,
): readonly string[] | undefined {
  const value = context[name];
  if (value === undefined || value === '') return undefined;
  const lines = typeof value === 'object' ? value : [String(value)];
  return lines.length > 0 ? lines : undefined;
}
