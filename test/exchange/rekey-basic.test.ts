import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readU32, toHex, u32 } from '../../core/lib/bytes.ts';
import { IKE_DEFAULTS } from '../../core/ike/config.ts';
import type { IkeEvent } from '../../core/ike/events.ts';
import { firstOf, notifyOf } from '../../core/ike/payloads.ts';
import { ExchangeType, Notify, Protocol, TransformType } from '../../core/wire/constants.ts';
import type { Message } from '../../core/wire/message.ts';
import { proves } from '../conformance/tag.ts';
import { TwoEnds } from '../support/two-ends.ts';

/* Rekeying where nothing comes between, in both roles (RFC 7296 sections 1.3.2, 1.3.3, 2.8, 2.17 and 2.18). */

const { CREATE_CHILD_SA, INFORMATIONAL } = ExchangeType;
const { KE } = TransformType;

function requestsOf(ends: TwoEnds, exchange: number): Message[] {
  return ends.requests.filter((message) => message.exchange === exchange && !message.response);
}

function groupsOffered({ payloads }: Message): Set<number> {
  const proposals = firstOf(payloads, 'SA')?.proposals ?? [];
  return new Set(
    proposals.flatMap(({ transforms }) => transforms.filter(({ type }) => type === KE).map(({ id }) => id)),
  );
}

function summary(events: readonly IkeEvent[]): string[] {
  return events.map((event) => {
    switch (event.kind) {
      case 'child-added':
        return `added ${event.replaces === undefined ? '' : 'in place '}${event.sendNow ? 'to send' : 'to wait'}`;
      case 'child-closed':
        return `closed, lingers ${event.lingerMs}`;
      default:
        return event.kind;
    }
  });
}

describe('a pair of Child SAs that we rekey', () => {
  test(
    'is replaced by an equivalent one with a key exchange of its own, and deleted then',
    proves(
      ['RFC7296-1.3.3-2', 'does'],
      ['RFC7296-1.3.3-x1', 'does'],
      ['RFC7296-1.3.3-x2', 'does'],
      ['RFC7296-2.8-x10', 'does'],
      ['RFC7296-2.8-x4', 'does'],
      ['RFC7296-2.9.2-x1', 'does'],
      ['RFC7296-2.9.2-x2', 'does'],
      ['RFC7296-1.4.1-6', 'does'],
    ),
    () => {
      const ends = new TwoEnds();
      const spiIn = ends.firstSpi;
      ends.command({ kind: 'rekey-child', spiIn }).live(1000);
      const [request] = requestsOf(ends, CREATE_CHILD_SA);
      assert.ok(request);
      const about = notifyOf(request.payloads, Notify.REKEY_SA);
      assert.deepEqual(
        { protocol: about?.protocol, spi: about?.spi, octets: about?.data.length },
        { protocol: Protocol.ESP, spi: u32(spiIn), octets: 0 },
      );
      assert.ok(groupsOffered(request).has(firstOf(request.payloads, 'KE')?.group ?? 0));
      const [old] = ends.requests.flatMap(({ payloads }) => firstOf(payloads, 'D') ?? []);
      assert.deepEqual(
        old?.spis.map((spi) => readU32(spi)),
        [spiIn],
      );
      assert.deepEqual(summary(ends.events), ['added in place to send', 'closed, lingers 10000']);
      ends.agree();
    },
  );

  test('keeps what is granted: the new request asks for just that', () => {
    const ends = new TwoEnds();
    ends.command({ kind: 'rekey-child', spiIn: ends.firstSpi });
    const event = ends.settle().event('child-added');
    const first = ends.childEvents.find(({ kind }) => kind === 'established');
    assert.ok(event && first?.kind === 'established');
    assert.deepEqual(event.child.local, first.child.local);
    assert.deepEqual(event.child.remote, first.child.remote);
    const { encr, keyBits, esn } = first.child.suite;
    assert.deepEqual(
      { encr, keyBits, esn },
      { encr: event.child.suite.encr, keyBits: event.child.suite.keyBits, esn: event.child.suite.esn },
    );
  });

  test('without perfect forward secrecy no group is offered', () => {
    const ends = new TwoEnds({ client: { rekey: { ...IKE_DEFAULTS.rekey, pfs: false } } });
    ends.command({ kind: 'rekey-child', spiIn: ends.firstSpi }).live(1000);
    const [request] = requestsOf(ends, CREATE_CHILD_SA);
    assert.deepEqual([...groupsOffered(request!)], []);
    assert.equal(firstOf(request!.payloads, 'KE'), undefined);
    ends.agree();
  });

  test(
    'a gateway that does without a group is taken at its word when the profile names none',
    proves('RFC7296-3.3.2-x1', 'does'),
    () => {
      const ends = new TwoEnds({ gateway: { esp: { groups: [0] } } });
      ends.command({ kind: 'rekey-child', spiIn: ends.firstSpi }).live(1000);
      assert.equal(ends.only.children.at(-1)?.group, undefined);
      assert.deepEqual(summary(ends.events), ['added in place to send', 'closed, lingers 10000']);
    },
  );

  test('the same pair is not rekeyed twice at once, and no pair that is not there', () => {
    const ends = new TwoEnds();
    const spiIn = ends.firstSpi;
    for (let i = 0; i < 3; i++) ends.command({ kind: 'rekey-child', spiIn });
    ends.command({ kind: 'rekey-child', spiIn: spiIn ^ 1 }).live(1000);
    ends.command({ kind: 'rekey-child', spiIn }).live(1000);
    assert.equal(requestsOf(ends, CREATE_CHILD_SA).length, 1);
    ends.agree();
  });
});

