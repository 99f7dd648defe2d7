/** What befalls the datagrams that go one way. Chances are from 0 to 1. */
export interface Impairment {
  /** Never arrives. */
  readonly loss: number;
  /** Arrives twice; each copy then has its own luck with time. */
  readonly duplication: number;
  /** Is held back for `reorderMs` more, so that later ones overtake it. */
  readonly reordering: number;
  readonly reorderMs: number;
  readonly delayMs: number;
  /** Each is delayed by up to so much more or less. It reorders too, as on real paths. */
  readonly jitterMs: number;
}

/** A path that does nothing to anything. */
export const UNIMPAIRED: Impairment = {
  loss: 0,
  duplication: 0,
  reordering: 0,
  reorderMs: 20,
  delayMs: 0,
  jitterMs: 0,
};

/** What befell one datagram: the delay of each copy that arrives, and how many of them were held back. */
export interface Fate {
  readonly delaysMs: readonly number[];
  readonly heldBack: number;
}

const LOST: Fate = { delaysMs: [], heldBack: 0 };

/**
 * Decides on one datagram. `random` gives numbers from 0 to below 1; the same numbers lead to the same fate. Each
 * chance takes its number whether it matters or not, so that changing one setting does not change the luck of others.
 */
export function decideFate(impairment: Impairment, random: () => number): Fate {
  const { loss, duplication, reordering, reorderMs, delayMs, jitterMs } = impairment;
  const lost = random() < loss;
  const copies = random() < duplication ? 2 : 1;
  const draws = [random(), random(), random(), random()] as const;
  if (lost) return LOST;
  let heldBack = 0;
  const delaysMs: number[] = [];
  for (let copy = 0; copy < copies; copy++) {
    const [held, jitter] = copy === 0 ? [draws[0], draws[1]] : [draws[2], draws[3]];
    const isHeld = held < reordering;
    if (isHeld) heldBack += 1;
    delaysMs.push(Math.max(0, delayMs + (2 * jitter - 1) * jitterMs + (isHeld ? reorderMs : 0)));
  }
  return { delaysMs, heldBack };
}

/** `changes` on top of `impairment`. Throws RangeError for what is no chance or no time. */
export function impaired(impairment: Impairment, changes: Partial<Impairment>): Impairment {
  const next = { ...impairment, ...changes };
  for (const [name, value] of Object.entries(next) as [keyof Impairment, number][]) {
    const most = name.endsWith('Ms') ? 60_000 : 1;
    if (!(value >= 0 && value <= most)) throw new RangeError(`${name} cannot be ${value}`);
  }
  return next;
}
