import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import type { Log, LogFields, LogLevel } from '../lib/ports.ts';

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;

export interface LogFileOptions {
  readonly path: string;
  /** Behind so many octets a new file is begun, and the one before is kept beside it. */
  readonly maxOctets: number;
  readonly epoch: () => number;
  readonly level: LogLevel;
}

/** The log as others read it. */
export interface ReadableLog {
  /** The newest lines, oldest first; with `after` only those that were written behind so many. */
  tail(lines: number, after?: number): string[];
  /** How many lines this process has written. */
  readonly end: number;
  /** Calls back at each further line. Returns its undoing. */
  watch(callback: () => void): () => void;
}

/** Lines that are kept for whoever follows. */
const RECENT = 1000;
const LEVELS: readonly LogLevel[] = ['error', 'warn', 'info', 'debug', 'trace'];
/** Characters of a field that are kept: what comes from outside may be long. */
const MAX_FIELD = 500;
/** A file that could not be written is not tried again at once. */
const PAUSE_MS = 10_000;

/**
 * The service's log: a line a fact, the time first, then level, event and fields as JSON. One file and the one before
 * it. A log that cannot be written is no reason to end a connection: then nothing is kept until it can be again.
 */
export class LogFile implements ReadableLog {
  readonly #options: LogFileOptions;
  readonly #watchers = new Set<() => void>();
  /** The newest lines of this process, of which there were `#end`. */
  #recent: string[] = [];
  #end = 0;
  #descriptor: number | undefined;
  #octets = 0;
  /** When it could not be written, in milliseconds since 1970. */
  #failedAt: number | undefined;

  constructor(options: LogFileOptions) {
    this.#options = options;
    this.#open();
  }

  readonly log: Log = (level, event, fields) => {
    if (LEVELS.indexOf(level) > LEVELS.indexOf(this.#options.level)) return;
    const now = this.#options.epoch();
    const line = logLine(now, level, event, fields);
    // The clock may have been set back meanwhile.
    if (this.#failedAt !== undefined && Math.abs(now - this.#failedAt) >= PAUSE_MS) this.#open();
    try {
      this.#write(`${line}\n`);
    } catch {
      this.#failedAt = now;
      this.close();
    }
    this.#note(line);
  };

  get end(): number {
    return this.#end;
  }

  watch(callback: () => void): () => void {
    this.#watchers.add(callback);
    return () => this.#watchers.delete(callback);
  }

  tail(lines: number, after?: number): string[] {
    if (after !== undefined) {
      const wanted = Math.min(this.#end - after, lines);
      return wanted > 0 ? this.#recent.slice(-wanted) : [];
    }
    const { path, maxOctets } = this.#options;
    const all = [`${path}.1`, path].flatMap((file) => linesOf(file, maxOctets));
    return all.slice(-lines);
  }

  #note(line: string): void {
    this.#end++;
    this.#recent.push(line);
    // Cut seldom, and then by half: cutting moves all that is kept.
    if (this.#recent.length > 2 * RECENT) this.#recent = this.#recent.slice(-RECENT);
    for (const tell of this.#watchers) tell();
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  /** All of a line or nothing of it: a full disk may take a part. Throws. */
  #write(line: string): void {
    const length = Buffer.byteLength(line);
    if (this.#octets + length > this.#options.maxOctets) this.#rotate();
    if (this.#descriptor === undefined) return;
    const written = writeSync(this.#descriptor, line);
    if (written < length) {
      ftruncateSync(this.#descriptor, this.#octets);
      throw new Error('a part of a line');
    }
    this.#octets += length;
  }

  #open(): void {
    this.#failedAt = undefined;
    try {
      this.#descriptor = openSync(this.#options.path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
      this.#octets = fstatSync(this.#descriptor).size;
    } catch {
      this.#descriptor = undefined;
      this.#failedAt = this.#options.epoch();
    }
  }

  #rotate(): void {
    const { path } = this.#options;
    this.close();
    rmSync(`${path}.1`, { force: true });
    renameSync(path, `${path}.1`);
    this.#open();
  }
}

/** A fact as one line: nothing that a field holds can begin another. */
export function logLine(epochMs: number, level: LogLevel, event: string, fields: LogFields = {}): string {
  const kept: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) kept[name] = typeof value === 'string' ? value.slice(0, MAX_FIELD) : value;
  }
  const facts = Object.keys(kept).length > 0 ? ` ${JSON.stringify(kept)}` : '';
  return `${new Date(epochMs).toISOString()} ${level} ${event}${facts}`;
}

function linesOf(path: string, maxOctets: number): string[] {
  try {
    const descriptor = openSync(path, O_RDONLY | O_NOFOLLOW);
    try {
      const octets = Buffer.alloc(maxOctets);
      const length = readSync(descriptor, octets, 0, maxOctets, 0);
      return octets
        .toString('utf8', 0, length)
        .split('\n')
        .filter((line) => line !== '');
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return [];
  }
}
