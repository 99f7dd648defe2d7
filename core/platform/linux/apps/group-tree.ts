import { readdirSync, statfsSync, statSync } from 'node:fs';
import { appNamesOf, holdsUnits, isPlainName, runAppOf } from './unit-names.ts';

/** Where nft looks for control groups; it cannot be told another place. */
const PLACE = '/sys/fs/cgroup';
/** statfs(2): CGROUP2_SUPER_MAGIC. */
const CGROUP2 = 0x63677270;

/** The hierarchy of control groups (cgroups(7), version 2) as this process sees it. */
export interface Hierarchy {
  /** The directory of its root. */
  readonly root: string;
  /** What its paths begin with when nft is told of one: '' or a directory with a slash behind it. */
  readonly prefix: string;
}

/** The machine's hierarchy: all there is, or beside those of version 1. Undefined: nft could name no group here. */
export function findHierarchy(place = PLACE): Hierarchy | undefined {
  return [
    { root: place, prefix: '' },
    { root: `${place}/unified`, prefix: 'unified/' },
  ].find(({ root }) => isCgroup2(root));
}

function isCgroup2(directory: string): boolean {
  try {
    return statfsSync(directory).type === CGROUP2;
  } catch {
    return false;
  }
}

/** A control group that may be an application, or that holds such. */
export interface Group {
  /** From the root, without a slash in front. */
  readonly path: string;
  /** Its inode: another group has another one, also one of the same path later (cgroup_id in the kernel). */
  readonly id: number;
  readonly holdsUnits: boolean;
  /** What its application may be called. */
  readonly apps: readonly string[];
}

/** A directory of control groups has one link more for each group in it. */
const LINKS_OF_EMPTY = 2;
/** As deep as a group can be for the firewall to know it; desktops need seven. */
export const DEEPEST = 8;

/** All groups down to the units and the ones that we made in them, in no certain order. What vanishes meanwhile may be missing. */
export function groupsOf({ root }: Pick<Hierarchy, 'root'>): Group[] {
  const groups: Group[] = [];
  const walk = (parent: string, depth: number, isInUnit: boolean): void => {
    if (depth > DEEPEST) return;
    for (const name of subdirectories(`${root}/${parent}`)) {
      if (!isPlainName(name)) continue;
      // Below a unit only our own groups are looked for: the rest is as the unit is.
      if (isInUnit && runAppOf(name) === undefined) continue;
      const path = parent === '' ? name : `${parent}/${name}`;
      const found = statSync(`${root}/${path}`, { throwIfNoEntry: false });
      if (!found) continue;
      const isHolder = !isInUnit && holdsUnits(name);
      groups.push({ path, id: found.ino, holdsUnits: isHolder, apps: appNamesOf(path) });
      if (!isInUnit && found.nlink > LINKS_OF_EMPTY) walk(path, depth + 1, !isHolder);
    }
  };
  walk('', 1, false);
  return groups;
}

function subdirectories(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}
