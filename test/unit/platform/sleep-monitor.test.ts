import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { openSleepMonitor } from '../../../core/platform/linux/sleep-monitor.ts';
import type { SleepEvent, SleepMonitor } from '../../../core/platform/ports.ts';
import { FakeTimers } from './fake-kernel.ts';

/** A machine with three clocks and, perhaps, somebody who tells of sleep. */
class Machine {
  readonly timers = new FakeTimers();
  readonly told: SleepEvent[] = [];
  readonly monitor: SleepMonitor;
  /** What the other two clocks are ahead of the monotonic one. */
  #asleepMs = 0;
  #setMs = 0;
  onSleep: (asleep: boolean) => void = () => undefined;
  signalsEnded = 0;

  constructor(t: TestContext) {
    this.monitor = openSleepMonitor({
      log: () => undefined,
      timers: this.timers,
      clocks: () => {
        const monotonicMs = this.timers.now();
        const boottimeMs = monotonicMs + this.#asleepMs;
        return { monotonicMs, boottimeMs, realtimeMs: 1_700_000_000_000 + boottimeMs + this.#setMs };
      },
      signals: (onSleep) => {
        this.onSleep = onSleep;
        return () => this.signalsEnded++;
      },
    });
    this.monitor.changes((event) => this.told.push(event));
    t.after(() => this.monitor.close());
  }

  /** Timers and the monotonic clock stand still. */
  sleep(durationMs: number): void {
    this.#asleepMs += durationMs;
  }

  /** Somebody sets the clock that people see. */
  set(byMs: number): void {
    this.#setMs += byMs;
  }
}

const woke = (asleepMs: number): SleepEvent => ({ kind: 'woke', asleepMs });

describe('by the clocks', () => {
  test('nothing is told of a machine that is awake', (t) => {
    const machine = new Machine(t);
    machine.timers.pass(3_600_000);
    assert.deepEqual(machine.told, []);
    assert.equal(machine.timers.pending, 1);
  });

  test('a sleep is known within a second after it, with its length', (t) => {
    const machine = new Machine(t);
    machine.timers.pass(10_400);
    machine.sleep(8 * 3_600_000);
    machine.timers.pass(1_000);
    assert.deepEqual(machine.told, [woke(8 * 3_600_000)]);
    machine.timers.pass(60_000);
    assert.equal(machine.told.length, 1);
  });

  test('a process that was stopped finds out when it goes on', (t) => {
    const machine = new Machine(t);
    machine.timers.pass(10_000);
    machine.timers.stop(21_000);
    machine.timers.pass(0);
    assert.deepEqual(machine.told, [woke(20_000)]);
    machine.timers.pass(60_000);
    assert.equal(machine.told.length, 1);
  });

  test('whoever looks need not wait for that second, and a sleep is told once', (t) => {
    const machine = new Machine(t);
    machine.timers.pass(10_000);
    machine.monitor.look();
    assert.deepEqual(machine.told, []);
    machine.sleep(60_000);
    machine.monitor.look();
    assert.deepEqual(machine.told, [woke(59_000)]);
    machine.monitor.look();
    machine.timers.pass(10_000);
    assert.equal(machine.told.length, 1);
  });

  test('being late by less than two seconds is being busy', (t) => {
    const machine = new Machine(t);
    for (let i = 0; i < 20; i++) {
      machine.timers.stop(2_999);
      machine.timers.pass(0);
      machine.sleep(1_999);
      machine.timers.pass(1_000);
    }
    assert.deepEqual(machine.told, []);
    machine.timers.stop(3_000);
    machine.timers.pass(0);
    assert.deepEqual(machine.told, [woke(2_000)]);
  });

  test('a wall clock that is set far forward is that of a machine that was paused; any other way it is not', (t) => {
    const machine = new Machine(t);
    machine.set(9_999);
    machine.timers.pass(1_000);
    machine.set(-86_400_000);
    machine.timers.pass(1_000);
    assert.deepEqual(machine.told, []);
    machine.set(600_000);
    machine.timers.pass(1_000);
    assert.deepEqual(machine.told, [woke(0)]);
  });
});

describe('by word of the system', () => {
  test('going to sleep and waking are told at once', (t) => {
    const machine = new Machine(t);
    machine.timers.pass(1_000);
    machine.onSleep(true);
    assert.deepEqual(machine.told, [{ kind: 'suspending' }]);
    machine.sleep(60_000);
    machine.onSleep(false);
    assert.deepEqual(machine.told.slice(1), [woke(59_000)]);
    machine.timers.pass(60_000);
    assert.equal(machine.told.length, 2, 'the clocks say nothing new');
  });

  test('a sleep that the clocks told first is not told twice', (t) => {
    const machine = new Machine(t);
    machine.onSleep(true);
    machine.sleep(60_000);
    machine.timers.pass(1_000);
    machine.onSleep(false);
    assert.deepEqual(machine.told, [{ kind: 'suspending' }, woke(60_000)]);
  });

  test('a sleep that came to nothing ends with a waking of no length', (t) => {
    const machine = new Machine(t);
    machine.onSleep(true);
    machine.timers.pass(500);
    machine.onSleep(false);
    assert.deepEqual(machine.told, [{ kind: 'suspending' }, woke(0)]);
    machine.onSleep(false);
    assert.equal(machine.told.length, 2);
  });
});

test('whoever stopped listening hears nothing, and closing ends the timer and the signals', (t) => {
  const machine = new Machine(t);
  const heard: SleepEvent[] = [];
  const end = machine.monitor.changes((event) => {
    heard.push(event);
    end();
  });
  machine.onSleep(true);
  machine.onSleep(false);
  assert.deepEqual(heard, [{ kind: 'suspending' }]);
  machine.monitor.close();
  assert.equal(machine.timers.pending, 0);
  assert.equal(machine.signalsEnded, 1);
  machine.onSleep(true);
  assert.equal(machine.told.length, 2);
});
