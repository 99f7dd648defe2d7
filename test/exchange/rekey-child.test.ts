import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { u32 } from '../../core/lib/bytes.ts';
import { parseEspWords } from '../../core/ike/proposal-words.ts';
import { Notify, Protocol } from '../../core/wire/constants.ts';
import type { Message } from '../../core/wire/message.ts';
import { notify } from '../../core/wire/payloads/notify.ts';
import { proves } from '../conformance/tag.ts';
import type { CreateFaults } from '../support/gateway/create-faults.ts';
import type { CreateOptions } from '../support/gateway/own-create.ts';
import { TwoEnds } from '../support/two-ends.ts';

/* What a gateway may do when it rekeys a pair of Child SAs, and what it may not (RFC 7296 sections 1.3.3 and 2.9.2). */

/** The gateway rekeys the oldest pair, and both come to rest. */
function gatewayRekeys(ends: TwoEnds, options: CreateOptions = {}, create: CreateFaults = {}): TwoEnds {
  ends.made.gateway.faults = { create };
  ends.gatewayDoes((gateway, saId, now, oldest) => gateway.rekeyChild(saId, now, { ...oldest, ...options }));
  ends.live(1000);
  ends.made.gateway.faults = {};
  return ends;
}

/** The last answer of the client to a request of the gateway. */
function answerOf(ends: TwoEnds): Message | undefined {
  return ends.gatewayEventsOf('answered').at(-1)?.message;
}

function refusals(ends: TwoEnds): number[] {
  return ends.gatewayEventsOf('turned-down').map((event) => event.notify);
}

describe('a pair that is rekeyed', () => {
  for (const words of ['aes256gcm16', 'chacha20poly1305', 'aes128-sha256', 'aes256-sha512']) {
    test(
      `with ${words} stays what it was, whoever rekeys it`,
      proves(['RFC7296-2.9.2-1', 'does'], ['RFC7296-2.8-x1', 'does'], ['RFC7296-2.17-2', 'does']),
      () => {
        const offer = parseEspWords(words);
        assert.ok(offer.ok);
        const ends = new TwoEnds({ client: { espOffers: [offer.value] } });
        const [first] = ends.only.children;
        for (const rekey of [
          () => gatewayRekeys(ends),
          () => ends.command({ kind: 'rekey-child', spiIn: ends.firstSpi }).live(1000),
        ]) {
          rekey();
          const [now, ...others] = ends.only.children;
          assert.equal(others.length, 0);
          assert.notEqual(now?.spec.spiIn, first?.spec.spiIn);
          assert.deepEqual([now?.local, now?.remote], [first?.local, first?.remote]);
          assert.deepEqual(now?.spec.suite, first?.spec.suite);
        }
        ends.agree();
      },
    );
  }

  test('of which the answer was lost is asked for again, though its packets come already', () => {
    const ends = new TwoEnds();
    ends.command({ kind: 'rekey-child', spiIn: ends.firstSpi }).stepToGateway();
    assert.equal(ends.toClient.splice(0).length, 1);
    const asked = ends.requests.length;
    // The gateway is sure of the new pair before it can be: it sends through it and no longer through the old one.
    ends.gatewayDoes((gateway, saId, now, oldest) => gateway.deleteChild(saId, now, oldest.childId));
    ends.toClient.splice(0);
    const early = ends.send('down');
    assert.ok(early);
    assert.equal(ends.arrive(early), false);
    ends.live(10_000);
    assert.ok(ends.requests.length > asked);
    ends.agree();
  });
});

