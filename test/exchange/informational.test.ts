import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readU32, u32 } from '../../core/lib/bytes.ts';
import { firstOf, notifyOf } from '../../core/ike/payloads.ts';
import { ExchangeType, Notify, Protocol } from '../../core/wire/constants.ts';
import { encodeMessage, type Message } from '../../core/wire/message.ts';
import { notify } from '../../core/wire/payloads/notify.ts';
import { proves } from '../conformance/tag.ts';
import { address } from '../support/gateway/index.ts';
import { Live } from '../support/live.ts';
import { Pair } from '../support/pair.ts';

const { INFORMATIONAL } = ExchangeType;

describe('delete', () => {
  test(
    'disconnecting deletes the IKE SA at the gateway and waits for its word',
    proves(
      ['RFC7296-1.4.1-x2', 'does'],
      ['RFC7296-1.4-3', 'does'],
      ['RFC7296-1.4-5', 'does'],
      ['RFC7296-2.4-10', 'does'],
    ),
    () => {
      const pair = new Live().command({ kind: 'disconnect' });
      assert.equal(pair.session.closed, false);
      pair.settle();
      assert.deepEqual(pair.events, [{ kind: 'closed' }]);
      assert.equal(pair.gatewayEvents.find((event) => event.kind === 'closed')?.reason, 'client');
    },
  );

  test('a gateway that does not answer the goodbye holds nobody up for long', () => {
    const pair = new Live();
    pair.made.gateway.setSilent(true);
    pair.command({ kind: 'disconnect' }).settle().advance(3_100);
    assert.deepEqual(pair.events, [{ kind: 'closed' }]);
  });

  test(
    'the gateway may delete the IKE SA: an empty answer, and the session ends with the reason',
    proves(['RFC7296-1.4.1-x2', 'does'], ['RFC7296-1.4-4', 'does'], ['RFC7296-1.4.1-6', 'does']),
    () => {
      const pair = new Live();
      pair.takeGateway(pair.made.gateway.deleteIke(pair.saId, pair.now)).settle();
      assert.deepEqual(pair.answer?.message.payloads, []);
      assert.equal(pair.failureCode, 'peer.deleted');
    },
  );

  test(
    'the gateway may delete the Child SA: both halves go, and the answer names ours',
    proves(
      ['RFC7296-1.4-1', 'does'],
      ['RFC7296-1.4.1-1', 'does'],
      ['RFC7296-1.4.1-6', 'does'],
      ['RFC7296-1.4.1-x1', 'does'],
      ['RFC7296-3.11-1', 'does'],
    ),
    () => {
      const pair = new Live();
      const [child] = pair.made.gateway.sas.map((sa) => sa.children[0]?.spec);
      pair.takeGateway(pair.made.gateway.deleteChild(pair.saId, pair.now)).settle();
      const answered = firstOf(pair.answer?.message.payloads ?? [], 'D');
      assert.equal(answered?.protocol, Protocol.ESP);
      assert.deepEqual(
        answered.spis.map((spi) => readU32(spi)),
        [child?.spiOut],
      );
      assert.equal(pair.event('child-closed')?.spiIn, child?.spiOut);
    },
  );

  test(
    'a delete for an SPI that we never had is answered without one',
    proves('RFC7296-1.4.1-6', 'refuses'),
    () => {
      const pair = new Live()
        .gatewayAsks(INFORMATIONAL, [{ kind: 'D', protocol: Protocol.ESP, spis: [u32(0x1234)] }])
        .settle();
      assert.deepEqual(pair.answer?.message.payloads, []);
      assert.equal(pair.event('child-closed'), undefined);
    },
  );

  test(
    'deletes that cross end the SA without a second Delete',
    proves(['RFC7296-1.4.1-4', 'does'], ['RFC7296-1.4.1-7', 'does'], ['RFC7296-2.3-8', 'does']),
    () => {
      const pair = new Live();
      pair.takeGateway(pair.made.gateway.deleteIke(pair.saId, pair.now));
      pair.command({ kind: 'disconnect' });
      pair.stepToClient();
      assert.deepEqual(pair.events, [{ kind: 'closed' }]);
      pair.giveGateway(pair.toGateway.pop()!);
      assert.deepEqual(pair.answer?.message.payloads, []);
    },
  );
});

