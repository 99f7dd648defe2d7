import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Liveness } from '../../../core/ike/liveness.ts';
import { proves } from '../../conformance/tag.ts';

const PERIOD_MS = 30_000;

/** What happens, and when, when nobody answers and nothing else happens. */
function silence(liveness: Liveness, isAsking: boolean, until = 1_000_000): [number, string][] {
  const steps: [number, string][] = [];
  let asking = isAsking;
  for (let at = liveness.nextAt(asking); at !== undefined && at <= until; at = liveness.nextAt(asking)) {
    const step = liveness.poll(at, asking);
    steps.push([at, step]);
    assert.notEqual(step, 'wait', 'it was time');
    if (step !== 'unanswered') {
      liveness.asked(at);
      asking = true;
    }
  }
  return steps;
}

describe('a gateway that says nothing', () => {
  test(
    'is asked after half a period, and not believed to be there after a whole one',
    proves('RFC7296-2.4-2', 'does'),
    () => {
      const liveness = new Liveness(PERIOD_MS, 1_000);
      assert.deepEqual(silence(liveness, false), [
        [16_000, 'ask'],
        [31_000, 'unanswered'],
      ]);
      assert.equal(liveness.isUnanswered, true);
      assert.equal(liveness.lastHeard, 1_000);
    },
  );

  test('is not asked again while a request is under way: that asks too', () => {
    const liveness = new Liveness(PERIOD_MS, 0);
    liveness.asked(10_000);
    assert.deepEqual(silence(liveness, true), [[30_000, 'unanswered']]);
  });

  test('is never asked when the period is zero', () => {
    const liveness = new Liveness(0, 0);
    liveness.sent(0);
    assert.equal(liveness.nextAt(false), undefined);
    assert.equal(liveness.nextAt(true), undefined);
    assert.equal(liveness.poll(1_000_000, false), 'wait');
  });

  test('has a moment to answer a question that was asked late', () => {
    const liveness = new Liveness(PERIOD_MS, 0);
    assert.equal(liveness.poll(90_000, false), 'ask');
    liveness.asked(90_000);
    assert.equal(liveness.nextAt(true), 92_000);
    assert.equal(liveness.poll(92_000, true), 'unanswered');
  });

  test('has that moment too when we slept while it was asked', () => {
    const liveness = new Liveness(PERIOD_MS, 0);
    liveness.asked(15_000);
    assert.equal(liveness.poll(3_600_000, true), 'wait');
    assert.equal(liveness.nextAt(true), 3_602_000);
  });
});

describe('a sign of life', () => {
  test('puts the question off', () => {
    const liveness = new Liveness(PERIOD_MS, 0);
    assert.equal(liveness.heard(12_000), false);
    assert.equal(liveness.nextAt(false), 27_000);
    assert.equal(liveness.poll(26_999, false), 'wait');
  });

  test('from before another one does not bring the question forward', () => {
    const liveness = new Liveness(PERIOD_MS, 0);
    liveness.heard(12_000);
    liveness.heard(11_000);
    assert.equal(liveness.lastHeard, 12_000);
  });

  test('takes back what was said of a silence, once', () => {
    const liveness = new Liveness(PERIOD_MS, 0);
    silence(liveness, false);
    assert.equal(liveness.heard(40_000), true);
    assert.equal(liveness.heard(40_000), false);
    liveness.answered();
    assert.deepEqual(silence(liveness, false), [
      [55_000, 'ask'],
      [70_000, 'unanswered'],
    ]);
  });

  test('while a question is open puts off what would be said of it', () => {
    const liveness = new Liveness(PERIOD_MS, 0);
    liveness.asked(15_000);
    liveness.heard(20_000);
    assert.equal(liveness.nextAt(true), 50_000);
  });

  test('can be declared missing', () => {
    const liveness = new Liveness(PERIOD_MS, 0);
    assert.equal(liveness.declareUnanswered(), true);
    assert.equal(liveness.declareUnanswered(), false);
    assert.equal(liveness.nextAt(true), undefined);
    assert.equal(liveness.heard(10), true);
  });
});

describe('a gateway that we left alone while we slept', () => {
  test('has a second to answer', () => {
    const liveness = new Liveness(PERIOD_MS, 0);
    liveness.heard(1_200_000);
    liveness.woke(1_200_500);
    liveness.asked(1_200_500);
    liveness.heard(1_200_600);
    assert.deepEqual(silence(liveness, true, 2_000_000), [[1_201_500, 'unanswered']]);
  });

  test('has it from the question on, when we could not ask at once', () => {
    const liveness = new Liveness(PERIOD_MS, 0);
    liveness.woke(1_200_000);
    liveness.asked(1_204_000);
    assert.equal(liveness.nextAt(true), 1_205_000);
  });

  test('is as good as any when it answered, or sent something since', () => {
    for (const live of [
      (liveness: Liveness) => liveness.answered(),
      (liveness: Liveness) => liveness.heard(1_200_201),
    ]) {
      const liveness = new Liveness(PERIOD_MS, 0);
      liveness.heard(1_199_000);
      liveness.woke(1_200_000);
      live(liveness);
      liveness.asked(1_200_300);
      assert.ok((liveness.nextAt(true) ?? 0) >= 1_229_000);
    }
  });
});

describe('ESP that goes out and brings nothing back', () => {
  test('is suspicious after a few seconds', () => {
    const liveness = new Liveness(PERIOD_MS, 0);
    assert.equal(liveness.sent(1_000), true);
    assert.equal(liveness.sent(2_000), false);
    assert.deepEqual(silence(liveness, false), [
      [3_500, 'suspect'],
      [30_000, 'unanswered'],
    ]);
  });

  test('is not when something came since', () => {
    const liveness = new Liveness(PERIOD_MS, 0);
    liveness.sent(1_000);
    liveness.heard(1_500);
    assert.equal(liveness.nextAt(false), 16_500);
  });

  test('does not make us ask all the time', () => {
    const liveness = new Liveness(PERIOD_MS, 0);
    const asked: number[] = [];
    for (let now = 0; now < 60_000; now += 100) {
      liveness.sent(now);
      if (liveness.poll(now, false) === 'wait') continue;
      asked.push(now);
      liveness.heard(now);
    }
    assert.deepEqual(asked, [2_500, 12_500, 22_500, 32_500, 42_500, 52_500]);
  });

  test('makes us ask again soon when the suspicion was right', () => {
    const liveness = new Liveness(PERIOD_MS, 0);
    liveness.sent(0);
    assert.equal(liveness.poll(2_500, false), 'suspect');
    liveness.confirmSuspicion();
    liveness.heard(2_500);
    liveness.sent(2_600);
    assert.equal(liveness.nextAt(false), 5_100);
  });
});

describe('a hint of the network', () => {
  test(
    'makes us ask at once, and not with every further one',
    proves(
      ['RFC7296-2.4-x4', 'does'],
      ['RFC7296-2.4-12', 'refuses'],
      ['RFC4555-3.5-x1', 'does'],
      ['RFC4555-3.5-x2', 'does'],
    ),
    () => {
      const liveness = new Liveness(PERIOD_MS, 0);
      liveness.hint(5_000);
      assert.equal(liveness.poll(5_000, false), 'suspect');
      liveness.heard(5_050);
      liveness.hint(5_100);
      assert.equal(liveness.poll(5_100, false), 'wait');
      assert.equal(liveness.nextAt(false), 15_000);
    },
  );
});