describe('a pair of Child SAs that the gateway rekeys', () => {
  test(
    'we send on the old one until the gateway shows that it has the new one',
    proves(['RFC7296-2.8-x8', 'does'], ['RFC7296-2.8-7', 'does'], ['RFC7296-2.8.1-1', 'does']),
    () => {
      const ends = new TwoEnds();
      ends.gatewayDoes((gateway, saId, now) => gateway.rekeyChild(saId, now)).stepToClient();
      assert.deepEqual(summary(ends.events), ['added in place to wait']);
      const before = ends.send('up');
      ends.stepToGateway();
      const down = ends.send('down');
      assert.ok(before && down && ends.arrive(before) && ends.arrive(down));
      assert.deepEqual(summary(ends.events), ['added in place to wait', 'child-send']);
      ends.live(1000).agree();
    },
  );

  test('the Delete of the old one shows it as well', proves('RFC7296-2.8-x8', 'does'), () => {
    const ends = new TwoEnds();
    ends.gatewayDoes((gateway, saId, now) => gateway.rekeyChild(saId, now)).live(1000);
    assert.deepEqual(summary(ends.events), ['added in place to wait', 'child-send', 'closed, lingers 10000']);
    ends.agree();
  });

  test('a gateway that never deletes the old one is helped', () => {
    const ends = new TwoEnds({ gateway: { faults: { create: { afterwards: 'keeps-old' } } } });
    ends.gatewayDoes((gateway, saId, now) => gateway.rekeyChild(saId, now)).live(59_000);
    assert.equal(ends.clientPairs.length, 2);
    ends.live(2_000);
    ends.agreeNow();
  });

  test('a gateway that deletes the new one in its place leaves us with the old one', () => {
    const ends = new TwoEnds({ gateway: { faults: { create: { afterwards: 'deletes-new' } } } });
    const [pair] = ends.clientPairs;
    ends.gatewayDoes((gateway, saId, now) => gateway.rekeyChild(saId, now)).live(1000);
    assert.deepEqual(ends.clientPairs, [pair]);
    ends.made.gateway.faults = {};
    ends.agree();
  });
});

