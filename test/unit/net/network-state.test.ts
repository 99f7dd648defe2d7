import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_NETWORK, sameNetwork, type NetworkState } from '../../../core/net/network-state.ts';
import { networkOf, type LinkWords } from '../../support/fake-network.ts';

const BASE: LinkWords = {
  index: 3,
  addresses: ['192.0.2.10/24', '2001:db8::1/64'],
  gateways: ['192.0.2.1', 'fe80::1'],
};

function withLink(changes: LinkWords): NetworkState {
  return networkOf({ eth0: { ...BASE, ...changes } });
}

test('a state is the same as one that says the same, whatever the order of its routes', () => {
  const state = withLink({});
  assert.ok(sameNetwork(state, withLink({})));
  const links = state.links.map((link) => ({ ...link, routes: [...link.routes].reverse() }));
  assert.ok(sameNetwork(state, { ...state, links }));
});

test('whatever a source could depend on makes another state', () => {
  const different = [
    NO_NETWORK,
    withLink({ index: 4 }),
    withLink({ mtu: 1400 }),
    withLink({ metric: 101 }),
    withLink({ gateways: ['192.0.2.2', 'fe80::1'] }),
    withLink({ gateways: ['192.0.2.1'] }),
    withLink({ routes: [{ to: '203.0.113.0/24' }] }),
    withLink({ routes: [{ to: '203.0.113.0/24', from: '192.0.2.10' }] }),
    withLink({ routes: [{ to: '203.0.113.0/24', via: '192.0.2.10' }] }),
    withLink({ addresses: ['192.0.2.10/25', '2001:db8::1/64'] }),
    withLink({ addresses: ['2001:db8::1/64', '192.0.2.10/24'] }),
    withLink({ addresses: ['192.0.2.10/24', { address: '2001:db8::1/64', stage: 'deprecated' }] }),
    withLink({ addresses: ['192.0.2.10/24', { address: '2001:db8::1/64', temporary: true }] }),
    networkOf({ eth1: BASE }),
    {
      ...withLink({}),
      refusals: [{ destination: withLink({}).links[0]!.routes[0]!.destination, metric: 0 }],
    },
  ];
  const all = [withLink({}), ...different];
  for (const [i, a] of all.entries()) {
    for (const [j, b] of all.entries()) assert.equal(sameNetwork(a, b), i === j, `${i} and ${j}`);
  }
});
