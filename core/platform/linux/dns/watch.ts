import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Timers } from '../timers.ts';

/** What is written is often written in several steps; the last of them counts. */
const QUIET_MS = 100;

/**
 * Calls back when the file at one of the paths, or something in one of the directories, is another than before, some
 * moments after the last change. What is not there is not watched. The returned function ends it.
 */
export function watchFiles(
  paths: { readonly files: readonly string[]; readonly directories: readonly string[] },
  timers: Timers,
  callback: () => void,
): () => void {
  let cancel = (): void => undefined;
  const changed = (): void => {
    cancel();
    cancel = timers.after(QUIET_MS, callback);
  };
  const watchers: FSWatcher[] = [];
  const add = (directory: string, name?: string): void => {
    try {
      const watcher = watch(directory, { persistent: false }, (_, filename) => {
        if (name === undefined || filename === name) changed();
      });
      watcher.on('error', () => watcher.close());
      watchers.push(watcher);
    } catch {
      // It is not there.
    }
  };
  // A file that another one takes the place of is watched by its directory; one that is mounted, by itself.
  for (const file of paths.files) {
    add(dirname(file), basename(file));
    add(file);
  }
  for (const directory of paths.directories) add(directory);
  return () => {
    cancel();
    for (const watcher of watchers) watcher.close();
  };
}
