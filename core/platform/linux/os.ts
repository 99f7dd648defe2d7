import type { Failure } from '../../lib/failure.ts';
import type { Result } from '../../lib/result.ts';

/** A program of the system that we start; never anything else, and never through a shell. */
export type Tool = 'ip' | 'nft' | 'resolvconf';

export interface CommandResult {
  /** The exit status; -1 when a signal or the time limit ended it. */
  readonly status: number;
  readonly stderr: string;
}

/** A process, told apart from a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in clock ticks since boot. */
  readonly startTicks: number;
}

/** Where the journal is kept. One text that survives this process, but not a reboot. */
export interface JournalStore {
  /** Where it is, for people. */
  readonly place: string;
  /** undefined: there is none. Throws when there is one that cannot be read or trusted. */
  read(): string | undefined;
  /** False, and nothing changed, when there is one already. Throws when it cannot be written. */
  create(text: string): boolean;
  /** Throws when it cannot be written; the old one is then still whole. */
  replace(text: string): void;
  remove(): void;
}

/** What the Linux platform does to the machine, as arguments: the real one is real-os.ts. */
export interface LinuxOs {
  /** Runs a tool to its end with `input` on standard input. Fails with platform.tool-missing alone. */
  run(tool: Tool, args: readonly string[], input: string): Promise<Result<CommandResult, Failure>>;
  /** The text of a file under /proc/sys without white space around it; undefined when it cannot be read. */
  readParameter(path: string): string | undefined;
  /** Throws when it is refused. */
  writeParameter(path: string, value: string): void;
  /** Names of the interfaces that have IPv4 parameters, 'all' and 'default' among them. */
  parameterInterfaces(): readonly string[];
  readonly journal: JournalStore;
  readonly self: ProcessIdentity;
  isAlive(process: ProcessIdentity): boolean;
}
