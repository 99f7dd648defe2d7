import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Namespace } from '../support/netns.ts';

const PROGRAM = join(import.meta.dirname, 'first-reply.py');

/** A pinger that has begun to ask every 2 ms. */
export interface FirstReply {
  /** When the first reply came, in milliseconds since 1970. Rejects when none comes. */
  readonly at: Promise<number>;
}

/** Starts the pinger and waits until it is asking. */
export async function askFor(from: Namespace, target: string): Promise<FirstReply> {
  const child = from.spawn(['/usr/bin/python3', PROGRAM, target], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout as Readable })[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.value !== 'ready') throw new Error('the pinger did not start; python3 is needed');
  const reply = async (): Promise<number> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`no reply from ${target}`);
    return Number(value);
  };
  const at = reply();
  // The caller may fail before it looks at the reply.
  at.catch(() => undefined);
  return { at };
}

/** Milliseconds since 1970 with a fraction, comparable with other processes on this machine. */
export function epochNow(): number {
  return performance.timeOrigin + performance.now();
}
