import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import {
  connectionEventSchema,
  type ConnectedEvent,
  type ConnectionEvent,
  type FailedEvent,
} from '../../core/contract/snapshot.ts';
import type { ProfileInput } from '../../core/contract/profile.ts';
import { monotonicMs } from '../support/monotonic.ts';
import type { Namespace } from '../support/netns.ts';

const MAIN = join(import.meta.dirname, '../../core/cli/main.ts');
const CONNECT_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;

export interface CausewayOptions {
  /** The password or the pre-shared key, given through file descriptor 3. None for a certificate. */
  readonly secret?: string;
  /** More arguments, such as `--keylog FILE`. */
  readonly args?: readonly string[];
  /** Another form of the program than the sources. */
  readonly program?: readonly string[];
  /** A command before ours, that ends by becoming its arguments. */
  readonly wrap?: readonly string[];
}

/** How the process ended. */
export interface Ending {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Our own client as a person starts it: the command line tool, in a process of its own in a namespace. */
export class Causeway {
  readonly child: ChildProcess;
  readonly events: ConnectionEvent[] = [];
  /** When each of them was heard, on the clock of monotonic.ts. */
  readonly heardMs: number[] = [];
  readonly #ended: Promise<Ending>;
  readonly #waiting = new Set<() => void>();
  #stderr = '';
  #ending: Ending | undefined;

  private constructor(child: ChildProcess, directory: string) {
    this.child = child;
    createInterface({ input: child.stdout as Readable }).on('line', (line) => this.#line(line));
    child.stderr?.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()));
    this.#ended = new Promise((resolve) => {
      child.once('close', (status, signal) => {
        this.#ending = { status, signal };
        rmSync(directory, { recursive: true, force: true });
        this.#wake();
        resolve(this.#ending);
      });
    });
  }

  /** `causeway connect` with this profile. */
  static start(namespace: Namespace, profile: ProfileInput, options: CausewayOptions = {}): Causeway {
    const directory = mkdtempSync(join(tmpdir(), 'cw-client-'));
    const file = join(directory, 'profile.json');
    writeFileSync(file, JSON.stringify(profile));
    const program = options.program ?? [process.execPath, MAIN];
    const argv = [...program, 'connect', file, '--json'];
    if (options.secret !== undefined) argv.push('--password-fd', '3');
    const child = namespace.spawn([...(options.wrap ?? []), ...argv, ...(options.args ?? [])], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    const secret = child.stdio[3] as Writable;
    secret.on('error', () => undefined);
    secret.end(`${options.secret ?? ''}\n`);
    return new Causeway(child, directory);
  }

  /** Waits for the tunnel. Rejects when the client ends or fails instead; said() tells why. */
  connected(): Promise<ConnectedEvent> {
    return this.#event('connected');
  }

  /** Waits for the failure that is expected; rejects when there is none. */
  failed(): Promise<FailedEvent> {
    return this.#event('failed');
  }

  /** Waits for an event; rejects when the client ends first or says nothing like it for too long. */
  async until(
    matches: (event: ConnectionEvent) => boolean,
    timeoutMs = CONNECT_TIMEOUT_MS,
  ): Promise<ConnectionEvent> {
    const until = performance.now() + timeoutMs;
    for (;;) {
      const found = this.events.find(matches);
      if (found !== undefined) return found;
      if (this.#ending !== undefined || performance.now() >= until)
        throw new Error('an expected event did not come');
      await this.#change(until - performance.now());
    }
  }

  /** When the first event like that was heard at `sinceMs` or later. Rejects as until() does. */
  async heardSince(
    sinceMs: number,
    matches: (event: ConnectionEvent) => boolean,
    timeoutMs = CONNECT_TIMEOUT_MS,
  ): Promise<number> {
    let heardMs = 0;
    await this.until((event) => {
      heardMs = this.heardMs[this.events.indexOf(event)] ?? 0;
      return heardMs >= sinceMs && matches(event);
    }, timeoutMs);
    return heardMs;
  }

  /** Asks it to disconnect, as Ctrl-C does, and waits for its end. */
  async stop(): Promise<Ending> {
    if (this.#ending !== undefined) return this.#ending;
    this.child.kill('SIGINT');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    const ending = await this.#ended;
    clearTimeout(timer);
    return ending;
  }

  /** Waits for it to end by itself. */
  ended(): Promise<Ending> {
    return this.#ended;
  }

  /** Everything that it said, for the message of a test that failed. */
  said(): string {
    const events = this.events.map((event) => JSON.stringify(event)).join('\n');
    const ending = this.#ending ? `\nended: ${JSON.stringify(this.#ending)}` : '';
    return `causeway:\n${events}\n${this.#stderr}${ending}`;
  }

  /** The event of that kind; an ending of the other kind is not waited past. */
  async #event<K extends ConnectionEvent['event']>(
    kind: K,
  ): Promise<Extract<ConnectionEvent, { readonly event: K }>> {
    const found = await this.until(({ event }) => [kind, 'connected', 'failed'].includes(event));
    if (found.event !== kind) throw new Error(`expected a '${kind}' event`);
    return found as Extract<ConnectionEvent, { readonly event: K }>;
  }

  #change(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.#waiting.add(done);
    });
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  #line(line: string): void {
    this.events.push(connectionEventSchema.parse(JSON.parse(line)));
    this.heardMs.push(monotonicMs());
    this.#wake();
  }
}
