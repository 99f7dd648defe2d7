import { native } from './native.ts';

/** Clocks of the machine, read at once, in milliseconds with fractions. */
export interface Clocks {
  /** Since some moment; stands still while the machine sleeps. The clock of timers and of performance.now(). */
  readonly monotonicMs: number;
  /** Likewise, but goes on while the machine sleeps. */
  readonly boottimeMs: number;
  /** Since 1970, as whoever sets the clock believes. */
  readonly realtimeMs: number;
}

export function clocks(): Clocks {
  const out = new Float64Array(3);
  native().clocks(out);
  const [monotonicMs = 0, boottimeMs = 0, realtimeMs = 0] = out;
  return { monotonicMs, boottimeMs, realtimeMs };
}
