import type { Log, Millis } from '../../lib/ports.ts';
import { clocks as systemClocks, type Clocks } from '../../node-tun/index.ts';
import type { SleepEvent, SleepMonitor } from '../ports.ts';
import { watchSleepSignals } from './sleep-signals.ts';
import { systemTimers, type Timers } from './timers.ts';

/** How often the clocks are looked at: so much later at most is a sleep known about that nobody tells of. */
const TICK_MS = 1_000;

/** Shorter than this is no sleep, but a machine that is busy. */
const LEAST_MS = 2_000;

/**
 * A wall clock that is set forward by more than this may be that of a virtual machine that was paused: all of its clocks
 * stood still, and somebody sets the one that people see. Asking the gateway in vain costs nothing.
 */
const SET_FORWARD_MS = 10_000;

export interface SleepMonitorOptions {
  readonly log: Log;
  /** For tests. */
  readonly clocks?: () => Clocks;
  readonly timers?: Timers;
  /** Tells of sleep by word of the system; returns what ends it. */
  readonly signals?: (onSleep: (asleep: boolean) => void) => () => void;
}

/**
 * Finds sleeps by the machine's clocks, and by logind's word where there is one. CLOCK_BOOTTIME goes on while the machine
 * sleeps and while this process is stopped; what passed on it between two looks, beyond a tick, passed without us.
 */
export function openSleepMonitor(options: SleepMonitorOptions): SleepMonitor {
  const { log } = options;
  const signals = options.signals ?? ((onSleep) => watchSleepSignals({ log, onSleep }));
  const monitor = new LinuxSleepMonitor(log, options.clocks ?? systemClocks, options.timers ?? systemTimers);
  monitor.begin(signals);
  return monitor;
}

class LinuxSleepMonitor implements SleepMonitor {
  readonly #log: Log;
  readonly #clocks: () => Clocks;
  readonly #timers: Timers;
  readonly #callbacks = new Set<(event: SleepEvent) => void>();
  /** The clocks when they were looked at last. */
  #last: Clocks;
  /** The system said that it is about to sleep, and not yet that it woke. */
  #suspending = false;
  #cancelTick: (() => void) | undefined;
  #endSignals: (() => void) | undefined;

  constructor(log: Log, clocks: () => Clocks, timers: Timers) {
    this.#log = log;
    this.#clocks = clocks;
    this.#timers = timers;
    this.#last = clocks();
  }

  begin(signals: (onSleep: (asleep: boolean) => void) => () => void): void {
    this.#tick();
    this.#endSignals = signals((asleep) => this.#said(asleep));
  }

  changes(callback: (event: SleepEvent) => void): () => void {
    // A function of its own, so that the same callback can listen twice.
    const own = (event: SleepEvent): void => callback(event);
    this.#callbacks.add(own);
    return () => this.#callbacks.delete(own);
  }

  look(): void {
    const awayMs = this.#awayMs();
    if (awayMs !== undefined) this.#woke(awayMs);
  }

  close(): void {
    this.#cancelTick?.();
    this.#endSignals?.();
    this.#callbacks.clear();
  }

  #tick(): void {
    this.#cancelTick = this.#timers.after(TICK_MS, () => {
      this.#tick();
      this.look();
    });
  }

  /**
   * What passed without us since the last look at the clocks; undefined when it is too little to count. A pause that the
   * wall clock alone tells of is one of no length: it may be that the clock was wrong before.
   */
  #awayMs(): Millis | undefined {
    const last = this.#last;
    const now = this.#clocks();
    this.#last = now;
    const passed = now.boottimeMs - last.boottimeMs;
    const away = passed - TICK_MS;
    const setForward = now.realtimeMs - last.realtimeMs - passed;
    if (away >= LEAST_MS) return Math.round(away);
    return setForward >= SET_FORWARD_MS ? 0 : undefined;
  }

  #said(asleep: boolean): void {
    if (asleep) {
      this.#suspending = true;
      this.#log('debug', 'suspending');
      this.#tell({ kind: 'suspending' });
    } else if (this.#suspending) {
      // A tick that found out first has told it already.
      this.#woke(this.#awayMs() ?? 0);
    }
  }

  #woke(asleepMs: Millis): void {
    this.#suspending = false;
    this.#log('debug', 'woke', { asleepMs });
    this.#tell({ kind: 'woke', asleepMs });
  }

  #tell(event: SleepEvent): void {
    for (const callback of [...this.#callbacks]) {
      // One of them may have ended another, or closed the monitor.
      if (this.#callbacks.has(callback)) callback(event);
    }
  }
}
