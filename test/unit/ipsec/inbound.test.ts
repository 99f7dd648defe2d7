import { test } from 'node:test';
import assert from 'node:assert/strict';
import { concat, fromHex } from '../../../core/lib/bytes.ts';
import { appendPacket, newBatch, packetAt } from '../../../core/net/batch.ts';
import { transportChecksum } from '../../../core/net/checksum.ts';
import { parsePacket } from '../../../core/net/packet-view.ts';
import type { EspEngine } from '../../../core/ipsec/engine.ts';
import { ANYTHING } from '../../../core/ipsec/spd.ts';
import { newTransform, type EspSuite } from '../../../core/ipsec/suite.ts';
import { keepalive, withNonEspMarker } from '../../../core/ipsec/udp-encap.ts';
import { proves } from '../../conformance/tag.ts';
import { packet, selector, type PacketFields } from '../net/packets.ts';
import { counted, engineWith, laptopChild, LAPTOP, OFFICE, openAll, seeded, SPI_TO_LAPTOP } from './pair.ts';
import { sealRun, type Outgoing } from './transforms.ts';

const SUITE: EspSuite = { encr: 20, keyBits: 256, esn: false };
const FROM_OFFICE: PacketFields = { source: '10.1.2.3', destination: '10.0.0.1' };
const INNER = packet(FROM_OFFICE);
const INNER_6 = packet({ source: '2001:db8::99', destination: '2001:db8::1' });

/** A peer that seals whatever the test wants with the keys of the laptop's child. */
function forge(packets: readonly Partial<Outgoing>[], suite: EspSuite = SUITE): Uint8Array[] {
  const { keyIn, integIn } = laptopChild(suite);
  const transform = newTransform(suite, keyIn, integIn, seeded(3));
  return sealRun(
    transform,
    packets.map((p, i) => ({ spi: SPI_TO_LAPTOP, sequence: i + 1, payload: INNER, nextHeader: 4, ...p })),
  );
}

function laptop(suite: EspSuite = SUITE): EspEngine {
  return engineWith([laptopChild(suite)]);
}

test(
  'the packet inside comes out as it went in',
  proves(
    ['RFC4301-5.2-x1', 'does'],
    ['RFC4303-2.2-x2', 'does'],
    ['RFC4303-1-x3', 'does'],
    ['RFC3948-3.1.1-1', 'does'],
    ['RFC3948-1-1', 'does'],
    ['RFC7296-2.23-11', 'does'],
    ['RFC7296-2.23-x13', 'does'],
  ),
  () => {
    const engine = laptop();
    assert.deepEqual(openAll(engine, forge([{}, { payload: INNER_6, nextHeader: 41 }])), [INNER, INNER_6]);
    assert.deepEqual(counted(engine), { 'packets-in': 2, 'octets-in': INNER.length + INNER_6.length });
  },
);

test(
  'the checksum of the transport inside is left for the stack that verifies it',
  proves('RFC3948-3.1.2-2', 'does'),
  () => {
    const segment = fromHex(
      '45000028a4ad4000400678800a01038f0a000001802306b8cb712602dd6bb03e501016d07b7a0000',
    );
    const engine = laptop();
    const [out] = openAll(engine, forge([{ payload: segment }]));
    assert.deepEqual(out, segment);
    const view = parsePacket(segment, 0, segment.length);
    assert.ok(view);
    assert.equal(transportChecksum(view), 0);
  },
);

test(
  'keepalives and IKE messages are none of the engine',
  proves(
    ['RFC3948-2.3-1', 'does'],
    ['RFC3948-2.2-1', 'does'],
    ['RFC3948-4-3', 'refuses'],
    ['RFC3948-2.1-1', 'refuses'],
  ),
  () => {
    const engine = laptop();
    const [esp] = forge([{}]);
    assert.ok(esp);
    const mixed = [keepalive(), withNonEspMarker(new Uint8Array(28)), esp, keepalive()];
    assert.deepEqual(openAll(engine, mixed, 99), [INNER]);
    assert.deepEqual(counted(engine), { 'keepalives-in': 2, 'ike-in': 1, 'packets-in': 1, 'octets-in': 36 });
    assert.deepEqual(openAll(engine, [keepalive()], 500), []);
    // Liveness reads this time, and a keepalive did not move it.
    assert.equal(engine.traffic(1)[0]?.in.lastAt, 99);
  },
);

