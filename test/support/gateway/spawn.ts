import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';
import type { Namespace } from '../netns.ts';
import type { GatewayConfigJson } from './config-json.ts';

/** One line that the program printed: `event` and what goes with it (report.ts). */
export type ReportedEvent = { readonly event: string } & Readonly<Record<string, unknown>>;

const PROGRAM = fileURLToPath(new URL('./main.ts', import.meta.url));
const DEFAULT_WAIT_MS = 10_000;

/** The gateway running as a process of its own in a namespace. */
export class GatewayProcess {
  readonly child: ChildProcess;
  /** Everything that it reported so far. */
  readonly events: ReportedEvent[] = [];
  #waiting: (() => void)[] = [];
  #said = '';

  private constructor(child: ChildProcess) {
    this.child = child;
    child.stderr?.on('data', (chunk: Buffer) => (this.#said += chunk.toString()));
    if (child.stdout !== null) {
      createInterface({ input: child.stdout }).on('line', (line) => {
        this.events.push(JSON.parse(line) as ReportedEvent);
        this.#wake();
      });
    }
    child.once('close', () => this.#wake());
  }

  /** Starts it and waits until its sockets are open. Rejects with what it said when it does not come up. */
  static async start(namespace: Namespace, config: GatewayConfigJson): Promise<GatewayProcess> {
    const child = namespace.spawn([process.execPath, PROGRAM], { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin?.on('error', () => undefined);
    const gateway = new GatewayProcess(child);
    gateway.#write(config);
    await gateway.wait('ready');
    return gateway;
  }

  /** The first event of a kind, past or to come, from position `after` on, that `fits`. */
  async wait(
    event: string,
    fits: (event: ReportedEvent) => boolean = () => true,
    { after = 0, timeoutMs = DEFAULT_WAIT_MS }: { after?: number; timeoutMs?: number } = {},
  ): Promise<ReportedEvent> {
    const until = performance.now() + timeoutMs;
    for (;;) {
      const found = this.events.slice(after).find((one) => one.event === event && fits(one));
      if (found !== undefined) return found;
      const left = until - performance.now();
      if (left <= 0 || this.child.exitCode !== null) throw new Error(this.#complaint(event));
      await this.#next(left);
    }
  }

  /** Gives a command, such as `delete-ike` (program.ts). */
  command(command: string): void {
    this.#write({ command });
  }

  /** Ends it and waits until it is gone. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => this.child.once('close', () => resolve()));
    this.child.kill('SIGTERM');
    await ended;
  }

  #write(value: object): void {
    this.child.stdin?.write(`${JSON.stringify(value)}\n`);
  }

  #complaint(event: string): string {
    const last = this.events.slice(-12).map((one) => JSON.stringify(one));
    return [`the gateway did not report '${event}'`, ...last, this.#said].join('\n');
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #next(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
