import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { equalBytes, toHex } from '../../core/lib/bytes.ts';
import { Group, Notify } from '../../core/wire/constants.ts';
import { decodeMessage } from '../../core/wire/decode.ts';
import { encodeMessage } from '../../core/wire/message.ts';
import { firstOf, notifyOf } from '../../core/ike/payloads.ts';
import { natDetectionHash } from '../../core/ike/nat-detection.ts';
import { proves } from '../conformance/tag.ts';
import { address, GATEWAY_ADDRESS } from '../support/gateway/index.ts';
import type { Faults } from '../support/gateway/index.ts';
import { clearMessage, Pair } from '../support/pair.ts';

const { MODP_2048, ECP_256, CURVE25519 } = Group;

function paired(faults: Faults, more: ConstructorParameters<typeof Pair>[0] = {}): Pair {
  return new Pair({ ...more, gateway: { ...more.gateway, faults } }).connect();
}

describe('IKE_SA_INIT', () => {
  test(
    'the first request has what RFC 7296 wants, in its order',
    proves(
      ['RFC7296-2.2-x1', 'does'],
      ['RFC7296-2.23-7', 'does'],
      ['RFC7296-2.23-x8', 'does'],
      ['RFC7296-2.10-2', 'does'],
      ['RFC7296-2.10-3', 'does'],
      ['RFC7296-2.10-x1', 'does'],
      ['RFC7427-4-x1', 'does'],
    ),
    () => {
      const [datagram] = new Pair().connect().toGateway;
      assert.ok(datagram);
      assert.equal(datagram.transport, 'ike');
      const message = clearMessage(datagram);
      assert.equal(message.messageId, 0);
      assert.equal(message.fromInitiator, true);
      assert.equal(message.response, false);
      assert.deepEqual(
        message.payloads.map((payload) => (payload.kind === 'N' ? payload.notifyType : payload.kind)),
        [
          'SA',
          'KE',
          'NONCE',
          Notify.NAT_DETECTION_SOURCE_IP,
          Notify.NAT_DETECTION_DESTINATION_IP,
          Notify.SIGNATURE_HASH_ALGORITHMS,
        ],
      );
      assert.equal(firstOf(message.payloads, 'NONCE')?.data.length, 32);
    },
  );

  test(
    'the hash of the destination is of the SPIs, the address and the port',
    proves(['RFC7296-2.23-x6', 'does']),
    () => {
      const message = clearMessage(new Pair().connect().toGateway[0]!);
      const expected = natDetectionHash(message.initiatorSpi, message.responderSpi, {
        address: GATEWAY_ADDRESS,
        port: 500,
      });
      assert.deepEqual(notifyOf(message.payloads, Notify.NAT_DETECTION_DESTINATION_IP)?.data, expected);
    },
  );

  test('nonces and SPIs are drawn afresh for each session', proves('RFC7296-2.10-4', 'does'), () => {
    const one = clearMessage(new Pair({ seed: 'one' }).connect().toGateway[0]!);
    const two = clearMessage(new Pair({ seed: 'two' }).connect().toGateway[0]!);
    assert.notDeepEqual(firstOf(one.payloads, 'NONCE')?.data, firstOf(two.payloads, 'NONCE')?.data);
    assert.notEqual(toHex(one.initiatorSpi), toHex(two.initiatorSpi));
  });
});

describe('COOKIE', () => {
  test(
    'a cookie comes back as the first payload, and nothing else changes',
    proves(
      ['RFC7296-2.6-4', 'does'],
      ['RFC7296-2.6-3', 'does'],
      ['RFC7296-2.6-x4', 'does'],
      ['RFC7296-2.6.1-1', 'does'],
    ),
    () => {
      const pair = new Pair({ gateway: { cookies: true } }).connect();
      const first = clearMessage(pair.toGateway[0]!);
      pair.stepToGateway().stepToClient();
      const second = clearMessage(pair.toGateway[0]!);
      const [cookie, ...rest] = second.payloads;
      assert.equal(cookie?.kind === 'N' && cookie.notifyType, Notify.COOKIE);
      assert.deepEqual(rest, first.payloads);
      assert.equal(second.messageId, 0);
      pair.settle();
      assert.ok(pair.event('established'));
    },
  );

  test('cookies without end are not followed', proves('RFC7296-2.6-4', 'refuses'), () => {
    const pair = paired({ cookies: 1000 }).settle();
    assert.equal(pair.event('initiated'), undefined);
    const sent = pair.gatewayEvents.filter(({ kind }) => kind === 'received').length;
    assert.ok(sent < 8, `${sent} requests`);
    pair.advance(60_000);
    assert.equal(pair.failureCode, 'protocol.malformed');
  });

  for (const length of [0, 65]) {
    test(`a cookie of ${length} octets is none`, proves('RFC7296-2.6-3', 'refuses'), () => {
      const pair = paired({
        cookies: 1,
        tamper: (message, step) =>
          step !== 'init' && step !== 'clear'
            ? message
            : {
                ...message,
                payloads: message.payloads.map((payload) =>
                  payload.kind === 'N' && payload.notifyType === Notify.COOKIE
                    ? { ...payload, data: new Uint8Array(length) }
                    : payload,
                ),
              },
      });
      const before = pair.toGateway[0]?.payload;
      pair.settle();
      assert.equal(pair.event('initiated'), undefined);
      assert.equal(pair.toGateway.length, 0, 'nothing was sent in answer');
      pair.advance(500);
      assert.deepEqual(pair.toGateway[0]?.payload, before, 'the first request is repeated as it was');
    });
  }
});

