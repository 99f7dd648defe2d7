import { setTimeout as sleep } from 'node:timers/promises';
import { rehearseCalls } from './call-rehearsal.ts';
import { rehearseConnection, type Script } from './rehearsal.ts';

/** As often the runtime wants to have seen a function before it compiles it well; more makes little difference. */
const CONNECTIONS = 40;
/** Between two of them others have their turn, so that nobody waits for more than a part of one. */
const PAUSE_MS = 10;

/**
 * Rehearses what a service does for whoever asks it to connect, in memory alone, while it has nothing else to do. Its
 * first connection is then as fast as any later one. Does not keep the process alive.
 */
export async function practise(
  script: Script,
  service: { readonly isIdle: boolean },
  connections = CONNECTIONS,
): Promise<void> {
  for (let done = 0; done < connections; done++) {
    await sleep(PAUSE_MS, undefined, { ref: false });
    if (!service.isIdle) return;
    await rehearseCalls();
    await rehearseConnection(script);
  }
}
