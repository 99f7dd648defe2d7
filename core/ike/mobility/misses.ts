import type { Millis } from '../../lib/ports.ts';
import type { Path } from '../events.ts';

const FIRST_PAUSE_MS: Millis = 5_000;
/** Each pause is this many times the one before, up to the longest. */
const FACTOR = 4;
const MAX_PAUSE_MS: Millis = 1_800_000;
/** A path that was used for so long has a clean slate. */
const CALM_MS: Millis = 300_000;

interface Miss {
  readonly times: number;
  readonly last: Millis;
  /** When the path was taken again. */
  readonly settledAt: Millis | undefined;
}

/** Preferred paths that did not answer while others did, and when each is worth another try. */
export class Misses {
  readonly #byPath = new Map<number, Miss>();

  count(id: number, now: Millis): void {
    const miss = this.#byPath.get(id);
    const isForgotten = miss?.settledAt !== undefined && now > miss.settledAt + CALM_MS;
    const times = isForgotten ? 0 : (miss?.times ?? 0);
    this.#byPath.set(id, { times: times + 1, last: now, settledAt: undefined });
  }

  /** The path is in use again. What it failed before still makes the next pause longer, for a while. */
  settled(id: number, now: Millis): void {
    const miss = this.#byPath.get(id);
    if (miss) this.#byPath.set(id, { ...miss, settledAt: now });
  }

  /** Forgets paths that are not there any more: one that comes back is a new one. */
  keep(paths: readonly Path[]): void {
    for (const id of this.#byPath.keys()) if (!paths.some((path) => path.id === id)) this.#byPath.delete(id);
  }

  /** When a path is to be tried; -Infinity for one that never failed. */
  nextTry(id: number): Millis {
    const miss = this.#byPath.get(id);
    return miss ? miss.last + Math.min(FIRST_PAUSE_MS * FACTOR ** (miss.times - 1), MAX_PAUSE_MS) : -Infinity;
  }
}
