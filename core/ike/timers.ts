import type { Millis } from '../lib/ports.ts';

interface Timer {
  readonly at: Millis;
  readonly why: string;
  readonly run: (now: Millis) => void;
}

/** Things to do later, each under a key of its own, under a clock that somebody else has. */
export class Timers {
  readonly #timers = new Map<string, Timer>();

  /** Puts off, or brings forward, whatever the key stood for. `why` is for whoever asks what is awaited. */
  set(key: string, at: Millis, why: string, run: (now: Millis) => void): void {
    if (Number.isFinite(at)) this.#timers.set(key, { at, why, run });
    else this.#timers.delete(key);
  }

  cancel(key: string): void {
    this.#timers.delete(key);
  }

  has(key: string): boolean {
    return this.#timers.has(key);
  }

  next(): { readonly at: Millis; readonly why: string } | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers.values()) if (!next || timer.at < next.at) next = timer;
    return next && { at: next.at, why: next.why };
  }

  /** Does what is due, the oldest first. What that sets anew is done on the next call, even if it is due. */
  run(now: Millis): void {
    const due = [...this.#timers].filter(([, { at }]) => at <= now).sort(([, a], [, b]) => a.at - b.at);
    for (const [key, timer] of due) {
      if (this.#timers.get(key) !== timer) continue;
      this.#timers.delete(key);
      timer.run(now);
    }
  }

  clear(): void {
    this.#timers.clear();
  }
}
