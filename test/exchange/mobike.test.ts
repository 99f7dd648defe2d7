import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatAddress } from '../../core/net/address.ts';
import { ExchangeType, Notify } from '../../core/wire/constants.ts';
import type { Message } from '../../core/wire/message.ts';
import { notify } from '../../core/wire/payloads/notify.ts';
import { proves } from '../conformance/tag.ts';
import { addressesRequest } from '../support/gateway/mobike.ts';
import { notifies, notifyData } from '../support/gateway/pick.ts';
import { IPV6_ADDRESS, OTHER_ADDRESS, Roaming } from '../support/roaming.ts';

function types(message: Message | undefined): number[] {
  return (message?.payloads ?? []).flatMap((payload) => (payload.kind === 'N' ? [payload.notifyType] : []));
}

function answers(roaming: Roaming): Message[] {
  return roaming.gatewayEvents.flatMap((event) => (event.kind === 'answered' ? [event.message] : []));
}

describe('MOBIKE', () => {
  test(
    'is offered in the message with the SA payload, without data, and spoken when the gateway says so too',
    proves(
      ['RFC4555-x-1', 'does'],
      ['RFC4555-4.2.1-1', 'does'],
      ['RFC4555-x-2', 'does'],
      ['RFC4555-x-4', 'does'],
    ),
    () => {
      const roaming = new Roaming().command({ kind: 'connect' }).run(1_000);
      const auth = roaming.requests.filter(({ exchange }) => exchange === ExchangeType.IKE_AUTH);
      assert.equal(auth.length, 5);
      const offers = auth.map((message) => notifyData(message, Notify.MOBIKE_SUPPORTED));
      assert.deepEqual(offers[0], new Uint8Array());
      assert.ok(offers.slice(1).every((data) => data === undefined));
      assert.ok(
        !types(auth[0]).includes(Notify.ADDITIONAL_IP4_ADDRESS),
        'where we are besides is our own affair',
      );
      assert.equal(roaming.event('established')?.mobike, true);
      assert.equal(roaming.sa.localPort, 4500);
    },
  );

  test('is not spoken with a gateway that does not', proves('RFC4555-x-1', 'refuses'), () => {
    const roaming = new Roaming({ isDeaf: true }).command({ kind: 'connect' }).run(1_000);
    assert.equal(roaming.event('established')?.mobike, false);
  });

  test('is not offered when the profile says so', () => {
    const roaming = new Roaming({ client: { mobike: false } }).command({ kind: 'connect' }).run(1_000);
    assert.equal(roaming.event('established')?.mobike, false);
    assert.ok(roaming.requests.every((message) => !types(message).includes(Notify.MOBIKE_SUPPORTED)));
  });
});

