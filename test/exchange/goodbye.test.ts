import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { equalBytes } from '../../core/lib/bytes.ts';
import { ExchangeType } from '../../core/wire/constants.ts';
import type { Payload } from '../../core/wire/payload.ts';
import { proves } from '../conformance/tag.ts';
import type { Faults, Step } from '../support/gateway/index.ts';
import { Pair } from '../support/pair.ts';

/** Makes the payloads of one step unreadable; the integrity check still passes. */
const garbled = (at: Step): Faults => ({
  tamperPlaintext: (plaintext, step) =>
    step === at ? plaintext.map((octet, i) => (i === 2 || i === 3 ? 0xff : octet)) : plaintext,
});

/** Something that can be garbled: an empty message has no octets for it. */
const VENDOR: Payload = { kind: 'V', data: new Uint8Array(8) };

function standing(faults: Faults): Pair {
  const pair = new Pair({ gateway: { faults } }).connect().settle();
  assert.ok(pair.event('established'));
  pair.events.length = 0;
  pair.gatewayEvents.length = 0;
  return pair;
}

const idOf = (pair: Pair): number => pair.made.gateway.sas[0]!.id;

const requests = (pair: Pair): number => pair.gatewayEvents.filter(({ kind }) => kind === 'received').length;

describe('a gateway that does not let go', () => {
  test('an unreadable answer to the goodbye is the last one too', proves('RFC7296-2.21-x2', 'does'), () => {
    const pair = standing({ add: [{ at: 'reply', payloads: [VENDOR] }], ...garbled('reply') });
    pair.command({ kind: 'disconnect' }).settle();
    assert.deepEqual(pair.events, [{ kind: 'closed' }]);
    assert.equal(requests(pair), 1);
  });

  test('an unreadable answer to a liveness check while we leave does not keep us from the Delete', () => {
    const pair = standing({ add: [{ at: 'reply', payloads: [VENDOR] }], ...garbled('reply') });
    pair.command({ kind: 'check-liveness' }).command({ kind: 'disconnect' }).settle();
    assert.deepEqual(pair.events, [{ kind: 'closed' }]);
    const kinds = pair.gatewayEvents.flatMap((event) =>
      event.kind === 'received' ? [event.message.payloads.map(({ kind }) => kind)] : [],
    );
    assert.deepEqual(kinds, [[], ['D']]);
  });

  test('requests without end do not keep the goodbye from ending', () => {
    const pair = standing({});
    pair.command({ kind: 'disconnect' });
    const [goodbye] = pair.toGateway.splice(0);
    const start = pair.now;
    while (!pair.session.closed && pair.now - start < 60_000) {
      pair.takeGateway(pair.made.gateway.checkLiveness(idOf(pair), pair.now));
      while (pair.toClient.length > 0) pair.stepToClient();
      for (const datagram of pair.toGateway.splice(0)) {
        if (!equalBytes(datagram.payload, goodbye!.payload)) pair.giveGateway(datagram);
      }
      pair.advance(100);
    }
    assert.ok(pair.gatewayEvents.filter(({ kind }) => kind === 'answered').length > 20);
    assert.equal(pair.now - start, 3_000);
  });

  test('what the gateway says while we leave does not change the reason', () => {
    const pair = standing({});
    pair.takeGateway(pair.made.gateway.deleteChild(idOf(pair), pair.now)).stepToClient();
    const [answer] = pair.toGateway.splice(0);
    pair.giveGateway(answer!);
    pair.made.gateway.faults = garbled('request');
    const odd = { exchange: ExchangeType.INFORMATIONAL, payloads: [VENDOR] };
    pair.takeGateway(pair.made.gateway.request(idOf(pair), odd, pair.now)).stepToClient();
    assert.equal(pair.session.closed, true);
    assert.equal(pair.failureCode, 'peer.deleted');
  });
});
