import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { daemonApi, type DaemonApi, type Status } from '../../core/contract/daemon-api.ts';
import { connect } from '../../core/rpc/connect.ts';
import type { Client } from '../../core/rpc/client.ts';
import { SOCKET_NAME } from '../../core/daemon/socket-place.ts';
import type { Namespace } from './netns.ts';

const MAIN = join(import.meta.dirname, '../../core/daemon/main.ts');
const START_TIMEOUT_MS = 10_000;
/** Whoever has not ended by then is made to, and has no exit code. */
const END_TIMEOUT_MS = 20_000;
/** A group that no test depends on having a name. */
export const DAEMON_GROUP = 64_123;

export interface DaemonStart {
  /** Words of a command that becomes the service. */
  readonly before?: readonly string[];
  readonly nodeArguments?: readonly string[];
  /** Another form of the service than the sources. */
  readonly program?: readonly string[];
  /** Its log has what people see in an installation, and not each step. */
  readonly isTerse?: boolean;
  /** Who may use it besides root. */
  readonly group?: number;
  /** Beside our own. */
  readonly env?: NodeJS.ProcessEnv;
}

/** The service in a namespace, with directories of its own. */
export class DaemonProcess {
  readonly directory: string;
  readonly socketPath: string;
  readonly #namespace: Pick<Namespace, 'spawn'>;
  #child: ChildProcess | undefined;
  #said = '';

  private constructor(namespace: Pick<Namespace, 'spawn'>) {
    this.#namespace = namespace;
    this.directory = mkdtempSync(join(tmpdir(), 'cw-daemon-'));
    // As /run is: the service's own directory in it decides who gets in.
    chmodSync(this.directory, 0o755);
    mkdirSync(join(this.directory, 'etc', 'profiles.d'), { recursive: true });
    this.socketPath = join(this.directory, 'run', SOCKET_NAME);
  }

  static async start(namespace: Pick<Namespace, 'spawn'>, how: DaemonStart = {}): Promise<DaemonProcess> {
    const daemon = DaemonProcess.create(namespace);
    await daemon.start(how);
    return daemon;
  }

  /** Its directories, before it is started. */
  static create(namespace: Pick<Namespace, 'spawn'>): DaemonProcess {
    return new DaemonProcess(namespace);
  }

  /** Starts it again, after it ended or was killed. */
  async start(how: DaemonStart = {}): Promise<void> {
    const at = (name: string): string => join(this.directory, name);
    const sources = [process.execPath, ...(how.nodeArguments ?? []), MAIN];
    const argv = [...(how.before ?? []), ...(how.program ?? sources)];
    argv.push(...(how.isTerse === true ? [] : ['--verbose']), '--group', `${how.group ?? DAEMON_GROUP}`);
    argv.push('--run-dir', at('run'), '--state-dir', at('state'), '--config-dir', at('etc'));
    argv.push('--log-file', at('log'));
    // Users of the tests enter by the group alone.
    const env = { ...process.env, ...how.env };
    const child = this.#namespace.spawn(argv, { stdio: ['ignore', 'ignore', 'pipe'], env });
    child.stderr?.on('data', (chunk: Buffer) => (this.#said += chunk.toString()));
    this.#child = child;
    const until = performance.now() + START_TIMEOUT_MS;
    for (;;) {
      const client = await connect({ api: daemonApi, path: this.socketPath, ownerUid: 0, client: 'test' });
      if (client.ok) {
        client.value.close();
        return;
      }
      if (performance.now() > until || child.exitCode !== null || child.signalCode !== null)
        throw new Error(`no service: ${this.said()}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** The process inside the namespace: `ip netns exec` becomes it. */
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  async client(): Promise<Client<DaemonApi>> {
    const client = await connect({ api: daemonApi, path: this.socketPath, ownerUid: 0, client: 'test' });
    if (!client.ok) throw new Error(`${client.error.code}\n${this.said()}`);
    return client.value;
  }

  /** What it wrote, for whoever wonders why a test failed. */
  said(): string {
    try {
      return `${this.#said}\n${readFileSync(join(this.directory, 'log'), 'utf8')}`;
    } catch {
      return this.#said;
    }
  }

  /** Waits until it has ended by itself, or was killed by somebody else. */
  async gone(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise((resolve) => child.once('exit', resolve));
  }

  get isGone(): boolean {
    return this.#child === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Ends it by this signal, and waits for its end. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), END_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
    return child.exitCode;
  }

  async destroy(): Promise<void> {
    await this.end('SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** The statuses that a client is told, as they come. */
export class StatusWatch {
  readonly items: Status[] = [];
  readonly close: () => void;
  #wake: (() => void) | undefined;

  constructor(client: Client<DaemonApi>) {
    this.close = client.open(
      'status',
      {},
      {
        item: (status) => {
          this.items.push(status);
          this.#wake?.();
        },
        end: () => this.#wake?.(),
      },
    );
  }

  get last(): Status | undefined {
    return this.items.at(-1);
  }

  /** Resolves with the first status, from now on, that fits. */
  async until(fits: (status: Status) => boolean, what: string, timeoutMs = 20_000): Promise<Status> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const { last } = this;
      if (last && fits(last)) return last;
      const left = end - performance.now();
      if (left <= 0) throw new Error(`waited in vain for ${what}; the last was ${JSON.stringify(last)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

/** Runs a TypeScript file as another user; what it printed as JSON. */
export function asUser(
  { uid, gid }: { readonly uid: number; readonly gid: number },
  file: string,
  ...args: readonly string[]
): Promise<unknown> {
  const child = spawn(process.execPath, [file, ...args], {
    uid,
    gid,
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => {
      if (status === 0) resolve(JSON.parse(out));
      else reject(new Error(`status ${status}\n${errors}`));
    });
  });
}
