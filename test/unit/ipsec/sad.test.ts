import { test } from 'node:test';
import assert from 'node:assert/strict';
import type { ChildSaSpec } from '../../../core/ipsec/child-sa.ts';
import { proves } from '../../conformance/tag.ts';
import type { OutboundSa, Sad } from '../../../core/ipsec/sad.ts';
import { laptopChild, newSad } from './pair.ts';

const SUITE = { encr: 20, keyBits: 128, esn: false };

function child(changes: Partial<ChildSaSpec> = {}): ChildSaSpec {
  return laptopChild(SUITE, changes);
}

test(
  'an inbound SA is found by its SPI alone',
  proves(['RFC4301-5.2-x3', 'does'], ['RFC4303-2.1-x1', 'does']),
  () => {
    const sad = newSad();
    sad.install(child({ childId: 1, spiIn: 10, spiOut: 11 }));
    sad.install(child({ childId: 2, spiIn: 20, spiOut: 21 }));
    assert.equal(sad.bySpi(10)?.childId, 1);
    assert.equal(sad.bySpi(20)?.childId, 2);
    assert.equal(sad.bySpi(11), undefined);
  },
);

test(
  'an SPI of zero is never installed',
  proves(['RFC3948-1-x2', 'refuses'], ['RFC3948-2.1-1', 'refuses'], ['RFC4303-2.1-1', 'refuses']),
  () => {
    const sad = newSad();
    assert.throws(() => sad.install(child({ spiIn: 0 })), RangeError);
    assert.throws(() => sad.install(child({ spiOut: 0 })), RangeError);
    assert.deepEqual(sad.pairsOf(1), []);
  },
);

test('an inbound SPI names one SA', () => {
  const sad = newSad();
  sad.install(child());
  assert.throws(() => sad.install(child({ childId: 2 })), RangeError);
  assert.equal(sad.outboundFor(2), undefined);
});

test(
  'a rekeyed child sends by the newest pair and receives by all',
  proves(['RFC4301-4.1-5', 'does'], ['RFC7296-2.8.1-1', 'does']),
  () => {
    const sad = newSad();
    sad.install(child({ spiIn: 10, spiOut: 11 }));
    sad.install(child({ spiIn: 20, spiOut: 21 }));
    assert.equal(sad.outboundFor(1)?.spi, 21);
    assert.equal(sad.bySpi(10)?.childId, 1);
    assert.equal(sad.bySpi(20)?.childId, 1);
    assert.deepEqual(
      sad.pairsOf(1).map((pair) => pair.inbound.spi),
      [10, 20],
    );
  },
);

test('removing a pair leaves the others', () => {
  const sad = newSad();
  sad.install(child({ spiIn: 10, spiOut: 11 }));
  sad.install(child({ spiIn: 20, spiOut: 21 }));
  sad.remove(1, 20);
  assert.equal(sad.bySpi(20), undefined);
  assert.equal(sad.outboundFor(1)?.spi, 11);
  sad.remove(1, 99);
  assert.equal(sad.outboundFor(1)?.spi, 11);
});

test(
  'a pair that waits receives, and sends once it is activated',
  proves(['RFC7296-2.8-7', 'does'], ['RFC7296-2.8-x8', 'does']),
  () => {
    const sad = newSad();
    sad.install(child({ spiIn: 10, spiOut: 11 }));
    sad.install(child({ spiIn: 20, spiOut: 21 }), false);
    assert.equal(sad.bySpi(20)?.childId, 1);
    assert.equal(sad.outboundFor(1)?.spi, 11);
    sad.activate(1, 20);
    assert.equal(sad.outboundFor(1)?.spi, 21);
    sad.activate(1, 99);
    sad.activate(2, 10);
    assert.equal(sad.outboundFor(1)?.spi, 21);
  },
);

test('a pair that waits sends before nothing does', () => {
  const sad = newSad();
  sad.install(child({ spiIn: 10, spiOut: 11 }));
  sad.install(child({ spiIn: 20, spiOut: 21 }), false);
  sad.retire(1, 10, 1000);
  assert.equal(sad.outboundFor(1)?.spi, 21);
  const alone = newSad();
  alone.install(child({ spiIn: 10, spiOut: 11 }), false);
  assert.equal(alone.outboundFor(1)?.spi, 11);
});

test('a pair that may send goes before a newer one that waits', () => {
  const sad = newSad();
  sad.install(child({ spiIn: 10, spiOut: 11 }));
  sad.install(child({ spiIn: 20, spiOut: 21 }));
  sad.install(child({ spiIn: 30, spiOut: 31 }), false);
  sad.retire(1, 20, 1000);
  assert.equal(sad.outboundFor(1)?.spi, 11);
});

