import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { toHex } from '../../core/lib/bytes.ts';
import { parsePacket, type PacketView } from '../../core/net/packet-view.ts';
import type { Selector } from '../../core/net/selector.ts';
import { EspEngine } from '../../core/ipsec/engine.ts';
import { ReplayWindow } from '../../core/ipsec/replay-window.ts';
import { LAST_EXTENDED_SEQUENCE } from '../../core/ipsec/sequence.ts';
import { Spd, type Policy } from '../../core/ipsec/spd.ts';
import { demux } from '../../core/ipsec/udp-encap.ts';
import { proves } from '../conformance/tag.ts';
import { packet, selector } from '../unit/net/packets.ts';
import {
  counted,
  enginePair,
  laptopChild,
  LAPTOP,
  OFFICE,
  openAll,
  sealAll,
  seeded,
  SPI_TO_LAPTOP,
  SUITES,
} from '../unit/ipsec/pair.ts';

const suites = fc.constantFrom(...Object.values(SUITES));

/** Steps forward and back from the number before; mostly small, sometimes far. */
const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: -35, max: 50 }) },
    { weight: 2, arbitrary: fc.integer({ min: -150, max: 150 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 2 ** 31 }) },
  ),
  { maxLength: 300 },
);

test(
  'a replay window decides as a set of all numbers does',
  proves(['RFC4303-3.4.3-x4', 'refuses'], ['RFC4303-3.4.3-x1', 'does']),
  () => {
    fc.assert(
      fc.property(
        fc.constantFrom(32, 64, 96, 1024),
        fc.constantFrom(0, 2 ** 32 - 50),
        steps,
        (size, base, moves) => {
          const window = new ReplayWindow(size, base);
          const seen = new Set<number>([base]);
          // A window that begins in the middle of a life knows nothing of what came before but its top.
          let top = base;
          let at = base;
          for (const move of moves) {
            at = Math.max(base, at + move);
            const expected = at <= top - size ? 'stale' : seen.has(at) ? 'seen' : 'new';
            assert.equal(window.check(at), expected, `${at} with top ${top}`);
            assert.equal(window.commit(at), expected === 'new');
            if (expected === 'new') seen.add(at);
            top = Math.max(top, at);
            assert.equal(window.top, top);
          }
        },
      ),
      { numRuns: 500 },
    );
  },
);

test(
  'an extended number is inferred rightly within half a subspace of the window',
  proves('RFC4303-2.2.1-1', 'does'),
  () => {
    const tops = fc.oneof(
      fc.integer({ min: 0, max: 2 ** 34 }),
      fc
        .tuple(fc.integer({ min: 0, max: 2 ** 20 }), fc.integer({ min: -200, max: 200 }))
        .map(([high, low]) => Math.max(0, high * 2 ** 32 + low)),
    );
    fc.assert(
      fc.property(tops, fc.integer({ min: -63, max: 2 ** 31 }), (top, distance) => {
        const sequence = top + distance;
        if (sequence < 0 || sequence > LAST_EXTENDED_SEQUENCE) return;
        assert.equal(new ReplayWindow(64, top).infer(sequence % 2 ** 32), sequence);
      }),
      { numRuns: 2000 },
    );
  },
);

test('whatever is sealed opens to the same octets, in any batches', () => {
  const batches = fc.array(fc.array(fc.nat(1500), { minLength: 1, maxLength: 8 }), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(suites, batches, fc.integer(), (suite, sizes, seed) => {
      const { laptop, office } = enginePair(suite);
      const random = seeded(seed);
      for (const batch of sizes) {
        const there = batch.map((length) =>
          packet({ source: '10.0.0.1', destination: '10.2.0.9', payload: random(length) }),
        );
        assert.deepEqual(openAll(office, sealAll(laptop, there)), there);
      }
    }),
    { numRuns: 60 },
  );
});

test(
  'packets in any order and any number of copies arrive once each',
  proves('RFC4303-3.4.3-x4', 'refuses'),
  () => {
    fc.assert(
      fc.property(suites, fc.array(fc.nat(19), { minLength: 1, maxLength: 60 }), (suite, order) => {
        const { laptop, office } = enginePair(suite);
        const inner = Array.from({ length: 20 }, (_, i) =>
          packet({ source: '10.0.0.1', destination: '10.2.0.9', sourcePort: i }),
        );
        const sealed = sealAll(laptop, inner);
        const half = order.length >>> 1;
        const pick = (indices: number[]): Uint8Array[] => indices.map((i) => sealed[i] ?? new Uint8Array(0));
        const arrived = [
          ...openAll(office, pick(order.slice(0, half))),
          ...openAll(office, pick(order.slice(half))),
        ];
        const first = [...new Set(order)].map((i) => inner[i]);
        assert.deepEqual(arrived, first);
        assert.equal(office.counters()['in-replayed'], order.length - first.length);
      }),
      { numRuns: 100 },
    );
  },
);