describe('liveness', () => {
  test(
    'after half of the time that a silent gateway is believed in the client asks with an empty message',
    proves(['RFC7296-2.4-1', 'does']),
    () => {
      const pair = new Live().advance(14_999);
      assert.equal(pair.toGateway.length, 0);
      pair.advance(1);
      assert.equal(pair.toGateway.length, 1);
      pair.stepToGateway();
      const asked = pair.gatewayEvents.flatMap((event) =>
        event.kind === 'received' ? [event.message] : [],
      )[0];
      assert.equal(asked?.exchange, INFORMATIONAL);
      assert.deepEqual(asked.payloads, []);
      // The answer is a sign of life.
      pair.settle().advance(14_999);
      assert.equal(pair.toGateway.length, 0);
      assert.deepEqual(pair.events, []);
    },
  );

  test(
    'an answer under another message id, or of another exchange, is none',
    proves(['RFC7296-2.2-x2', 'refuses'], ['RFC7296-2.2-x3', 'refuses']),
    () => {
      const exchange = ExchangeType.CREATE_CHILD_SA;
      const payloads = [notify(Notify.NO_ADDITIONAL_SAS)];
      for (const faults of [
        { messageIdOffset: 1 },
        { tamper: (message: Message) => ({ ...message, exchange, payloads }) },
      ]) {
        const pair = new Live().command({ kind: 'check-liveness' });
        pair.made.gateway.faults = faults;
        pair.settle();
        assert.equal(pair.session.nextTimeout()?.why, 'retransmit', 'the request still waits');
        assert.deepEqual(pair.events, []);
      }
    },
  );

  test('traffic is as good a sign of life as an answer', () => {
    const pair = new Live().advance(14_000);
    pair.session.noteTraffic(pair.now);
    pair.advance(14_000);
    assert.equal(pair.toGateway.length, 0);
    pair.advance(1_000);
    assert.equal(pair.toGateway.length, 1);
  });

  test(
    'a gateway that vanished is given up after repeated requests, and everything of it goes',
    proves(
      ['RFC7296-2.4-11', 'does'],
      ['RFC7296-2.4-x8', 'does'],
      ['RFC7296-2.1-x1', 'does'],
      ['RFC3748-7.10-7', 'does'],
    ),
    () => {
      const pair = new Live();
      pair.made.gateway.setSilent(true);
      let sent = 0;
      for (let i = 0; i < 700 && !pair.session.closed; i++) {
        pair.advance(100);
        sent += pair.toGateway.splice(0).length;
      }
      assert.ok(sent >= 5, `${sent} requests`);
      assert.equal(pair.failureCode, 'timeout.liveness');
    },
  );

  test(
    'a liveness check of the gateway is answered with an empty message',
    proves(
      ['RFC7296-1.4-4', 'does'],
      ['RFC7296-2.4-1', 'does'],
      ['RFC7296-4-x3', 'does'],
      ['RFC7296-2.2-x3', 'does'],
      ['RFC7296-2.5-15', 'does'],
    ),
    () => {
      const pair = new Live();
      pair.takeGateway(pair.made.gateway.checkLiveness(pair.saId, pair.now)).stepToClient();
      // Behind the marker and the two SPIs and the next payload: version 2.0.
      assert.equal(pair.toGateway[0]?.payload[4 + 17], 0x20);
      pair.settle();
      assert.deepEqual(pair.answer?.message.payloads, []);
    },
  );
});

