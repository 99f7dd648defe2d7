import { chmodSync, mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { failure, type Failure } from '../../../lib/failure.ts';
import { err, ok, type Result } from '../../../lib/result.ts';
import { plainAppName } from '../../../net/policy/app-name.ts';
import { startOf } from '../process-identity.ts';
import { DEEPEST, groupsOf, type Hierarchy } from './group-tree.ts';
import { holdsUnits, isPlainName, runAppOf, runGroupName } from './unit-names.ts';

/** What is empty is looked for so often, as long as there may be something. */
const SWEEP_MS = 60_000;
/** … and each time that so many were asked for: the kernel and the firewall keep every one. */
const SWEEP_EVERY = 32;

/** A process that asks, as the kernel names it (SO_PEERCRED). */
export interface Asker {
  readonly pid: number;
  readonly uid: number;
}

export interface RunGroupsOptions {
  /** Undefined: programs cannot be told apart here. */
  readonly hierarchy: Hierarchy | undefined;
  /** Resolves when the firewall knows every group that there is. */
  readonly refresh: () => Promise<Result<void, Failure>>;
  /** Where processes are looked up; for tests. */
  readonly proc?: string;
}

/**
 * Groups in which processes ask to be put, to become programs of an application before they send anything. Such a group
 * is made in the unit that the process is in already, and has a fixed name: so the process keeps the limits of its unit
 * and ends with it, and nobody names a path.
 */
export class RunGroups {
  readonly #options: RunGroupsOptions;
  /** Groups that are about to be used, and must not be taken away for being empty. */
  readonly #awaited = new Map<string, number>();
  #sweeper: NodeJS.Timeout | undefined;
  #entered = 0;

  constructor(options: RunGroupsOptions) {
    this.#options = options;
    this.sweep();
  }

  /**
   * Makes a process one of an application's programs; it, and what it starts, is that from then on. Fails with
   * platform.no-programs and program-not-moved, and with what the firewall fails with: then it is where it was.
   */
  async enter(asker: Asker, app: string): Promise<Result<void, Failure>> {
    const { hierarchy, refresh, proc = '/proc' } = this.#options;
    if (!hierarchy) return err(failure('platform.no-programs'));
    const name = plainAppName(app);
    let group: string | undefined;
    if (++this.#entered % SWEEP_EVERY === 0) this.sweep();
    try {
      const startTicks = startOfAsker(asker, proc);
      group = `${hierarchy.root}${placeFor(ownGroup(asker.pid, proc), name)}`;
      this.#await(group, 1);
      make(group);
      // Before the process is in the group the rules know whose it is.
      const known = await refresh();
      if (!known.ok) return known;
      if (startOf(asker.pid, proc) !== startTicks) throw new Error('it ended meanwhile');
      writeFileSync(`${group}/cgroup.procs`, `${asker.pid}`);
      return ok(undefined);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      return err(failure('platform.program-not-moved', { app: name, detail }));
    } finally {
      if (group !== undefined) this.#await(group, -1);
      this.#sweepLater();
    }
  }

  /** Takes away groups of ours in which nobody is. Whether there are others. */
  sweep(): boolean {
    const { hierarchy } = this.#options;
    if (!hierarchy) return false;
    const own = groupsOf(hierarchy).filter(
      ({ path }) => runAppOf(path.split('/').at(-1) ?? '') !== undefined,
    );
    const left = own.filter(({ path }) => !this.#isTaken(`${hierarchy.root}/${path}`));
    if (left.length > 0) this.#sweepLater();
    return left.length > 0;
  }

  close(): void {
    clearTimeout(this.#sweeper);
    this.sweep();
    clearTimeout(this.#sweeper);
  }

  #isTaken(group: string): boolean {
    if (this.#awaited.has(group)) return false;
    try {
      rmdirSync(group);
      return true;
    } catch {
      // Somebody is in it.
      return false;
    }
  }

  #await(group: string, change: number): void {
    const count = (this.#awaited.get(group) ?? 0) + change;
    if (count > 0) this.#awaited.set(group, count);
    else this.#awaited.delete(group);
  }

  /** Not put off by those who go on asking. */
  #sweepLater(): void {
    if (this.#sweeper !== undefined) return;
    this.#sweeper = setTimeout(() => {
      this.#sweeper = undefined;
      this.sweep();
    }, SWEEP_MS);
    this.#sweeper.unref();
  }
}

/** The process that asks: the number may be another one's by now, and that would be moved by mistake. */
function startOfAsker({ pid, uid }: Asker, proc: string): number {
  const startTicks = startOf(pid, proc);
  const real = /^Uid:\t(\d+)\t/m.exec(readFileSync(`${proc}/${pid}/status`, 'latin1'))?.[1];
  if (startTicks === undefined || Number(real) !== uid) throw new Error('it is not there any more');
  return startTicks;
}

/** The control group of a process, from the root: '/' or '/a/b' (cgroups(7)). */
function ownGroup(pid: number, proc: string): string {
  const found = /^0::(\/.*)$/m.exec(readFileSync(`${proc}/${pid}/cgroup`, 'latin1'))?.[1];
  if (found === undefined) throw new Error('it is in no control group of version 2');
  return found;
}

/** Where a process of that group is put: below its unit, or below what holds units when it is in none. */
export function placeFor(group: string, app: string): string {
  const parts = group.split('/').filter((part) => part !== '');
  const end = parts.findIndex((part) => !holdsUnits(part));
  const unit = end < 0 ? parts : parts.slice(0, runAppOf(parts[end] ?? '') === undefined ? end + 1 : end);
  // A process that we cannot see the group of has one above our own root, as '/../a'.
  if (unit.some((part) => part === '..' || !isPlainName(part)))
    throw new Error('its control group has no plain name');
  if (unit.length >= DEEPEST) throw new Error('its control group is too deep');
  return ['', ...unit, runGroupName(app)].join('/');
}

/** Whoever runs the unit has to see what is in it, whatever our umask is. */
function make(group: string): void {
  if (statSync(group, { throwIfNoEntry: false })?.isDirectory() === true) return;
  mkdirSync(group);
  chmodSync(group, 0o755);
}