describe('a network that is left for another', () => {
  test('costs one round trip: the only way is taken at once, and confirmed by its answer', () => {
    const roaming = new Roaming().connect();
    roaming.addWay(1);
    const start = roaming.now;
    roaming.kill(0).paths(1);
    assert.deepEqual(roaming.moves, ['1?']);
    assert.deepEqual(
      roaming.sent.map(({ at, path }) => [at - start, path]),
      [[0, 1]],
    );
    roaming.run(20);
    assert.deepEqual(roaming.moves, ['1?', '1!']);
    assert.ok(roaming.passes);
    const [update] = roaming.requests;
    assert.deepEqual(types(update), [
      Notify.UPDATE_SA_ADDRESSES,
      Notify.NAT_DETECTION_SOURCE_IP,
      Notify.NAT_DETECTION_DESTINATION_IP,
      Notify.COOKIE2,
    ]);
    assert.deepEqual(roaming.violations, []);
    roaming.run(10_000);
    assert.equal(roaming.sent.length, 1);
  });

  test('says what NATs are before the client there', proves('RFC4555-3.8-x1', 'does'), () => {
    const roaming = new Roaming().connect();
    roaming.addWay(1, { nat: { address: OTHER_ADDRESS, port: 40_001 } });
    roaming.addWay(2);
    roaming.paths(1).run(100);
    assert.deepEqual(roaming.event('path')?.nat, { supported: true, local: true, remote: false });
    assert.deepEqual(roaming.events.at(-1), {
      kind: 'path',
      path: roaming.way(1).path,
      confirmed: true,
      nat: { supported: true, local: true, remote: false },
    });
    roaming.forget().paths(2).run(100);
    const confirmed = roaming.events.at(-1);
    assert.ok(confirmed?.kind === 'path' && confirmed.confirmed);
    assert.deepEqual(confirmed.nat, { supported: true, local: false, remote: false });
  });

  test('takes it from IPv4 to IPv6, to another address of the gateway, and back', () => {
    const roaming = new Roaming().connect();
    roaming.addWay(1, { to: IPV6_ADDRESS });
    roaming.addWay(2, { to: OTHER_ADDRESS });
    roaming.addWay(3);
    for (const [id, moves] of [
      // ESP waits for the first word from an address of the gateway that was never heard.
      [1, ['1!']],
      [2, ['2!']],
      [3, ['3?', '3!']],
    ] as const) {
      roaming.forget().paths(id).run(100);
      assert.deepEqual(roaming.moves, moves);
      assert.equal(roaming.receivesOver, id);
    }
    assert.deepEqual(roaming.violations, []);
  });

  test('moves the SAs of a gateway that wants to see first that the client is there', () => {
    const roaming = new Roaming({ gateway: { mobike: { checksRoutability: true } } }).connect();
    roaming.addWay(1);
    roaming.paths(1).run(19);
    assert.equal(roaming.receivesOver, 0);
    roaming.run(100);
    assert.equal(roaming.receivesOver, 1);
    assert.deepEqual(roaming.violations, []);
  });

  test('a packet that is lost costs a quarter of a second', () => {
    const roaming = new Roaming().connect();
    roaming.addWay(1).up = false;
    roaming.paths(1).run(100).revive(1).run(200);
    assert.deepEqual(roaming.moves, ['1?', '1!']);
  });

  test('during the login is moved to when the login is over', () => {
    const roaming = new Roaming().command({ kind: 'connect' });
    roaming.addWay(1);
    roaming.run(50).paths(1).run(1_000);
    assert.ok(roaming.event('established'));
    assert.deepEqual(roaming.moves, ['1?', '1!']);
  });

  test('twice in a moment leads to the second one', () => {
    const roaming = new Roaming().connect();
    roaming.addWay(1);
    roaming.addWay(2);
    roaming.paths(1).run(15).paths(2).run(200);
    assert.deepEqual(roaming.moves, ['1?', '2?', '2!']);
    assert.equal(roaming.receivesOver, 2);
    assert.deepEqual(roaming.violations, []);
  });
});