test(
  'an SPI that nobody knows is dropped',
  proves(['RFC4303-3.4.2-1', 'refuses'], ['RFC4301-5.2-1', 'refuses']),
  () => {
    const engine = laptop();
    assert.deepEqual(openAll(engine, forge([{ spi: 0x1234 }])), []);
    assert.deepEqual(counted(engine), { 'in-unknown-spi': 1 });
  },
);

test('what is too short or not aligned for its SA is dropped', () => {
  for (const [suite, around] of [
    [SUITE, 32],
    [{ encr: 12, keyBits: 256, integ: 12, esn: false }, 40],
  ] as const) {
    const engine = laptop(suite);
    const [esp] = forge([{}], suite);
    assert.ok(esp);
    const lengths = [4, 7, 8, around - 1, around, around + 1, around + 3, esp.length - 1, esp.length - 2];
    assert.deepEqual(
      openAll(
        engine,
        lengths.map((length) => esp.subarray(0, length)),
      ),
      [],
    );
    assert.deepEqual(counted(engine), { 'in-malformed': lengths.length });
    assert.deepEqual(openAll(engine, [esp.subarray(0, 3), new Uint8Array(0), Uint8Array.of(1)]), []);
    assert.equal(engine.counters()['in-short'], 3);
  }
});

test(
  'a packet that came before is dropped, also within one batch',
  proves(['RFC4303-3.4.3-x4', 'refuses'], ['RFC4303-2.2-x2', 'does'], ['RFC4303-3.4.3-x1', 'does']),
  () => {
    const engine = laptop();
    const [esp] = forge([{}]);
    assert.ok(esp);
    assert.equal(openAll(engine, [esp, esp]).length, 1);
    assert.equal(openAll(engine, [esp]).length, 0);
    assert.equal(engine.counters()['in-replayed'], 2);
  },
);

test(
  'a packet that came before is refused without being opened again',
  proves('RFC4303-3.4.3-x5', 'does'),
  () => {
    let opened = 0;
    const engine = engineWith([laptopChild(SUITE)], {
      newTransform: (...keys) => {
        const own = newTransform(...keys);
        return {
          ...own,
          open: (run) => {
            opened += run.count;
            own.open(run);
          },
        };
      },
    });
    const sealed = forge([{}, {}]);
    openAll(engine, sealed);
    openAll(engine, sealed);
    assert.equal(opened, 2);
  },
);

test('a packet behind the window is dropped', () => {
  const engine = engineWith([laptopChild(SUITE)], { replayWindow: 64 });
  assert.equal(openAll(engine, forge([{ sequence: 100 }])).length, 1);
  assert.equal(openAll(engine, forge([{ sequence: 36 }, { sequence: 37 }])).length, 1);
  assert.equal(engine.counters()['in-stale'], 1);
});

test('sequence number zero is never fresh', () => {
  const engine = laptop();
  assert.deepEqual(openAll(engine, forge([{ sequence: 0 }])), []);
  assert.deepEqual(counted(engine), { 'in-replayed': 1 });
});

test(
  'a forged packet does not move the window',
  proves(['RFC4303-3.4.3-3', 'does'], ['RFC4303-3.4.3-x7', 'refuses'], ['RFC4303-3.4.4.2-x1', 'refuses']),
  () => {
    const engine = engineWith([laptopChild(SUITE)], { replayWindow: 64 });
    const [esp] = forge([{ sequence: 1_000_000 }]);
    assert.ok(esp);
    const forged = esp.slice();
    forged[20] = (forged[20] ?? 0) ^ 1;
    assert.deepEqual(openAll(engine, [forged]), []);
    assert.deepEqual(counted(engine), { 'in-integrity': 1 });
    assert.equal(openAll(engine, forge([{ sequence: 1 }])).length, 1);
    assert.equal(openAll(engine, [esp]).length, 1);
  },
);

test('a forged packet among good ones is dropped alone and the order is kept', () => {
  const engine = laptop();
  const inner = [1, 2, 3, 4].map((port) => packet({ ...FROM_OFFICE, destinationPort: port }));
  const sealed = forge(inner.map((payload) => ({ payload })));
  const [, , third] = sealed;
  assert.ok(third);
  third.fill(0, third.length - 1);
  assert.deepEqual(openAll(engine, sealed), [inner[0], inner[1], inner[3]]);
  assert.equal(engine.counters()['in-integrity'], 1);
});

