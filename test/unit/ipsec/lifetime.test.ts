import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Meter } from '../../../core/ipsec/lifetime.ts';
import { proves } from '../../conformance/tag.ts';

test('a meter counts packets and octets and remembers the last time', () => {
  const meter = new Meter();
  assert.deepEqual(meter.traffic(), { packets: 0, octets: 0, lastAt: undefined });
  meter.record(100, 5);
  meter.record(1, 9);
  assert.deepEqual(meter.traffic(), { packets: 2, octets: 101, lastAt: 9 });
  assert.ok(!meter.low && !meter.spent);
});

test('octets and packets each have a soft and a hard limit', proves('RFC4301-4.4.2.1-x3', 'does'), () => {
  const octets = new Meter({ softOctets: 100, hardOctets: 200, softPackets: 50, hardPackets: 60 });
  octets.record(99, 0);
  assert.deepEqual([octets.low, octets.spent], [false, false]);
  octets.record(1, 0);
  assert.deepEqual([octets.low, octets.spent], [true, false]);
  octets.record(100, 0);
  assert.deepEqual([octets.low, octets.spent], [true, true]);
  const packets = new Meter({ softOctets: 1000, softPackets: 1, hardPackets: 2 });
  packets.record(1, 0);
  assert.deepEqual([packets.low, packets.spent], [true, false]);
  packets.record(1, 0);
  assert.ok(packets.spent);
});
