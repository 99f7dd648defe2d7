import type { ConnectionEvent } from '../contract/snapshot.ts';
import type { Log } from '../lib/ports.ts';
import { isPlainText } from '../lib/plain-text.ts';
import { harmless } from './terminal.ts';
import type { Output } from './screen.ts';

/** Shows a connection to whoever started it. */
export interface Renderer {
  readonly event: (event: ConnectionEvent) => void;
  /** The user asked for the end. */
  readonly disconnecting: () => void;
  /** A question takes the place of everything that changes by itself, until it is answered. */
  readonly asking: (isAsking: boolean) => void;
  /** Called about once a second while connected, for what changes with time alone. */
  readonly tick: () => void;
  readonly log: Log;
}

/** One log line: seconds since the start, level, event and fields, made harmless for a terminal. */
export function logLine(atMs: number, ...[level, event, fields]: Parameters<Log>): string {
  const pairs = Object.entries(fields ?? {})
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${harmless(String(value))}`);
  return `${(atMs / 1000).toFixed(3).padStart(9)} ${level} ${event}${pairs.join('')}`;
}

/** Milliseconds to three decimals: more is noise. */
function microseconds(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 1000) / 1000 : value;
}

/** Control and format characters as JSON escapes: the text stays the same, and a terminal does not act on it. */
function escaped(json: string): string {
  if (isPlainText(json)) return json;
  return json.replace(/[\p{C}\u2028\u2029]/gu, (character) =>
    Array.from({ length: character.length }, (_, i) => hexEscape(character.charCodeAt(i))).join(''),
  );
}

function hexEscape(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}

/** One event a line as JSON on standard output; the log goes to standard error. */
export function jsonRenderer(
  out: Output,
  error: Output,
  options: { readonly verbose: boolean; readonly now: () => number },
): Renderer {
  return {
    event: (event) => void out.write(`${escaped(JSON.stringify(event, microseconds))}\n`),
    disconnecting: () => undefined,
    asking: () => undefined,
    tick: () => undefined,
    log: (...entry) => {
      if (options.verbose && entry[0] !== 'trace') error.write(`${logLine(options.now(), ...entry)}\n`);
    },
  };
}