describe('a gateway that rekeys a pair', () => {
  for (const [what, create] of [
    ['for less traffic', { traffic: 'narrower' }],
    ['for other traffic', { traffic: 'foreign' }],
  ] as const) {
    test(
      `${what} is refused, and the old one stays`,
      proves(['RFC7296-2.9.2-2', 'does'], ['RFC7296-2.9.2-1', 'refuses']),
      () => {
        const ends = new TwoEnds();
        const before = ends.clientPairs;
        gatewayRekeys(ends, {}, create);
        assert.deepEqual(refusals(ends), [Notify.TS_UNACCEPTABLE]);
        assert.deepEqual(ends.clientPairs, before);
        ends.agree();
      },
    );
  }

  for (const traffic of ['wider-remote', 'wider-local'] as const) {
    test(`for more traffic (${traffic}) gets what there was`, proves('RFC7296-5.1-x1', 'refuses'), () => {
      const ends = new TwoEnds();
      const [first] = ends.only.children;
      gatewayRekeys(ends, {}, { traffic });
      assert.deepEqual(refusals(ends), []);
      const [now] = ends.only.children;
      assert.deepEqual([now?.local, now?.remote], [first?.local, first?.remote]);
      ends.agree();
    });
  }

  for (const spi of ['zero', 'reserved', 'reused'] as const) {
    test(`under an SPI that cannot be (${spi}) is refused, and the old one stays`, () => {
      const ends = new TwoEnds();
      const before = ends.clientPairs;
      gatewayRekeys(ends, {}, { spi });
      assert.equal(refusals(ends).length, 1);
      assert.deepEqual(ends.clientPairs, before);
      ends.agree();
    });
  }

  test('to another suite that we offer gets it', () => {
    const ends = gatewayRekeys(new TwoEnds(), { suite: { encr: 12, keyBits: 256, integ: 12, esn: false } });
    assert.equal(ends.only.children[0]?.spec.suite.encr, 12);
    ends.agree();
  });

  test('to a suite that we do not offer is refused', () => {
    const ends = gatewayRekeys(new TwoEnds(), { suite: { encr: 12, keyBits: 192, integ: 2, esn: false } });
    assert.deepEqual(refusals(ends), [Notify.NO_PROPOSAL_CHOSEN]);
    ends.agree();
  });

  test(
    'that is not there is told so, with the SPI that it named',
    proves(['RFC7296-2.25.1-x3', 'does'], ['RFC7296-2.25-x6', 'does'], ['RFC7296-2.25-x4', 'does']),
    () => {
      const ends = new TwoEnds();
      ends.made.gateway.faults = {
        tamper: (message, step) =>
          step === 'request'
            ? {
                ...message,
                payloads: message.payloads.map((payload) =>
                  payload.kind === 'N' && payload.notifyType === Notify.REKEY_SA
                    ? notify(Notify.REKEY_SA, undefined, Protocol.ESP, u32(0x7777_7777))
                    : payload,
                ),
              }
            : message,
      };
      ends.gatewayDoes((gateway, saId, now, oldest) => gateway.rekeyChild(saId, now, oldest)).stepToClient();
      ends.stepToGateway();
      assert.deepEqual(answerOf(ends)?.payloads, [
        notify(Notify.CHILD_SA_NOT_FOUND, undefined, Protocol.ESP, u32(0x7777_7777)),
      ]);
      assert.equal(ends.clientPairs.length, 1);
    },
  );

  test('twice at once, beyond the window, ends with as many pairs as it leaves', () => {
    const ends = new TwoEnds();
    const twice = { groups: [], anyway: true, rush: true };
    ends.gatewayDoes((gateway, saId, now, oldest) => {
      const first = gateway.rekeyChild(saId, now, { ...oldest, ...twice });
      const second = gateway.rekeyChild(saId, now, { ...oldest, ...twice });
      return {
        datagrams: [...first.datagrams, ...second.datagrams],
        events: [...first.events, ...second.events],
      };
    });
    ends.live(200_000);
    assert.deepEqual(ends.clientPairs, ends.gatewayPairs);
    assert.equal(ends.session.closed, false);
    assert.ok(ends.passes);
  });

  test('and deletes it before the answer has come back keeps the new one', () => {
    const ends = new TwoEnds();
    ends.gatewayDoes((gateway, saId, now, oldest) => {
      const rekey = gateway.rekeyChild(saId, now, { ...oldest, groups: [], rush: true });
      const remove = gateway.deleteChild(saId, now, oldest.childId);
      return {
        datagrams: [...rekey.datagrams, ...remove.datagrams],
        events: [...rekey.events, ...remove.events],
      };
    });
    ends.live(10_000);
    ends.agree();
  });

  test('with a nonce that is too short has broken the SA', proves('RFC7296-2.10-2', 'refuses'), () => {
    const ends = gatewayRekeys(new TwoEnds(), {}, { nonce: 'short' });
    assert.equal(ends.failureCode, 'protocol.malformed');
  });
});
