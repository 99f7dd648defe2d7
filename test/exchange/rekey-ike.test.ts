import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { IKE_DEFAULTS } from '../../core/ike/config.ts';
import { u16 } from '../../core/lib/bytes.ts';
import { parseIkeWords } from '../../core/ike/proposal-words.ts';
import { notifyOf } from '../../core/ike/payloads.ts';
import { ExchangeType, Notify, TransformType } from '../../core/wire/constants.ts';
import type { Payload } from '../../core/wire/payload.ts';
import { proves } from '../conformance/tag.ts';
import type { RekeyIkeOptions } from '../support/gateway/own-rekey-ike.ts';
import { TwoEnds } from '../support/two-ends.ts';

/* What replaces an IKE SA, and what a gateway may not ask for in place of it (RFC 7296 sections 1.3.2 and 2.18). */

const { CREATE_CHILD_SA } = ExchangeType;
const [X25519, P256, NONE] = [31, 19, 0];
const [SHA256, SHA512] = [5, 7];

function offers(...words: string[]) {
  return words.map((word) => {
    const parsed = parseIkeWords(word);
    assert.ok(parsed.ok, word);
    return parsed.value;
  });
}

function gatewayRekeys(ends: TwoEnds, options: RekeyIkeOptions = {}): TwoEnds {
  return ends.gatewayDoes((gateway, saId, now) => gateway.rekeyIke(saId, now, options)).live(1000);
}

function refusals(ends: TwoEnds): number[] {
  return ends.gatewayEventsOf('turned-down').map((event) => event.notify);
}

describe('the keys of the new IKE SA', () => {
  for (const words of [
    'aes256gcm16-prfsha384-ecp256',
    'chacha20poly1305-prfsha512-x25519',
    'aes128-sha256-modp2048',
  ]) {
    test(
      `agree with ${words}, whoever rekeys, and those of Child SAs made in it`,
      proves(['RFC7296-2.18-x4', 'does'], ['RFC7296-2.18-x6', 'does'], ['RFC7296-2.8-x7', 'does']),
      () => {
        const ends = new TwoEnds({ client: { ikeOffers: offers(words) } });
        const { suite } = ends.only;
        gatewayRekeys(ends);
        assert.deepEqual(ends.only.suite, suite);
        ends.command({ kind: 'rekey-ike' }).live(1000);
        assert.deepEqual(ends.only.suite, suite);
        ends.agree();
      },
    );
  }

  test(
    'come from the PRF of the old one, though the new one has another',
    proves(['RFC7296-2.18-x5', 'does'], ['RFC7296-2.18-x4', 'does'], ['RFC7296-2.18-x6', 'does']),
    () => {
      const ends = new TwoEnds();
      const { suite } = ends.only;
      assert.equal(suite.prf, SHA256);
      for (const prf of [SHA512, SHA256]) {
        gatewayRekeys(ends, { suite: { ...suite, prf } });
        assert.equal(ends.only.suite.prf, prf);
        ends.gatewayDoes((gateway, saId, now, oldest) => gateway.rekeyChild(saId, now, oldest)).live(1000);
        assert.deepEqual(ends.clientPairs, ends.gatewayPairs);
        assert.ok(ends.passes);
      }
      ends.agree();
    },
  );

  test(
    'another group that the gateway wants is taken in a new request',
    proves('RFC7296-1.3-x2', 'does'),
    () => {
      const ends = new TwoEnds({
        gateway: { faults: { create: { invalidKe: { group: P256 } } } },
        client: { ikeOffers: offers('aes256gcm16-prfsha256-x25519-ecp256') },
      });
      ends.command({ kind: 'rekey-ike' }).live(1000);
      assert.equal(ends.only.suite.group, P256);
      ends.made.gateway.faults = {};
      ends.agree();
    },
  );
});

