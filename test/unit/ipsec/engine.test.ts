import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readU32 } from '../../../core/lib/bytes.ts';
import { newBatch, packetAt } from '../../../core/net/batch.ts';
import { EspEngine } from '../../../core/ipsec/engine.ts';
import type { EspEvent } from '../../../core/ipsec/events.ts';
import { newTransform } from '../../../core/ipsec/suite.ts';
import { proves } from '../../conformance/tag.ts';
import { packet, selector } from '../net/packets.ts';
import {
  counted,
  enginePair,
  engineWith,
  laptopChild,
  LAPTOP,
  mirrored,
  openAll,
  sealAll,
  seeded,
  SPI_TO_LAPTOP,
  SPI_TO_OFFICE,
  SUITES,
} from './pair.ts';

const SUITE = { encr: 20, keyBits: 256, esn: false };
const PING = packet({ source: '10.0.0.1', destination: '10.1.2.3' });
const PONG = packet({ source: '10.1.2.3', destination: '10.0.0.1' });

test(
  'every suite carries packets of every size there and back',
  proves(
    ['RFC4303-1-x3', 'does'],
    ['RFC4303-2.4-x2', 'does'],
    ['RFC8221-5-x8', 'does'],
    ['RFC8221-5-x10', 'does'],
    ['RFC8221-6-x3', 'does'],
    ['RFC8221-6-x9', 'does'],
  ),
  () => {
    for (const [name, suite] of Object.entries(SUITES)) {
      const { laptop, office } = enginePair(suite);
      const sizes = Array.from({ length: 1481 }, (_, length) => length);
      const there = sizes.map((length) =>
        packet({ source: '10.0.0.1', destination: '10.1.2.3', payload: seeded(length + 1)(length) }),
      );
      const back = sizes.map((length) =>
        packet({ source: '2001:db8::99', destination: '2001:db8::1', payload: seeded(length + 1)(length) }),
      );
      // A whole batch of them is more than the replay window; in order that is no matter.
      assert.deepEqual(openAll(office, sealAll(laptop, there)), there, name);
      assert.deepEqual(openAll(laptop, sealAll(office, back)), back, name);
    }
  },
);

test('an engine without policies lets nothing pass', proves('RFC4301-5-x1', 'refuses'), () => {
  const engine = new EspEngine({ random: seeded(1) });
  engine.install(laptopChild(SUITE));
  assert.deepEqual(sealAll(engine, [PING]), []);
  assert.deepEqual(counted(engine), { 'out-no-policy': 1 });
});

test(
  'a rekeyed child sends by the new pair at once and receives by both',
  proves('RFC7296-2.8.1-1', 'does'),
  () => {
    const { laptop, office, child } = enginePair(SUITE);
    const next = laptopChild(SUITE, { spiIn: 77, spiOut: 88, keyIn: seeded(5)(36), keyOut: seeded(6)(36) });
    laptop.install(next);
    office.install(mirrored(next));
    const [fresh] = sealAll(laptop, [PING]);
    assert.ok(fresh);
    assert.deepEqual([readU32(fresh), readU32(fresh, 4)], [88, 1]);
    assert.deepEqual(openAll(office, [fresh]), [PING]);
    const before = engineWith([mirrored(child)]);
    assert.deepEqual(openAll(laptop, [...sealAll(before, [PONG]), ...sealAll(office, [PONG])]), [PONG, PONG]);
    laptop.remove(1, SPI_TO_LAPTOP);
    assert.deepEqual(openAll(laptop, sealAll(before, [PONG])), []);
    assert.equal(laptop.counters()['in-unknown-spi'], 1);
    assert.deepEqual(openAll(laptop, sealAll(office, [PONG])), [PONG]);
  },
);

/** A pair of other keys and SPIs, in place of the first. */
const NEXT = laptopChild(SUITE, { spiIn: 77, spiOut: 88, keyIn: seeded(5)(36), keyOut: seeded(6)(36) });

