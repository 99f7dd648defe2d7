import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Notify } from '../../core/wire/constants.ts';
import type { Payload } from '../../core/wire/payload.ts';
import { notify } from '../../core/wire/payloads/notify.ts';
import { proves } from '../conformance/tag.ts';
import type { Faults } from '../support/gateway/index.ts';
import type { FragmentFaults } from '../support/gateway/fragment-faults.ts';
import { Live } from '../support/live.ts';
import { Pair, type PairOptions } from '../support/pair.ts';

/* Fragments of IKE messages that come in every way but the plain one (RFC 7383 sections 2.6 and 5). */

const OCTETS = 300;

function options(fragments: FragmentFaults = {}): PairOptions {
  return { method: 'certificate', gateway: { fragmentOctets: OCTETS, faults: { fragments } } };
}

/** A pair in which the gateway's long IKE_AUTH answer waits in `toClient`. */
function beforeAnswer(fragments: FragmentFaults = {}): Pair {
  const pair = new Pair(options(fragments)).connect().stepToGateway().stepToClient();
  while (pair.toGateway.length > 0) pair.stepToGateway();
  assert.ok(pair.toClient.length >= 3, `${pair.toClient.length} datagrams`);
  return pair;
}

/** A long request of the gateway, in fragments in `toClient`. */
function longRequest(fragments: FragmentFaults = {}): Live {
  const live = new Live(options());
  live.made.gateway.faults = { fragments };
  return live.gatewayAsks(37, [notify(40_000, new Uint8Array(1500).fill(7))]);
}

function saysFragments(payload: Payload): boolean {
  return payload.kind === 'N' && payload.notifyType === Notify.IKEV2_FRAGMENTATION_SUPPORTED;
}

const HARMLESS: readonly (readonly [string, FragmentFaults])[] = [
  ['in reverse order', { order: 'reversed' }],
  ['with the first one last', { order: 'rotated' }],
  ['among forged ones', { between: 'forged' }],
  ['of which fewer and larger ones came before', { between: 'larger-cut' }],
  ['in reverse order, with fewer and larger ones among them', { order: 'reversed', between: 'larger-cut' }],
  ['begun, and then cut anew into more and smaller ones', { between: 'smaller-cut' }],
  ['among one of 65535', { between: 'huge-total' }],
  ['among one with other octets under a number that was there', { between: 'other-octets' }],
  ['beside the whole message', { between: 'whole' }],
];

describe('fragments of an answer', () => {
  for (const [how, fragments] of HARMLESS) {
    test(
      `${how} are put together`,
      proves(
        ['RFC7383-2.6-x1', 'refuses'],
        ['RFC7383-2.6-x2', 'does'],
        ['RFC7383-2.6-x3', 'refuses'],
        ['RFC7383-2.6-x4', 'does'],
      ),
      () => {
        const pair = beforeAnswer(fragments).settle();
        assert.ok(pair.event('established'), pair.failureCode ?? 'nothing came of it');
        assert.deepEqual(
          pair.gatewayEvents.filter(({ kind }) => kind === 'violation'),
          [],
        );
      },
    );
  }

  for (const lose of [1, 2, 3]) {
    test(`of which number ${lose} was lost are complete with the repetition`, () => {
      const pair = beforeAnswer({ lose });
      while (pair.toClient.length > 0) pair.stepToClient();
      assert.equal(pair.event('established'), undefined);
      pair.advance(5_000);
      assert.ok(pair.toGateway.length > 0, 'the request is repeated');
      pair.settle();
      assert.ok(pair.event('established'));
    });
  }

  test('each twice count once', proves('RFC7383-2.6-x2', 'does'), () => {
    const pair = beforeAnswer();
    for (const datagram of pair.toClient.splice(0)) pair.giveClient(datagram).giveClient(datagram);
    assert.ok(pair.settle().event('established'));
  });

  test('in any order at all are put together', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const pair = beforeAnswer();
      const waiting = pair.toClient.splice(0);
      for (let n = seed; waiting.length > 0; n = (n * 31 + 7) % 1009) {
        const [next] = waiting.splice(n % waiting.length, 1);
        assert.equal(pair.event('established'), undefined);
        pair.giveClient(next!);
      }
      assert.ok(pair.settle().event('established'));
    }
  });

  test('changed in a single octet make no message', proves('RFC7383-2.6-x3', 'refuses'), () => {
    const pair = beforeAnswer();
    const [first, ...rest] = pair.toClient.splice(0);
    for (const datagram of rest) pair.giveClient(datagram);
    for (let at = 0; at < first!.octets.length; at++) {
      pair.giveClient({
        ...first!,
        octets: first!.octets.map((octet, i) => (i === at ? octet ^ 0x20 : octet)),
      });
    }
    assert.equal(pair.event('established'), undefined);
    assert.equal(pair.session.closed, false);
    assert.ok(pair.giveClient(first!).settle().event('established'));
  });

  test(
    'from a gateway with which fragments were not agreed on are dropped',
    proves('RFC7383-2.4-x1', 'refuses'),
    () => {
      const silent: Faults = {
        tamper: (message, step) =>
          step === 'init'
            ? { ...message, payloads: message.payloads.filter((payload) => !saysFragments(payload)) }
            : message,
      };
      const pair = new Pair({
        method: 'certificate',
        gateway: { fragmentOctets: OCTETS, faults: silent },
      }).connect();
      pair.stepToGateway().stepToClient().stepToGateway();
      assert.ok(pair.toClient.length >= 3, 'the gateway cuts its answer all the same');
      while (pair.toClient.length > 0) pair.stepToClient();
      assert.equal(pair.event('established'), undefined);
    },
  );
});

