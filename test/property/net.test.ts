import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { concat, toHex } from '../../core/lib/bytes.ts';
import {
  addressOf,
  compareOctets,
  formatAddress,
  parseAddress,
  type IpAddress,
} from '../../core/net/address.ts';
import { internetChecksum } from '../../core/net/checksum.ts';
import { parseIcmpQuote } from '../../core/net/icmp-error.ts';
import { newPacketView, parsePacketInto, parseQuotedInto } from '../../core/net/packet-view.ts';
import {
  containsAddress,
  maskedPrefix,
  parsePrefix,
  prefixToRange,
  rangeToPrefixes,
} from '../../core/net/prefix.ts';
import {
  contains,
  intersect,
  matches,
  type Selector,
  type SelectorSubject,
} from '../../core/net/selector.ts';
import { packet } from '../unit/net/packets.ts';

const families = fc.constantFrom(4 as const, 6 as const);

/** Octets of an address; few values, so that ranges meet and touch. */
function octets(family: 4 | 6): fc.Arbitrary<Uint8Array> {
  const length = family === 4 ? 4 : 16;
  const few = fc.constantFrom(0, 1, 2, 127, 128, 254, 255);
  return fc.oneof(
    fc.uint8Array({ minLength: length, maxLength: length }),
    fc.array(few, { minLength: length, maxLength: length }).map((values) => Uint8Array.from(values)),
  );
}

function toBigInt(address: Uint8Array): bigint {
  return BigInt(`0x${toHex(address)}`);
}

const addresses: fc.Arbitrary<IpAddress> = families.chain((family) => octets(family).map(addressOf));

test('an address survives being written and read', () => {
  fc.assert(
    fc.property(addresses, (address) => {
      const read = parseAddress(formatAddress(address));
      assert.ok(read);
      // '::ffff:1.2.3.4' stays an IPv6 address.
      assert.equal(read.family, address.family);
      assert.deepEqual(read.octets, address.octets);
    }),
  );
});

test('any text is an address, a prefix or neither, and never an exception', () => {
  const texts = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom('0', '1', '2', '5', '9', 'a', 'f', ':', '.', '/', '%') }),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const address = parseAddress(text);
      if (address !== undefined) assert.ok(parseAddress(formatAddress(address)));
      parsePrefix(text);
    }),
    { numRuns: 2000 },
  );
});

test('the prefixes of a range are that range, in order and without overlap', () => {
  const ranges = families.chain((family) => fc.tuple(octets(family), octets(family)));
  fc.assert(
    fc.property(ranges, ([a, b]) => {
      const [start, end] = compareOctets(a, b) <= 0 ? [a, b] : [b, a];
      const prefixes = rangeToPrefixes(addressOf(start), addressOf(end));
      let next = toBigInt(start);
      for (const prefix of prefixes) {
        const range = prefixToRange(prefix);
        assert.equal(toBigInt(range.start.octets), next);
        next = toBigInt(range.end.octets) + 1n;
      }
      assert.equal(next, toBigInt(end) + 1n);
      assert.ok(prefixes.length <= 2 * start.length * 8);
    }),
  );
});

test('an address is in a prefix when it lies between its ends', () => {
  const cases = families.chain((family) =>
    fc.tuple(octets(family), octets(family), fc.integer({ min: 0, max: family === 4 ? 32 : 128 })),
  );
  fc.assert(
    fc.property(cases, ([base, other, length]) => {
      const prefix = maskedPrefix(addressOf(base), length);
      const { start, end } = prefixToRange(prefix);
      const value = toBigInt(other);
      const expected = toBigInt(start.octets) <= value && value <= toBigInt(end.octets);
      assert.equal(containsAddress(prefix, addressOf(other)), expected);
      assert.ok(containsAddress(prefix, addressOf(base)));
    }),
  );
});

const ports = fc.constantFrom(0, 1, 79, 80, 81, 443, 65534, 65535);

const selectors: fc.Arbitrary<Selector> = families.chain((family) =>
  fc
    .record({
      protocol: fc.constantFrom(0, 6, 17),
      ports: fc.oneof(
        fc.constant([0, 0xffff] as const),
        fc.constant([0xffff, 0] as const),
        fc.tuple(ports, ports).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const),
      ),
      ends: fc.tuple(octets(family), octets(family)),
    })
    .map(({ protocol, ports: [startPort, endPort], ends: [a, b] }) => {
      const [start, end] = compareOctets(a, b) <= 0 ? [a, b] : [b, a];
      return { family, protocol, startPort, endPort, start, end };
    }),
);

const subjects: fc.Arbitrary<SelectorSubject> = families.chain((family) =>
  fc.record({
    address: octets(family),
    protocol: fc.constantFrom(6, 17, 50),
    port: fc.oneof(ports, fc.constantFrom(-1, -2)),
  }),
);

