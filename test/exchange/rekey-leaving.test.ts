import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { IkeEvent } from '../../core/ike/events.ts';
import type { SecretBytes } from '../../core/lib/secret.ts';
import { proves } from '../conformance/tag.ts';
import { PSK } from '../support/gateway/index.ts';
import { everyChoice } from '../support/interleavings.ts';
import { TwoEnds } from '../support/two-ends.ts';
import { watchSecrets } from '../support/used-secrets.ts';

/* Leaving while SAs are replaced: whatever the gateway has by then goes, and so does every key (RFC 7296 section 2.4). */

type Begin = (ends: TwoEnds) => unknown;

const BEGINS: readonly (readonly [string, Begin])[] = [
  ['we rekey the pair', (ends) => ends.command({ kind: 'rekey-child', spiIn: ends.firstSpi })],
  ['we rekey the IKE SA', (ends) => ends.command({ kind: 'rekey-ike' })],
  [
    'the gateway rekeys the pair',
    (ends) => ends.gatewayDoes((gateway, id, now) => gateway.rekeyChild(id, now)),
  ],
  [
    'the gateway rekeys the IKE SA',
    (ends) => ends.gatewayDoes((gateway, id, now) => gateway.rekeyIke(id, now)),
  ],
  [
    'both rekey the IKE SA',
    (ends) =>
      ends.command({ kind: 'rekey-ike' }).gatewayDoes((gateway, id, now) => gateway.rekeyIke(id, now)),
  ],
];

/** Delivers one message, from the end that is chosen. False when there is none. */
function deliver(ends: TwoEnds, choose: (of: number) => number): boolean {
  const { toGateway, toClient } = ends;
  if (toGateway.length + toClient.length === 0) return false;
  const toIt = toClient.length === 0 || (toGateway.length > 0 && choose(2) === 0);
  if (toIt) ends.stepToGateway();
  else ends.stepToClient();
  return true;
}

/** Every secret from which the client computed something since the test began. */
const used = watchSecrets(() => !isGateway);
let isGateway = false;
beforeEach(() => used.clear());

class Watched extends TwoEnds {
  override giveGateway(datagram: Parameters<TwoEnds['giveGateway']>[0]): this {
    isGateway = true;
    try {
      return super.giveGateway(datagram);
    } finally {
      isGateway = false;
    }
  }
}

/** Keys of the client's IKE SAs that are still there: all but those handed on, and the PSK, which is the profile's. */
function left(events: readonly IkeEvent[]): SecretBytes[] {
  const handedOn = events.flatMap((event) =>
    event.kind === 'established' || event.kind === 'child-added'
      ? [event.child.encrIn, event.child.encrOut, event.child.integIn, event.child.integOut]
      : [],
  );
  return [...used].filter(
    (secret) => !secret.wiped && !handedOn.includes(secret) && secret.length !== PSK.length,
  );
}

describe('leaving in the middle', () => {
  for (const [what, begin] of BEGINS) {
    test(
      `while ${what}: after any message, nothing stays at the gateway, and no key here`,
      proves(['RFC7296-2.4-x1', 'does'], ['RFC7296-2.12-1', 'does'], ['RFC7296-1.4.1-x2', 'does']),
      () => {
        let longest = 0;
        for (let after = 0; after <= longest; after++) {
          everyChoice((choose) => {
            used.clear();
            const ends = new Watched();
            begin(ends);
            let steps = 0;
            while (steps < after && deliver(ends, choose)) steps += 1;
            ends.command({ kind: 'disconnect' });
            while (deliver(ends, choose)) steps += 1;
            longest = Math.max(longest, Math.min(steps, 6));
            ends.live(5000);
            assert.equal(ends.session.closed, true);
            assert.equal(ends.failureCode, undefined);
            assert.deepEqual(ends.made.gateway.sas, []);
            assert.deepEqual(left([...ends.childEvents, ...ends.events]), []);
          });
        }
        assert.ok(longest > 2);
      },
    );

    test(`while ${what} and the gateway is silent: it is over soon`, () => {
      const ends = new Watched();
      begin(ends);
      ends.made.gateway.setSilent(true);
      ends.command({ kind: 'disconnect' }).live(3500);
      assert.equal(ends.session.closed, true);
      assert.equal(ends.failureCode, undefined);
    });
  }

  test('wiping the session forgets every key of every SA at once', () => {
    const ends = new Watched();
    ends.command({ kind: 'rekey-ike' }).settle();
    ends.gatewayDoes((gateway, id, now) => gateway.rekeyIke(id, now)).stepToClient();
    assert.ok(left(ends.events).length > 0);
    const events = [...ends.childEvents, ...ends.events];
    ends.session.wipe();
    assert.deepEqual(left(events), []);
    assert.deepEqual(ends.session.takeEvents(), []);
  });
});

describe('an IKE SA that was replaced', () => {
  test('leaves no keys behind', proves('RFC7296-2.12-1', 'does'), () => {
    const ends = new Watched();
    const first = new Set(left([...ends.childEvents, ...ends.events]));
    assert.ok(first.size > 0);
    ends.command({ kind: 'rekey-ike' }).live(1000);
    assert.deepEqual(
      [...first].filter((secret) => !secret.wiped),
      [],
    );
    const second = new Set(left(ends.events));
    ends.gatewayDoes((gateway, id, now) => gateway.rekeyIke(id, now)).live(31_000);
    assert.deepEqual(
      [...second].filter((secret) => !secret.wiped),
      [],
    );
    ends.agreeNow();
  });
});