/** Everything that the engine counted about what came in. */
function inboundTotal(engine: EspEngine): number {
  const counters = counted(engine);
  delete counters['octets-in'];
  return Object.values(counters).reduce((sum, value) => sum + value, 0);
}

test(
  'a changed packet is only dropped and counted',
  proves(['RFC4303-3.4.4.1-x1', 'refuses'], ['RFC4303-3.4.4.2-x1', 'refuses']),
  () => {
    const change = fc.record({ at: fc.nat(), bit: fc.nat(7), cut: fc.nat(20), grow: fc.boolean() });
    fc.assert(
      fc.property(
        suites,
        fc.nat(200),
        fc.array(change, { minLength: 1, maxLength: 10 }),
        (suite, length, changes) => {
          const { laptop, office } = enginePair(suite);
          const inner = packet({
            source: '10.0.0.1',
            destination: '10.2.0.9',
            payload: new Uint8Array(length),
          });
          const forged = sealAll(
            laptop,
            changes.map(() => inner),
          ).map((esp, i) => {
            const { at = 0, bit = 0, cut = 0, grow = false } = changes[i] ?? {};
            if (grow) return Uint8Array.of(...esp, ...new Uint8Array(cut + 1));
            if (cut > 10) return esp.subarray(0, Math.max(0, esp.length - cut));
            const where = at % esp.length;
            esp[where] = (esp[where] ?? 0) ^ (1 << bit);
            return esp;
          });
          assert.deepEqual(openAll(office, forged), []);
          assert.equal(inboundTotal(office), forged.length);
          assert.equal(office.traffic(1)[0]?.in.packets, 0);
        },
      ),
      { numRuns: 300 },
    );
  },
);

test('whatever datagrams come, each is counted once and none throws', () => {
  const spi = [
    SPI_TO_LAPTOP >>> 24,
    (SPI_TO_LAPTOP >>> 16) & 255,
    (SPI_TO_LAPTOP >>> 8) & 255,
    SPI_TO_LAPTOP & 255,
  ];
  const datagrams = fc.array(
    fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.uint8Array({ maxLength: 200 }).map((rest) => Uint8Array.of(...spi, ...rest)),
    ),
    { minLength: 1, maxLength: 20 },
  );
  fc.assert(
    fc.property(suites, datagrams, (suite, received) => {
      const { laptop } = enginePair(suite);
      assert.deepEqual(openAll(laptop, received), []);
      assert.equal(inboundTotal(laptop), received.length);
      const kinds = received.map(demux);
      assert.equal(laptop.counters()['ike-in'], kinds.filter((kind) => kind === 'ike').length);
      assert.equal(laptop.counters()['keepalives-in'], kinds.filter((kind) => kind === 'keepalive').length);
    }),
    { numRuns: 300 },
  );
});

test('whatever comes from the device, each packet is sealed or counted as dropped', () => {
  const packets = fc.array(fc.uint8Array({ maxLength: 100 }), { minLength: 1, maxLength: 10 });
  const { laptop, office } = enginePair({ encr: 20, keyBits: 128, esn: false });
  let total = 0;
  fc.assert(
    fc.property(packets, (octets) => {
      const mixed = octets.map((bytes, i) => {
        if (i % 2 === 0) return bytes;
        return packet({ source: '10.0.0.1', destination: '10.3.0.1', payload: bytes });
      });
      const sealed = sealAll(laptop, mixed);
      total += mixed.length;
      const counters = counted(laptop);
      delete counters['octets-out'];
      assert.equal(
        Object.values(counters).reduce((sum, value) => sum + value, 0),
        total,
      );
      assert.equal(openAll(office, sealed).length, sealed.length);
    }),
    { numRuns: 500 },
  );
});

const prefixes = fc.constantFrom(
  '10.0.0.0/8',
  '10.1.0.0/16',
  '10.1.2.0/24',
  '10.1.2.3/32',
  '0.0.0.0/0',
  '192.0.2.0/24',
  '::/0',
  '2001:db8::/32',
);
const anySelector: fc.Arbitrary<Selector> = fc
  .tuple(
    prefixes,
    fc.constantFrom(0, 6, 17),
    fc.constantFrom([0, 0xffff] as const, [443, 443] as const, [1, 1023] as const, [0xffff, 0] as const),
  )
  .map(([prefix, protocol, [start, end]]) => selector(prefix, protocol, start, end));
