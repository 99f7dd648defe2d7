import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { lifetimeFrom } from '../../../core/ike/lifetimes.ts';
import { Retries } from '../../../core/ike/retries.ts';
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
  /** Tries, and is put off or refused, until it is told to stop: when each attempt was. */
  function attempts(refused: boolean, octet: number, endAt: number) {
    const timers = new Timers();
    const retries = new Retries<string>(timers, always(octet));
    const times: number[] = [];
    let isUseful = true;
    const attempt = (now: number): void => {
      times.push(now);
      isUseful = retries.later('it', 'it', refused, now, attempt);
    };
    attempt(0);
    for (let next = timers.next(); next && next.at < endAt; next = timers.next()) timers.run(next.at);
    return { times, isUseful, retries, timers, attempt };
  }

  test(
    'comes after a pause that doubles up to half a minute, and half as much again at most',
    proves('RFC7296-2.25-1', 'does'),
    () => {
      const { times } = attempts(false, 0, 121_000);
      assert.deepEqual(times, [0, 2_000, 6_000, 14_000, 30_000, 60_000, 90_000, 120_000]);
      const [, latest] = attempts(false, 255, 10_000).times;
      assert.ok(latest && latest > 2_999 && latest < 3_000);
    },
  );

  test('never comes when the gateway has been busy for minutes', proves('RFC7296-2.25-x3', 'does'), () => {
    const { times, isUseful, retries } = attempts(false, 0, Infinity);
    assert.equal(times.at(-1), 300_000);
    assert.equal(isUseful, false);
    assert.deepEqual(retries.waiting, []);
  });

  test('after a refusal comes slowly, and is always worth it', () => {
    const { times, isUseful } = attempts(true, 0, 700_000);
    assert.deepEqual(times.slice(0, 3), [0, 30_000, 60_000]);
    assert.equal(times.at(-1), 690_000);
    assert.equal(isUseful, true);
  });

  test('counts anew when nobody asked in between, as in a sleep', () => {
    const { attempt, timers, retries } = attempts(false, 0, 290_000);
    timers.run(10_000_000);
    assert.deepEqual(retries.waiting, ['it']);
    assert.equal(timers.next()?.at, 10_002_000);
    attempt(10_002_000);
    assert.equal(timers.next()?.at, 10_006_000);
  });

  test('is forgotten when it was done', () => {
    const { retries, timers } = attempts(false, 0, 1_000);
    assert.deepEqual(retries.waiting, ['it']);
    retries.done('it');
    assert.deepEqual(retries.waiting, []);
    assert.equal(timers.next(), undefined);
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
