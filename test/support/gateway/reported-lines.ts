import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/** One line of JSON that a program printed: `event` says what it is about. */
export type ReportedEvent = { readonly event: string } & Readonly<Record<string, unknown>>;

export interface WaitOptions {
  /** Position in `events` to begin at. */
  readonly after?: number;
  readonly timeoutMs?: number;
}

const DEFAULT_WAIT_MS = 10_000;

/** What a program reports, one JSON object a line on its standard output. */
export class ReportedLines {
  /** Everything so far. */
  readonly events: ReportedEvent[] = [];
  readonly #name: string;
  readonly #child: ChildProcess;
  #waiting: (() => void)[] = [];
  #errors = '';

  /** `name` is what the program is called when it does not report what it should. */
  constructor(name: string, child: ChildProcess) {
    this.#name = name;
    this.#child = child;
    child.stderr?.on('data', (chunk: Buffer) => (this.#errors += chunk.toString()));
    if (child.stdout !== null) {
      createInterface({ input: child.stdout }).on('line', (line) => {
        this.events.push(JSON.parse(line) as ReportedEvent);
        this.#wake();
      });
    }
    child.once('error', () => this.#wake());
    child.once('close', () => this.#wake());
  }

  /** The first event of a kind, past or to come, that `fits`. Rejects when the program ends or time is up first. */
  async wait(
    event: string,
    fits: (event: ReportedEvent) => boolean = () => true,
    { after = 0, timeoutMs = DEFAULT_WAIT_MS }: WaitOptions = {},
  ): Promise<ReportedEvent> {
    const until = performance.now() + timeoutMs;
    for (;;) {
      const found = this.events.slice(after).find((one) => one.event === event && fits(one));
      if (found !== undefined) return found;
      const left = until - performance.now();
      if (left <= 0 || this.ended) throw new Error(this.#complaint(event));
      await this.#next(left);
    }
  }

  /** Whether the program is gone. */
  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #complaint(event: string): string {
    const last = this.events.slice(-8).map((one) => JSON.stringify(one));
    return [`${this.#name} did not report '${event}'`, ...last, this.#errors].join('\n').trim();
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

/** Signals a program and resolves when it is gone, with its exit code; kills it when it takes too long. */
export async function endProgram(
  child: ChildProcess,
  signal: 'SIGINT' | 'SIGTERM',
  patienceMs = 5000,
): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  await ended;
  clearTimeout(timer);
  return child.exitCode;
}