describe('fragments of a request', () => {
  for (const [how, fragments] of HARMLESS) {
    test(
      `${how} are put together and answered once`,
      proves(['RFC7383-2.6-x4', 'does'], ['RFC7383-2.6.1-x1', 'does']),
      () => {
        const live = longRequest(fragments);
        assert.ok(live.toClient.length >= 4);
        while (live.toClient.length > 0) live.stepToClient();
        assert.equal(live.toGateway.length, 1);
        live.settle();
        assert.ok(live.answer);
        assert.equal(live.session.closed, false);
      },
    );
  }

  test(
    'that was answered bring the answer again with the first of them alone',
    proves(['RFC7383-2.6.1-x2', 'does'], ['RFC7383-2.6.1-x1', 'does']),
    () => {
      const live = longRequest();
      const fragments = [...live.toClient];
      while (live.toClient.length > 0) live.stepToClient();
      const [answer] = live.toGateway.splice(0);
      for (const fragment of fragments.slice(1)) live.giveClient(fragment);
      assert.equal(live.toGateway.length, 0);
      live.giveClient(fragments[0]!);
      assert.deepEqual(
        live.toGateway.map(({ payload }) => payload),
        [answer?.payload],
      );
    },
  );

  test('of which one was lost are complete with the repetition', () => {
    const live = longRequest({ lose: 2 });
    while (live.toClient.length > 0) live.stepToClient();
    assert.equal(live.toGateway.length, 0);
    live.advance(1_500);
    while (live.toClient.length > 0) live.stepToClient();
    assert.ok(live.settle().answer);
  });

  test(
    'that do not come whole in time are forgotten, and a later repetition counts alone',
    proves('RFC7383-2.6-x5', 'does'),
    () => {
      const live = longRequest();
      const [first, ...rest] = live.toClient.splice(0);
      live.giveClient(first!);
      live.now += 31_000;
      for (const fragment of rest) live.giveClient(fragment);
      assert.equal(live.toGateway.length, 0, 'the first one is not waited with any more');
      live.giveClient(first!);
      assert.equal(live.toGateway.length, 1);
      assert.ok(live.settle().answer);
      // The time of the next one begins with its own first part.
      live.now += 29_000;
      live.gatewayAsks(37, [notify(40_000, new Uint8Array(1500).fill(8))]);
      live.giveClient(live.toClient.shift()!);
      live.now += 5_000;
      while (live.toClient.length > 0) live.stepToClient();
      assert.equal(live.toGateway.length, 1);
    },
  );
});

describe('more than anybody sends', () => {
  test(
    'does not fill our memory: the message is dropped, the SA stands',
    proves('RFC7383-5-x1', 'does'),
    () => {
      const live = new Live(options());
      const data = new Uint8Array(60_000);
      live.made.gateway.faults = {};
      live.gatewayAsks(37, [notify(40_001, data), notify(Notify.COOKIE2, new Uint8Array(30_000))]);
      while (live.toClient.length > 0) live.stepToClient();
      assert.equal(live.toGateway.length, 0);
      assert.equal(live.session.closed, false);
    },
  );
});