const sides = fc.array(anySelector, { minLength: 1, maxLength: 3 });
const policies: fc.Arbitrary<Policy[]> = fc.array(
  fc.record({
    action: fc.constantFrom('protect' as const, 'bypass' as const, 'discard' as const),
    childId: fc.nat(9),
    local: sides,
    remote: sides,
  }),
  { maxLength: 6 },
);
const hosts = fc.constantFrom('10.1.2.3', '10.1.2.4', '10.9.9.9', '192.0.2.200', '198.51.100.1');
const views: fc.Arbitrary<PacketView> = fc
  .record({
    source: hosts,
    destination: hosts,
    protocol: fc.constantFrom(6, 17, 50),
    sourcePort: fc.constantFrom(80, 443, 1024),
    destinationPort: fc.constantFrom(80, 443, 1024),
    fragment: fc.constantFrom(0, 100),
  })
  .map((fields) => {
    const bytes = packet(fields);
    const view = parsePacket(bytes, 0, bytes.length);
    assert.ok(view);
    return view;
  });

/** The decision by the book: every address and port as a number, every entry in turn. */
function slowMatch(list: readonly Policy[], view: PacketView, direction: 'in' | 'out'): Policy | undefined {
  const number = (bytes: Uint8Array): bigint => BigInt(`0x${toHex(bytes)}`);
  const side = (offset: number, port: number, s: Selector): boolean => {
    const value = number(view.bytes.subarray(offset, offset + view.addressLength));
    const inRange = view.version === s.family && number(s.start) <= value && value <= number(s.end);
    const any = s.startPort === 0 && s.endPort === 65535;
    const hidden = s.startPort === 65535 && s.endPort === 0;
    const portFits = any || (port === -1 ? hidden : s.startPort <= port && port <= s.endPort);
    return inRange && portFits && (s.protocol === 0 || s.protocol === view.protocol);
  };
  return list.find(({ local, remote }) => {
    const [from, to] = direction === 'out' ? [local, remote] : [remote, local];
    return (
      from.some((s) => side(view.sourceOffset, view.sourcePort, s)) &&
      to.some((s) => side(view.destinationOffset, view.destinationPort, s))
    );
  });
}

test(
  'the policy database decides as a slow reading of the entries does',
  proves(['RFC4301-4.4.1-4', 'does'], ['RFC4301-5-x1', 'refuses']),
  () => {
    fc.assert(
      fc.property(
        policies,
        views,
        fc.constantFrom('in' as const, 'out' as const),
        (list, view, direction) => {
          const spd = new Spd();
          spd.set(list);
          assert.equal(spd.match(view, direction), slowMatch(list, view, direction));
        },
      ),
      { numRuns: 3000 },
    );
  },
);

test('what one side seals under any rekeying, the other opens', () => {
  const moves = fc.array(fc.constantFrom('send', 'rekey', 'forget'), { maxLength: 30 });
  fc.assert(
    fc.property(moves, (sequence) => {
      const suite = { encr: 28, esn: false };
      const make = (): EspEngine => {
        const engine = new EspEngine({ random: seeded(2) });
        engine.setPolicies([
          { action: 'protect', childId: 1, local: [...LAPTOP, ...OFFICE], remote: [...OFFICE, ...LAPTOP] },
        ]);
        return engine;
      };
      const [one, other] = [make(), make()];
      const inner = packet({ source: '10.0.0.1', destination: '10.2.0.9' });
      const installed: number[] = [];
      let spi = 1000;
      const rekey = (): void => {
        spi += 2;
        const key = seeded(spi)(36);
        const child = laptopChild(suite, { keyIn: key, keyOut: key, spiIn: spi, spiOut: spi + 1 });
        one.install(child);
        other.install({ ...child, spiIn: spi + 1, spiOut: spi, local: OFFICE, remote: LAPTOP });
        installed.push(spi);
      };
      rekey();
      for (const move of sequence) {
        if (move === 'rekey') rekey();
        else if (move === 'forget' && installed.length > 1) {
          const old = installed.shift() ?? 0;
          one.remove(1, old);
          other.remove(1, old + 1);
        } else assert.deepEqual(openAll(other, sealAll(one, [inner])), [inner]);
      }
      assert.equal(one.traffic(1).length, installed.length);
    }),
    { numRuns: 100 },
  );
});