describe('a request that is under way when the network changes', () => {
  test('goes out again at once from the new address, with its message id and its octets', () => {
    const roaming = new Roaming().connect();
    roaming.addWay(1);
    roaming.kill(0).command({ kind: 'rekey-ike' }).run(5);
    roaming.paths(1);
    const [before, after, ...rest] = roaming.sent;
    assert.equal(before?.path, 0);
    assert.equal(after?.path, 1);
    assert.deepEqual(after.payload, before.payload);
    assert.deepEqual(rest, []);
    roaming.run(300);
    assert.ok(roaming.event('rekeyed'));
    assert.deepEqual(roaming.moves, ['1?', '1!']);
    assert.ok(roaming.passes);
    assert.deepEqual(roaming.violations, []);
    const exchanges = roaming.requests.map(({ exchange }) => exchange);
    assert.equal(exchanges[0], ExchangeType.CREATE_CHILD_SA);
    assert.ok(types(roaming.requests[1]).includes(Notify.UPDATE_SA_ADDRESSES), 'before anything else');
  });

  test('fits a path of the other family, for which it cannot be cut anew', () => {
    const octets = 400;
    const client = { fragmentOctets: octets };
    const roaming = new Roaming({ client, gateway: { fragmentOctets: octets } }).connect();
    roaming.kill(0).command({ kind: 'rekey-ike' });
    assert.ok(roaming.sent.length > 1, 'in fragments');
    roaming.addWay(1, { to: IPV6_ADDRESS });
    roaming.paths(1).run(1_000);
    const lengths = roaming.sent
      .filter(({ path }) => path === 1)
      .map(({ payload }) => payload.length + 8 + 40);
    assert.ok(Math.max(...lengths) <= octets, String(lengths));
    assert.ok(roaming.event('rekeyed'));
  });

  test(
    'and was an update is followed by a new one',
    proves(['RFC4555-3.6-1', 'does'], ['RFC4555-3.6-1', 'refuses']),
    () => {
      const roaming = new Roaming().connect();
      roaming.addWay(1).down = false;
      roaming.addWay(2);
      roaming.paths(1).run(100).paths(2).run(500);
      assert.deepEqual(roaming.moves, ['1?', '2?', '2!']);
      const ids = roaming.requests.map(({ messageId }) => messageId);
      assert.equal(
        ids.length,
        2,
        'the first one, and the one that the gateway acts upon for the new address',
      );
      assert.equal(roaming.receivesOver, 2);
    },
  );

  test('in an IKE SA that the gateway has just replaced moves the one that replaced it too', () => {
    for (const cutAfter of [5, 15, 25, 35, 45]) {
      const roaming = new Roaming().connect();
      roaming.addWay(1);
      roaming.act(roaming.made.gateway.rekeyIke(roaming.sa.id, roaming.now)).run(cutAfter);
      roaming.kill(0).paths(1).run(200);
      assert.ok(roaming.passes, `${cutAfter} ms`);
      // The gateway may not have heard yet that its rekeying is granted: it asks again.
      roaming.run(2_000);
      assert.equal(roaming.moves.at(-1), '1!');
      roaming.run(60_000);
      assert.equal(roaming.made.gateway.sas.length, 1);
      assert.ok(roaming.passes);
      assert.deepEqual(roaming.violations, []);
    }
  });

  test('keeps its patience while there is no network at all', () => {
    const roaming = new Roaming().connect();
    roaming.kill(0).command({ kind: 'check-liveness' }).paths().run(600_000);
    assert.equal(roaming.sent.length, 1);
    assert.deepEqual(roaming.events, []);
    roaming.addWay(1);
    roaming.paths(1).run(100);
    assert.deepEqual(roaming.moves, ['1?', '1!']);
    assert.ok(roaming.passes);
  });
});

describe('without any network', () => {
  test('nothing is sent, and the next one is taken at once', () => {
    const roaming = new Roaming().connect().paths().run(3_600_000);
    assert.equal(roaming.sent.length, 0);
    assert.deepEqual(roaming.events, []);
    roaming.addWay(1);
    roaming.paths(1);
    assert.deepEqual(
      roaming.sent.map(({ path }) => path),
      [1],
    );
    roaming.run(200);
    assert.deepEqual(roaming.moves, ['1?', '1!']);
  });

  test('the session can still be left', () => {
    const roaming = new Roaming().connect().paths().command({ kind: 'disconnect' }).run(10_000);
    assert.deepEqual(roaming.events, [{ kind: 'closed' }]);
  });
});

describe('return routability', () => {
  test(
    'a COOKIE2 that comes back changed, or not at all, ends the IKE SA',
    proves(
      ['RFC4555-3.7-4', 'does'],
      ['RFC4555-3.7-4', 'refuses'],
      ['RFC4555-3.7-5', 'does'],
      ['RFC4555-3.7-5', 'refuses'],
      ['RFC4555-3.7-x3', 'does'],
    ),
    () => {
      for (const cookie2 of ['other', 'missing', 'shorter'] as const) {
        const roaming = new Roaming().connect();
        roaming.addWay(1);
        roaming.made.gateway.faults = { mobike: { cookie2 } };
        roaming.paths(1).run(1_000);
        assert.equal(roaming.event('closed')?.failure?.code, 'protocol.unexpected', cookie2);
        assert.equal(roaming.made.gateway.sas.length, 0, 'the gateway is told');
      }
    },
  );

  test(
    'each COOKIE2 has 16 octets that were never there before',
    proves(['RFC4555-4.2.5-1', 'does'], ['RFC4555-4.2.5-x1', 'does']),
    () => {
      const roaming = new Roaming().connect();
      const seen = new Set<string>();
      for (let id = 1; id < 20; id++) {
        roaming.addWay(id);
        roaming.paths(id).run(100);
      }
      for (const message of roaming.requests) {
        const cookie = notifyData(message, Notify.COOKIE2);
        assert.equal(cookie?.length, 16);
        seen.add(cookie.join());
      }
      assert.equal(seen.size, 19);
    },
  );

  test(
    'a request of the gateway gets its COOKIE2 back',
    proves(['RFC4555-3.7-1', 'does'], ['RFC4555-3.7-1', 'refuses']),
    () => {
      for (const length of [8, 24, 64]) {
        const roaming = new Roaming().connect();
        const cookie = Uint8Array.from({ length }, (_, i) => 255 - i);
        const request = { exchange: ExchangeType.INFORMATIONAL, payloads: [notify(Notify.COOKIE2, cookie)] };
        roaming.act(roaming.made.gateway.request(roaming.sa.id, request, roaming.now)).run(100);
        const [answer] = answers(roaming);
        assert.deepEqual(answer && notifies(answer, Notify.COOKIE2).map(({ data }) => data), [cookie]);
      }
    },
  );
});

