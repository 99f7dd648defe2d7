import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { u32 } from '../../core/lib/bytes.ts';
import { Protocol } from '../../core/wire/constants.ts';
import { proves } from '../conformance/tag.ts';
import {
  behind,
  CLIENT_CREATES_CHILD,
  CLIENT_DISCONNECTS,
  CLIENT_REKEYS_CHILD,
  CLIENT_REKEYS_IKE,
  GATEWAY_CREATES_CHILD,
  GATEWAY_DELETES_CHILD,
  GATEWAY_DELETES_IKE,
  GATEWAY_REKEYS_CHILD,
  GATEWAY_REKEYS_IKE,
  QUICK,
  randomChoice,
  SEEDS,
} from '../support/collisions.ts';
import { everyChoice, play, type Begin } from '../support/interleavings.ts';
import { TwoEnds } from '../support/two-ends.ts';

/*
 * Something is deleted while something else is replaced, in every order in which the messages can arrive
 * (RFC 7296 sections 1.4.1 and 2.25). What is left in the end is either the same at both ends or nothing at both.
 */

interface Collision {
  readonly title: string;
  readonly begins: readonly Begin[];
  /** The client must be gone in the end, or it must stay. */
  readonly end: 'gone' | 'stays' | 'either';
  readonly proofs: Record<string, never>;
}

const COLLISIONS: readonly Collision[] = [
  {
    title: 'the gateway deletes the child that we rekey',
    begins: [CLIENT_REKEYS_CHILD, GATEWAY_DELETES_CHILD],
    end: 'either',
    proofs: proves(['RFC7296-2.25-x5', 'does'], ['RFC7296-1.4.1-7', 'does'], ['RFC7296-1.4.1-4', 'does']),
  },
  {
    title: 'the gateway deletes a child while we rekey the IKE SA',
    begins: [CLIENT_REKEYS_IKE, GATEWAY_DELETES_CHILD],
    end: 'either',
    proofs: proves('RFC7296-2.25.2-x6', 'does'),
  },
  {
    title: 'the gateway deletes the IKE SA that we rekey',
    begins: [CLIENT_REKEYS_IKE, GATEWAY_DELETES_IKE],
    end: 'gone',
    proofs: proves(['RFC7296-2.25.2-x3', 'does'], ['RFC7296-1.4.1-x2', 'does']),
  },
  {
    title: 'the gateway deletes the IKE SA whose child we rekey',
    begins: [CLIENT_REKEYS_CHILD, GATEWAY_DELETES_IKE],
    end: 'gone',
    proofs: proves('RFC7296-1.4.1-x2', 'does'),
  },
  {
    title: 'the gateway deletes the IKE SA while we ask for another child',
    begins: [CLIENT_CREATES_CHILD, GATEWAY_DELETES_IKE],
    end: 'gone',
    proofs: {},
  },
  {
    title: 'we leave while the gateway rekeys the child',
    begins: [CLIENT_DISCONNECTS, GATEWAY_REKEYS_CHILD],
    end: 'gone',
    proofs: proves('RFC7296-2.25-x1', 'does'),
  },
  {
    title: 'we leave while the gateway rekeys the IKE SA',
    begins: [CLIENT_DISCONNECTS, GATEWAY_REKEYS_IKE],
    end: 'gone',
    proofs: proves('RFC7296-2.25.2-x2', 'does'),
  },
  {
    title: 'we leave while the gateway makes another child',
    begins: [CLIENT_DISCONNECTS, GATEWAY_CREATES_CHILD],
    end: 'gone',
    proofs: {},
  },
  {
    title: 'we leave while the gateway deletes the child',
    begins: [CLIENT_DISCONNECTS, GATEWAY_DELETES_CHILD],
    end: 'gone',
    proofs: {},
  },
  {
    title: 'both delete the IKE SA',
    begins: [CLIENT_DISCONNECTS, GATEWAY_DELETES_IKE],
    end: 'gone',
    proofs: proves(['RFC7296-2.25.2-x4', 'does'], ['RFC7296-1.4.1-7', 'does']),
  },
  {
    title: 'we leave in the middle of our own rekeying of the child',
    begins: [CLIENT_REKEYS_CHILD, CLIENT_DISCONNECTS],
    end: 'gone',
    proofs: {},
  },
  {
    title: 'we leave in the middle of our own rekeying of the IKE SA',
    begins: [CLIENT_REKEYS_IKE, CLIENT_DISCONNECTS],
    end: 'gone',
    proofs: {},
  },
  {
    title: 'the gateway deletes the child in the middle of its own rekeying of it',
    begins: [GATEWAY_REKEYS_CHILD, GATEWAY_DELETES_CHILD],
    end: 'either',
    proofs: proves('RFC7296-2.25.1-x4', 'does'),
  },
];

