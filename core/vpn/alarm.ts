import type { Millis } from '../lib/ports.ts';
import type { Clock } from './ports.ts';

/** Calls back at one time, which may be set again and again. */
export class Alarm {
  readonly #clock: Clock;
  readonly #callback: () => void;
  #set: { readonly at: Millis; readonly cancel: () => void } | undefined;

  constructor(clock: Clock, callback: () => void) {
    this.#clock = clock;
    this.#callback = callback;
  }

  /** In place of any other time; Infinity is never. */
  set(at: Millis): void {
    if (at === this.#set?.at) return;
    this.#set?.cancel();
    this.#set = undefined;
    if (at === Infinity) return;
    const cancel = this.#clock.at(at, () => {
      this.#set = undefined;
      this.#callback();
    });
    this.#set = { at, cancel };
  }
}
