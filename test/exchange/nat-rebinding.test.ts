import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Endpoint } from '../../core/net/address.ts';
import { Notify } from '../../core/wire/constants.ts';
import { proves } from '../conformance/tag.ts';
import { address, GATEWAY_ADDRESS } from '../support/gateway/index.ts';
import { notifies } from '../support/gateway/pick.ts';
import { OTHER_ADDRESS, Roaming, type RoamingOptions } from '../support/roaming.ts';

const HOTEL = address('192.0.2.250');

function mapping(port: number, at = HOTEL): Endpoint {
  return { address: at, port };
}

/** A session behind a NAT, which has asked once how the gateway sees it. */
function behindNat(options: RoamingOptions = {}): Roaming {
  const roaming = new Roaming({ ...options, first: { nat: mapping(30_000) } }).connect();
  return roaming.command({ kind: 'check-liveness' }).run(1_000).forget();
}

function updates(roaming: Roaming): number {
  return roaming.requests.filter((message) => notifies(message, Notify.UPDATE_SA_ADDRESSES).length > 0)
    .length;
}

/** How long nothing passes, in steps of 100 ms, while something is sent all the time. */
function outage(roaming: Roaming): number {
  const start = roaming.now;
  while (!roaming.passes) {
    roaming.exchangeEsp().run(100);
    assert.ok(roaming.now - start < 60_000, 'it never heals');
  }
  return roaming.now - start;
}

describe('a NAT that gives us another address or port', () => {
  test('under traffic is found out and told to the gateway within five seconds, again and again', () => {
    const roaming = behindNat();
    for (let i = 1; i <= 20; i++) {
      for (let j = 0; j < 30; j++) roaming.exchangeEsp().run(100);
      roaming.way(0).seenAs = mapping(30_000 + i, i % 3 === 0 ? OTHER_ADDRESS : HOTEL);
      const ms = outage(roaming);
      assert.ok(ms <= 3_500, `${ms} ms`);
    }
    assert.equal(roaming.event('unanswered'), undefined);
    assert.equal(roaming.session.closed, false);
    assert.deepEqual(roaming.violations, []);
  });

  test(
    'without traffic is found out by the next question, and told at once',
    proves(
      ['RFC4555-3.8-3', 'does'],
      ['RFC4555-3.8-x1', 'does'],
      ['RFC4555-3.8-x2', 'does'],
      ['RFC4555-3.8-x2', 'refuses'],
    ),
    () => {
      const roaming = behindNat();
      roaming.way(0).seenAs = mapping(30_001);
      roaming.run(13_900);
      assert.equal(roaming.passes, false);
      roaming.run(1_200);
      assert.ok(roaming.passes);
      assert.deepEqual(roaming.mappings, [false, true]);
      const [question, update] = roaming.requests;
      assert.deepEqual(
        question?.payloads.map((payload) => (payload.kind === 'N' ? payload.notifyType : 0)),
        [Notify.NAT_DETECTION_SOURCE_IP, Notify.NAT_DETECTION_DESTINATION_IP],
      );
      assert.equal(update && notifies(update, Notify.UPDATE_SA_ADDRESSES).length, 1);
      assert.deepEqual(roaming.moves, ['0!']);
    },
  );

  test('while we sleep is told without a question before', proves(['RFC4555-3.8-x3', 'does']), () => {
    const roaming = behindNat();
    roaming.way(0).seenAs = mapping(30_001);
    roaming.sleep(3_600_000).command({ kind: 'check-liveness' }).run(21);
    assert.ok(roaming.passes);
    assert.equal(roaming.requests.length, 1);
  });

  test('is no reason to tell anything as long as it stays the same', () => {
    const roaming = behindNat().run(119_000);
    assert.equal(updates(roaming), 0);
    assert.deepEqual(
      roaming.mappings,
      Array.from({ length: 7 }, () => true),
    );
    assert.deepEqual(roaming.moves, []);
  });

  test('and that was not there before is found too', () => {
    const roaming = new Roaming().connect().run(16_000);
    assert.equal(updates(roaming), 0);
    roaming.way(0).seenAs = mapping(30_000);
    roaming.run(16_000);
    assert.ok(roaming.passes);
    const path = roaming.event('path');
    assert.deepEqual(path?.nat, { supported: true, local: true, remote: false });
  });

  test('costs one update more when the IKE SA is rekeyed, for its SPIs are in what is compared', () => {
    const roaming = behindNat().command({ kind: 'rekey-ike' }).run(60_000);
    assert.ok(roaming.event('rekeyed'));
    assert.equal(updates(roaming), 1);
    assert.ok(roaming.mappings.every((kept) => kept));
    assert.deepEqual(roaming.violations, []);
    const without = new Roaming().connect().command({ kind: 'rekey-ike' }).run(60_000);
    assert.equal(updates(without), 0, 'without a NAT there is nothing to find out');
  });

  test('and a gateway that does not say how it sees us are endured', () => {
    const roaming = behindNat({ gateway: { faults: { mobike: { noNatDetection: true } } } }).run(120_000);
    assert.equal(roaming.session.closed, false);
    assert.deepEqual(roaming.moves, []);
  });
});

