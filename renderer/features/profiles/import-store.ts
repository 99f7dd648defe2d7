import { useSyncExternalStore } from 'react';
import type { Conversion } from '../../../core/contract/gui-api.ts';
import type { Written } from './model/written.ts';

/**
 * What is being imported, wherever in the window it began: a file that was chosen or dropped, and a profile that is to
 * be edited before it is added.
 */
export interface ImportState {
  readonly conversion: Conversion | undefined;
  readonly draft: Written | undefined;
  /** What was done last, for the list to say. */
  readonly done: { readonly what: 'added' | 'replaced'; readonly name: string } | undefined;
}

let state: ImportState = { conversion: undefined, draft: undefined, done: undefined };
const watchers = new Set<() => void>();

export function changeImport(change: Partial<ImportState>): void {
  state = { ...state, ...change };
  for (const watch of watchers) watch();
}

export function useImport(): ImportState {
  return useSyncExternalStore(
    (watch) => {
      watchers.add(watch);
      return () => watchers.delete(watch);
    },
    () => state,
  );
}
