import type { Millis } from '../../lib/ports.ts';
import { clocks } from '../../node-tun/index.ts';

/** Time for the monitors, as an argument. */
export interface Timers {
  /** Monotonic. */
  readonly now: () => Millis;
  /** Calls back once after a while, and returns what calls it off. Does not keep the process alive. */
  readonly after: (delayMs: number, callback: () => void) => () => void;
}

export const systemTimers: Timers = {
  now: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Monotonic too, but goes on while the machine sleeps, when timers and `systemTimers.now` stand still. */
export function nowWithSleep(): Millis {
  return clocks().boottimeMs;
}
