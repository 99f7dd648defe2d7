import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAddress } from '../../../core/net/address.ts';
import { candidatesFor, inOrder, type Candidate } from '../../../core/vpn/candidates.ts';
import { networkOf } from '../../support/fake-network.ts';
import { address } from '../../support/gateway/index.ts';

const GATEWAY_4 = address('203.0.113.1');
const GATEWAY_6 = address('2001:db8:ffff::1');
const WIFI = {
  addresses: ['192.0.2.10/24', '2001:db8:1::10/64'],
  gateways: ['192.0.2.1', '2001:db8:1::1'],
  metric: 600,
};
const CABLE = { addresses: ['198.51.100.20/24'], gateways: ['198.51.100.1'], metric: 100 };

const words = (candidates: readonly Candidate[]): string[] =>
  candidates.map(
    ({ departure, remote }) =>
      `${departure.link?.name ?? '-'} ${formatAddress(departure.address)} > ${formatAddress(remote)}`,
  );

test('the best way to each address of the gateway goes before any second best one', () => {
  const state = networkOf({ wlan0: WIFI, eth0: CABLE });
  assert.deepEqual(words(candidatesFor(state, [GATEWAY_4, GATEWAY_6])), [
    'eth0 198.51.100.20 > 203.0.113.1',
    'wlan0 2001:db8:1::10 > 2001:db8:ffff::1',
    'wlan0 192.0.2.10 > 203.0.113.1',
  ]);
});

test('without a network, or without an address of the family, there is none', () => {
  assert.deepEqual(candidatesFor(networkOf({}), [GATEWAY_4]), []);
  assert.deepEqual(candidatesFor(networkOf({ eth0: CABLE }), [GATEWAY_6]), []);
});

test('an address in use stays as long as its link keeps it for good', () => {
  const inUse = { departure: { address: address('2001:db8:1::aaaa') }, remote: GATEWAY_6 };
  const network = (stage: 'preferred' | 'deprecated'): ReturnType<typeof networkOf> =>
    networkOf({
      wlan0: {
        addresses: [
          { address: '2001:db8:1::bbbb/64', temporary: true },
          { address: '2001:db8:1::aaaa/64', temporary: true, stage },
        ],
        gateways: ['2001:db8:1::1'],
      },
    });
  const sources = (stage: 'preferred' | 'deprecated', used: Candidate = inUse): string[] =>
    words(candidatesFor(network(stage), [GATEWAY_6], used));
  assert.deepEqual(sources('preferred'), ['wlan0 2001:db8:1::aaaa > 2001:db8:ffff::1']);
  assert.deepEqual(sources('deprecated'), ['wlan0 2001:db8:1::bbbb > 2001:db8:ffff::1']);
  const elsewhere = {
    departure: { ...inUse.departure, link: { name: 'eth7', index: 7 } },
    remote: GATEWAY_6,
  };
  assert.deepEqual(sources('preferred', elsewhere), ['wlan0 2001:db8:1::bbbb > 2001:db8:ffff::1']);
  const other = { ...inUse, remote: address('2001:db8:eeee::1') };
  assert.deepEqual(sources('preferred', other), ['wlan0 2001:db8:1::bbbb > 2001:db8:ffff::1']);
});

test('an address of the office is tried after those that mean the same everywhere', () => {
  const [office, office6] = [address('10.50.0.1'), address('fd50::1')];
  const order = inOrder(GATEWAY_4, [office, GATEWAY_6, GATEWAY_4, office6, address('203.0.113.2')]);
  assert.deepEqual(order.map(formatAddress), [
    '203.0.113.1',
    '2001:db8:ffff::1',
    '203.0.113.2',
    '10.50.0.1',
    'fd50::1',
  ]);
  assert.deepEqual(inOrder(office, [GATEWAY_4, office6]), [office, office6, GATEWAY_4]);
});

test('a gateway with a hundred addresses does not get a hundred sockets', () => {
  const many = Array.from({ length: 100 }, (_, i) => address(`203.0.113.${i + 1}`));
  const state = networkOf({ wlan0: WIFI, eth0: CABLE });
  const found = candidatesFor(state, many);
  assert.equal(found.length, 8);
  assert.ok(found.every(({ departure }) => departure.link?.name === 'eth0'));
});
