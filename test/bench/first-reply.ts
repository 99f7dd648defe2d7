import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Namespace } from '../support/netns.ts';

const PROGRAM = join(import.meta.dirname, 'first-reply.py');

/** What the judge on the wire saw, in milliseconds since 1970. */
export interface Seen {
  /** When the client's first IKE_SA_INIT request left. */
  readonly began: number;
  /** When the first reply came through the tunnel. */
  readonly replied: number;
}

/** A judge that has begun to watch the interface and to ask the target every 2 ms. */
export interface FirstReply {
  /** Rejects when no reply comes, or one that no IKE came before. */
  readonly seen: Promise<Seen>;
}

/** Starts the judge and waits until it is asking. */
export async function askFor(from: Namespace, target: string, dev: string): Promise<FirstReply> {
  const argv = ['/usr/bin/python3', PROGRAM, target, dev];
  const child = from.spawn(argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout as Readable })[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.value !== 'ready') throw new Error('the judge did not start; python3 is needed');
  const answer = async (): Promise<Seen> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`no reply from ${target}`);
    const [began = 0, replied = 0] = value.split(' ').map(Number);
    if (began === 0) throw new Error(`a reply from ${target}, but no IKE_SA_INIT before it`);
    return { began, replied };
  };
  const seen = answer();
  // The caller may fail before it looks at the reply.
  seen.catch(() => undefined);
  return { seen };
}

/** Milliseconds since 1970 with a fraction, comparable with other processes on this machine. */
export function epochNow(): number {
  return performance.timeOrigin + performance.now();
}
