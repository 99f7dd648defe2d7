import type { ChildProcess } from 'node:child_process';
import type { Writable } from 'node:stream';
import { connectionEventSchema, type ConnectedEvent } from '../../core/contract/snapshot.ts';
import { endProgram, ReportedLines } from '../support/gateway/reported-lines.ts';
import type { Namespace } from '../support/netns.ts';

const PASSWORD_FD = 3;
const CONNECT_MS = 15_000;

/** The real client, as a user would start it, in a namespace. */
export class ClientProcess {
  readonly child: ChildProcess;
  readonly lines: ReportedLines;
  /** Resolves when the program is gone. */
  readonly ended: Promise<void>;

  private constructor(child: ChildProcess) {
    this.child = child;
    this.ended = new Promise((resolve) => child.once('close', () => resolve()));
    this.lines = new ReportedLines('the client', child);
  }

  /** Starts the program with its password on a descriptor. */
  static start(namespace: Namespace, program: string, profilePath: string, password: string): ClientProcess {
    const argv = [program, 'connect', profilePath, '--password-fd', `${PASSWORD_FD}`, '--json'];
    const child = namespace.spawn(argv, {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      // A group of its own: Ctrl-C is for the demo, which then ends the client in order.
      detached: true,
    });
    const secret = child.stdio[PASSWORD_FD] as Writable;
    secret.on('error', () => undefined);
    secret.end(`${password}\n`);
    return new ClientProcess(child);
  }

  /** What it reports once the tunnel carries traffic. Rejects with its own sentences when it fails. */
  async connected(): Promise<ConnectedEvent> {
    try {
      const event = await this.lines.wait('connected', () => true, { timeoutMs: CONNECT_MS });
      const parsed = connectionEventSchema.parse(event);
      if (parsed.event !== 'connected') throw new Error(`not the event 'connected': ${parsed.event}`);
      return parsed;
    } catch (error) {
      const failed = this.lines.events.map((one) => connectionEventSchema.safeParse(one).data);
      const last = failed.findLast((one) => one?.event === 'failed');
      if (last?.event !== 'failed') throw error;
      const { title, why, next } = last.failure;
      throw new Error(`the client failed: ${title} ${why} ${next}`, { cause: error });
    }
  }

  /** Ctrl-C: ends the connection, and resolves with the exit code when the client is gone. */
  async disconnect(): Promise<number | null> {
    return endProgram(this.child, 'SIGINT');
  }
}
