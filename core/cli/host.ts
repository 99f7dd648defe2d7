import { isatty } from 'node:tty';
import type { Host } from './connect.ts';
import { watchEndRequests } from './end-requests.ts';
import { lookOf } from './terminal.ts';

/** The process itself as the commands see it. */
export function processHost(): Host {
  const { stdout, stderr } = process;
  const startedAtMs = performance.now();
  const now = (): number => Math.round((performance.now() - startedAtMs) * 1000) / 1000;
  // Writing to a terminal or pipe that is gone must not end the process before it has cleaned up.
  for (const output of [stdout, stderr]) output.on('error', () => undefined);
  return {
    out: stdout,
    error: stderr,
    look: lookOf(stdout, process.env),
    terminal: isatty(0) && isatty(2) ? { input: process.stdin, output: stderr } : undefined,
    system: process.platform,
    userId: process.geteuid?.(),
    now,
    loadConnections: async () => (await import('../composition/connection.ts')).createConnection,
    onEndAsked: (callback) =>
      watchEndRequests({ signals: process, outputs: [stdout, stderr], now }, callback),
    onFault: (callback) => {
      process.on('uncaughtException', callback);
      return () => process.off('uncaughtException', callback);
    },
    everySecond: (callback) => {
      const timer = setInterval(callback, 1000);
      return () => clearInterval(timer);
    },
    after: (delayMs, callback) => setTimeout(callback, delayMs),
    interrupt: () => void process.kill(process.pid, 'SIGINT'),
  };
}
