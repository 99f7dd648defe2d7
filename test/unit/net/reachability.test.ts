import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatAddress, parseAddress, type IpAddress } from '../../../core/net/address.ts';
import { NO_NETWORK, type NetworkState } from '../../../core/net/network-state.ts';
import { parsePrefix } from '../../../core/net/prefix.ts';
import { sourcesFor, type SourceOptions } from '../../../core/net/reachability.ts';
import { networkOf, type AddressWords } from '../../support/fake-network.ts';

function ip(text: string): IpAddress {
  const address = parseAddress(text);
  assert.ok(address, text);
  return address;
}

/** 'link address via gateway' of each source, in order. */
function sources(state: NetworkState, destination: string, options?: SourceOptions): string[] {
  return sourcesFor(state, ip(destination), options).map(({ linkName, address, gateway }) =>
    [
      linkName,
      formatAddress(address),
      ...(gateway === undefined ? [] : ['via', formatAddress(gateway)]),
    ].join(' '),
  );
}

const CABLE = { addresses: ['192.0.2.10/24'], gateways: ['192.0.2.1'], metric: 100 };
const WIFI = { addresses: ['198.51.100.20/24'], gateways: ['198.51.100.1'], metric: 600 };

describe('ways to a gateway', () => {
  test('cable and Wi-Fi are both ways, the smaller metric first', () => {
    const both = ['eth0 192.0.2.10 via 192.0.2.1', 'wlan0 198.51.100.20 via 198.51.100.1'];
    assert.deepEqual(sources(networkOf({ eth0: CABLE, wlan0: WIFI }), '203.0.113.1'), both);
    assert.deepEqual(sources(networkOf({ wlan0: WIFI, eth0: CABLE }), '203.0.113.1'), both);
  });

  test('of one link the most specific route counts, and then its smallest metric', () => {
    const eth0 = {
      ...CABLE,
      routes: [
        { to: '203.0.113.0/24', via: '192.0.2.3', metric: 900 },
        { to: '203.0.113.0/24', via: '192.0.2.2', metric: 800 },
        { to: '203.0.112.0/23', via: '192.0.2.4', metric: 1 },
      ],
    };
    assert.deepEqual(sources(networkOf({ eth0 }), '203.0.113.1'), ['eth0 192.0.2.10 via 192.0.2.2']);
    assert.deepEqual(sources(networkOf({ eth0 }), '203.0.112.1'), ['eth0 192.0.2.10 via 192.0.2.4']);
    assert.deepEqual(sources(networkOf({ eth0 }), '8.8.8.8'), ['eth0 192.0.2.10 via 192.0.2.1']);
  });

  test('a more specific route goes before a smaller metric, as in the kernel', () => {
    const wlan0 = { ...WIFI, routes: [{ to: '203.0.113.0/24', via: '198.51.100.9', metric: 900 }] };
    assert.deepEqual(sources(networkOf({ eth0: CABLE, wlan0 }), '203.0.113.1'), [
      'wlan0 198.51.100.20 via 198.51.100.9',
      'eth0 192.0.2.10 via 192.0.2.1',
    ]);
  });

  test('a gateway on the link itself needs no router', () => {
    assert.deepEqual(sources(networkOf({ eth0: CABLE, wlan0: WIFI }), '192.0.2.77'), [
      'eth0 192.0.2.10',
      'wlan0 198.51.100.20 via 198.51.100.1',
    ]);
  });

  test('a link without a route there, or without an address of the family, is no way', () => {
    const lan = { addresses: ['10.0.0.5/8'] };
    const bare = { routes: [{ to: 'default', via: '10.9.9.9' }] };
    assert.deepEqual(sources(networkOf({ lan, bare }), '203.0.113.1'), []);
    assert.deepEqual(sources(networkOf({ eth0: CABLE }), '2001:db8::1'), []);
    assert.deepEqual(sources(NO_NETWORK, '203.0.113.1'), []);
  });

  test('a route that refuses closes every link for what it covers, unless a better one goes before it', () => {
    const refusing = (prefix: string, metric: number): NetworkState => ({
      ...networkOf({ eth0: CABLE, wlan0: WIFI }),
      refusals: [{ destination: parsePrefix(prefix) ?? assert.fail(prefix), metric }],
    });
    assert.deepEqual(sources(refusing('203.0.113.0/24', 0), '203.0.113.1'), []);
    assert.equal(sources(refusing('203.0.113.0/24', 0), '203.0.112.1').length, 2);
    assert.equal(sources(refusing('0.0.0.0/0', 4_278_198_272), '203.0.113.1').length, 2);
    assert.deepEqual(sources(refusing('0.0.0.0/0', 300), '203.0.113.1'), ['eth0 192.0.2.10 via 192.0.2.1']);
    assert.deepEqual(sources(refusing('::/0', 0), '203.0.113.1').length, 2);
  });

  test('an IPv4 destination may have an IPv6 router', () => {
    const eth0 = { addresses: ['192.0.2.10/32'], routes: [{ to: 'default', via: 'fe80::1' }] };
    assert.deepEqual(sources(networkOf({ eth0 }), '203.0.113.1'), ['eth0 192.0.2.10 via fe80::1']);
  });
});