describe('while the IKE SA is rekeyed', () => {
  for (const [what, ask] of [
    ['rekey a pair', 'rekeyChild'],
    ['make a pair', 'createChild'],
  ] as const) {
    test(
      `the gateway is told to ${what} later`,
      proves(['RFC7296-2.25.2-x5', 'does'], ['RFC7296-2.25-x1', 'does']),
      () => {
        const ends = new TwoEnds();
        ends.command({ kind: 'rekey-ike' });
        ends.gatewayDoes((gateway, saId, now, oldest) => gateway[ask](saId, now, oldest)).stepToClient();
        ends.giveGateway(ends.toGateway.pop()!);
        assert.deepEqual(refusals(ends), [Notify.TEMPORARY_FAILURE]);
        ends.live(10_000);
        ends.agree();
      },
    );
  }

  test('a pair that the gateway deletes goes as ever', proves('RFC7296-2.25.2-x6', 'does'), () => {
    const ends = new TwoEnds();
    ends.gatewayDoes((gateway, saId, now) => gateway.createChild(saId, now)).live(1000);
    ends.command({ kind: 'rekey-ike' });
    ends.gatewayDoes((gateway, saId, now) => gateway.deleteChild(saId, now)).stepToClient();
    ends.giveGateway(ends.toGateway.pop()!);
    const answer = ends.gatewayEventsOf('answered').at(-1)?.message;
    assert.deepEqual(
      answer?.payloads.map(({ kind }) => kind),
      ['D'],
    );
    ends.live(10_000);
    ends.agree();
  });

  test('nothing of ours about Child SAs is begun in the old one', proves('RFC7296-1.3.2-x1', 'does'), () => {
    const ends = new TwoEnds();
    const old = ends.only;
    ends.gatewayDoes((gateway, saId, now) => gateway.rekeyIke(saId, now)).stepToClient();
    ends.command({ kind: 'rekey-child', spiIn: ends.firstSpi });
    assert.equal(ends.toGateway.length, 1, 'the answer alone');
    ends.live(1000);
    const asked = ends.requests.filter(({ exchange }) => exchange === CREATE_CHILD_SA);
    assert.equal(asked.length, 1);
    assert.notDeepEqual(asked[0]?.initiatorSpi, old.initiatorSpi);
    ends.agree();
  });
});

describe('while a pair is rekeyed', () => {
  test(
    'the gateway is told to rekey the IKE SA later',
    proves(['RFC7296-2.25.1-x7', 'does'], ['RFC7296-2.25-x1', 'does']),
    () => {
      const ends = new TwoEnds();
      ends.command({ kind: 'rekey-child', spiIn: ends.firstSpi });
      ends.gatewayDoes((gateway, saId, now) => gateway.rekeyIke(saId, now)).stepToClient();
      ends.giveGateway(ends.toGateway.pop()!);
      assert.deepEqual(refusals(ends), [Notify.TEMPORARY_FAILURE]);
      ends.live(10_000);
      ends.agree();
    },
  );
});

/** The gateway's request to rekey the IKE SA, changed. */
function tampered(change: (payload: Payload) => Payload): TwoEnds {
  const ends = new TwoEnds();
  ends.made.gateway.faults = {
    tamper: (message, step) =>
      step === 'request' && message.exchange === CREATE_CHILD_SA
        ? { ...message, payloads: message.payloads.map(change) }
        : message,
  };
  return gatewayRekeys(ends);
}

