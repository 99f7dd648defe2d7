import type { Millis } from '../lib/ports.ts';
import { nowWithSleep } from '../platform/linux/timers.ts';
import type { SleepMonitor } from '../platform/ports.ts';
import type { Clock } from '../vpn/ports.ts';

/** What setTimeout counts to. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** For tests. */
export interface ClockSource {
  readonly now: () => Millis;
  readonly epoch: () => number;
}

const SYSTEM: ClockSource = { now: nowWithSleep, epoch: () => Date.now() };

/**
 * The clock of a connection. It goes on while the machine sleeps, as the gateway's does: keys grow old and logins run out
 * meanwhile. Node's timers stand still then, and wait anew for what is left when `sleep` tells that it is over.
 */
export function connectionClock(sleep: Pick<SleepMonitor, 'changes'>, source = SYSTEM): Clock {
  const waiting = new Set<() => void>();
  sleep.changes(({ kind }) => {
    if (kind === 'woke') for (const arm of [...waiting]) if (waiting.has(arm)) arm();
  });
  return {
    ...source,
    at: (at, callback) => {
      let timer: NodeJS.Timeout | undefined;
      const arm = (): void => {
        clearTimeout(timer);
        // A longer time would be taken for none at all.
        timer = setTimeout(due, Math.min(Math.max(0, at - source.now()), LONGEST_TIMER_MS));
      };
      const due = (): void => {
        if (source.now() < at) return arm();
        waiting.delete(arm);
        callback();
      };
      waiting.add(arm);
      arm();
      return () => {
        waiting.delete(arm);
        clearTimeout(timer);
      };
    },
  };
}