test(
  'a dummy packet is dropped without a word',
  proves(['RFC4303-2.6-2', 'does'], ['RFC4303-3.4.4.1-x3', 'does']),
  () => {
    const engine = laptop();
    const dummies = forge([
      { nextHeader: 59, payload: new Uint8Array(50) },
      { nextHeader: 59, payload: new Uint8Array(0) },
    ]);
    assert.deepEqual(openAll(engine, dummies, 7), []);
    assert.deepEqual(counted(engine), { 'dummies-in': 2 });
    assert.equal(engine.traffic(1)[0]?.in.lastAt, 7);
  },
);

test('octets that hide the length of a packet are taken off', proves('RFC4303-2.7-x2', 'does'), () => {
  const engine = laptop();
  assert.deepEqual(openAll(engine, forge([{ payload: concat(INNER, new Uint8Array(300)) }])), [INNER]);
});

test(
  'the inner version must be the one that Next Header names, and transport mode is none',
  proves('RFC3948-1-1', 'refuses'),
  () => {
    const engine = laptop();
    const wrong = [
      { nextHeader: 41 },
      { payload: INNER_6, nextHeader: 4 },
      { nextHeader: 17 },
      { nextHeader: 0 },
    ];
    assert.deepEqual(openAll(engine, forge(wrong)), []);
    assert.deepEqual(counted(engine), { 'in-next-header': 4 });
  },
);

test(
  'wrong padding is dropped although it is authentic',
  proves(['RFC4303-2.4-x4', 'does'], ['RFC4303-3.4.4.1-x2', 'does']),
  () => {
    // A payload that ends as a trailer would: the real trailer behind it has no padding.
    const { keyIn } = laptopChild(SUITE);
    const transform = newTransform(SUITE, keyIn, undefined, seeded(3));
    const payload = Uint8Array.of(9, 9, 9, 9, 9, 9);
    const longPadding = { spi: SPI_TO_LAPTOP, sequence: 1, payload, nextHeader: 4 };
    const target = new Uint8Array(64);
    transform.seal({
      source: payload,
      sourceOffsets: Uint32Array.of(0),
      sourceLengths: Uint32Array.of(payload.length),
      target: withTrailer(target, 16 + payload.length, 200, longPadding.nextHeader),
      targetOffsets: Uint32Array.of(0),
      targetLengths: Uint32Array.of(16 + 8 + 16),
      sequenceHighs: Uint32Array.of(0),
      count: 1,
    });
    const engine = laptop();
    assert.deepEqual(openAll(engine, [target.subarray(0, 40)]), []);
    assert.deepEqual(counted(engine), { 'in-padding': 1 });
  },
);

/** A target whose header is set and whose trailer says `padding`. */
function withTrailer(target: Uint8Array, at: number, padding: number, nextHeader: number): Uint8Array {
  new DataView(target.buffer).setUint32(0, SPI_TO_LAPTOP);
  target[7] = 1;
  target[at] = padding;
  target[at + 1] = nextHeader;
  return target;
}

test(
  'a peer may send only what the SA is for',
  proves(
    ['RFC4301-5.2-2', 'refuses'],
    ['RFC3948-3.1.1-1', 'refuses'],
    ['RFC4301-4.4.2-1', 'does'],
    ['RFC7296-3.13-x1', 'refuses'],
  ),
  () => {
    const engine = laptop();
    const strangers = [
      packet({ source: '192.0.2.1', destination: '10.0.0.1' }),
      packet({ source: '10.1.2.3', destination: '10.0.0.2' }),
      packet({ source: '10.1.2.3', destination: '127.0.0.1' }),
    ];
    const strangerSix = packet({ source: '2001:db9::1', destination: '2001:db8::1' });
    const sealed = forge([
      ...strangers.map((payload) => ({ payload })),
      { payload: strangerSix, nextHeader: 41 },
    ]);
    assert.deepEqual(openAll(engine, sealed), []);
    assert.deepEqual(counted(engine), { 'in-selector': 4 });
  },
);

test(
  'a later fragment on an SA with ports is discarded',
  proves(['RFC4301-7.3-x5', 'does'], ['RFC4301-4.4.1.1-x4', 'does']),
  () => {
    const engine = engineWith([laptopChild(SUITE, { remote: [selector('10.0.0.0/8', 6, 443, 443)] })]);
    const fragment = packet({ ...FROM_OFFICE, protocol: 6, fragment: 100 });
    assert.deepEqual(openAll(engine, forge([{ payload: fragment }])), []);
    assert.deepEqual(counted(engine), { 'in-selector': 1 });
  },
);

