import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { concat, equalBytes } from '../../core/lib/bytes.ts';
import { encodeMessage } from '../../core/wire/message.ts';
import { proves } from '../conformance/tag.ts';
import { mutate, seeded } from '../fuzz/mutate.ts';
import { GATEWAY_ADDRESS } from '../support/gateway/index.ts';
import { Pair } from '../support/pair.ts';
import { clearMessage, octets } from '../support/wire-arbitraries.ts';

/** A pair in one phase, a genuine message (the next one, else the last one heard), and how it goes on. */
interface Scene {
  readonly pair: Pair;
  readonly genuine: Uint8Array;
  /** Fails unless the session does what it would have done without the attack. */
  readonly goesOn: () => void;
}

/** Lets the two talk until nobody has anything to say; gives the last message that the client took. */
function settled(pair: Pair): Uint8Array {
  let last = new Uint8Array(0);
  while (pair.toGateway.length + pair.toClient.length > 0) {
    if (pair.toGateway.length > 0) pair.stepToGateway();
    else {
      last = pair.toClient[0]!.octets.slice();
      pair.stepToClient();
    }
  }
  return last;
}

function initScene(): Scene {
  const pair = new Pair().connect().stepToGateway();
  const [answer] = pair.toClient;
  return {
    pair,
    genuine: answer!.octets,
    goesOn: () => {
      pair.settle();
      assert.ok(pair.event('established'));
    },
  };
}

function authScene(): Scene {
  const pair = new Pair().connect().stepToGateway().stepToClient().stepToGateway();
  return {
    pair,
    genuine: pair.toClient[0]!.octets,
    goesOn: () => {
      pair.settle();
      assert.ok(pair.event('established'));
    },
  };
}

function waitingScene(): Scene {
  const pair = new Pair({ asked: 'later' }).connect();
  return {
    pair,
    genuine: settled(pair),
    goesOn: () => {
      pair.givePassword().settle();
      assert.ok(pair.event('established'));
    },
  };
}

function establishedScene(): Scene {
  const pair = new Pair().connect().settle();
  const saId = pair.made.gateway.sas[0]!.id;
  pair.takeGateway(pair.made.gateway.checkLiveness(saId, pair.now));
  return {
    pair,
    genuine: pair.toClient[0]!.octets,
    goesOn: () => {
      pair.settle();
      assert.ok(pair.gatewayEvents.some(({ kind }) => kind === 'answered'));
      assert.equal(pair.session.closed, false);
    },
  };
}

function closingScene(): Scene {
  const pair = new Pair().connect().settle().command({ kind: 'disconnect' }).stepToGateway();
  return {
    pair,
    genuine: pair.toClient[0]!.octets,
    goesOn: () => {
      pair.settle();
      assert.deepEqual(pair.events.at(-1), { kind: 'closed' });
    },
  };
}

function closedScene(): Scene {
  const pair = new Pair().connect().settle().command({ kind: 'disconnect' });
  const genuine = settled(pair);
  return { pair, genuine, goesOn: () => assert.ok(pair.session.closed) };
}

/** Everything that an onlooker could send: noise, messages in clear to the right SA, and genuine ones changed. */
function hostile(genuine: Uint8Array): fc.Arbitrary<Uint8Array> {
  const spis = genuine.subarray(0, 16);
  const noise = octets(0, 400);
  const addressed = octets(0, 200).map((rest) => concat(spis, rest));
  const headed = fc
    .tuple(octets(12), octets(0, 200))
    .map(([rest, body]) => withLength(concat(spis, rest, body)));
  const clear = clearMessage.map((message) => {
    const encoded = encodeMessage({ ...message, fromInitiator: false, response: true, messageId: 0 });
    return concat(spis, encoded.subarray(16));
  });
  const changed = fc.integer().map((seed) => mutate(genuine, seeded(seed), [genuine]));
  const cut = fc.nat(genuine.length).map((length) => genuine.slice(0, length));
  return fc
    .oneof(noise, addressed, headed, clear, { arbitrary: changed, weight: 4 }, cut)
    .filter((value) => !equalBytes(value, genuine));
}

/** The message with a version and a length that fit, so that it is looked at further. */
function withLength(message: Uint8Array): Uint8Array {
  const copy = message.slice();
  copy[17] = 0x20;
  if (copy.length >= 28) new DataView(copy.buffer).setUint32(24, copy.length);
  return copy;
}

