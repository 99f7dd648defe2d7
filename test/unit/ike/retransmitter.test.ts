import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_RETRANSMIT, Retransmitter } from '../../../core/ike/retransmitter.ts';
import { proves } from '../../conformance/tag.ts';

const octets = Uint8Array.of(1, 2, 3);
const policy = { initialMs: 100, factor: 2, maxMs: 350, patienceMs: 1_000 };

/** What a caller does that comes exactly when it is asked to: the times of repetition, and of giving up. */
function life(retransmitter: Retransmitter): { readonly sentAt: number[]; readonly endedAt: number } {
  const sentAt: number[] = [];
  for (let i = 0; i < 100; i++) {
    const now = retransmitter.nextAt;
    const verdict = retransmitter.poll(now);
    if (verdict === 'give-up') return { sentAt, endedAt: now };
    assert.equal(verdict, 'send');
    sentAt.push(now);
  }
  throw new Error('it never ends');
}

describe('a request without an answer', () => {
  test(
    'is sent again after pauses that grow up to a bound, and is given up when patience ends',
    proves(['RFC7296-2.1-5', 'does'], ['RFC7296-2.4-13', 'does'], ['RFC7296-2.1-7', 'does']),
    () => {
      const retransmitter = new Retransmitter([octets], policy, 50);
      assert.deepEqual(life(retransmitter), { sentAt: [150, 350, 700], endedAt: 1_050 });
      assert.equal(retransmitter.sent, 4);
      assert.equal(retransmitter.datagrams[0], octets);
    },
  );

  test('is repeated at least six times within the default patience, at most eight seconds apart', () => {
    const { sentAt, endedAt } = life(new Retransmitter([octets], DEFAULT_RETRANSMIT, 0));
    assert.ok(sentAt.length >= 6, String(sentAt));
    assert.equal(endedAt, 30_000);
    const pauses = sentAt.map((time, i) => time - (sentAt[i - 1] ?? 0));
    assert.ok(pauses.every((pause, i) => i === 0 || pause >= pauses[i - 1]! || pause === 8_000));
    assert.ok(pauses.every((pause) => pause <= 8_000));
  });

  test('is not sent before its time', () => {
    const retransmitter = new Retransmitter([octets], policy, 0);
    assert.equal(retransmitter.poll(0), 'wait');
    assert.equal(retransmitter.poll(99), 'wait');
    assert.equal(retransmitter.poll(100), 'send');
    assert.equal(retransmitter.poll(100), 'wait');
  });

  test('is sent once, not several times, by a caller who comes late', () => {
    const retransmitter = new Retransmitter([octets], policy, 0);
    assert.equal(retransmitter.poll(900), 'send');
    assert.equal(retransmitter.poll(900), 'wait');
    assert.equal(retransmitter.nextAt, 1_000);
    assert.equal(retransmitter.poll(1_000), 'give-up');
  });

  test('is given up at once by a caller who comes a little after the end', () => {
    const retransmitter = new Retransmitter([octets], { ...policy, initialMs: 1_000 }, 0);
    assert.equal(retransmitter.poll(2_000), 'give-up');
  });

  test('keeps its patience while nobody could send it, and is then sent at once', () => {
    const retransmitter = new Retransmitter([octets], policy, 0);
    assert.equal(retransmitter.poll(100), 'send');
    assert.equal(retransmitter.poll(60_300), 'send');
    assert.deepEqual(life(retransmitter), { sentAt: [60_500, 60_850], endedAt: 61_000 });
  });

  test('is sent once more when its patience would have ended while nobody could send it', () => {
    const retransmitter = new Retransmitter([octets], { ...policy, patienceMs: 100 }, 0);
    assert.equal(retransmitter.nextAt, 100);
    assert.equal(retransmitter.poll(90_000), 'send');
    assert.equal(retransmitter.poll(90_100), 'give-up');
  });
});

describe('a restart', () => {
  test('begins anew with pauses and patience', () => {
    const retransmitter = new Retransmitter([octets], policy, 0);
    assert.equal(retransmitter.poll(100), 'send');
    retransmitter.restart(250);
    assert.equal(retransmitter.sent, 3);
    assert.deepEqual(life(retransmitter), { sentAt: [350, 550, 900], endedAt: 1_250 });
  });

  test('does not lift a limit', () => {
    const retransmitter = new Retransmitter([octets], policy, 0);
    retransmitter.limit(500);
    retransmitter.restart(250);
    assert.equal(life(retransmitter).endedAt, 500);
  });
});

describe('a limit', () => {
  test('shortens patience', () => {
    const retransmitter = new Retransmitter([octets], policy, 0);
    retransmitter.limit(80);
    assert.equal(retransmitter.nextAt, 80);
    assert.equal(retransmitter.poll(80), 'give-up');
  });

  test('never lengthens it', () => {
    const retransmitter = new Retransmitter([octets], policy, 0);
    retransmitter.limit(60_000);
    assert.equal(life(retransmitter).endedAt, 1_000);
  });
});
