import { fileURLToPath } from 'node:url';
import { AskedProgram } from '../asked-program.ts';
import type { Namespace } from '../netns.ts';
import type { Impairment } from './impairment.ts';
import type { Direction, RelayAnswer, RelayCommand, RelayConfig } from './types.ts';

const PROGRAM = fileURLToPath(new URL('./main.ts', import.meta.url));

/** The relay running as a process of its own in a namespace. Each call resolves when it is in force. */
export class RelayProcess {
  readonly #program: AskedProgram;

  private constructor(program: AskedProgram) {
    this.#program = program;
  }

  static async start(namespace: Namespace, config: RelayConfig): Promise<RelayProcess> {
    const argv = [process.execPath, PROGRAM];
    return new RelayProcess(await AskedProgram.start('the relay', namespace, argv, config));
  }

  /** Changes what befalls datagrams, in both directions unless one is named. */
  impair(impairment: Partial<Impairment>, direction?: Direction): Promise<RelayAnswer> {
    return this.#ask({ command: 'impair', impairment, ...(direction ? { direction } : {}) });
  }

  /** A new port towards the gateway, and a new address too when `address`. */
  rebind({ address = false } = {}): Promise<RelayAnswer> {
    return this.#ask({ command: 'rebind', address });
  }

  /** A dead path: in both directions unless told. */
  block({ up = true, down = true } = {}): Promise<RelayAnswer> {
    return this.#ask({ command: 'block', up, down });
  }

  unblock(): Promise<RelayAnswer> {
    return this.#ask({ command: 'block', up: false, down: false });
  }

  /** Mappings end after so long without anything going up; 0 never. */
  forgetAfter(idleMs: number): Promise<RelayAnswer> {
    return this.#ask({ command: 'idle', idleMs });
  }

  counters(): Promise<RelayAnswer> {
    return this.#ask({ command: 'counters' });
  }

  stop(): Promise<void> {
    return this.#program.stop();
  }

  #ask(command: RelayCommand): Promise<RelayAnswer> {
    return this.#program.ask<RelayAnswer>(command);
  }
}