describe('INVALID_KE_PAYLOAD', () => {
  test(
    'the client retries with the group that the gateway wants and offers everything again',
    proves(['RFC7296-1.2-5', 'does'], ['RFC7296-1.2-6', 'does'], ['RFC7296-1.3-x2', 'does']),
    () => {
      const pair = new Pair({ gateway: { ike: { groups: [MODP_2048] } } }).connect();
      const first = clearMessage(pair.toGateway[0]!);
      assert.equal(firstOf(first.payloads, 'KE')?.group, CURVE25519);
      pair.stepToGateway().stepToClient();
      const second = clearMessage(pair.toGateway[0]!);
      assert.equal(firstOf(second.payloads, 'KE')?.group, MODP_2048);
      assert.equal(firstOf(second.payloads, 'KE')?.data.length, 256);
      assert.deepEqual(firstOf(second.payloads, 'SA'), firstOf(first.payloads, 'SA'));
      pair.settle();
      assert.match(pair.event('initiated')?.suite ?? '', /modp2048/);
      assert.ok(pair.event('established'));
    },
  );

  test('a cookie is kept through the change of group', () => {
    const pair = new Pair({ gateway: { cookies: true, ike: { groups: [ECP_256] } } }).connect();
    pair.stepToGateway().stepToClient().stepToGateway().stepToClient();
    const third = clearMessage(pair.toGateway[0]!);
    assert.ok(notifyOf(third.payloads, Notify.COOKIE));
    assert.equal(firstOf(third.payloads, 'KE')?.group, ECP_256);
    assert.ok(pair.settle().event('established'));
  });

  for (const [what, group] of [
    ['that was not offered', Group.MODP_1024],
    ['that does not exist', 999],
  ] as const) {
    test(`a group ${what} is not used`, proves('RFC7296-1.2-5', 'refuses'), () => {
      const pair = paired({ invalidKe: { group, times: 1000 } })
        .settle()
        .advance(1_500);
      assert.equal(pair.failureCode, 'peer.invalid-ke');
    });
  }

  test('a gateway that changes its mind for ever is left', () => {
    let round = 0;
    const pair = paired({
      invalidKe: { group: ECP_256, times: 1000 },
      tamperOctets: (octets) => {
        round += 1;
        const copy = octets.slice();
        copy[copy.length - 1] = round % 2 === 0 ? CURVE25519 : ECP_256;
        return copy;
      },
    })
      .settle()
      .advance(2_000);
    assert.equal(pair.failureCode, 'peer.invalid-ke');
  });
});

