import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { KeepalivePlan } from '../../../core/ipsec/keepalive-plan.ts';
import { proves } from '../../conformance/tag.ts';

/** A NAT that forgets a mapping after so long without a packet from inside, and a laptop that says nothing else. */
class QuietLaptop {
  readonly plan = new KeepalivePlan(0);
  readonly keepalives: number[] = [];
  readonly checks: number[] = [];
  /** When mappings were found lost. */
  readonly losses: number[] = [];
  readonly #natForgetsMs: number;
  readonly #isTold: boolean;
  now = 0;
  #lastSentAt = 0;
  /** Which mapping the NAT has now, and which one the gateway told of last. */
  #mapping = 1;
  #told = 1;

  constructor(natForgetsMs: number, isTold = true) {
    this.#natForgetsMs = natForgetsMs;
    this.#isTold = isTold;
    // The session stands: one exchange has told where the gateway sees us.
    if (isTold) this.plan.noteMapping(true);
  }

  /** Nothing happens but what the plan asks for. */
  rest(ms: number): this {
    const end = this.now + ms;
    for (let due = this.plan.due; due.at <= end; due = this.plan.due) {
      this.now = due.at;
      if (due.what === 'check') this.check();
      else {
        this.keepalives.push(this.now);
        this.plan.noteKeepalive(this.now);
        this.#passNat();
      }
    }
    this.now = end;
    return this;
  }

  /** The session asks, and is answered at once. */
  check(): void {
    this.checks.push(this.now);
    this.plan.noteSent(this.now);
    this.#passNat();
    const kept = this.#mapping === this.#told;
    this.#told = this.#mapping;
    if (!kept) this.losses.push(this.now);
    if (this.#isTold) this.plan.noteMapping(kept);
  }

  #passNat(): void {
    if (this.now - this.#lastSentAt >= this.#natForgetsMs) this.#mapping += 1;
    this.#lastSentAt = this.now;
  }
}

const MINUTE = 60_000;

describe('keepalives', () => {
  test(
    'go after twenty seconds of silence, and every twenty after that, as long as nobody tells of the mapping',
    proves('RFC3948-4-x2', 'does'),
    () => {
      const laptop = new QuietLaptop(30_000, false).rest(10 * MINUTE);
      assert.deepEqual(
        laptop.keepalives,
        Array.from({ length: 30 }, (_, i) => 20_000 * (i + 1)),
      );
      assert.deepEqual(laptop.checks, []);
    },
  );

  test('wait for twenty seconds behind whatever else was sent', proves('RFC3948-4-x2', 'refuses'), () => {
    const plan = new KeepalivePlan(0);
    plan.noteSent(15_000);
    assert.deepEqual(plan.due, { at: 35_000, what: 'keepalive' });
    plan.noteSent(34_000);
    assert.deepEqual(plan.due, { at: 54_000, what: 'keepalive' });
  });

  test('grow rarer up to two minutes before a NAT that is patient', () => {
    const laptop = new QuietLaptop(10 * MINUTE).rest(60 * MINUTE);
    assert.equal(laptop.plan.intervalMs, 120_000);
    assert.deepEqual(laptop.losses, []);
    const last = laptop.keepalives.slice(-10);
    assert.ok(last.every((at, i) => i === 0 || at - (last[i - 1] ?? 0) === 120_000));
    assert.equal(laptop.checks.length, 6, 'and asks only as often as it tries something new');
  });

  test('lose a mapping once at most before they know what the NAT bears', () => {
    for (const natForgetsMs of [25_000, 30_001, 46_000, 60_000, 90_000, 119_000]) {
      const laptop = new QuietLaptop(natForgetsMs).rest(24 * 60 * MINUTE);
      assert.equal(laptop.losses.length, 1, `${natForgetsMs}`);
      assert.ok(laptop.plan.intervalMs < natForgetsMs);
      assert.ok(laptop.plan.intervalMs >= 20_000);
      assert.ok(laptop.plan.intervalMs > natForgetsMs / 1.6);
    }
  });

  test('come faster before a NAT that forgets sooner than the RFC supposes, but never all the time', () => {
    const laptop = new QuietLaptop(15_000);
    laptop.rest(20_000).check();
    laptop.rest(20_000).check();
    assert.ok(laptop.losses.length > 0);
    assert.equal(laptop.plan.intervalMs, 10_000);
    const before = laptop.losses.length;
    laptop.rest(60 * MINUTE).check();
    assert.equal(laptop.losses.length, before);
    const faster = new KeepalivePlan(0);
    for (let at = 10_000; at < 100_000; at += 10_000) {
      faster.noteSent(at);
      faster.noteMapping(false);
    }
    assert.equal(faster.intervalMs, 10_000);
  });

  test('try nothing while packets come and go', () => {
    const laptop = new QuietLaptop(60_000);
    for (let i = 0; i < 100; i++) {
      laptop.rest(25_000);
      laptop.plan.noteSent(laptop.now);
    }
    assert.deepEqual(laptop.checks, []);
    assert.equal(laptop.plan.intervalMs, 20_000);
  });

  test('are not made more frequent by a NAT that began anew in the middle of traffic', () => {
    const plan = new KeepalivePlan(0);
    plan.noteMapping(true);
    for (let at = 0; at < 5_000; at += 100) plan.noteSent(at);
    plan.noteMapping(false);
    assert.equal(plan.intervalMs, 20_000);
  });

  test('learn nothing bad from a night that the machine slept through', () => {
    const plan = new KeepalivePlan(0);
    plan.noteMapping(true);
    plan.noteSent(8 * 60 * MINUTE);
    plan.noteMapping(false);
    assert.equal(plan.intervalMs, 20_000);
  });

  test('distrust a silence that once did no harm and then did', () => {
    const plan = new KeepalivePlan(0);
    plan.noteSent(60_000);
    plan.noteMapping(true);
    assert.equal(plan.intervalMs, 60_000);
    plan.noteSent(100_000);
    plan.noteMapping(false);
    assert.equal(plan.intervalMs, 20_000);
    for (let at = 120_000; at <= 180_000; at += 20_000) plan.noteKeepalive(at);
    assert.deepEqual(plan.due, { at: 200_000, what: 'check' });
    plan.noteSent(200_000);
    plan.noteMapping(true);
    for (let at = 220_000; at <= 280_000; at += 20_000) plan.noteKeepalive(at);
    assert.deepEqual(plan.due, { at: 300_000, what: 'keepalive' });
  });
});