describe('the address of a link', () => {
  const chosen = (addresses: readonly AddressWords[], to: string, options?: SourceOptions): string[] => {
    const eth0 = { addresses, gateways: [to.includes(':') ? 'fe80::1' : '192.0.2.1'] };
    return sourcesFor(networkOf({ eth0 }), ip(to), options).map(({ address }) => formatAddress(address));
  };

  test('is none that is tentative or a duplicate, and a deprecated one only when there is no other', () => {
    const old = { address: '2001:db8:1::1/64', stage: 'deprecated' } as const;
    const tentative = { address: '2001:db8:1::2/64', stage: 'tentative' } as const;
    const duplicate = { address: '2001:db8:1::3/64', stage: 'duplicate' } as const;
    assert.deepEqual(chosen([old, tentative, duplicate, '2001:db8:1::4/64'], '2001:db8:9::1'), [
      '2001:db8:1::4',
    ]);
    assert.deepEqual(chosen([tentative, duplicate, old], '2001:db8:9::1'), ['2001:db8:1::1']);
    assert.deepEqual(chosen([tentative, duplicate], '2001:db8:9::1'), []);
  });

  test('is a temporary one unless lasting ones are preferred', () => {
    const addresses = ['2001:db8:1::1/64', { address: '2001:db8:1::abcd/64', temporary: true }];
    assert.deepEqual(chosen(addresses, '2001:db8:9::1'), ['2001:db8:1::abcd']);
    assert.deepEqual(chosen(addresses, '2001:db8:9::1', { preferTemporary: false }), ['2001:db8:1::1']);
    assert.deepEqual(chosen([...addresses].reverse(), '2001:db8:9::1', { preferTemporary: false }), [
      '2001:db8:1::1',
    ]);
  });

  test('is not of the link alone when the destination is beyond it', () => {
    assert.deepEqual(chosen(['fe80::9/64'], '2001:db8:9::1'), []);
    assert.deepEqual(chosen(['fe80::9/64', '2001:db8:1::1/64'], '2001:db8:9::1'), ['2001:db8:1::1']);
    assert.deepEqual(chosen(['2001:db8:1::1/64', 'fe80::9/64'], 'fe80::77'), ['fe80::9']);
    assert.deepEqual(chosen(['169.254.3.4/16'], '203.0.113.1'), []);
    assert.deepEqual(chosen(['169.254.3.4/16', '192.0.2.10/24'], '203.0.113.1'), ['192.0.2.10']);
    assert.deepEqual(chosen(['169.254.3.4/16'], '169.254.9.9'), ['169.254.3.4']);
    const local = { addresses: ['169.254.3.4/16'], routes: [{ to: '0.0.0.0/0' }] };
    assert.equal(sources(networkOf({ eth0: local }), '203.0.113.1').length, 1, 'without a router in between');
  });

  test('is the destination itself, or shares the longest prefix with it', () => {
    const addresses = ['2001:db8:1::1/64', '2001:db8:9:1::1/64', '2001:db8:9:2::1/64'];
    assert.deepEqual(chosen(addresses, '2001:db8:9:2::77'), ['2001:db8:9:2::1']);
    assert.deepEqual(chosen(addresses, '2001:db8:1::1'), ['2001:db8:1::1']);
    // What both share beyond our own prefix says nothing about the network (RFC 6724 section 2.2).
    assert.deepEqual(chosen(['2001:db8::1/32', '2001:db8:9::1/32'], '2001:db8:9::2'), ['2001:db8::1']);
  });

  test('is in IPv4 one of the network that the router is in', () => {
    assert.deepEqual(chosen(['10.0.0.1/8', '192.0.2.10/24'], '203.0.113.1'), ['192.0.2.10']);
    assert.deepEqual(chosen(['10.0.0.1/8', '10.0.0.2/8'], '203.0.113.1'), ['10.0.0.1']);
  });

  test('is the one that the route wants, also of another link, unless it may not send', () => {
    const routes = [{ to: 'default', via: '192.0.2.1', from: '192.0.2.11' }];
    const withSecond = (second: AddressWords): NetworkState =>
      networkOf({ eth0: { addresses: ['192.0.2.10/24', second], routes } });
    assert.deepEqual(sources(withSecond('192.0.2.11/24'), '203.0.113.1'), ['eth0 192.0.2.11 via 192.0.2.1']);
    assert.deepEqual(sources(withSecond({ address: '192.0.2.11/24', stage: 'tentative' }), '203.0.113.1'), [
      'eth0 192.0.2.10 via 192.0.2.1',
    ]);
    assert.deepEqual(sources(networkOf({ eth0: { routes } }), '203.0.113.1'), [
      'eth0 192.0.2.11 via 192.0.2.1',
    ]);
  });
});
