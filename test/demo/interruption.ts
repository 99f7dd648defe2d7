/** Ctrl-C and its kin, as something to wait for. */
export interface Interruption {
  readonly happened: boolean;
  /** Resolves at the first signal. */
  readonly asked: Promise<void>;
  /**
   * What `work` gives, or a rejection at the first signal unless `expects` then says that the work itself is
   * waiting for it.
   */
  readonly orElse: <T>(work: Promise<T>, expects?: () => boolean) => Promise<T>;
}

/** From now on signals end nothing by themselves: the first is told here, later ones are ignored. */
export function onInterrupt(): Interruption {
  const { promise: asked, resolve } = Promise.withResolvers<undefined>();
  const state = { happened: false };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      state.happened = true;
      resolve(undefined);
    });
  }
  return {
    get happened() {
      return state.happened;
    },
    asked,
    orElse(work, expects = () => false) {
      // A work that is left behind may still fail; nobody is to hear of it.
      work.catch(() => undefined);
      const broken = asked.then(() => {
        if (expects()) return work;
        throw new Error('interrupted');
      });
      return Promise.race([work, broken]);
    },
  };
}