function attack({ pair }: Scene, datagram: Uint8Array, transport: 'ike' | 'nat'): void {
  const port = transport === 'nat' ? 4500 : 500;
  const local = { address: pair.made.gateway.config.addresses[0]!, port };
  pair.session.handleDatagram(
    { octets: datagram, transport, path: 0, local, remote: { address: GATEWAY_ADDRESS, port } },
    pair.now,
  );
}

const transport = fc.constantFrom('ike' as const, 'nat' as const);

for (const [phase, make] of [
  ['while IKE_AUTH waits for an answer', authScene],
  ['while a person types the password', waitingScene],
  ['while the SA stands', establishedScene],
  ['while the goodbye is on its way', closingScene],
  ['after the end', closedScene],
] as const) {
  test(
    `octets that the gateway did not send change nothing ${phase}`,
    proves(
      ['RFC7296-5-x7', 'does'],
      ['RFC7296-2.4-12', 'does'],
      ['RFC7296-2.4-3', 'refuses'],
      ['RFC7296-2.4-11', 'refuses'],
      ['RFC7296-2.21.4-1', 'refuses'],
      ['RFC7296-2.21.4-5', 'refuses'],
      ['RFC7296-2.21.4-6', 'refuses'],
      ['RFC7296-1.5-1', 'refuses'],
    ),
    () => {
      const scene = make();
      const before = scene.pair.session.nextTimeout();
      fc.assert(
        fc.property(hostile(scene.genuine), transport, (datagram, over) => {
          attack(scene, datagram, over);
          assert.deepEqual(scene.pair.session.takeDatagrams(), []);
          assert.deepEqual(scene.pair.session.takeEvents(), []);
          assert.deepEqual(scene.pair.session.nextTimeout(), before);
        }),
        { seed: 1, numRuns: 1_500 },
      );
      scene.goesOn();
    },
  );
}

describe('before anybody has proved anything', () => {
  test(
    'no octets end IKE_SA_INIT at once, and none make it throw',
    proves('RFC7296-2.21.1-x1', 'does'),
    () => {
      const { genuine } = initScene();
      fc.assert(
        fc.property(hostile(genuine), transport, (datagram, over) => {
          const scene = initScene();
          attack(scene, datagram, over);
          const events = scene.pair.session.takeEvents().map(({ kind }) => kind);
          assert.ok(!events.includes('closed') && !events.includes('established'), String(events));
          assert.equal(scene.pair.session.closed, false);
        }),
        { seed: 2, numRuns: 500 },
      );
    },
  );

  test('octets before a session connects are dropped', () => {
    const pair = new Pair();
    const { genuine } = initScene();
    const scene = { pair, genuine, goesOn: () => undefined };
    fc.assert(
      fc.property(hostile(genuine), transport, (datagram, over) => {
        attack(scene, datagram, over);
        assert.deepEqual(pair.session.takeEvents(), []);
      }),
      { seed: 3, numRuns: 200 },
    );
    assert.ok(pair.connect().settle().event('established'));
  });

  test(
    'what others forge does not keep the genuine answer from counting',
    proves('RFC7296-2.21.1-x1', 'refuses'),
    () => {
      fc.assert(
        fc.property(clearMessage, (message) => {
          // With SA, KE and nonce in it, it is an answer like any other.
          fc.pre(message.payloads.every(({ kind }) => kind !== 'SA'));
          const scene = initScene();
          const forged = encodeMessage({ ...message, fromInitiator: false, response: true, messageId: 0 });
          attack(scene, concat(scene.genuine.subarray(0, 16), forged.subarray(16)), 'ike');
          // A cookie or another group makes the client ask anew, which is no end either.
          assert.equal(scene.pair.session.closed, false);
          if (scene.pair.session.takeDatagrams().length === 0) scene.goesOn();
        }),
        { seed: 4, numRuns: 100 },
      );
    },
  );

  test('a replay of an old message of the gateway changes nothing', proves('RFC7296-2.1-4', 'does'), () => {
    const pair = new Pair().connect();
    const heard: Uint8Array[] = [];
    while (pair.toGateway.length + pair.toClient.length > 0) {
      if (pair.toGateway.length > 0) pair.stepToGateway();
      else {
        heard.push(pair.toClient[0]!.octets.slice());
        pair.stepToClient();
        const events = pair.events.length;
        const waiting = [...pair.toGateway];
        for (const old of heard) pair.inject(old);
        assert.equal(pair.events.length, events);
        assert.deepEqual(pair.toGateway, waiting);
      }
    }
    assert.ok(heard.length > 4 && pair.event('established'));
  });
});