describe('the window for requests of the gateway', () => {
  test(
    'a repeated request gets the same octets again and is not carried out twice',
    proves(
      ['RFC7296-2.1-4', 'does'],
      ['RFC7296-2.1-3', 'does'],
      ['RFC7296-2.3-x2', 'does'],
      ['RFC7296-2.1-5', 'does'],
    ),
    () => {
      const pair = new Live();
      pair.takeGateway(pair.made.gateway.checkLiveness(pair.saId, pair.now));
      const [request] = pair.toClient;
      pair.giveClient(request!).giveClient(request!);
      assert.equal(pair.toGateway.length, 2);
      assert.deepEqual(pair.toGateway[0]?.payload, pair.toGateway[1]?.payload);
    },
  );

  test('an answer is not sent again by itself', proves('RFC7296-2.1-3', 'refuses'), () => {
    const pair = new Live();
    pair.takeGateway(pair.made.gateway.checkLiveness(pair.saId, pair.now)).stepToClient();
    assert.equal(pair.toGateway.splice(0).length, 1);
    pair.made.gateway.setSilent(true);
    pair.advance(14_000);
    assert.equal(pair.toGateway.length, 0);
  });

  test(
    'a request that was answered longer ago, or lies ahead of the window, gets no answer',
    proves(['RFC7296-2.1-6', 'does'], ['RFC7296-2.3-5', 'does'], ['RFC7296-2.3-5', 'refuses']),
    () => {
      const pair = new Live();
      pair.takeGateway(pair.made.gateway.checkLiveness(pair.saId, pair.now));
      const [old] = pair.toClient;
      pair.settle();
      pair.takeGateway(pair.made.gateway.checkLiveness(pair.saId, pair.now)).settle();
      pair.giveClient(old!);
      assert.equal(pair.toGateway.length, 0);
      pair.made.gateway.faults = { messageIdOffset: 5 };
      pair.takeGateway(pair.made.gateway.checkLiveness(pair.saId, pair.now));
      pair.stepToClient();
      assert.equal(pair.toGateway.length, 0);
    },
  );

  test(
    'an answer goes to where the request came from',
    proves(
      ['RFC7296-2.11-1', 'does'],
      ['RFC7296-2.11-2', 'does'],
      ['RFC7296-2.11-3', 'does'],
      ['RFC7296-2.23-x1', 'does'],
      ['RFC7296-2.6-x1', 'does'],
    ),
    () => {
      for (const transport of ['nat', 'ike'] as const) {
        const pair = new Live();
        pair.takeGateway(pair.made.gateway.checkLiveness(pair.saId, pair.now));
        const [request] = pair.toClient.splice(0);
        const remote = { address: address('198.51.100.77'), port: 31_337 };
        pair.session.handleDatagram(
          { octets: request!.octets, transport, path: 0, local: request!.remote, remote },
          pair.now,
        );
        const [answer] = pair.session.takeDatagrams();
        assert.deepEqual(answer?.remote, remote);
        assert.equal(answer.transport, transport);
        assert.equal(
          answer.payload.subarray(0, 4).every((octet) => octet === 0),
          transport === 'nat',
        );
      }
    },
  );

  test(
    'the client takes a request while its own is under way',
    proves(
      ['RFC7296-2.3-8', 'does'],
      ['RFC7296-2.3-2', 'does'],
      ['RFC7296-2.3-4', 'does'],
      ['RFC7296-2.3-x3', 'does'],
      ['RFC7296-2.3-x4', 'does'],
    ),
    () => {
      // A wider window is no duty: we go on with one request at a time.
      const wider = notify(Notify.SET_WINDOW_SIZE, u32(16));
      const pair = new Live({ gateway: { faults: { add: [{ at: 'final', payloads: [wider] }] } } });
      pair.command({ kind: 'check-liveness' });
      const [own] = pair.toGateway;
      pair.command({ kind: 'check-liveness' });
      assert.deepEqual(pair.toGateway, [own, own], 'one request at a time: the same again');
      pair.takeGateway(pair.made.gateway.checkLiveness(pair.saId, pair.now));
      pair.stepToClient().settle();
      assert.ok(pair.answer);
      assert.equal(pair.session.closed, false);
    },
  );
});

describe('before the SA is authenticated', () => {
  test('a request of the gateway is dropped, and the login goes on', proves('RFC7296-1-1', 'refuses'), () => {
    const pair = new Pair().connect().stepToGateway().stepToClient();
    const request = { exchange: INFORMATIONAL, payloads: [] };
    pair.takeGateway(pair.made.gateway.request(pair.made.gateway.sas[0]!.id, request, pair.now));
    const waiting = [...pair.toGateway];
    pair.stepToClient();
    assert.deepEqual(pair.toGateway, waiting);
    assert.ok(pair.settle().event('established'));
  });
});