describe('answers that nobody signed', () => {
  test('a forged refusal does not stop the genuine answer', proves(['RFC7296-2.21.1-x1', 'refuses']), () => {
    const pair = new Pair().connect();
    const [request] = pair.toGateway;
    const message = clearMessage(request!);
    pair.inject(
      encodeMessage({
        ...message,
        fromInitiator: false,
        response: true,
        payloads: [
          {
            kind: 'N',
            protocol: 0,
            spi: new Uint8Array(0),
            notifyType: Notify.NO_PROPOSAL_CHOSEN,
            data: new Uint8Array(0),
          },
        ],
      }),
      500,
    );
    assert.equal(pair.event('closed'), undefined);
    assert.ok(pair.settle().event('established'));
  });

  test(
    'a refusal that stays alone counts, and names what was offered',
    proves('RFC7296-2.21.1-x1', 'does'),
    () => {
      const pair = paired({ initNotify: Notify.NO_PROPOSAL_CHOSEN }).settle();
      assert.equal(pair.event('closed'), undefined, 'not at once');
      pair.advance(1_000);
      assert.equal(pair.failureCode, 'peer.no-proposal-chosen');
      const offered = pair.event('closed')?.failure?.context['offered'];
      assert.ok(Array.isArray(offered) && offered.length === 2);
      assert.match(String(offered[0]), /^aes256gcm16-aes128gcm16-chacha20poly1305-prfsha256-.*x25519/);
    },
  );

  for (const fault of [
    'unoffered-cipher',
    'other-key-length',
    'several-proposals',
    'all-transforms',
    'missing-transform',
    'wrong-number',
    'wrong-protocol',
    'empty',
  ] as const) {
    test(
      `an answer with a wrong SA payload (${fault}) makes no SA`,
      proves(['RFC7296-2.7-1', 'refuses'], ['RFC7296-2.7-2', 'refuses'], ['RFC7296-2.7-x2', 'refuses']),
      () => {
        const pair = paired({ ikeProposal: fault }).settle();
        assert.equal(pair.event('initiated'), undefined);
        pair.advance(60_000);
        assert.match(pair.failureCode ?? '', /^protocol\.(unoffered-choice|malformed)$/);
      },
    );
  }

  for (const fault of ['other-group', 'invalid-value', 'short-value'] as const) {
    test(`an answer with a wrong KE payload (${fault}) makes no SA`, () => {
      const pair = paired({ keyExchange: fault }).settle();
      assert.equal(pair.event('initiated'), undefined);
      pair.advance(60_000);
      assert.match(pair.failureCode ?? '', /^protocol\.(key-exchange|malformed)$/);
    });
  }

  for (const fault of ['short', 'long'] as const) {
    test(`a nonce that is too ${fault} makes no SA`, proves('RFC7296-2.10-2', 'refuses'), () => {
      const pair = paired({ nonce: fault }).settle();
      assert.equal(pair.event('initiated'), undefined);
    });
  }

  for (const omitted of ['SA', 'KE', 'NONCE'] as const) {
    test(`an answer without ${omitted} makes no SA`, () => {
      assert.equal(
        paired({ omitInit: [omitted] })
          .settle()
          .event('initiated'),
        undefined,
      );
    });
  }

  test('an answer with the flags of a request, or from an initiator, is dropped', () => {
    for (const flags of ['initiator', 'request', 'both'] as const) {
      assert.equal(paired({ flags }).settle().event('initiated'), undefined, flags);
    }
  });

  test('an answer to another message id is dropped', proves('RFC7296-2.2-x3', 'refuses'), () => {
    assert.equal(
      paired({ messageIdOffset: 1, steps: ['init'] })
        .settle()
        .event('initiated'),
      undefined,
    );
  });

  test('a higher major version is dropped', proves('RFC7296-2.5-2', 'does'), () => {
    assert.equal(
      paired({ majorVersion: 3, steps: ['init'] })
        .settle()
        .event('initiated'),
      undefined,
    );
  });

  test('a second, late answer changes nothing', proves('RFC7296-2.1-4', 'does'), () => {
    const pair = new Pair({ gateway: { faults: { duplicates: 1 } } }).connect().settle();
    assert.equal(pair.events.filter(({ kind }) => kind === 'initiated').length, 1);
    assert.ok(pair.event('established'));
  });
});

