import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Alarm } from '../../../core/vpn/alarm.ts';
import { FakeClock } from '../../support/fake-ports.ts';

test('an alarm rings at the last time that it was set to, once', () => {
  const clock = new FakeClock(0);
  const rang: number[] = [];
  const alarm = new Alarm(clock, () => rang.push(clock.now()));
  const start = clock.now();
  alarm.set(start + 100);
  alarm.set(start + 50);
  alarm.set(start + 200);
  while (clock.step(start + 1_000));
  assert.deepEqual(rang, [start + 200]);
  alarm.set(start + 1_100);
  alarm.set(Infinity);
  assert.equal(clock.pending, 0);
  assert.equal(clock.set, 4);
});

test('an alarm that is set to the same time is left alone, and can be set again when it rings', () => {
  const clock = new FakeClock(0);
  const start = clock.now();
  let rings = 0;
  const alarm: Alarm = new Alarm(clock, () => {
    rings += 1;
    if (rings < 3) alarm.set(clock.now() + 10);
  });
  for (let i = 0; i < 5; i++) alarm.set(start + 10);
  assert.equal(clock.set, 1);
  while (clock.step(start + 1_000));
  assert.equal(rings, 3);
});
