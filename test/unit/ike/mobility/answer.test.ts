import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { InboundDatagram } from '../../../../core/ike/events.ts';
import { answerMobility } from '../../../../core/ike/mobility/answer.ts';
import { gatewayAddresses } from '../../../../core/ike/mobility/gateway-addresses.ts';
import { noNatsAllowed } from '../../../../core/ike/mobility/no-nats.ts';
import { natDetectionHash } from '../../../../core/ike/nat-detection.ts';
import { formatAddress, type IpAddress } from '../../../../core/net/address.ts';
import { Notify } from '../../../../core/wire/constants.ts';
import type { Payload } from '../../../../core/wire/payload.ts';
import { notify } from '../../../../core/wire/payloads/notify.ts';
import { proves } from '../../../conformance/tag.ts';
import { endpoint } from './paths.ts';

const spis = { initiatorSpi: new Uint8Array(8).fill(1), responderSpi: new Uint8Array(8).fill(2) };
const local = endpoint('192.0.2.7');
const remote = endpoint('203.0.113.1');
const datagram: InboundDatagram = { octets: new Uint8Array(), transport: 'nat', path: 0, local, remote };

function additional(...texts: string[]): Payload[] {
  return texts.map((text) => {
    const { family, octets } = endpoint(text).address;
    return notify(family === 4 ? Notify.ADDITIONAL_IP4_ADDRESS : Notify.ADDITIONAL_IP6_ADDRESS, octets);
  });
}

function texts(addresses: readonly IpAddress[] | undefined): string[] | undefined {
  return addresses?.map(formatAddress);
}

function types(payloads: readonly Payload[]): number[] {
  return payloads.map((payload) => (payload.kind === 'N' ? payload.notifyType : 0));
}

describe('what the gateway says of its addresses', () => {
  test('is the one that it says it from, and those that it lists', () => {
    const payloads = additional('203.0.113.9', '2001:db8::9');
    assert.deepEqual(texts(gatewayAddresses(payloads, remote.address)), [
      '203.0.113.1',
      '203.0.113.9',
      '2001:db8::9',
    ]);
  });

  test('is the one address when it says that it has no other', () => {
    const payloads = [notify(Notify.NO_ADDITIONAL_ADDRESSES)];
    assert.deepEqual(texts(gatewayAddresses(payloads, remote.address)), ['203.0.113.1']);
  });

  test('is nothing in a message that is not about that', () => {
    assert.equal(gatewayAddresses([notify(Notify.MOBIKE_SUPPORTED)], remote.address), undefined);
  });

  test('counts each address once, and none that no host can have', () => {
    const payloads = additional('203.0.113.9', '203.0.113.9', '203.0.113.1', '127.0.0.1', '0.0.0.0', '::1');
    const broken = notify(Notify.ADDITIONAL_IP4_ADDRESS, new Uint8Array(5));
    const crossed = notify(Notify.ADDITIONAL_IP6_ADDRESS, new Uint8Array(4).fill(9));
    assert.deepEqual(texts(gatewayAddresses([...payloads, broken, crossed], remote.address)), [
      '203.0.113.1',
      '203.0.113.9',
    ]);
  });

  test('has an end', () => {
    const many = additional(...Array.from({ length: 200 }, (_, i) => `203.0.113.${i + 2}`));
    assert.equal(gatewayAddresses(many, remote.address)?.length, 16);
  });
});

describe('a request of the gateway', () => {
  const cookie = notify(
    Notify.COOKIE2,
    Uint8Array.from({ length: 24 }, (_, i) => i),
  );

  test('gets its COOKIE2 back as it is', proves('RFC4555-3.7-1', 'does'), () => {
    assert.deepEqual(answerMobility(spis, [cookie], datagram, true).payloads, [cookie]);
  });

  test(
    'with NAT detection gets ours, of which the source matches nothing so that ESP stays in UDP',
    proves('RFC4555-3.8-2', 'does'),
    () => {
      const asked = [Notify.NAT_DETECTION_SOURCE_IP, Notify.NAT_DETECTION_DESTINATION_IP];
      const request = asked.map((type) => notify(type, new Uint8Array(20)));
      const { payloads } = answerMobility(spis, request, datagram, true);
      assert.deepEqual(types(payloads), asked);
      const [source, destination] = payloads.map((payload) =>
        payload.kind === 'N' ? payload.data : undefined,
      );
      const hash = (of: typeof local): Uint8Array =>
        natDetectionHash(spis.initiatorSpi, spis.responderSpi, of);
      assert.deepEqual(destination, hash(remote));
      assert.notDeepEqual(source, hash(local));
    },
  );

  test('without MOBIKE is about nothing of this', () => {
    const request = [
      ...additional('203.0.113.9'),
      notify(Notify.NAT_DETECTION_SOURCE_IP, new Uint8Array(20)),
    ];
    const answer = answerMobility(spis, request, datagram, false);
    assert.deepEqual(answer, { payloads: [], addresses: undefined });
  });

  test(
    'that forbids NATs and met none is believed',
    proves(['RFC4555-3.9-3', 'does'], ['RFC4555-3.9-4', 'does']),
    () => {
      const request = [noNatsAllowed(remote, local), ...additional('203.0.113.9')];
      const answer = answerMobility(spis, request, datagram, true);
      assert.deepEqual(answer.payloads, []);
      assert.deepEqual(texts(answer.addresses), ['203.0.113.1', '203.0.113.9']);
    },
  );

  test(
    'that forbids NATs and met one is told so, and nothing in it is used',
    proves(['RFC4555-3.9-3', 'refuses'], ['RFC4555-3.9-4', 'refuses']),
    () => {
      const met = [
        noNatsAllowed(endpoint('10.0.0.1'), local),
        noNatsAllowed(remote, endpoint('10.0.0.1')),
        noNatsAllowed({ ...remote, port: 500 }, local),
        noNatsAllowed(remote, { ...local, port: 500 }),
        noNatsAllowed(endpoint('2001:db8::1'), endpoint('2001:db8::2')),
        notify(Notify.NO_NATS_ALLOWED, new Uint8Array(3)),
      ];
      for (const forbids of met) {
        const answer = answerMobility(spis, [forbids, ...additional('203.0.113.9'), cookie], datagram, true);
        assert.deepEqual(types(answer.payloads), [Notify.UNEXPECTED_NAT_DETECTED, Notify.COOKIE2]);
        assert.equal(answer.addresses, undefined);
      }
    },
  );
});
