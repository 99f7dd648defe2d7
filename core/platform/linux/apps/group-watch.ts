import { watch, type FSWatcher } from 'node:fs';
import { groupsOf, type Group, type Hierarchy } from './group-tree.ts';

/** A change that nobody told of, because the kernel had too many to tell, is found after so long. */
const AGAIN_MS = 10_000;

/**
 * Watches the control groups of a machine as they come and go. The kernel tells of each that is made or removed in a
 * directory that is watched (inotify(7)), within a fraction of a millisecond and without cost while nothing happens; a
 * poll that is as quick would read a hundred directories a thousand times a second. Only what holds units is watched.
 */
export class GroupWatch {
  readonly #hierarchy: Hierarchy;
  readonly #onChange: () => void;
  readonly #watchers = new Map<number, FSWatcher>();
  readonly #again: NodeJS.Timeout;
  #isTelling = false;

  constructor(hierarchy: Hierarchy, onChange: () => void) {
    this.#hierarchy = hierarchy;
    this.#onChange = onChange;
    this.#again = setInterval(onChange, AGAIN_MS);
    this.#again.unref();
  }

  /** All groups now. Whatever holds units is watched from before it is read, so that nothing is missed between. */
  scan(): Group[] {
    for (;;) {
      const groups = groupsOf(this.#hierarchy);
      if (!this.#follow(groups)) return groups;
    }
  }

  close(): void {
    clearInterval(this.#again);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  /** Whether something is watched that was not before. */
  #follow(groups: readonly Group[]): boolean {
    const { root } = this.#hierarchy;
    const holders = new Map([[0, root]]);
    for (const { id, path, holdsUnits } of groups) if (holdsUnits) holders.set(id, `${root}/${path}`);
    for (const [id, watcher] of this.#watchers) {
      if (holders.has(id)) continue;
      watcher.close();
      this.#watchers.delete(id);
    }
    const added = [...holders].filter(([id, path]) => !this.#watchers.has(id) && this.#add(id, path));
    return added.length > 0;
  }

  #add(id: number, path: string): boolean {
    try {
      const watcher = watch(path, { persistent: false }, (event) => {
        // Something was made or removed; what is written to its files is no concern of ours.
        if (event === 'rename') this.#tell();
      });
      watcher.on('error', () => undefined);
      this.#watchers.set(id, watcher);
      return true;
    } catch {
      // It is gone again, or there are no watches left: then only the timer finds out.
      return false;
    }
  }

  /** What comes in one turn is one change. */
  #tell(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    setImmediate(() => {
      this.#isTelling = false;
      if (this.#watchers.size > 0) this.#onChange();
    });
  }
}