describe('traffic that goes one way only', () => {
  test('makes us ask, but not all the time', () => {
    for (const nat of [undefined, mapping(30_000)]) {
      const roaming = new Roaming(nat ? { first: { nat } } : {}).connect();
      for (let i = 0; i < 600; i++) {
        roaming.session.noteSent(roaming.now);
        roaming.run(100);
      }
      assert.ok(roaming.requests.length <= 7, `${roaming.requests.length} requests in a minute`);
      assert.equal(roaming.event('unanswered'), undefined);
    }
  });
});

describe('without MOBIKE', () => {
  const DEAF = { isDeaf: true } as const;

  test('a NAT mapping that changes is healed by the first question, which the gateway follows', () => {
    const roaming = new Roaming({ ...DEAF, first: { nat: mapping(30_000) } }).connect();
    for (let j = 0; j < 30; j++) roaming.exchangeEsp().run(100);
    roaming.way(0).seenAs = mapping(30_001);
    assert.ok(outage(roaming) <= 3_500);
    assert.equal(roaming.requests.length, 1);
    assert.deepEqual(roaming.requests[0]?.payloads, []);
  });

  test(
    'a gateway that answers from elsewhere is followed there',
    proves(['RFC7296-2.23-x9', 'does'], ['RFC7296-2.23-x11', 'does']),
    () => {
      const roaming = new Roaming({ isDeaf: true }).connect();
      const request = roaming.made.gateway.checkLiveness(roaming.sa.id, roaming.now).datagrams[0];
      const { path } = roaming.way(0);
      const datagram = {
        octets: request!.octets,
        transport: 'nat',
        path: 0,
        local: path.local,
        remote: { address: OTHER_ADDRESS, port: 4501 },
      } as const;
      roaming.session.handleDatagram(datagram, roaming.now);
      roaming.command({ kind: 'check-liveness' });
      assert.deepEqual(
        roaming.events.map((event) => event.kind === 'path' && event.path.remote),
        [datagram.remote],
      );
      // Recorded and sent again from where we left, it moves nothing.
      roaming.session.handleDatagram({ ...datagram, remote: path.remote }, roaming.now);
      roaming.command({ kind: 'check-liveness' });
      assert.equal(roaming.events.length, 1);
    },
  );

  test(
    'and behind a NAT of our own it is not',
    proves(['RFC7296-2.23-x10', 'does'], ['RFC7296-2.23-x10', 'refuses']),
    () => {
      const roaming = new Roaming({ isDeaf: true, first: { nat: mapping(30_000) } }).connect();
      const request = roaming.made.gateway.checkLiveness(roaming.sa.id, roaming.now).datagrams[0];
      const { local } = roaming.way(0).path;
      roaming.session.handleDatagram(
        {
          ...{ octets: request!.octets, transport: 'nat', path: 0, local },
          remote: { address: OTHER_ADDRESS, port: 4501 },
        } as const,
        roaming.now,
      );
      roaming.command({ kind: 'check-liveness' });
      assert.deepEqual(roaming.moves, []);
      assert.ok(GATEWAY_ADDRESS);
    },
  );

  test(
    'with MOBIKE it is not either: a request from elsewhere is answered there, and that is all',
    proves(['RFC4555-3.8-1', 'does'], ['RFC4555-3.8-1', 'refuses'], ['RFC7296-2.11-2', 'does']),
    () => {
      const roaming = new Roaming().connect();
      const request = roaming.made.gateway.checkLiveness(roaming.sa.id, roaming.now).datagrams[0];
      const remote = { address: OTHER_ADDRESS, port: 4501 };
      const { local } = roaming.way(0).path;
      roaming.session.handleDatagram(
        { octets: request!.octets, transport: 'nat', path: 0, local, remote },
        roaming.now,
      );
      assert.deepEqual(
        roaming.session.takeDatagrams().map((datagram) => datagram.remote),
        [remote],
      );
      assert.deepEqual(roaming.session.takeEvents(), []);
    },
  );
});
