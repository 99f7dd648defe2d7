import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { endProgram, ReportedLines } from './gateway/reported-lines.ts';
import type { Namespace } from './netns.ts';

/*
 * Helper programs of the laboratories, one process each in a namespace: the first line on standard input says what to
 * be, further ones are questions with an id, and each gets one answer with that id. All lines are JSON.
 */

/** The running side of a helper program. */
export interface Answerer {
  /** Told with `ready`. */
  readonly ready: object;
  answer(question: object): Promise<object> | object;
}

/** What a helper program's main does: becomes what the first line says, then answers. Ends with its input. */
export async function serveQuestions(
  begin: (config: unknown) => Promise<Answerer> | Answerer,
): Promise<void> {
  const print = (event: string, more: object): void => {
    process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);
  };
  // Whoever asked may be gone before the answer.
  process.stdout.on('error', () => process.exit(0));
  let answerer: Answerer | undefined;
  for await (const line of createInterface({ input: process.stdin })) {
    const value = JSON.parse(line) as object;
    if (answerer === undefined) {
      answerer = await begin(value);
      print('ready', answerer.ready);
      continue;
    }
    // Not awaited: an answer that takes long holds up no other.
    const { id } = value as { id: number };
    Promise.resolve(answerer.answer(value)).then(
      (answer) => print('answer', { id, answer }),
      (error: unknown) => print('answer', { id, problem: String(error) }),
    );
  }
  process.exit(0);
}

/** A helper program that was started, as seen by the test. */
export class AskedProgram {
  readonly child: ChildProcess;
  /** What it told when it was ready. */
  ready: object = {};
  readonly #lines: ReportedLines;
  #asked = 0;

  private constructor(name: string, child: ChildProcess) {
    this.child = child;
    this.#lines = new ReportedLines(name, child);
    child.stdin?.on('error', () => undefined);
  }

  /** Starts it and waits until it is ready. Rejects with what it said when it is not. */
  static async start(
    name: string,
    namespace: Namespace,
    argv: readonly string[],
    config: object,
  ): Promise<AskedProgram> {
    const child = namespace.spawn(argv, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
    const program = new AskedProgram(name, child);
    program.#write(config);
    program.ready = await program.#lines.wait('ready');
    return program;
  }

  /** Asks, and resolves with the answer. Rejects when the program cannot, ends, or takes too long. */
  async ask<T>(question: object, timeoutMs?: number): Promise<T> {
    const id = (this.#asked += 1);
    const after = this.#lines.events.length;
    this.#write({ ...question, id });
    const fits = (event: Readonly<Record<string, unknown>>): boolean => event['id'] === id;
    const line = await this.#lines.wait('answer', fits, {
      after,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    const { problem } = line;
    if (typeof problem === 'string') throw new Error(`${JSON.stringify(question)}: ${problem}`);
    return line['answer'] as T;
  }

  /** Ends it and waits until it is gone. */
  async stop(): Promise<void> {
    await endProgram(this.child, 'SIGTERM');
  }

  #write(value: object): void {
    this.child.stdin?.write(`${JSON.stringify(value)}\n`);
  }
}
