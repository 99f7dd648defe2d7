import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Namespace } from '../netns.ts';
import type { GatewayConfigJson } from './config-json.ts';
import type { ProgramCommand } from './program.ts';
import { endProgram, ReportedLines, type ReportedEvent } from './reported-lines.ts';

const PROGRAM = fileURLToPath(new URL('./main.ts', import.meta.url));

/** The gateway running as a process of its own in a namespace. */
export class GatewayProcess {
  readonly child: ChildProcess;
  readonly #lines: ReportedLines;
  /** See ReportedLines. */
  readonly wait: ReportedLines['wait'];

  private constructor(child: ChildProcess) {
    this.child = child;
    this.#lines = new ReportedLines('the gateway', child);
    this.wait = this.#lines.wait.bind(this.#lines);
    child.stdin?.on('error', () => undefined);
  }

  /** Starts it and waits until its sockets are open. Rejects with what it said when it does not come up. */
  static async start(namespace: Namespace, config: GatewayConfigJson): Promise<GatewayProcess> {
    // A group of its own: Ctrl-C is for whoever started us, who then ends the gateway in order.
    const child = namespace.spawn([process.execPath, PROGRAM], {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const gateway = new GatewayProcess(child);
    gateway.#write(config);
    await gateway.wait('ready');
    return gateway;
  }

  /** Everything that it reported so far. */
  get events(): readonly ReportedEvent[] {
    return this.#lines.events;
  }

  /** Gives a command, such as `delete-ike` (program.ts). */
  command(command: string, options: Omit<ProgramCommand, 'command'> = {}): void {
    this.#write({ command, ...options });
  }

  /** Ends it and waits until it is gone. */
  async stop(): Promise<void> {
    await endProgram(this.child, 'SIGTERM');
  }

  #write(value: object): void {
    this.child.stdin?.write(`${JSON.stringify(value)}\n`);
  }
}