describe('where the gateway is', () => {
  function told(roaming: Roaming): string[] | undefined {
    return roaming.event('gateway-addresses')?.addresses.map(formatAddress);
  }

  test('is told with the login', () => {
    const mobike = { additional: [OTHER_ADDRESS, IPV6_ADDRESS] };
    const roaming = new Roaming({ gateway: { mobike } }).command({ kind: 'connect' }).run(1_000);
    assert.deepEqual(told(roaming), ['203.0.113.1', '198.51.100.1', '2001:db8:1::1']);
  });

  test('is told anew in a request, and replaces what was told before', () => {
    const roaming = new Roaming().connect();
    const ask = (addresses: Parameters<typeof addressesRequest>[0]): string[] | undefined => {
      const request = addressesRequest(addresses);
      roaming
        .forget()
        .act(roaming.made.gateway.request(roaming.sa.id, request, roaming.now))
        .run(100);
      return told(roaming);
    };
    assert.deepEqual(ask([OTHER_ADDRESS]), ['203.0.113.1', '198.51.100.1']);
    assert.deepEqual(ask([]), ['203.0.113.1']);
    assert.equal(answers(roaming).length, 1);
  });

  test('is not asked of anybody who does not speak MOBIKE', proves(['RFC4555-3.4-x1', 'refuses']), () => {
    const roaming = new Roaming({ isDeaf: true }).connect();
    const request = addressesRequest([OTHER_ADDRESS]);
    roaming.act(roaming.made.gateway.request(roaming.sa.id, request, roaming.now)).run(100);
    assert.equal(told(roaming), undefined);
  });
});

describe('a gateway without MOBIKE', () => {
  test('cannot be taken along: the session says at once that nobody answers, and stays', () => {
    const roaming = new Roaming({ isDeaf: true }).connect();
    roaming.addWay(1);
    roaming.kill(0).paths(1);
    assert.deepEqual(
      roaming.events,
      [{ kind: 'unanswered', since: 1_180 - 0 }].map((event) => ({
        ...event,
        since: roaming.event('unanswered')!.since,
      })),
    );
    assert.deepEqual(roaming.moves, []);
    roaming.run(29_000);
    assert.ok(roaming.sent.every(({ path }) => path === 0));
    assert.equal(roaming.event('closed'), undefined);
    roaming.run(2_000);
    assert.equal(roaming.event('closed')?.failure?.code, 'timeout.liveness');
  });

  for (const [when, act] of [
    ['before', (roaming: Roaming) => roaming.command({ kind: 'disconnect' }).paths(1)],
    ['after', (roaming: Roaming) => roaming.paths(1).command({ kind: 'disconnect' })],
  ] as const) {
    test(`hears a goodbye that is asked for ${when} the way is known to be lost by another one`, () => {
      const roaming = new Roaming({ isDeaf: true }).connect();
      roaming.addWay(1);
      act(roaming.kill(0)).run(2_000);
      assert.deepEqual(roaming.made.gateway.sas, []);
      assert.deepEqual(roaming.moves, []);
      assert.ok(roaming.event('closed'));
      assert.equal(roaming.event('closed')?.failure, undefined);
    });
  }

  test('goes on when its way comes back', () => {
    const roaming = new Roaming({ isDeaf: true }).connect();
    roaming.addWay(1);
    roaming.kill(0).paths(1).run(5_000).revive(0).paths(0, 1).run(100);
    assert.deepEqual(
      roaming.events.map(({ kind }) => kind),
      ['unanswered', 'answered'],
    );
  });
});
