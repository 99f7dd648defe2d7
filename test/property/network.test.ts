import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat } from '../../core/lib/bytes.ts';
import { ProtocolError } from '../../core/lib/reader.ts';
import { addressOf, sameAddress, type IpAddress } from '../../core/net/address.ts';
import {
  sameNetwork,
  type LinkAddress,
  type LinkRoute,
  type NetworkLink,
  type NetworkState,
} from '../../core/net/network-state.ts';
import { containsAddress, maskedPrefix, type Prefix } from '../../core/net/prefix.ts';
import { sourcesFor } from '../../core/net/reachability.ts';
import { splitMessages } from '../../core/platform/linux/netlink/message.ts';
import { readAddress, readLink, readRoute } from '../../core/platform/linux/netlink/values.ts';
import { addressBody, linkBody, message, routeBody } from '../unit/platform/fake-kernel.ts';

/** Few values, so that prefixes and addresses meet. */
function address(family: 4 | 6): fc.Arbitrary<IpAddress> {
  const length = family === 4 ? 4 : 16;
  const octet = fc.constantFrom(0, 1, 128, 169, 254, 0xfe, 0x80, 10);
  return fc
    .array(octet, { minLength: length, maxLength: length })
    .map((octets) => addressOf(Uint8Array.from(octets)));
}

const families = fc.constantFrom(4 as const, 6 as const);

const prefix: fc.Arbitrary<Prefix> = families.chain((family) =>
  fc
    .tuple(address(family), fc.constantFrom(0, 1, 7, 8, 16, 32, ...(family === 6 ? [64, 128] : [])))
    .map(([ip, length]) => maskedPrefix(ip, length)),
);

const route: fc.Arbitrary<LinkRoute> = prefix.chain((destination) =>
  fc.record(
    {
      destination: fc.constant(destination),
      metric: fc.constantFrom(0, 100, 600),
      gateway: address(destination.address.family),
      preferredSource: address(destination.address.family),
    },
    { requiredKeys: ['destination', 'metric'] },
  ),
);

const linkAddress: fc.Arbitrary<LinkAddress> = families.chain((family) =>
  fc.record({
    address: address(family),
    prefixLength: fc.constantFrom(0, 8, 24, 32),
    stage: fc.constantFrom('preferred', 'deprecated', 'tentative', 'duplicate'),
    temporary: fc.boolean(),
  }),
);

const link: fc.Arbitrary<Omit<NetworkLink, 'index' | 'name'>> = fc.record({
  mtu: fc.constant(1500),
  addresses: fc.array(linkAddress, { maxLength: 4 }),
  routes: fc.array(route, { maxLength: 4 }),
});

const network: fc.Arbitrary<NetworkState> = fc.record({
  links: fc
    .array(link, { maxLength: 3 })
    .map((links) => links.map((one, i) => ({ ...one, index: i + 2, name: `eth${i}` }))),
  refusals: fc.array(fc.record({ destination: prefix, metric: fc.constantFrom(0, 300) }), { maxLength: 2 }),
});

const destination = families.chain(address);

test('every source is of a link with a route to the destination, once, and of its family', () => {
  fc.assert(
    fc.property(network, destination, (state, to) => {
      const sources = sourcesFor(state, to);
      assert.equal(new Set(sources.map(({ linkIndex }) => linkIndex)).size, sources.length);
      for (const source of sources) {
        const of = state.links.find(({ index }) => index === source.linkIndex);
        assert.ok(of);
        assert.equal(of.name, source.linkName);
        assert.equal(source.address.family, to.family);
        const routes = of.routes.filter((one) => containsAddress(one.destination, to));
        assert.ok(routes.some(({ metric }) => metric === source.metric));
        const own = of.addresses.find((one) => sameAddress(one.address, source.address));
        assert.ok(own ? ['preferred', 'deprecated'].includes(own.stage) : hasSource(routes, source.address));
      }
    }),
    { numRuns: 500 },
  );
});

