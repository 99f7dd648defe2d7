import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isZero, toHex } from '../../core/lib/bytes.ts';
import { Group, Notify, TransformType } from '../../core/wire/constants.ts';
import { encodeMessage } from '../../core/wire/message.ts';
import { firstOf, notifyOf } from '../../core/ike/payloads.ts';
import { natDetectionHash } from '../../core/ike/nat-detection.ts';
import { proves } from '../conformance/tag.ts';
import { GATEWAY_ADDRESS } from '../support/gateway/index.ts';
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
      ['RFC7296-3.1-3', 'does'],
      ['RFC7296-3.1-4', 'does'],
      ['RFC7296-3.1-x5', 'does'],
      ['RFC7296-3.4-2', 'does'],
    ),
    () => {
      const [datagram] = new Pair().connect().toGateway;
      assert.ok(datagram);
      assert.equal(datagram.transport, 'ike');
      const message = clearMessage(datagram);
      assert.equal(message.messageId, 0);
      assert.equal(message.fromInitiator, true);
      assert.equal(message.response, false);
      assert.ok(!isZero(message.initiatorSpi));
      assert.ok(isZero(message.responderSpi));
      const group = firstOf(message.payloads, 'KE')?.group;
      for (const { transforms, spi } of firstOf(message.payloads, 'SA')?.proposals ?? []) {
        assert.ok(transforms.some(({ type, id }) => type === TransformType.KE && id === group));
        assert.equal(spi.length, 0);
      }
      assert.deepEqual(
        message.payloads.map((payload) => (payload.kind === 'N' ? payload.notifyType : payload.kind)),
        [
          'SA',
          'KE',
          'NONCE',
          Notify.NAT_DETECTION_SOURCE_IP,
          Notify.NAT_DETECTION_DESTINATION_IP,
          Notify.SIGNATURE_HASH_ALGORITHMS,
          Notify.IKEV2_FRAGMENTATION_SUPPORTED,
          Notify.REDIRECT_SUPPORTED,
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

  test(
    'nonces and SPIs are drawn afresh for each session',
    proves(['RFC7296-2.10-4', 'does'], ['RFC7296-2.6-2', 'does'], ['RFC7296-3.9-2', 'does']),
    () => {
      const one = clearMessage(new Pair({ seed: 'one' }).connect().toGateway[0]!);
      const two = clearMessage(new Pair({ seed: 'two' }).connect().toGateway[0]!);
      assert.notDeepEqual(firstOf(one.payloads, 'NONCE')?.data, firstOf(two.payloads, 'NONCE')?.data);
      assert.notEqual(toHex(one.initiatorSpi), toHex(two.initiatorSpi));
    },
  );
});

describe('COOKIE', () => {
  test(
    'a cookie comes back as the first payload, and nothing else changes',
    proves(
      ['RFC7296-2.6-4', 'does'],
      ['RFC7296-2.6-3', 'does'],
      ['RFC7296-2.6-x4', 'does'],
      ['RFC7296-2.6.1-1', 'does'],
      ['RFC7296-3.1-4', 'does'],
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
      assert.ok(isZero(second.responderSpi));
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

  for (const data of [
    new Uint8Array(0),
    Uint8Array.of(19),
    Uint8Array.of(0, 0, 19),
    Uint8Array.of(0, 19, 0, 0),
  ]) {
    test(`a group in ${data.length} octets is none`, proves('RFC7296-1.3-x2', 'refuses'), () => {
      const pair = paired({
        invalidKe: { group: ECP_256, times: 1000 },
        tamper: (message) => ({
          ...message,
          payloads: message.payloads.map((payload) =>
            payload.kind === 'N' ? { ...payload, data } : payload,
          ),
        }),
      })
        .settle()
        .advance(60_000);
      assert.equal(pair.event('initiated'), undefined);
      assert.match(pair.failureCode ?? '', /^(peer\.invalid-ke|protocol\.malformed)$/);
      const groups = pair.gatewayEvents.flatMap((event) =>
        event.kind === 'received' ? [firstOf(event.message.payloads, 'KE')?.group] : [],
      );
      assert.ok(groups.every((group) => group === CURVE25519));
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
    test(
      `an answer with a wrong KE payload (${fault}) makes no SA`,
      proves('RFC7296-3.4-2', 'refuses'),
      () => {
        const pair = paired({ keyExchange: fault }).settle();
        assert.equal(pair.event('initiated'), undefined);
        pair.advance(60_000);
        assert.match(pair.failureCode ?? '', /^protocol\.(key-exchange|malformed)$/);
      },
    );
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

  test(
    'an answer with the flags of a request, or from an initiator, is dropped',
    proves(['RFC7296-2.6-x5', 'refuses'], ['RFC7296-3.1-9', 'refuses']),
    () => {
      for (const flags of ['initiator', 'request', 'both'] as const) {
        assert.equal(paired({ flags }).settle().event('initiated'), undefined, flags);
      }
    },
  );

  test('an answer to another message id is dropped', proves('RFC7296-2.2-x3', 'refuses'), () => {
    assert.equal(
      paired({ messageIdOffset: 1, steps: ['init'] })
        .settle()
        .event('initiated'),
      undefined,
    );
  });

  test(
    'a higher major version is dropped',
    proves(['RFC7296-2.5-2', 'does'], ['RFC7296-3.1-5', 'refuses']),
    () => {
      assert.equal(
        paired({ majorVersion: 3, steps: ['init'] })
          .settle()
          .event('initiated'),
        undefined,
      );
    },
  );

  test('a second, late answer changes nothing', proves('RFC7296-2.1-4', 'does'), () => {
    const pair = new Pair({ gateway: { faults: { duplicates: 1 } } }).connect().settle();
    assert.equal(pair.events.filter(({ kind }) => kind === 'initiated').length, 1);
    assert.ok(pair.event('established'));
  });
});
