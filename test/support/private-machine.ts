import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ExecResult, Namespace } from './netns.ts';
import { waitFor } from './netns.ts';

/** What is unpacked for tests and never installed: see build/packages-debian.txt. */
export const UNPACKED = resolve(import.meta.dirname, '../../build/out/debian');

/** Why a test that needs packages unpacked cannot run; for node:test's `skip`. */
export function notUnpacked(...packages: readonly string[]): string | false {
  const missing = packages.filter((name) => !existsSync(join(UNPACKED, name)));
  return missing.length > 0 && `${missing.join()} not unpacked: run build/setup`;
}

export interface MachineOptions {
  /** Packages whose programs and libraries are to be seen where they would be installed. */
  readonly packages?: readonly string[];
}

/**
 * Makes everything that a machine changes about itself a copy of its own: /etc is as this machine's and can be written,
 * /run and /var/lib are empty. Arguments: a scratch directory, then directories of unpacked packages.
 */
const SCRIPT = `
set -e
mount --make-rprivate /
# What a namespace has in its place would go on to count as mounted, below everything that comes over it.
umount -l /etc/resolv.conf 2> /dev/null || true
scratch=$1
shift
mount -t tmpfs -o mode=755 tmpfs "$scratch"
mkdir "$scratch/etc" "$scratch/work"
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$scratch/etc,workdir=$scratch/work" /etc
for place in "$@"; do
  for part in sbin lib; do
    [ -d "$place/$part" ] && mount -t overlay overlay -o "lowerdir=$place/$part:/usr/$part" "/usr/$part"
  done
  [ -d "$place/etc" ] && cp -a "$place/etc/." /etc/
done
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=755 tmpfs /var/lib
rm -f /etc/resolv.conf
echo ready
exec sleep infinity
`;

/**
 * A machine in a network namespace that has files of its own as well: whatever is written to /etc, /run and /var/lib in it
 * is seen in it alone. It lives as long as one process.
 */
export class PrivateMachine {
  readonly #namespace: Namespace;
  readonly #holder: ChildProcess;
  readonly #scratch: string;

  private constructor(namespace: Namespace, holder: ChildProcess, scratch: string) {
    this.#namespace = namespace;
    this.#holder = holder;
    this.#scratch = scratch;
  }

  static async start(namespace: Namespace, { packages = [] }: MachineOptions = {}): Promise<PrivateMachine> {
    const scratch = mkdtempSync(join(tmpdir(), 'cw-machine-'));
    const places = packages.map((name) => join(UNPACKED, name));
    const argv = ['/usr/bin/unshare', '-m', '/bin/sh', '-c', SCRIPT, 'sh', scratch, ...places];
    const holder = namespace.spawn(argv, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    let heard = '';
    holder.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    holder.stdout?.on('data', (chunk: Buffer) => (heard += chunk.toString()));
    const isReady = (): boolean => heard !== '';
    await waitFor(() => isReady() || holder.exitCode !== null, 10_000, 'a machine with files of its own');
    if (!isReady()) throw new Error(`no machine: ${said}`);
    return new PrivateMachine(namespace, holder, scratch);
  }

  /** argv that runs `argv` on this machine. */
  argv(argv: readonly string[]): readonly [string, ...string[]] {
    const target = String(this.#holder.pid);
    return ['/usr/bin/nsenter', '--target', target, '--net', '--mount', '--wd=/', '--', ...argv];
  }

  /** Starts a program on it. */
  spawn(argv: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const [file, ...rest] = this.argv(argv);
    return spawn(file, rest, { ...options, shell: false });
  }

  /** Runs a program to its end, and blocks this process meanwhile. */
  exec(argv: readonly string[], input = ''): ExecResult {
    const [file, ...rest] = this.argv(argv);
    const done = spawnSync(file, rest, { input, timeout: 30_000, killSignal: 'SIGKILL', encoding: 'utf8' });
    return { status: done.status ?? -1, stdout: done.stdout, stderr: done.stderr };
  }

  /** Likewise; throws with what it said when it fails. Returns its standard output. */
  run(argv: readonly string[], input = ''): string {
    const { status, stdout, stderr } = this.exec(argv, input);
    if (status !== 0) throw new Error(`${argv.join(' ')}: status ${status}\n${stderr}${stdout}`);
    return stdout;
  }

  /** A line of shell. */
  sh(line: string, input = ''): string {
    return this.run(['/bin/sh', '-c', line], input);
  }

  write(path: string, text: string): void {
    this.sh(`cat > '${path}'`, text);
  }

  read(path: string): string {
    return this.run(['/bin/cat', path]);
  }

  ip(...args: readonly string[]): string {
    return this.#namespace.ip(...args);
  }

  /** Ends it. What still runs on it is ended with its network namespace. */
  destroy(): void {
    this.#holder.kill('SIGKILL');
    rmSync(this.#scratch, { recursive: true, force: true });
  }
}