/** Selector and subject that often meet: the address is often one of the selector's ends. */
const meetings = fc
  .tuple(selectors, selectors, subjects, fc.integer({ min: 0, max: 4 }))
  .map(([a, b, s, choice]) => {
    const address = [a.start, a.end, b.start, b.end, s.address][choice] ?? s.address;
    return { a, b, subject: { ...s, address } };
  });

test('a selector matches as plain comparison of numbers says', () => {
  fc.assert(
    fc.property(meetings, ({ a, subject }) => {
      const value = toBigInt(subject.address);
      const anyPort = a.startPort === 0 && a.endPort === 0xffff;
      const opaque = a.startPort === 0xffff && a.endPort === 0;
      const expected =
        subject.address.length === a.start.length &&
        [0, subject.protocol].includes(a.protocol) &&
        toBigInt(a.start) <= value &&
        value <= toBigInt(a.end) &&
        (anyPort ||
          subject.port === -2 ||
          (subject.port === -1 ? opaque : a.startPort <= subject.port && subject.port <= a.endPort));
      assert.equal(matches(a, subject), expected);
    }),
    { numRuns: 2000 },
  );
});

test('an intersection matches exactly what both match', () => {
  fc.assert(
    fc.property(meetings, ({ a, b, subject }) => {
      const both = intersect(a, b);
      if (subject.port === -2) return;
      assert.equal(both !== undefined && matches(both, subject), matches(a, subject) && matches(b, subject));
    }),
    { numRuns: 2000 },
  );
});

test('what a selector contains matches nothing that it does not match itself', () => {
  fc.assert(
    fc.property(meetings, ({ a, b, subject }) => {
      const both = intersect(a, b);
      if (both !== undefined) assert.ok(contains(a, both) && contains(b, both));
      if (contains(a, b) && matches(b, subject)) assert.ok(matches(a, subject));
    }),
    { numRuns: 2000 },
  );
});

/** Octets that are, nearly are, or are not at all a packet. */
const nearPackets = fc.oneof(
  fc.uint8Array({ maxLength: 120 }),
  fc
    .record({
      six: fc.boolean(),
      protocol: fc.constantFrom(0, 1, 6, 17, 43, 44, 50, 58, 60, 132, 135, 255),
      payload: fc.uint8Array({ maxLength: 80 }),
      fragment: fc.constantFrom(0, 1, 0x2000, 0x1fff, 0x4000),
      changes: fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 3 }),
      cut: fc.nat(10),
    })
    .map(({ six, protocol, payload, fragment, changes, cut }) => {
      const ends = six
        ? { source: '2001:db8::1', destination: '2001:db8::2' }
        : { source: '10.0.0.1', destination: '10.0.0.2' };
      const bytes = packet({ ...ends, protocol, payload, fragment });
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      return bytes.subarray(0, Math.max(0, bytes.length - cut));
    }),
);

test('whatever octets come, a view stays within them and never throws', () => {
  fc.assert(
    fc.property(nearPackets, fc.boolean(), (bytes, quoted) => {
      const view = newPacketView();
      const slab = concat(new Uint8Array(7).fill(0x45), bytes, new Uint8Array(200).fill(0x60));
      const parse = quoted ? parseQuotedInto : parsePacketInto;
      if (!parse(slab, 7, bytes.length, view)) return;
      const end = 7 + bytes.length;
      assert.ok(view.sourceOffset >= 7 && view.sourceOffset + view.addressLength <= end);
      assert.ok(view.destinationOffset + view.addressLength <= end);
      assert.ok(view.payloadOffset <= end);
      assert.ok(quoted || 7 + view.totalLength <= end);
      assert.ok(view.sourcePort >= -2 && view.sourcePort <= 0xffff);
      assert.ok(view.destinationPort >= -2 && view.destinationPort <= 0xffff);
      if (view.fragmentOffset > 0) assert.ok(view.sourcePort === -1 && view.destinationPort === -1);
      parseIcmpQuote(view, newPacketView());
    }),
    { numRuns: 5000 },
  );
});

test('a view depends on the octets of the packet alone', () => {
  fc.assert(
    fc.property(nearPackets, (bytes) => {
      const views = [0, 0xff].map((fill) => {
        const view = newPacketView();
        const slab = concat(new Uint8Array(9).fill(fill), bytes, new Uint8Array(99).fill(fill));
        const ok = parsePacketInto(slab, 9, bytes.length, view);
        return ok ? { ...view, bytes: undefined } : view.fault;
      });
      assert.deepEqual(views[0], views[1]);
    }),
    { numRuns: 2000 },
  );
});

test('octets with their checksum in them sum up to zero', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 2, maxLength: 99 }), (bytes) => {
      bytes.set([0, 0]);
      const checksum = internetChecksum(bytes, 0, bytes.length);
      bytes.set([checksum >>> 8, checksum & 0xff]);
      assert.equal(internetChecksum(bytes, 0, bytes.length), 0);
    }),
  );
});