describe('a gateway that rekeys the IKE SA', () => {
  test(
    'without a key exchange has broken it',
    proves(['RFC7296-2.18-x1', 'refuses'], ['RFC7296-1.3.3-1', 'refuses']),
    () => {
      const ends = new TwoEnds({ gateway: { faults: { create: { keyExchange: 'omit' } } } });
      assert.equal(gatewayRekeys(ends).failureCode, 'protocol.malformed');
    },
  );

  test('offering to do without a group is refused', proves('RFC7296-2.18-3', 'refuses'), () => {
    const ends = tampered((payload) =>
      payload.kind === 'SA'
        ? {
            ...payload,
            proposals: payload.proposals.map((proposal) => ({
              ...proposal,
              transforms: proposal.transforms.map((one) =>
                one.type === TransformType.KE ? { ...one, id: NONE } : one,
              ),
            })),
          }
        : payload,
    );
    assert.deepEqual(refusals(ends), [Notify.NO_PROPOSAL_CHOSEN]);
    ends.made.gateway.faults = {};
    ends.agree();
  });

  test(
    'with a value of a group that we do not take is told which one we take, and gets it then',
    proves(['RFC7296-1.3-2', 'does'], ['RFC7296-3.4-x2', 'does']),
    () => {
      const ends = new TwoEnds({ client: { ikeOffers: offers('aes256gcm16-prfsha256-x25519') } });
      gatewayRekeys(ends, { groups: [P256, X25519] });
      assert.deepEqual(refusals(ends), [Notify.INVALID_KE_PAYLOAD]);
      const told = ends
        .gatewayEventsOf('answered')
        .flatMap(({ message }) => notifyOf(message.payloads, Notify.INVALID_KE_PAYLOAD) ?? []);
      assert.deepEqual(told[0]?.data, u16(X25519));
      assert.equal(ends.only.suite.group, X25519);
      ends.agree();
    },
  );

  test('with an SPI of zero is refused', () => {
    const ends = new TwoEnds({ gateway: { faults: { create: { spi: 'zero' } } } });
    gatewayRekeys(ends);
    assert.equal(refusals(ends).length, 1);
    ends.made.gateway.faults = {};
    ends.agree();
  });

  test(
    'and goes on asking in the old one is answered there by its numbers',
    proves('RFC7296-1.3.2-x4', 'does'),
    () => {
      const ends = new TwoEnds({ gateway: { faults: { create: { afterwards: 'keeps-old' } } } });
      const old = ends.only;
      gatewayRekeys(ends);
      for (let i = 0; i < 3; i++) {
        ends.takeGateway(ends.made.gateway.checkLiveness(old.id, ends.now)).settle();
        assert.equal(old.outstanding, undefined, 'answered');
      }
      assert.equal(old.ownId, 4);
      ends.made.gateway.faults = {};
      ends.live(100_000);
      ends.agree();
    },
  );

  test('and says nothing more is followed, although we were at it ourselves and heard of it late', () => {
    const ends = new TwoEnds({
      gateway: { faults: { create: { afterwards: 'keeps-old' } } },
      client: { retransmit: { ...IKE_DEFAULTS.retransmit, patienceMs: 60_000 } },
    });
    const old = ends.only;
    ends.command({ kind: 'rekey-ike' });
    const [ours] = ends.toGateway.splice(0);
    assert.ok(ours);
    ends.takeGateway(ends.made.gateway.rekeyIke(old.id, ends.now)).settle();
    assert.equal(ends.made.gateway.sas.length, 2);
    // Nothing of ours arrives until long after the time that the gateway has to move on.
    for (let i = 0; i < 35; i++) {
      ends.advance(1000);
      ends.toGateway.length = 0;
    }
    ends.giveGateway(ours).settle();
    assert.equal(ends.failureCode, undefined);
    ends.live(60_000);
    ends.command({ kind: 'check-liveness' }).settle();
    const [heir] = ends.made.gateway.sas.filter((sa) => sa !== old);
    assert.deepEqual(ends.requests.at(-1)?.initiatorSpi, heir?.initiatorSpi);
    ends.made.gateway.faults = {};
    ends.live(60_000);
    ends.agree();
  });

  test('again and again, before anything else was said, is followed', () => {
    const ends = new TwoEnds();
    for (let i = 0; i < 20; i++) gatewayRekeys(ends);
    assert.deepEqual(refusals(ends), []);
    ends.agree();
  });
});
