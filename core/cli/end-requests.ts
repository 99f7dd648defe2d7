/** A key that is held down, or a shell that passes a signal on, must not count as the second request. */
const REPEAT_MS = 250;

/** What is used of an event emitter. */
export interface Source<Name extends string> {
  on(name: Name, callback: () => void): unknown;
  off(name: Name, callback: () => void): unknown;
}

interface Sources {
  readonly signals: Source<'SIGINT' | 'SIGTERM' | 'SIGHUP'>;
  /** Streams, which emit 'error' when nobody reads them any more. */
  readonly outputs: readonly Source<'error'>[];
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/**
 * Turns signals into requests to end. The first one, and a terminal or pipe that went away, asks for an orderly
 * end; SIGINT or SIGTERM after that for an end at once. After that the handlers are gone, so that one more
 * signal ends the process whatever it hangs on. Returns the undoing.
 */
export function watchEndRequests(
  { signals, outputs, now }: Sources,
  callback: (how: 'orderly' | 'at-once') => void,
): () => void {
  let askedAtMs: number | undefined;
  const ask = (): void => {
    if (askedAtMs !== undefined) return;
    askedAtMs = now();
    callback('orderly');
  };
  const insist = (): void => {
    if (askedAtMs === undefined) ask();
    else if (now() - askedAtMs >= REPEAT_MS) {
      stop();
      callback('at-once');
    }
  };
  const stop = (): void => {
    signals.off('SIGINT', insist);
    signals.off('SIGTERM', insist);
    signals.off('SIGHUP', ask);
  };
  signals.on('SIGINT', insist);
  signals.on('SIGTERM', insist);
  signals.on('SIGHUP', ask);
  for (const output of outputs) output.on('error', ask);
  return stop;
}