test('what policy discards does not come in by an SA either', proves('RFC4301-4.4.1-x11', 'does'), () => {
  const engine = laptop();
  engine.setPolicies([
    { action: 'discard', local: ANYTHING, remote: [selector('10.1.0.0/16')] },
    { action: 'protect', childId: 1, local: LAPTOP, remote: OFFICE },
  ]);
  const other = packet({ source: '10.2.0.1', destination: '10.0.0.1' });
  assert.deepEqual(openAll(engine, forge([{}, { payload: other }])), [other]);
  assert.equal(engine.counters()['in-policy'], 1);
  engine.setPolicies([]);
  assert.deepEqual(openAll(engine, forge([{ sequence: 3 }])), []);
  assert.equal(engine.counters()['in-policy'], 2);
});

test(
  'an ICMP error about our own packet passes from any router',
  proves(['RFC4301-6.2-x3', 'does'], ['RFC4301-6.2-x4', 'refuses']),
  () => {
    const error = (about: PacketFields): Uint8Array =>
      packet({
        source: '203.0.113.9',
        destination: '10.0.0.1',
        protocol: 1,
        payload: concat(Uint8Array.of(3, 4, 0, 0, 0, 0, 5, 0), packet(about).subarray(0, 28)),
      });
    const about = error({ source: '10.0.0.1', destination: '10.1.2.3', protocol: 6 });
    const foreign = error({ source: '10.0.0.1', destination: '192.0.2.7', protocol: 6 });
    const engine = laptop();
    assert.deepEqual(openAll(engine, forge([{ payload: about }, { payload: foreign }])), [about]);
    assert.equal(engine.counters()['in-selector'], 1);
  },
);

test('a malformed packet inside is dropped by its fault', () => {
  const engine = laptop();
  const wrong = INNER.slice();
  wrong[3] = 200;
  assert.deepEqual(openAll(engine, forge([{ payload: wrong }, { payload: new Uint8Array(0) }])), []);
  assert.deepEqual(counted(engine), { 'packet-total-length': 1, 'packet-short': 1 });
});

test(
  'a congested path marks what comes out of the tunnel',
  proves(
    ['RFC6040-4.2-x1', 'does'],
    ['RFC6040-4.2-x3', 'does'],
    ['RFC7296-2.24-1', 'does'],
    ['RFC7296-2.24-2', 'does'],
  ),
  () => {
    const capable = INNER.slice();
    capable[1] = 2;
    const sealed = forge([{ payload: capable }, { payload: INNER }, { payload: INNER }]);
    const batch = newBatch(3, 2048, 0);
    for (const esp of sealed) appendPacket(batch, esp);
    batch.ecn.set([3, 3, 2]);
    const out = newBatch(3, 2048, 64);
    const engine = laptop();
    assert.equal(engine.inbound(batch, out, 0), 2);
    assert.equal(packetAt(out, 0)[1], 3);
    assert.deepEqual(packetAt(out, 1), INNER);
    assert.equal(engine.counters()['in-congested'], 1);
  },
);

test('a packet that does not fit the output is dropped and counted', () => {
  const engine = laptop();
  const batch = newBatch(4, 2048, 0);
  for (const esp of forge([
    {},
    {},
    {},
    { payload: packet({ ...FROM_OFFICE, payload: new Uint8Array(500) }) },
  ]))
    appendPacket(batch, esp);
  assert.equal(engine.inbound(batch, newBatch(2, 2048, 64), 0), 2);
  assert.equal(engine.counters()['in-no-room'], 2);
  assert.equal(engine.inbound(batch, newBatch(4, 100, 10), 0), 1);
  assert.equal(engine.counters()['in-too-big'], 1);
});

test('extended numbers are followed past 2^32', proves('RFC4303-2.2.1-1', 'does'), () => {
  const half = 2 ** 32;
  for (const suite of [
    { ...SUITE, esn: true },
    { encr: 12, keyBits: 256, integ: 12, esn: true },
  ]) {
    const engine = laptop(suite);
    // Each step stays within 2^31 of the one before, as it does on a real path.
    const sequences = [2 ** 31 - 5, half - 2, half - 1, half, half + 2, half + 1, half - 3];
    for (const sequence of sequences)
      assert.equal(openAll(engine, forge([{ sequence }], suite)).length, 1, String(sequence));
    assert.equal(openAll(engine, forge([{ sequence: half - 1 }], suite)).length, 0);
    assert.deepEqual(engine.counters()['in-replayed'], 1);
    // The same low half one subspace later or earlier is another number, and the ICV knows.
    assert.equal(openAll(engine, forge([{ sequence: 3 * half + 50 }], suite)).length, 0);
    assert.equal(engine.counters()['in-integrity'], 1);
  }
});
