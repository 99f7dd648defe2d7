import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { connectionClock } from '../../../core/composition/clock.ts';
import { FakeSleepMonitor } from '../../support/fake-network.ts';

/** What the connection's clock is ahead of node's timers. */
let aheadMs = 0;
let sleep: FakeSleepMonitor;

function newClock() {
  const startedMs = Date.now();
  return connectionClock(sleep, { now: () => Date.now() - startedMs + aheadMs, epoch: () => 0 });
}

beforeEach(() => {
  aheadMs = 0;
  sleep = new FakeSleepMonitor();
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
});
afterEach(() => mock.timers.reset());

describe('the clock of a connection', () => {
  test('calls back at its time, and not when it is called off', () => {
    const clock = newClock();
    const called: number[] = [];
    clock.at(100, () => called.push(clock.now()));
    clock.at(50, () => called.push(-1))();
    mock.timers.tick(99);
    assert.deepEqual(called, []);
    mock.timers.tick(1);
    assert.deepEqual(called, [100]);
  });

  test('knows times that no timer counts to', () => {
    const clock = newClock();
    let called = 0;
    clock.at(3_000_000_000, () => (called += 1));
    mock.timers.tick(2_999_999_999);
    assert.equal(called, 0);
    mock.timers.tick(1);
    assert.equal(called, 1);
  });

  test('does after a sleep at once what came due in it, and the rest in time', () => {
    const clock = newClock();
    const called: string[] = [];
    clock.at(60_000, () => called.push('soon'));
    clock.at(3_600_000, () => called.push('due'));
    clock.at(3_600_000, () => called.push('called off'))();
    clock.at(3_700_000, () => called.push('later'));
    mock.timers.tick(1_000);
    aheadMs = 3_600_000;
    sleep.woke(3_600_000);
    assert.deepEqual(called, [], 'whoever else is told of the sleep is told first');
    mock.timers.tick(1);
    assert.deepEqual(called, ['soon', 'due']);
    mock.timers.tick(98_998);
    assert.equal(called.length, 2);
    mock.timers.tick(1);
    assert.deepEqual(called, ['soon', 'due', 'later']);
  });
});