/** What must be true when nothing more happens. */
function judge(ends: TwoEnds, end: Collision['end']): void {
  ends.live(130_000);
  const { closed } = ends.session;
  if (end !== 'either') assert.equal(closed, end === 'gone', ends.failureCode ?? 'it stays');
  if (closed) {
    assert.deepEqual(ends.made.gateway.sas, [], 'the gateway still has an IKE SA');
    assert.deepEqual(ends.violations, []);
  } else ends.agreeNow(1);
}

describe('every order', () => {
  for (const { title, begins, end, proofs } of COLLISIONS) {
    test(title, proofs, () => {
      const runs = everyChoice((choose) => {
        const ends = new TwoEnds(QUICK);
        const steps = play(ends, { begins, traffic: false }, choose);
        behind(steps, () => judge(ends, end));
      });
      assert.ok(runs > 5, `${runs} orders`);
    });
  }
});

/** Of these there are more orders than anybody can wait for. */
const THREE_AT_ONCE: readonly (readonly [string, readonly Begin[], Collision['end']])[] = [
  [
    'we leave in the middle of two rekeyings of the IKE SA',
    [CLIENT_REKEYS_IKE, GATEWAY_REKEYS_IKE, CLIENT_DISCONNECTS],
    'gone',
  ],
  [
    'both rekey the child, and the gateway deletes it',
    [CLIENT_REKEYS_CHILD, GATEWAY_REKEYS_CHILD, GATEWAY_DELETES_CHILD],
    'either',
  ],
  [
    'both rekey the child, and we the IKE SA',
    [CLIENT_REKEYS_CHILD, GATEWAY_REKEYS_CHILD, CLIENT_REKEYS_IKE],
    'stays',
  ],
  [
    'both rekey the IKE SA, and the gateway the child',
    [CLIENT_REKEYS_IKE, GATEWAY_REKEYS_IKE, GATEWAY_REKEYS_CHILD],
    'stays',
  ],
  [
    'both rekey everything',
    [CLIENT_REKEYS_IKE, GATEWAY_REKEYS_IKE, CLIENT_REKEYS_CHILD, GATEWAY_REKEYS_CHILD],
    'stays',
  ],
];

describe('some of the orders of more than two', () => {
  for (const [title, begins, end] of THREE_AT_ONCE) {
    test(title, () => {
      for (let seed = 0; seed < 250; seed++) {
        const ends = new TwoEnds({ ...QUICK, gateway: { seed: SEEDS[seed % SEEDS.length] ?? '' } });
        const steps = play(ends, { begins, traffic: false }, randomChoice(seed));
        behind(steps, () => judge(ends, end));
      }
    });
  }
});

describe('orders in which messages are lost and repeated', () => {
  for (const { title, begins, end } of COLLISIONS) {
    test(title, () => {
      for (let seed = 0; seed < 40; seed++) {
        const ends = new TwoEnds({ ...QUICK, gateway: { seed: SEEDS[seed % SEEDS.length] ?? '' } });
        const lost = new Set([seed % 5, (seed * 3) % 7]);
        const steps = play(ends, { begins, traffic: false, lost }, randomChoice(seed));
        behind(steps, () => judge(ends, end));
      }
    });
  }
});

describe('a pair that we rekey', () => {
  test(
    'and that the gateway deletes meanwhile goes as ever, with a Delete for our half in the answer',
    proves(['RFC7296-2.25.1-x5', 'does'], ['RFC7296-1.4-1', 'does']),
    () => {
      const ends = new TwoEnds(QUICK);
      const spiIn = ends.firstSpi;
      ends.command({ kind: 'rekey-child', spiIn });
      const rekeying = ends.toGateway.splice(0);
      GATEWAY_DELETES_CHILD.begin(ends);
      ends.stepToClient().stepToGateway();
      const answer = ends.gatewayEventsOf('answered').at(-1)?.message;
      assert.deepEqual(answer?.payloads, [{ kind: 'D', protocol: Protocol.ESP, spis: [u32(spiIn)] }]);
      ends.toGateway.push(...rekeying);
      behind(['all in order'], () => judge(ends, 'either'));
    },
  );

  test(
    'and that is not there any more when the gateway deletes it is not named in the answer',
    proves('RFC7296-2.25.1-x6', 'does'),
    () => {
      const ends = new TwoEnds(QUICK);
      const gone = u32(Number(ends.gatewayPairs[0]?.split(' ')[1]));
      ends.command({ kind: 'rekey-child', spiIn: ends.firstSpi }).live(1000);
      const payloads = [{ kind: 'D', protocol: Protocol.ESP, spis: [gone] } as const];
      ends.gatewayDoes((gateway, saId, now) => gateway.request(saId, { exchange: 37, payloads }, now));
      ends.settle();
      assert.deepEqual(ends.gatewayEventsOf('answered').at(-1)?.message.payloads, []);
      ends.agree();
    },
  );
});
