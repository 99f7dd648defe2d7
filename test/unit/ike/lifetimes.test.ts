import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { lifetimeFrom, nextAttempt } from '../../../core/ike/lifetimes.ts';
import { Timers } from '../../../core/ike/timers.ts';
import { proves } from '../../conformance/tag.ts';

const HOUR = 3_600_000;
/** Four octets of one value: the lowest and the highest fraction that there are. */
const always = (octet: number) => (length: number) => new Uint8Array(length).fill(octet);

describe('the lifetime of an SA', () => {
  test('jitter takes off from nothing to its part', proves('RFC7296-2.8-3', 'does'), () => {
    assert.equal(lifetimeFrom(1000, HOUR, 0.2, always(0)).rekeyAt, 1000 + HOUR);
    const { rekeyAt } = lifetimeFrom(1000, HOUR, 0.2, always(255));
    assert.ok(rekeyAt > 1000 + 0.8 * HOUR && rekeyAt < 1000 + 0.8 * HOUR + 1);
  });

  test('the end leaves time for more than one attempt', proves('RFC7296-2.8-x3', 'does'), () => {
    assert.equal(lifetimeFrom(0, HOUR, 0, always(0)).endAt, HOUR + HOUR / 10);
    assert.equal(lifetimeFrom(0, 10_000, 0, always(0)).endAt, 70_000);
  });

  test('a lifetime of 0 has no end', () => {
    assert.deepEqual(lifetimeFrom(0, 0, 0.5, always(9)), { rekeyAt: Infinity, endAt: Infinity });
  });
});

describe('the next attempt', () => {
  test(
    'comes after a pause that doubles up to half a minute, and half as much again at most',
    proves('RFC7296-2.25-1', 'does'),
    () => {
      const pauses = [0, 1, 2, 3, 4, 5].map((count) => nextAttempt({ since: 0, count }, 0, always(0), false));
      assert.deepEqual(pauses, [2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
      const latest = nextAttempt({ since: 0, count: 0 }, 0, always(255), false);
      assert.ok(latest && latest > 2_999 && latest < 3_000);
    },
  );

  test('never comes when the gateway has been busy for minutes', proves('RFC7296-2.25-x3', 'does'), () => {
    assert.equal(nextAttempt({ since: 0, count: 9 }, 299_999, always(0), false), 329_999);
    assert.equal(nextAttempt({ since: 0, count: 9 }, 300_000, always(0), false), undefined);
  });

  test('after a refusal comes slowly, and is always worth it', () => {
    assert.equal(nextAttempt({ since: 0, count: 0 }, 0, always(0), true), 30_000);
    assert.equal(nextAttempt({ since: 0, count: 9 }, 400_000, always(0), true), 430_000);
  });
});

describe('timers', () => {
  function three() {
    const timers = new Timers();
    const ran: string[] = [];
    const set = (key: string, at: number): void =>
      timers.set(key, at, `why ${key}`, (now) => ran.push(`${key} at ${now}`));
    set('b', 20);
    set('a', 10);
    set('c', 30);
    return { timers, ran, set };
  }

  test('the earliest is next, with its reason, and what is due runs in order', () => {
    const { timers, ran } = three();
    assert.deepEqual(timers.next(), { at: 10, why: 'why a' });
    timers.run(9);
    assert.deepEqual(ran, []);
    timers.run(25);
    assert.deepEqual(ran, ['a at 25', 'b at 25']);
    assert.deepEqual(timers.next(), { at: 30, why: 'why c' });
  });

  test('one that is set anew, cancelled or set to never does not run', () => {
    const { timers, ran, set } = three();
    set('a', 40);
    timers.cancel('b');
    set('c', Infinity);
    timers.run(35);
    assert.deepEqual(ran, []);
    assert.deepEqual(timers.next(), { at: 40, why: 'why a' });
    assert.ok(timers.has('a') && !timers.has('b') && !timers.has('c'));
    timers.clear();
    assert.equal(timers.next(), undefined);
  });

  test('one may take away or put off another that is due at the same time', () => {
    const timers = new Timers();
    const ran: string[] = [];
    timers.set('first', 1, '', () => {
      ran.push('first');
      timers.cancel('second');
      timers.set('third', 1, '', () => ran.push('third, anew'));
    });
    timers.set('second', 2, '', () => ran.push('second'));
    timers.set('third', 3, '', () => ran.push('third'));
    timers.run(5);
    assert.deepEqual(ran, ['first']);
    timers.run(5);
    assert.deepEqual(ran, ['first', 'third, anew']);
  });
});