function hasSource(routes: readonly LinkRoute[], wanted: IpAddress): boolean {
  return routes.some(({ preferredSource }) => preferredSource && sameAddress(preferredSource, wanted));
}

test('a link that carries a route and a lasting address of a wide scope is always a source', () => {
  fc.assert(
    fc.property(network, fc.constantFrom(0, 700), (state, metric) => {
      const to = addressOf(Uint8Array.of(203, 0, 113, 1));
      const own = addressOf(Uint8Array.of(192, 0, 2, 10));
      const sure: NetworkLink = {
        index: 99,
        name: 'sure',
        mtu: 1500,
        addresses: [{ address: own, prefixLength: 24, stage: 'preferred', temporary: false }],
        routes: [{ destination: maskedPrefix(to, 0), metric }],
      };
      const withIt = { links: [...state.links, sure], refusals: [] };
      const found = sourcesFor(withIt, to).find(({ linkIndex }) => linkIndex === 99);
      assert.ok(found && sameAddress(found.address, own));
    }),
  );
});

test('a link that goes takes its own source away, and leaves the others in their order', () => {
  fc.assert(
    fc.property(network, destination, fc.nat(2), (state, to, gone) => {
      const before = sourcesFor(state, to);
      const left = { ...state, links: state.links.filter((_, i) => i !== gone) };
      assert.deepEqual(
        sourcesFor(left, to),
        before.filter(({ linkIndex }) => linkIndex !== gone + 2),
      );
    }),
  );
});

test('sources are sorted as the kernel would choose, and states that are the same have the same', () => {
  fc.assert(
    fc.property(network, destination, (state, to) => {
      const sources = sourcesFor(state, to);
      const lengths = sources.map(({ linkIndex }) => {
        const of = state.links.find(({ index }) => index === linkIndex);
        const matching = of?.routes.filter((one) => containsAddress(one.destination, to)) ?? [];
        return Math.max(...matching.map((one) => one.destination.length));
      });
      for (const [i, source] of sources.entries()) {
        const next = sources[i + 1];
        if (next === undefined) continue;
        const [here = 0, there = 0] = lengths.slice(i, i + 2);
        assert.ok(here > there || (here === there && source.metric <= next.metric));
      }
      const copy = structuredClone(state);
      assert.ok(sameNetwork(state, copy));
      assert.deepEqual(sourcesFor(copy, to), sources);
    }),
  );
});

/** Runs a decoder over anything: what it throws is a ProtocolError, or this throws it on. */
function survives(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
  }
}

const ORDERS = ['little', 'big'] as const;

function decodeAll(octets: Uint8Array): void {
  for (const order of ORDERS) {
    survives(() => splitMessages(octets, order));
    for (const read of [readLink, readAddress, readRoute]) survives(() => read(octets, order));
  }
}

test('any octets are netlink messages, links, addresses and routes, or a ProtocolError', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), decodeAll), { numRuns: 1_000 });
});

test('genuine messages with octets changed, or cut off, are read or are a ProtocolError', () => {
  const genuine = [
    linkBody(2, 'eth0'),
    addressBody(2, '192.0.2.10/24'),
    addressBody(2, '2001:db8::1/64'),
    routeBody(2, '0.0.0.0/0', '192.0.2.1'),
    routeBody(2, '::/0', 'fe80::1'),
  ];
  const datagram = concat(...genuine.map((body) => message(16, body)));
  const change = fc.tuple(fc.nat(), fc.nat(255));
  fc.assert(
    fc.property(
      fc.constantFrom(datagram, ...genuine),
      fc.array(change, { maxLength: 4 }),
      fc.nat(),
      (octets, changes, cut) => {
        const copy = octets.slice(0, octets.length - (cut % 3 === 0 ? cut % octets.length : 0));
        for (const [at, value] of changes) if (copy.length > 0) copy[at % copy.length] = value;
        decodeAll(copy);
      },
    ),
    { numRuns: 2_000 },
  );
});
