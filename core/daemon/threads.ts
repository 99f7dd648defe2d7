/**
 * Node looks names up in threads of libuv's pool, half of which may do so at once: two of the usual four. That is as many
 * as beacons may take alone, and a lookup that nobody answers keeps its thread for many seconds.
 */
const THREADS = 16;

/** Called before anything has used the pool: its size is read then, and never again. */
export function provideThreads(environment: NodeJS.ProcessEnv = process.env): void {
  environment['UV_THREADPOOL_SIZE'] ??= `${THREADS}`;
}

/** More would be answered when nobody waits for them any more. */
const MOST_WAITING = 8;

/**
 * Lets `most` run at once, and a few more wait for their turn. Rejects with the code EBUSY what comes when those are there
 * already: a user who asks much must not be whom all others wait for.
 */
export function fewAtOnce<T>(most: number): (work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= most && waiting.length >= MOST_WAITING) {
      throw Object.assign(new Error('too many at once'), { code: 'EBUSY' });
    }
    if (running < most) running += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
