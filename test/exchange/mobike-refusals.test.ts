import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ExchangeType, Notify } from '../../core/wire/constants.ts';
import type { Message } from '../../core/wire/message.ts';
import { proves } from '../conformance/tag.ts';
import { GATEWAY_ADDRESS } from '../support/gateway/index.ts';
import { notifies } from '../support/gateway/pick.ts';
import { IPV6_ADDRESS, Roaming } from '../support/roaming.ts';

const NAT = { address: GATEWAY_ADDRESS, port: 4500 };

function forbidsNats(message: Message): boolean {
  return notifies(message, Notify.NO_NATS_ALLOWED).length > 0;
}

describe('addresses that the gateway refuses', () => {
  const accepts = (port: number): boolean => port !== 40_001;

  function refusing(): Roaming {
    const roaming = new Roaming({
      gateway: { mobike: { accepts: ({ port }) => accepts(port) } },
    }).connect();
    roaming.addWay(1, { nat: { ...NAT, port: 40_001 } });
    roaming.addWay(2);
    return roaming;
  }

  test('are left for the next ones', proves('RFC4555-3.5-x3', 'does'), () => {
    const roaming = refusing().kill(0).paths(1, 2).run(1_000);
    assert.equal(roaming.sendsOver, 2);
    assert.equal(roaming.receivesOver, 2);
    roaming.forget().run(14_000);
    assert.deepEqual(roaming.sent, [], 'and are not tried again');
  });

  test('are left for the ones before them, which still work', () => {
    const roaming = refusing().paths(1, 0).run(1_000);
    assert.deepEqual(roaming.moves, ['1?', '0!']);
    assert.ok(roaming.passes);
    assert.equal(roaming.receivesOver, 0);
  });

  test('end the session when there is nothing else: a new one may be let in', () => {
    const roaming = refusing().paths(1).run(5_000);
    assert.equal(roaming.event('closed')?.failure?.code, 'network.path-lost');
    assert.equal(roaming.made.gateway.sas.length, 0);
  });

  test('may be refused by an error that we do not know', () => {
    const roaming = refusing();
    roaming.made.gateway.faults = { mobike: { updateNotify: 9_999 } };
    roaming.paths(2, 0).run(1_000);
    assert.deepEqual(roaming.moves, ['2?', '0!']);
  });
});

describe('a profile that forbids NATs', () => {
  test(
    'says so in the first IKE_AUTH request and in every update, with the addresses that each takes',
    proves(['RFC4555-3.9-1', 'does']),
    () => {
      const roaming = new Roaming({ client: { natProhibited: true } });
      roaming.command({ kind: 'connect' }).run(1_000);
      assert.ok(roaming.event('established'));
      roaming.addWay(1, { to: IPV6_ADDRESS });
      roaming.paths(1).run(1_000);
      assert.deepEqual(roaming.moves, ['1!']);
      const said = roaming.requests.filter(forbidsNats);
      assert.deepEqual(
        said.map(({ exchange }) => exchange),
        [ExchangeType.IKE_AUTH, ExchangeType.INFORMATIONAL],
      );
      assert.deepEqual(roaming.violations, []);
    },
  );

  test('is not let in through one, whoever finds it', proves(['RFC4555-3.9-1', 'refuses']), () => {
    const roaming = new Roaming({
      client: { natProhibited: true },
      first: { nat: { ...NAT, port: 40_001 } },
    });
    roaming.command({ kind: 'connect' }).run(5_000);
    assert.equal(roaming.event('closed')?.failure?.code, 'network.nat-found');
    const deaf = new Roaming({
      client: { natProhibited: true },
      isDeaf: true,
      first: { nat: { ...NAT, port: 40_001 } },
    });
    deaf.command({ kind: 'connect' }).run(5_000);
    assert.equal(deaf.event('closed')?.failure?.code, 'network.nat-found');
  });

  test(
    'does not give a way up for one packet that was changed',
    proves(['RFC4555-3.9-2', 'does'], ['RFC4555-3.9-2', 'refuses']),
    () => {
      const roaming = new Roaming({ client: { natProhibited: true } }).connect();
      roaming.addWay(1);
      roaming.made.gateway.faults = { mobike: { natsFound: 3 } };
      roaming.paths(1).run(1_000);
      assert.deepEqual(roaming.moves, ['1?', '1!']);
      assert.equal(new Set(roaming.requests.map(({ messageId }) => messageId)).size, 4, 'new requests');
    },
  );

  test('goes back from a way with a NAT, and leaves when there is no other', () => {
    const roaming = new Roaming({ client: { natProhibited: true } }).connect();
    roaming.addWay(1, { nat: { ...NAT, port: 40_001 } });
    roaming.paths(1, 0).run(1_000);
    assert.equal(roaming.sendsOver, 0);
    roaming.paths(1).run(1_000);
    assert.equal(roaming.event('closed')?.failure?.code, 'network.path-lost');
  });

  test('finds a NAT that the gateway does not complain of', () => {
    const roaming = new Roaming({ client: { natProhibited: true } }).connect();
    roaming.addWay(1);
    roaming.made.gateway.faults = { pretendNat: 'client' };
    roaming.paths(1).run(1_000);
    assert.equal(roaming.event('closed')?.failure?.code, 'network.path-lost');
  });
});