test(
  'a pair that waits tells when the peer first uses it, and sends once it is activated',
  proves(['RFC7296-2.8-x8', 'does'], ['RFC7296-2.8-7', 'does']),
  () => {
    const events: EspEvent[] = [];
    const laptop = engineWith([laptopChild(SUITE)], { onEvent: (event) => events.push(event) });
    const office = engineWith([mirrored(laptopChild(SUITE)), mirrored(NEXT)]);
    laptop.install(NEXT, { sendNow: false });
    const spiOf = (packets: readonly Uint8Array[]): number[] => packets.map((esp) => readU32(esp));
    assert.deepEqual(spiOf(sealAll(laptop, [PING])), [SPI_TO_OFFICE]);
    assert.deepEqual(events, []);
    const [used, again] = sealAll(office, [PONG, PONG]);
    assert.ok(used && again);
    const forged = used.slice();
    forged[20] = (forged[20] ?? 0) ^ 1;
    assert.deepEqual(openAll(laptop, [forged]), []);
    assert.deepEqual(events, [], 'only what is authentic counts');
    assert.deepEqual(openAll(laptop, [used]), [PONG]);
    assert.deepEqual(openAll(laptop, [again]), [PONG]);
    assert.deepEqual(events, [{ kind: 'first-inbound', childId: 1, spiIn: 77, direction: 'in' }]);
    laptop.activate(1, 77);
    assert.deepEqual(spiOf(sealAll(laptop, [PING])), [88]);
  },
);

test('a retired pair takes what was on its way until its time is over, whoever looks at the clock', () => {
  const before = engineWith([mirrored(laptopChild(SUITE))]);
  for (const byTimer of [true, false]) {
    const laptop = engineWith([laptopChild(SUITE)]);
    laptop.install(NEXT);
    laptop.retire(1, SPI_TO_LAPTOP, 5_000);
    assert.equal(laptop.nextExpiry, 5_000);
    assert.deepEqual(openAll(laptop, sealAll(before, [PONG]), 4_999), [PONG]);
    assert.deepEqual(
      laptop.traffic(1).map(({ stage }) => stage),
      ['retired', 'ready'],
    );
    if (byTimer) laptop.expire(5_000);
    assert.deepEqual(openAll(laptop, sealAll(before, [PONG]), 5_000), []);
    assert.equal(laptop.counters()['in-unknown-spi'], 1);
    assert.equal(laptop.traffic().length, 1);
  }
});

test('children have pairs, policies and ends of their own', () => {
  const web = { local: LAPTOP, remote: [selector('10.5.0.0/16')] };
  const further = laptopChild(SUITE, { ...web, childId: 2, spiIn: 77, spiOut: 88 });
  // In the order of the policies: what is narrower comes first.
  const engine = engineWith([further, laptopChild(SUITE)]);
  const there = packet({ source: '10.0.0.1', destination: '10.5.0.9' });
  const spis = (): number[] => sealAll(engine, [there, PING]).map((esp) => readU32(esp));
  assert.deepEqual(spis(), [88, SPI_TO_OFFICE]);
  engine.retire(2, 77, 1_000);
  assert.deepEqual(spis(), [SPI_TO_OFFICE]);
  assert.equal(engine.counters()['out-no-sa'], 1);
});

test('the traffic of every pair is told apart', () => {
  const { laptop, office } = enginePair(SUITE);
  sealAll(laptop, [PING, PING], 1000);
  openAll(laptop, sealAll(office, [PONG]), 2000);
  assert.deepEqual(laptop.traffic(1), [
    {
      spiIn: SPI_TO_LAPTOP,
      spiOut: SPI_TO_OFFICE,
      in: { packets: 1, octets: PONG.length, lastAt: 2000 },
      out: { packets: 2, octets: 2 * PING.length, lastAt: 1000 },
      sequenceOut: 2,
      stage: 'ready',
    },
  ]);
  assert.deepEqual(laptop.traffic(9), []);
});

