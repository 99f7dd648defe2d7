import { existsSync, mkdirSync, readdirSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findHierarchy } from '../../core/platform/linux/apps/group-tree.ts';
import { Namespace, waitFor } from './netns.ts';

/** Goes into a control group and becomes a program. */
const IN_GROUP = 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"';
/** Has what is below its control group for all that there is, where a machine has it. */
const WITH_OWN_VIEW = 'mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"';

/**
 * Control groups of a test's own: a part of the machine's hierarchy that is the whole of it for who is put there, with
 * slices, services and scopes as systemd and desktops make them. destroy() kills what is in them.
 */
export class ControlGroups {
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  /** Why there can be none here, or undefined; for `skip` of node:test. */
  static unavailable(): string | false {
    if (process.getuid?.() !== 0) return 'control groups need root';
    return findHierarchy() ? false : 'there is no cgroup2 here';
  }

  /** `label`: lower-case letters and digits. What an earlier, killed run with the same label left is swept. */
  static create(label: string): ControlGroups {
    const base = findHierarchy()?.root ?? '';
    for (const name of readdirSync(base)) {
      const owner = new RegExp(`^cw-${label}-(\\d+)$`).exec(name)?.[1];
      if (owner !== undefined && !existsSync(`/proc/${owner}`))
        void new ControlGroups(join(base, name)).destroy();
    }
    const groups = new ControlGroups(join(base, `cw-${label}-${process.pid}`));
    mkdirSync(groups.root);
    return groups;
  }

  /** Makes a group with all above it, and returns its path. */
  make(path: string): string {
    mkdirSync(join(this.root, path), { recursive: true });
    return path;
  }

  has(path: string): boolean {
    return existsSync(join(this.root, path));
  }

  /** Removes a group, once nobody is in it any more. */
  async remove(path: string): Promise<void> {
    const directory = join(this.root, path);
    await waitFor(() => removed(directory), 2_000, `the end of whoever is in ${path}`);
  }

  /** argv of a program that is in a group from its beginning. */
  argvIn(path: string, argv: readonly string[]): readonly [string, ...string[]] {
    return ['/bin/sh', '-c', IN_GROUP, 'sh', join(this.root, path), ...argv];
  }

  /** A namespace whose programs are in a group; as they see it this part is all of the hierarchy when `isOwnView`. */
  namespace(of: Namespace, path: string, isOwnView = false): Namespace {
    return new NamespaceInGroup(of.name, (argv) => {
      if (!isOwnView) return this.argvIn(path, of.argv(argv));
      const inside = of.argv(['/bin/sh', '-c', WITH_OWN_VIEW, 'sh', ...argv]);
      // The root of a view is where a process is when it gets it.
      return this.argvIn('', ['/usr/bin/unshare', '--cgroup', ...this.argvIn(path, inside)]);
    });
  }

  /** A namespace whose programs see the machine's own control groups. */
  inNetwork(of: Namespace): Namespace {
    return new NamespaceInGroup(of.name, (argv) => [
      '/usr/bin/nsenter',
      `--net=/run/netns/${of.name}`,
      ...argv,
    ]);
  }

  async destroy(): Promise<void> {
    if (!existsSync(this.root)) return;
    writeFileSync(join(this.root, 'cgroup.kill'), '1');
    await waitFor(() => removed(this.root), 5_000, `the end of whoever is in ${this.root}`);
  }
}

class NamespaceInGroup extends Namespace {
  readonly #wrap: (argv: readonly string[]) => readonly [string, ...string[]];

  constructor(name: string, wrap: (argv: readonly string[]) => readonly [string, ...string[]]) {
    super(name);
    this.#wrap = wrap;
  }

  override argv(argv: readonly string[]): readonly [string, ...string[]] {
    return this.#wrap(argv);
  }
}

/** Removes a group with all below it; false when somebody is in one of them. */
function removed(directory: string): boolean {
  for (const name of existsSync(directory) ? readdirSync(directory) : []) {
    const below = join(directory, name);
    if (statSync(below, { throwIfNoEntry: false })?.isDirectory() === true && !removed(below)) return false;
  }
  try {
    rmdirSync(directory);
    return true;
  } catch {
    return !existsSync(directory);
  }
}