describe('NAT detection', () => {
  const SEEN = { address: address('198.51.100.9'), port: 31337 };

  test(
    'no NAT is found where there is none, and ours is announced so that ESP is encapsulated',
    proves(['RFC7296-2.23-1', 'does']),
    () => {
      const pair = new Pair({ gateway: { encap: false } }).connect().settle();
      assert.deepEqual(pair.event('initiated')?.nat, { supported: true, local: false, remote: false });
      const init = pair.gatewayEvents.find((event) => event.kind === 'init');
      assert.equal(init?.natClient, true);
      assert.equal(pair.event('established')?.child.udpEncap, true);
    },
  );

  test('a NAT before us is found', proves(['RFC7296-2.23-1', 'does'], ['RFC7296-2.23-x5', 'refuses']), () => {
    const pair = new Pair({ gateway: { encap: false }, seenAs: SEEN }).connect().settle();
    assert.deepEqual(pair.event('initiated')?.nat, { supported: true, local: true, remote: false });
    assert.ok(pair.event('established'));
  });

  test('a NAT before the gateway is found', proves('RFC7296-2.23-1', 'does'), () => {
    const pair = paired({ pretendNat: 'gateway' }, { gateway: { encap: false } }).settle();
    assert.equal(pair.event('initiated')?.nat.remote, true);
  });

  test(
    'everything after IKE_SA_INIT goes to port 4500 behind a marker of four zeros',
    proves(
      ['RFC7296-2.23-2', 'does'],
      ['RFC7296-2.23-3', 'does'],
      ['RFC7296-2.23-8', 'does'],
      ['RFC7296-2.23-x13', 'does'],
      ['RFC7296-2.23-9', 'does'],
    ),
    () => {
      const pair = new Pair().connect().stepToGateway().stepToClient();
      const [auth] = pair.toGateway;
      assert.equal(auth?.transport, 'nat');
      assert.equal(auth.remote.port, 4500);
      assert.ok(equalBytes(auth.payload.subarray(0, 4), new Uint8Array(4)));
      assert.equal(decodeMessage(auth.payload.subarray(4), undefined).kind, 'unprotected-error');
    },
  );

  test(
    'a gateway that knows no NAT traversal is left: it could not take ESP in UDP',
    proves(['RFC7296-2.23-9', 'refuses'], ['RFC7296-2.23-7', 'refuses']),
    () => {
      const pair = paired({ omitInit: ['N'] }).settle();
      assert.equal(pair.event('closed'), undefined, 'not at once');
      pair.advance(1_000);
      assert.equal(pair.event('initiated'), undefined);
      assert.equal(pair.failureCode, 'peer.no-nat-traversal');
      assert.equal(pair.event('closed')?.failure?.context['gateway'], '203.0.113.1');
    },
  );

  test('an answer that lost its NAT detection on the way does not stop the genuine one', () => {
    const pair = paired({ omitInit: ['N'] }).settle();
    assert.equal(pair.event('initiated'), undefined);
    const genuine = new Pair().connect().stepToGateway().toClient[0];
    assert.ok(genuine);
    pair.giveClient(genuine);
    assert.ok(pair.event('initiated'));
  });

  test('an answer from another address, or on another port of ours, is none', () => {
    const pair = new Pair().connect().stepToGateway();
    const [answer] = pair.toClient.splice(0);
    const local = { address: address('192.0.2.7'), port: 500 };
    const from = (text: string, transport: 'ike' | 'nat'): void =>
      pair.session.handleDatagram(
        { octets: answer!.octets, transport, local, remote: { address: address(text), port: 500 } },
        pair.now,
      );
    from('203.0.113.2', 'ike');
    from('203.0.113.1', 'nat');
    assert.deepEqual(pair.session.takeEvents(), []);
    pair.giveClient(answer!);
    assert.ok(pair.event('initiated'));
  });
});

describe('silence', () => {
  test(
    'the request is repeated, bit for bit, with pauses that grow, and then given up',
    proves(
      ['RFC7296-2.1-7', 'does'],
      ['RFC7296-2.1-8', 'does'],
      ['RFC7296-2.2-1', 'does'],
      ['RFC7296-2.4-13', 'does'],
      ['RFC7296-2.3-x1', 'does'],
      ['RFC7296-2.1-5', 'does'],
    ),
    () => {
      const pair = new Pair().connect();
      const start = pair.now;
      const times: number[] = [];
      const [first] = pair.toGateway.splice(0);
      for (let i = 0; i < 1000 && !pair.session.closed; i++) {
        pair.advance(100);
        for (const datagram of pair.toGateway.splice(0)) {
          assert.deepEqual(datagram.payload, first?.payload);
          times.push(pair.now - start);
        }
      }
      assert.ok(times.length >= 5, `${times.length} repetitions`);
      const pauses = times.map((time, i) => time - (times[i - 1] ?? 0));
      for (let i = 1; i < 4; i++) assert.ok(pauses[i]! > pauses[i - 1]!, String(pauses));
      assert.equal(pair.failureCode, 'timeout.init');
      assert.deepEqual(pair.event('closed')?.failure?.context, {
        gateway: '203.0.113.1',
        port: 500,
        seconds: 30,
        tries: times.length + 1,
      });
    },
  );

  test(
    'one report of the network that nobody listens there concludes nothing',
    proves(['RFC7296-2.4-3', 'does'], ['RFC7296-2.4-11', 'does']),
    () => {
      const pair = new Pair().connect();
      pair.session.noteUnreachable('port', pair.now);
      pair.advance(5_000);
      assert.equal(pair.event('closed'), undefined);
      assert.ok(pair.settle().event('established'));
    },
  );

  test('a port that is refused again and again is given up early, and named', () => {
    const pair = new Pair().connect();
    pair.toGateway.splice(0);
    for (let i = 0; i < 50 && !pair.session.closed; i++) {
      pair.advance(100);
      if (pair.toGateway.splice(0).length > 0) pair.session.noteUnreachable('port', pair.now);
    }
    assert.equal(pair.failureCode, 'network.port-closed');
  });

  test('a request that was lost, or its answer, only costs time', () => {
    for (const faults of [{ dropReceived: [0] }, { drop: [0] }]) {
      const pair = new Pair({ gateway: { faults } }).connect().settle();
      assert.equal(pair.event('initiated'), undefined);
      assert.ok(pair.advance(600).settle().event('established'));
    }
  });
});