test(
  'a retired pair sends no more at once, and receives until its time is over',
  proves('RFC7296-2.8.1-1', 'does'),
  () => {
    const sad = newSad();
    sad.install(child({ spiIn: 10, spiOut: 11 }));
    sad.install(child({ spiIn: 20, spiOut: 21 }));
    const [old] = sad.pairsOf(1);
    assert.ok(old);
    assert.equal(sad.nextExpiry, Infinity);
    sad.retire(1, 10, 1000);
    assert.equal(sad.nextExpiry, 1000);
    assert.ok(isWiped(old.outbound), 'what is not needed is gone at once');
    assert.ok(!isWiped(old.inbound));
    sad.activate(1, 10);
    assert.equal(sad.outboundFor(1)?.spi, 21, 'there is no way back');
    sad.expire(999);
    assert.ok(sad.bySpi(10));
    sad.expire(1000);
    assert.equal(sad.bySpi(10), undefined);
    assert.ok(isWiped(old.inbound));
    assert.equal(sad.nextExpiry, Infinity);
    assert.equal(sad.outboundFor(1)?.spi, 21);
  },
);

test('a child of which only retired pairs are left cannot send, and is gone with them', () => {
  const sad = newSad();
  sad.install(child({ spiIn: 10, spiOut: 11 }));
  sad.install(child({ childId: 2, spiIn: 20, spiOut: 21 }));
  sad.retire(1, 10, 1000);
  sad.retire(2, 20, 500);
  sad.retire(3, 10, 500);
  assert.equal(sad.outboundFor(1), undefined);
  assert.equal(sad.nextExpiry, 500);
  sad.expire(500);
  assert.deepEqual(sad.pairsOf(2), []);
  assert.equal(sad.nextExpiry, 1000);
  sad.expire(Infinity);
  assert.deepEqual(sad.pairs(), []);
});

/** Whether the keys of an SA are forgotten: a transform without them throws. */
function isWiped({ transform }: Pick<OutboundSa, 'transform'>): boolean {
  const octets = new Uint8Array(64);
  const rows = { sourceOffsets: Uint32Array.of(0), sequenceHighs: Uint32Array.of(0) };
  const run = { ...rows, source: octets, target: octets, targetOffsets: Uint32Array.of(0), count: 1 };
  try {
    transform.open({ ...run, sourceLengths: Uint32Array.of(64), opened: new Uint8Array(1) });
    return false;
  } catch {
    return true;
  }
}

test('removing a child removes its pairs and wipes the keys', () => {
  const sad = newSad();
  sad.install(child({ spiIn: 10, spiOut: 11 }));
  sad.install(child({ spiIn: 20, spiOut: 21 }));
  const outbound = sad.outboundFor(1);
  assert.ok(outbound);
  sad.remove(1);
  assert.equal(sad.outboundFor(1), undefined);
  assert.equal(sad.bySpi(10), undefined);
  assert.equal(sad.bySpi(20), undefined);
  const rows = {
    sourceOffsets: Uint32Array.of(0),
    sourceLengths: Uint32Array.of(2),
    sequenceHighs: Uint32Array.of(0),
  };
  const target = new Uint8Array(36);
  const run = {
    ...rows,
    source: target,
    target,
    targetOffsets: Uint32Array.of(0),
    targetLengths: Uint32Array.of(36),
    count: 1,
  };
  assert.throws(() => outbound.transform.seal(run));
  sad.remove(1);
});

test(
  'a new SA counts from zero and has an empty window',
  proves(['RFC4303-3.3.3-1', 'does'], ['RFC4303-3.4.3-x3', 'does']),
  () => {
    const sad = newSad();
    sad.install(child({ spiIn: 10 }));
    const [pair] = sad.pairsOf(1);
    assert.ok(pair);
    assert.equal(pair.outbound.sequence.current, 0);
    assert.equal(pair.inbound.window.top, 0);
    assert.equal(pair.inbound.window.size, 64);
  },
);

test('the keys are copied, so the caller may wipe its own', () => {
  const sad = newSad();
  const spec = child();
  const twin = newSad();
  twin.install(child());
  sad.install(spec);
  spec.keyOut.fill(0);
  const seal = (database: Sad): Uint8Array => {
    const target = new Uint8Array(36);
    const rows = {
      sourceOffsets: Uint32Array.of(0),
      sourceLengths: Uint32Array.of(2),
      sequenceHighs: Uint32Array.of(0),
    };
    database.outboundFor(1)?.transform.seal({
      ...rows,
      source: new Uint8Array(2),
      target,
      targetOffsets: Uint32Array.of(0),
      targetLengths: Uint32Array.of(36),
      count: 1,
    });
    return target;
  };
  assert.deepEqual(seal(sad), seal(twin));
});

test('a peer that replaces pairs all the time leaves no more than a few of them here, the newest', () => {
  const sad = newSad();
  const retired: OutboundSa[] = [];
  for (let round = 1; round <= 1000; round++) {
    const spiIn = 10 * round;
    sad.install(child({ childId: 1 + (round % 2), spiIn, spiOut: spiIn + 1 }));
    const pair = sad.pairs().find(({ inbound }) => inbound.spi === spiIn);
    assert.ok(pair);
    retired.push(pair.outbound);
    sad.retire(1 + (round % 2), spiIn, 1_000_000 + round);
  }
  const left = sad.pairs().map(({ inbound }) => inbound.spi);
  assert.equal(left.length, 32);
  assert.ok(left.every((spi) => spi > 9_680 && sad.bySpi(spi)));
  assert.equal(sad.bySpi(9_680), undefined);
  assert.ok(retired.every(isWiped));
  sad.expire(Infinity);
  assert.deepEqual(sad.pairs(), []);
});