describe('the IKE SA', () => {
  test(
    'that we rekey is deleted when the new one has taken over, and nothing is asked in it after that',
    proves(
      ['RFC7296-1.3.3-1', 'does'],
      ['RFC7296-1.3.2-x2', 'does'],
      ['RFC7296-1.3.2-x4', 'does'],
      ['RFC7296-2.18-2', 'does'],
      ['RFC7296-2.18-3', 'does'],
      ['RFC7296-2.18-x1', 'does'],
      ['RFC7296-2.18-x2', 'does'],
      ['RFC7296-2.18-x3', 'does'],
      ['RFC7296-2.8-6', 'does'],
      ['RFC7296-2.8-x7', 'does'],
      ['RFC7296-2.2-x1', 'does'],
      ['RFC7296-3.3.1-x1', 'does'],
    ),
    () => {
      const ends = new TwoEnds({ client: { keyLog: true } });
      const old = ends.only;
      ends.session.takeKeyLog();
      ends.command({ kind: 'rekey-ike' }).live(1000);
      const [rekey] = requestsOf(ends, CREATE_CHILD_SA);
      assert.ok(rekey);
      assert.deepEqual(
        rekey.payloads.map(({ kind }) => kind),
        ['SA', 'NONCE', 'KE'],
      );
      assert.ok(!groupsOffered(rekey).has(0));
      const now = ends.only;
      const rekeyed = ends.event('rekeyed');
      assert.deepEqual(rekeyed?.initiatorSpi, now.initiatorSpi);
      assert.deepEqual(rekeyed.responderSpi, now.responderSpi);
      assert.deepEqual(
        ends.session.takeKeyLog().map(({ initiatorSpi, skEi }) => [initiatorSpi, skEi]),
        [[toHex(now.initiatorSpi), toHex(now.keys.ei)]],
      );
      ends.command({ kind: 'check-liveness' }).settle();
      const asked = requestsOf(ends, INFORMATIONAL);
      assert.deepEqual(
        asked.map(({ initiatorSpi, messageId }) => [toHex(initiatorSpi), messageId]),
        [
          [toHex(old.initiatorSpi), rekey.messageId + 1],
          [toHex(now.initiatorSpi), 0],
        ],
      );
      ends.agree();
    },
  );

  test(
    'that the gateway rekeys makes the gateway its original initiator',
    proves(['RFC7296-1.3.2-x3', 'does'], ['RFC7296-1.3.2-x2', 'does'], ['RFC7296-2.18-2', 'does']),
    () => {
      const ends = new TwoEnds();
      ends.gatewayDoes((gateway, saId, now) => gateway.rekeyIke(saId, now)).live(1000);
      ends.command({ kind: 'check-liveness' }).settle();
      const asked = requestsOf(ends, INFORMATIONAL).at(-1);
      assert.deepEqual(asked?.initiatorSpi, ends.only.initiatorSpi);
      assert.equal(asked.fromInitiator, false);
      assert.equal(asked.messageId, 0);
      assert.equal(ends.only.initiates, true);
      ends.agree();
    },
  );

  test('of which the gateway never deletes the old one is deleted by us in the end', () => {
    const ends = new TwoEnds({ gateway: { faults: { create: { afterwards: 'keeps-old' } } } });
    ends.gatewayDoes((gateway, saId, now) => gateway.rekeyIke(saId, now)).live(25_000);
    assert.equal(ends.made.gateway.sas.length, 2);
    ends.live(40_000);
    ends.agreeNow();
  });

  test('of which the gateway deletes the new one stays as it was', () => {
    const ends = new TwoEnds({ gateway: { faults: { create: { afterwards: 'deletes-new' } } } });
    const old = ends.only;
    ends.gatewayDoes((gateway, saId, now) => gateway.rekeyIke(saId, now)).live(60_000);
    assert.equal(ends.session.closed, false);
    assert.deepEqual(
      ends.made.gateway.sas.map(({ id }) => id),
      [old.id],
    );
  });

  test('what waited for its turn goes on in the new one', () => {
    const ends = new TwoEnds();
    ends.command({ kind: 'rekey-ike' });
    ends.command({ kind: 'rekey-child', spiIn: ends.firstSpi }).live(1000);
    const [rekeyIke, rekeyChild] = requestsOf(ends, CREATE_CHILD_SA);
    assert.notDeepEqual(rekeyChild?.initiatorSpi, rekeyIke?.initiatorSpi);
    assert.equal(rekeyChild?.messageId, 0);
    ends.agree();
  });

  test('of which the gateway makes new ones all the time does not fill us up', () => {
    const ends = new TwoEnds({ gateway: { faults: { create: { afterwards: 'keeps-old' } } } });
    let rekeyed = 0;
    for (let i = 0; i < 40; i++) {
      ends.events.length = 0;
      const { gateway } = ends.made;
      const newest = gateway.sas.at(-1)!;
      ends.takeGateway(gateway.rekeyIke(newest.id, ends.now)).settle();
      ends.takeGateway(gateway.checkLiveness(gateway.sas.at(-1)!.id, ends.now)).settle();
      rekeyed += ends.event('rekeyed') ? 1 : 0;
    }
    assert.ok(rekeyed > 10 && rekeyed < 20, String(rekeyed));
    assert.equal(ends.session.closed, false);
  });

  test('may be rekeyed a hundred times, by each side in turn', () => {
    const ends = new TwoEnds();
    for (let i = 0; i < 50; i++) {
      ends.command({ kind: 'rekey-ike' }).settle();
      ends.gatewayDoes((gateway, saId, now) => gateway.rekeyIke(saId, now)).settle();
    }
    ends.agree();
  });
});
