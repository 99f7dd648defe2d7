import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { proves } from '../conformance/tag.ts';
import type { GatewayDatagram } from '../support/gateway/index.ts';
import { Pair } from '../support/pair.ts';

/** Longer than the client waits before it asks, and than it then believes in an answer. */
const LONG_MS = 70_000;

interface Recording {
  readonly pair: Pair;
  /** Everything that the gateway ever sent, as somebody on the path has it. */
  readonly recorded: readonly GatewayDatagram[];
}

/** A session that stands, with one liveness check answered on each side, and a gateway that then vanishes. */
function vanished(): Recording {
  const pair = new Pair().connect();
  const recorded: GatewayDatagram[] = [];
  const settle = (): void => {
    while (pair.toGateway.length + pair.toClient.length > 0) {
      if (pair.toGateway.length > 0) pair.stepToGateway();
      recorded.push(...pair.toClient);
      while (pair.toClient.length > 0) pair.stepToClient();
    }
  };
  settle();
  assert.ok(pair.event('established'));
  pair.command({ kind: 'check-liveness' });
  settle();
  pair.takeGateway(pair.made.gateway.checkLiveness(pair.made.gateway.sas[0]!.id, pair.now));
  recorded.push(...pair.toClient);
  settle();
  pair.made.gateway.setSilent(true);
  return { pair, recorded };
}

/** When the client gives the gateway up if somebody gives it `octets` once a second. */
function givenUpAfter({ pair }: Recording, datagrams: readonly GatewayDatagram[]): number | undefined {
  const start = pair.now;
  while (pair.now - start < LONG_MS) {
    pair.advance(1_000);
    for (const datagram of datagrams) pair.giveClient(datagram);
    pair.toGateway.splice(0);
    if (pair.session.closed) {
      assert.equal(pair.failureCode, 'timeout.liveness');
      return pair.now - start;
    }
  }
  return undefined;
}

describe('what anybody can send again is no sign of life', () => {
  const undisturbed = givenUpAfter(vanished(), []);

  test('a gateway that vanished is given up', () => {
    // Asked after half of the 30 seconds that silence is believed in, and then for as long as a request is repeated.
    assert.equal(undisturbed, 45_000);
  });

  test(
    'also when the answer to IKE_SA_INIT, which is in clear, comes again and again',
    proves(['RFC7296-2.4-11', 'refuses'], ['RFC7296-2.4-12', 'refuses']),
    () => {
      const recording = vanished();
      const [init, ...later] = recording.recorded;
      assert.equal(init?.localPort, 500);
      assert.ok(later.length > 4);
      for (const localPort of [500, 4500]) {
        assert.equal(givenUpAfter(vanished(), [{ ...init, localPort }]), undisturbed);
      }
    },
  );

  test(
    'also when everything that the gateway ever sent comes again and again',
    proves('RFC7296-2.4-11', 'refuses'),
    () => {
      const recording = vanished();
      assert.equal(givenUpAfter(recording, recording.recorded), undisturbed);
    },
  );

  test('a fresh message is one', () => {
    const { pair } = vanished();
    pair.made.gateway.setSilent(false);
    pair.advance(14_000);
    pair.takeGateway(pair.made.gateway.checkLiveness(pair.made.gateway.sas[0]!.id, pair.now)).settle();
    pair.advance(14_000);
    assert.equal(pair.toGateway.length, 0);
  });
});