describe('broken and foreign messages', () => {
  test(
    'an unknown critical payload in a request is refused with its type, and the SA lives',
    proves(
      ['RFC7296-2.5-18', 'does'],
      ['RFC7296-2.5-9', 'does'],
      ['RFC7296-2.21.2-1', 'does'],
      ['RFC7296-2.21.3-1', 'does'],
      ['RFC7296-2.21-x1', 'does'],
    ),
    () => {
      const pair = new Live()
        .gatewayAsks(INFORMATIONAL, [{ kind: 'unknown', type: 201, critical: true, data: new Uint8Array(4) }])
        .settle();
      const refusal = notifyOf(pair.answer?.message.payloads ?? [], Notify.UNSUPPORTED_CRITICAL_PAYLOAD);
      assert.deepEqual(refusal?.data, Uint8Array.of(201));
      assert.equal(pair.session.closed, false);
    },
  );

  test(
    'an unknown payload that is not critical is passed over',
    proves(['RFC7296-2.5-8', 'does'], ['RFC7296-2.5-11', 'does']),
    () => {
      const pair = new Live()
        .gatewayAsks(INFORMATIONAL, [
          { kind: 'unknown', type: 201, critical: false, data: new Uint8Array(4) },
        ])
        .settle();
      assert.deepEqual(pair.answer?.message.payloads, []);
    },
  );

  test(
    'a malformed request is answered with INVALID_SYNTAX, and ends the SA',
    proves(['RFC7296-2.21.3-x2', 'does'], ['RFC7296-2.21.3-1', 'does']),
    () => {
      const pair = new Live({
        gateway: {
          faults: {
            tamperPlaintext: (plaintext, step) =>
              step === 'request'
                ? plaintext.map((octet, i) => (i === 2 || i === 3 ? 0xff : octet))
                : plaintext,
          },
        },
      })
        .gatewayAsks(INFORMATIONAL, [notify(40_000, new Uint8Array(8))])
        .settle();
      assert.ok(notifyOf(pair.answer?.message.payloads ?? [], Notify.INVALID_SYNTAX));
      assert.equal(pair.failureCode, 'protocol.malformed');
    },
  );

  test(
    'a changed octet anywhere in a protected message makes it nothing at all',
    proves(['RFC7296-2.4-12', 'does'], ['RFC7296-1.2-3', 'refuses']),
    () => {
      const pair = new Live();
      pair.takeGateway(pair.made.gateway.checkLiveness(pair.saId, pair.now));
      const [request] = pair.toClient;
      for (let at = 0; at < request!.octets.length; at++) {
        const octets = request!.octets.slice();
        octets[at] = (octets[at] ?? 0) ^ 0x40;
        pair.inject(octets);
      }
      assert.equal(pair.toGateway.length, 0);
      assert.equal(pair.session.closed, false);
      assert.ok(pair.settle().answer);
    },
  );

  test(
    'unprotected complaints change nothing and get no answer',
    proves(
      ['RFC7296-2.21.4-5', 'does'],
      ['RFC7296-2.21.4-6', 'does'],
      ['RFC7296-2.4-3', 'does'],
      ['RFC7296-1.5-1', 'does'],
      ['RFC7296-2.21.4-1', 'does'],
      ['RFC7296-1.4-3', 'refuses'],
      ['RFC7296-1.2-x3', 'refuses'],
    ),
    () => {
      const pair = new Live();
      const deletion = { kind: 'D', protocol: Protocol.IKE, spis: [] } as const;
      for (const response of [true, false]) {
        pair.takeGateway(
          pair.made.gateway.sendClear(pair.saId, INFORMATIONAL, response, [deletion], pair.now),
        );
      }
      for (const type of [Notify.INVALID_IKE_SPI, Notify.INVALID_SPI, Notify.INVALID_MAJOR_VERSION]) {
        for (const response of [true, false]) {
          pair.takeGateway(
            pair.made.gateway.sendClear(pair.saId, INFORMATIONAL, response, [notify(type)], pair.now),
          );
          pair.settle();
        }
      }
      // All that they can bring about is one question to the gateway itself, inside the SA.
      const [check, ...others] = pair.requests;
      assert.deepEqual([check?.exchange, check?.response, check?.payloads], [INFORMATIONAL, false, []]);
      assert.deepEqual(others, []);
      assert.deepEqual(pair.events, []);
      assert.equal(pair.session.closed, false);
    },
  );

  test(
    'messages of SAs that are not ours are dropped',
    proves(['RFC7296-2.6-x1', 'refuses'], ['RFC7296-2.6-1', 'refuses'], ['RFC7296-2.21.4-1', 'does']),
    () => {
      const pair = new Live();
      pair.inject(
        encodeMessage({
          initiatorSpi: new Uint8Array(8).fill(1),
          responderSpi: new Uint8Array(8).fill(2),
          exchange: ExchangeType.IKE_SA_INIT,
          fromInitiator: false,
          response: true,
          messageId: 0,
          payloads: [notify(Notify.INVALID_IKE_SPI)],
        }),
      );
      assert.equal(pair.toGateway.length, 0);
      assert.equal(pair.session.closed, false);
    },
  );
});
