import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { proves } from '../conformance/tag.ts';
import {
  behind,
  CLIENT_CREATES_CHILD,
  CLIENT_REKEYS_CHILD,
  CLIENT_REKEYS_IKE,
  GATEWAY_CREATES_CHILD,
  GATEWAY_REKEYS_CHILD,
  GATEWAY_REKEYS_IKE,
  QUICK,
  randomChoice,
  SEEDS,
} from '../support/collisions.ts';
import { everyChoice, play, type Begin } from '../support/interleavings.ts';
import { TwoEnds } from '../support/two-ends.ts';

/*
 * Two exchanges about the same SAs at the same time: every order in which their messages and what follows from them can
 * arrive, with each end being the loser by the nonces. Whatever the order, both ends must come to rest with the same
 * SAs, and packets must pass at every step (RFC 7296 sections 2.8 and 2.25).
 */

interface Outcome {
  readonly runs: number;
  /** Who made the SA that stayed, in all runs. */
  readonly survivors: ReadonlySet<string>;
}

/** Plays every order with every seed and demands that both ends agree behind each; every so many is looked at closely. */
function everyOrder({ begins, pairs, traffic }: Collision): Outcome {
  const survivors = new Set<string>();
  let runs = 0;
  for (const seed of SEEDS) {
    everyChoice((choose) => {
      const ends = new TwoEnds({ ...QUICK, gateway: { seed } });
      const steps = play(ends, { begins, traffic }, choose);
      survivors.add(rest(ends, steps, pairs, runs++ % 20 === 0));
    });
  }
  return { runs, survivors };
}

/** Lets everything come to an end, and tells who made what stays. */
function rest(ends: TwoEnds, steps: readonly string[], pairs: number, closely: boolean): string {
  return behind(steps, () => {
    ends.live(130_000);
    const { madeBy } = ends;
    if (closely) ends.agree(pairs);
    else ends.agreeNow(pairs);
    return madeBy;
  });
}

interface Collision {
  readonly title: string;
  readonly begins: readonly [Begin, Begin];
  /** Behind it. */
  readonly pairs: number;
  /** Without it, who answers a request for a further pair sends through it before the other end has it, and may. */
  readonly traffic: boolean;
  readonly proofs: Record<string, never>;
}

const COLLISIONS: readonly Collision[] = [
  {
    title: 'a child rekeying meets a child rekeying',
    begins: [CLIENT_REKEYS_CHILD, GATEWAY_REKEYS_CHILD],
    pairs: 1,
    traffic: true,
    proofs: proves(
      ['RFC7296-2.8-1', 'does'],
      ['RFC7296-2.8.1-1', 'does'],
      ['RFC7296-2.8.1-x1', 'does'],
      ['RFC7296-2.8.1-x2', 'does'],
      ['RFC7296-2.25.1-x1', 'does'],
      ['RFC7296-2.25.1-x2', 'does'],
      ['RFC7296-2.25.1-x3', 'does'],
    ),
  },
  {
    title: 'an IKE rekeying meets an IKE rekeying',
    begins: [CLIENT_REKEYS_IKE, GATEWAY_REKEYS_IKE],
    pairs: 1,
    traffic: true,
    proofs: proves(
      ['RFC7296-2.8.2-1', 'does'],
      ['RFC7296-2.8.2-x1', 'does'],
      ['RFC7296-2.8.2-x2', 'does'],
      ['RFC7296-2.8.2-x3', 'does'],
      ['RFC7296-2.8.1-x1', 'does'],
      ['RFC7296-2.25.2-x1', 'does'],
      ['RFC7296-2.25.2-x2', 'does'],
      ['RFC7296-2.25.2-x3', 'does'],
    ),
  },
  {
    title: 'our IKE rekeying meets a child rekeying',
    begins: [CLIENT_REKEYS_IKE, GATEWAY_REKEYS_CHILD],
    pairs: 1,
    traffic: true,
    proofs: proves(['RFC7296-1.3.2-x1', 'does'], ['RFC7296-2.25-1', 'does']),
  },
  {
    title: 'our child rekeying meets an IKE rekeying',
    begins: [CLIENT_REKEYS_CHILD, GATEWAY_REKEYS_IKE],
    pairs: 1,
    traffic: true,
    proofs: proves(['RFC7296-2.25.1-x7', 'does'], ['RFC7296-2.25-1', 'does']),
  },
  {
    title: 'a further child meets a child rekeying',
    begins: [CLIENT_CREATES_CHILD, GATEWAY_REKEYS_CHILD],
    pairs: 2,
    traffic: true,
    proofs: {},
  },
  {
    title: 'our child rekeying meets a further child',
    begins: [CLIENT_REKEYS_CHILD, GATEWAY_CREATES_CHILD],
    pairs: 2,
    traffic: false,
    proofs: {},
  },
  {
    title: 'a further child meets an IKE rekeying',
    begins: [CLIENT_CREATES_CHILD, GATEWAY_REKEYS_IKE],
    pairs: 2,
    traffic: true,
    proofs: proves(['RFC7296-2.25.1-x7', 'does']),
  },
];

describe('every order of two exchanges at the same time', () => {
  for (const collision of COLLISIONS) {
    test(collision.title, collision.proofs, () => {
      const { runs, survivors } = everyOrder(collision);
      assert.ok(runs > 60, `${runs} orders`);
      const [ours, theirs] = collision.begins;
      const alike = ours.name.replace('client', '') === theirs.name.replace('gateway', '');
      if (alike) assert.equal(survivors.size, 2, `the same end wins always: ${[...survivors].join()}`);
    });
  }
});

describe('orders in which messages are lost and repeated', () => {
  for (const { title, begins, pairs, traffic } of COLLISIONS) {
    test(title, () => {
      for (let seed = 0; seed < 60; seed++) {
        const ends = new TwoEnds({ ...QUICK, gateway: { seed: SEEDS[seed % SEEDS.length] ?? '' } });
        const lost = new Set([seed % 7, (seed * 5) % 11]);
        const steps = play(ends, { begins, traffic, lost }, randomChoice(seed));
        rest(ends, steps, pairs, seed % 10 === 0);
      }
    });
  }
});
