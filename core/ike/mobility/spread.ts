import type { Millis } from '../../lib/ports.ts';
import type { Path } from '../events.ts';

/** Between the copies of one request over several paths, as in Happy Eyeballs (RFC 8305 section 5 allows 100 ms to 2 s). */
export const SPACING_MS: Millis = 150;

/**
 * The copies of one request: the same octets over one path after the other, the best one first. A round sends one copy
 * over each path of its line-up; a repetition of the request begins a round.
 */
export class Spread {
  readonly #over = new Set<number>();
  #waiting: readonly Path[] = [];
  #nextAt: Millis = Infinity;

  /** Ids of the paths that copies went over, in the order in which they went out. */
  get over(): ReadonlySet<number> {
    return this.#over;
  }

  /** When the next copy is due; Infinity for none. */
  get nextAt(): Millis {
    return this.#nextAt;
  }

  /**
   * Begins a round, and takes the path of its first copy. While the round before is not over, paths that it did not get
   * to come first, when their time has come.
   */
  begin(lineup: readonly Path[], now: Millis): Path | undefined {
    const late = lineup.filter(({ id }) => this.#waiting.some((path) => path.id === id));
    this.#waiting = [...late, ...lineup.filter((path) => !late.includes(path))];
    return late.length > 0 ? this.poll(now) : this.#take(now);
  }

  /** The copies that have not gone out do not any more. */
  forgetWaiting(): void {
    this.#waiting = [];
    this.#nextAt = Infinity;
  }

  /** The path that a copy is due over. */
  poll(now: Millis): Path | undefined {
    return now < this.#nextAt ? undefined : this.#take(now);
  }

  #take(now: Millis): Path | undefined {
    const [path, ...rest] = this.#waiting;
    this.#waiting = rest;
    this.#nextAt = rest.length > 0 ? now + SPACING_MS : Infinity;
    if (path) this.#over.add(path.id);
    return path;
  }
}
