import { failure, type Failure } from '../../lib/failure.ts';
import type { Log } from '../../lib/ports.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import type { Firewall, FirewallPlan } from '../ports.ts';
import { appsOf, fillScript } from './apps/group-script.ts';
import type { Group, Hierarchy } from './apps/group-tree.ts';
import { GroupWatch } from './apps/group-watch.ts';
import { FIREWALL_TABLE, firewallScript, NO_FIREWALL } from './firewall-script.ts';
import type { LinuxOs } from './os.ts';

/** What of the machine's control groups rules about programs need; GroupWatch is the real one. */
export interface WatchedGroups {
  scan(): readonly Group[];
  close(): void;
}

/** How programs are told apart. Without it a plan that speaks of some is refused. */
export interface ProgramGroups {
  readonly hierarchy: Hierarchy;
  readonly watch: (onChange: () => void) => WatchedGroups;
  /** Starts what the next change is made with: a program that has just begun waits for it. */
  readonly prepare: () => void;
  readonly log: Log;
}

export function programGroups(
  hierarchy: Hierarchy | undefined,
  prepare: () => void,
  log: Log,
): ProgramGroups | undefined {
  if (!hierarchy) return undefined;
  const watch = (onChange: () => void): GroupWatch => new GroupWatch(hierarchy, onChange);
  return { hierarchy, watch, prepare, log };
}

/** A group that is gone before nft has looked at it makes nft refuse all; then there is another look. */
const ATTEMPTS = 5;

/**
 * The firewall of Linux: one nftables table of ours, replaced in one transaction, so that there is no moment with half
 * of it. Nothing of it needs a journal: the table's name says whose it is, and taking it away undoes everything. It
 * outlives this process on purpose: what was closed stays closed while the service is being restarted.
 *
 * Where the plan speaks of programs their control groups are watched, and the sets that hold them kept in step.
 */
export class LinuxFirewall implements Firewall {
  readonly #os: Pick<LinuxOs, 'run'>;
  readonly #programs: ProgramGroups | undefined;
  /** The script that stands; undefined when nobody here knows. */
  #standing: string | undefined;
  /** The applications that it speaks of, and the groups that are in its sets. */
  #apps: readonly string[] = [];
  #filled: ReadonlySet<number> = new Set();
  #watch: WatchedGroups | undefined;
  #isToFill = false;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(os: Pick<LinuxOs, 'run'>, programs?: ProgramGroups) {
    this.#os = os;
    this.#programs = programs;
  }

  /** The applications that the rules in force speak of. */
  get apps(): readonly string[] {
    return this.#apps;
  }

  /** Fails with platform.firewall-failed, no-programs or tool-missing; what stood before then still stands. */
  apply(plan: FirewallPlan): Promise<Result<void, Failure>> {
    return this.#turn(() => this.#load(firewallScript(plan), appsOf(plan.steering)));
  }

  clear(): Promise<Result<void, Failure>> {
    return this.#turn(() => this.#load(NO_FIREWALL, []));
  }

  /** Somebody else may have changed what stands: the next call makes it anew. */
  forget(): void {
    this.#standing = undefined;
  }

  /** Resolves when the rules in force know all groups that there are now. */
  refresh(): Promise<Result<void, Failure>> {
    return this.#turn(() => this.#fill());
  }

  /** What stands goes on standing, and knows no group that is made from now on. */
  close(): void {
    this.#watch?.close();
    this.#watch = undefined;
  }

  #turn(task: () => Promise<Result<void, Failure>>): Promise<Result<void, Failure>> {
    const turn = this.#queue.then(task);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  async #load(script: string, apps: readonly string[]): Promise<Result<void, Failure>> {
    if (script === this.#standing) return this.#fill();
    const programs = this.#programs;
    if (apps.length > 0 && !programs) return err(failure('platform.no-programs'));
    const watch = apps.length === 0 ? undefined : (this.#watch ?? programs?.watch(() => this.#noticed()));
    const done = await this.#run(script, () => this.#filling(watch, apps));
    if (!done.ok) {
      if (watch !== this.#watch) watch?.close();
      return done;
    }
    if (watch !== this.#watch) this.#watch?.close();
    this.#watch = watch;
    this.#standing = script;
    this.#apps = apps;
    return done;
  }

  /** Groups came or went; what is noticed before the last is dealt with is dealt with together with it. */
  #noticed(): void {
    if (this.#isToFill) return;
    this.#isToFill = true;
    void this.refresh().then((done) => {
      if (!done.ok)
        this.#programs?.log('error', 'programs-not-followed', {
          code: done.error.code,
          ...done.error.context,
        });
    });
  }

  #fill(): Promise<Result<void, Failure>> {
    this.#isToFill = false;
    const [watch, apps] = [this.#watch, this.#apps];
    if (!watch) return Promise.resolve(ok(undefined));
    const filling = this.#filling(watch, apps);
    // Groups that are gone may stay in the sets until another one comes: no other group is ever taken for them.
    if (filling.ids.every((id) => this.#filled.has(id))) return Promise.resolve(ok(undefined));
    return this.#run('', () => this.#filling(watch, apps), filling);
  }

  #filling(watch: WatchedGroups | undefined, apps: readonly string[]): Filling {
    if (!watch || !this.#programs) return { text: '', ids: [] };
    const groups = watch.scan();
    const text = fillScript(FIREWALL_TABLE, apps, groups, this.#programs.hierarchy.prefix);
    return { text, ids: groups.map(({ id }) => id) };
  }

  async #run(script: string, fill: () => Filling, first = fill()): Promise<Result<void, Failure>> {
    for (let [attempt, filling] = [1, first]; ; attempt++, filling = fill()) {
      const done = await this.#os.run('nft', ['-f', '-'], `${script}${filling.text}`);
      if (!done.ok) return done;
      if (done.value.status === 0) {
        this.#filled = new Set(filling.ids);
        if (filling.text !== '') this.#programs?.prepare();
        return ok(undefined);
      }
      if (filling.text !== '' && attempt < ATTEMPTS) continue;
      const detail = done.value.stderr.split('\n')[0]?.trim() ?? '';
      return err(failure('platform.firewall-failed', { detail }));
    }
  }
}

interface Filling {
  readonly text: string;
  readonly ids: readonly number[];
}