test(
  'limits give one event when they come near and stop the SA when they are reached',
  proves(['RFC4301-4.4.2.1-x3', 'does'], ['RFC7296-2.8-8', 'refuses']),
  () => {
    const events: EspEvent[] = [];
    const child = laptopChild(SUITE, { limits: { softPackets: 2, hardPackets: 3 } });
    const laptop = engineWith([child], { onEvent: (event) => events.push(event) });
    const office = engineWith([mirrored(laptopChild(SUITE))]);
    assert.equal(sealAll(laptop, [PING]).length, 1);
    assert.deepEqual(events, []);
    assert.equal(sealAll(laptop, [PING]).length, 1);
    assert.equal(sealAll(laptop, [PING, PING, PING]).length, 1);
    assert.equal(laptop.counters()['out-lifetime'], 2);
    const from = { childId: 1, spiIn: SPI_TO_LAPTOP, direction: 'out' } as const;
    assert.deepEqual(events, [
      { kind: 'lifetime-low', ...from },
      { kind: 'lifetime-spent', ...from },
    ]);
    events.length = 0;
    assert.equal(
      openAll(
        laptop,
        sealAll(
          office,
          Array.from({ length: 5 }, () => PONG),
        ),
      ).length,
      3,
    );
    assert.equal(laptop.counters()['in-lifetime'], 2);
    assert.deepEqual(
      events.map(({ kind, direction }) => [kind, direction]),
      [
        ['first-inbound', 'in'],
        ['lifetime-low', 'in'],
        ['lifetime-spent', 'in'],
      ],
    );
  },
);

test('an event may install the pair that it asks for', () => {
  const next = laptopChild(SUITE, { spiIn: 77, spiOut: 88 });
  const engine: EspEngine = engineWith([laptopChild(SUITE, { limits: { softPackets: 1 } })], {
    onEvent: () => engine.install(next),
  });
  const spis = [sealAll(engine, [PING, PING]), sealAll(engine, [PING])].flat().map((esp) => readU32(esp));
  assert.deepEqual(spis, [SPI_TO_OFFICE, SPI_TO_OFFICE, 88]);
});

test(
  'a dummy packet says nothing and the peer drops it',
  proves(
    ['RFC4303-2.6-1', 'does'],
    ['RFC4303-2.6-x1', 'does'],
    ['RFC4303-2.6-x2', 'does'],
    ['RFC4303-2.6-2', 'does'],
  ),
  () => {
    const { laptop, office } = enginePair(SUITE);
    const out = newBatch(1, 2048, 64);
    assert.equal(laptop.dummy(1, new Uint8Array(33), out), 1);
    const esp = packetAt(out, 0).slice();
    assert.equal(readU32(esp, 4), 1);
    assert.deepEqual(openAll(office, [esp]), []);
    assert.deepEqual(counted(office), { 'dummies-in': 1 });
    assert.deepEqual(counted(laptop), { 'dummies-out': 1 });
    assert.equal(laptop.dummy(9, new Uint8Array(33), out), 0);
  },
);

test('a transform of another make takes whole runs in one call', () => {
  const runs: number[] = [];
  const child = laptopChild(SUITE);
  const engine = engineWith([child], {
    newTransform: (...keys) => {
      const own = newTransform(...keys);
      return {
        ...own,
        seal: (run) => {
          runs.push(run.count);
          own.seal(run);
        },
      };
    },
  });
  const sealed = sealAll(engine, [PING, PING, PING]);
  assert.deepEqual(runs, [3]);
  assert.deepEqual(openAll(engineWith([mirrored(child)]), sealed), [PING, PING, PING]);
});

test('counters are a copy', () => {
  const { laptop } = enginePair(SUITE);
  const before = laptop.counters();
  sealAll(laptop, [PING]);
  assert.equal(before['packets-out'], 0);
  assert.equal(laptop.counters()['packets-out'], 1);
});
