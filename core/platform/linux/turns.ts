/** Lets work run one after the other, in the order in which it came. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    // A bug in one must not keep the next, which may be the one that cleans up, from running.
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
