import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decide, noteEnding, pauseAfter, type Situation } from '../../../../core/vpn/trust/automatic.ts';

const CALM: Situation = {
  wish: { connect: 'untrusted', onTrusted: 'disconnect' },
  verdict: 'untrusted',
  since: 0,
  isOnline: true,
  isClosed: false,
  connection: 'none',
  hand: undefined,
  pause: undefined,
  endings: [],
};

function decision(changes: Partial<Situation>, now = 1_000_000): string {
  const { act, what, at } = decide({ ...CALM, ...changes }, now);
  return [act ?? '-', what, ...(at === undefined ? [] : [at - now])].join(' ');
}

describe('connecting by itself', () => {
  const ALWAYS = { connect: 'always', onTrusted: 'disconnect' } as const;
  const STAYS = { connect: 'untrusted', onTrusted: 'stay' } as const;
  const cases: readonly (readonly [why: string, situation: Partial<Situation>, expected: string])[] = [
    ['an untrusted network is connected from', {}, 'connect connect'],
    ['a connection that is up stays up there', { connection: 'ours' }, '- connect'],
    ['a trusted network needs none', { verdict: 'trusted' }, '- stay-off'],
    ['one that is up is ended there', { verdict: 'trusted', connection: 'ours' }, 'disconnect disconnect'],
    [
      'or stays, if the profile says so',
      { verdict: 'trusted', connection: 'ours', wish: STAYS },
      '- stay-on',
    ],
    ['but none is made', { verdict: 'trusted', wish: STAYS }, '- stay-off'],
    ['what is not known changes nothing', { verdict: 'unknown' }, '- wait'],
    ['neither way', { verdict: 'unknown', connection: 'ours' }, '- connect'],
    ['always is always', { wish: ALWAYS, verdict: 'unknown' }, 'connect connect'],
    ['also where it is trusted', { wish: ALWAYS, verdict: 'trusted' }, 'connect connect'],
    ['but not without a network', { wish: ALWAYS, isOnline: false }, '- wait'],
    ['a person ended it', { hand: 'down' }, '- down-by-hand'],
    ['also where every network is connected from', { hand: 'down', wish: ALWAYS }, '- down-by-hand'],
    [
      'a person made it on a trusted network',
      { hand: 'up', verdict: 'trusted', connection: 'ours' },
      '- up-by-hand',
    ],
    ['a person made it here too', { hand: 'up', connection: 'ours' }, '- connect'],
    ['it was made by hand and lost', { hand: 'up' }, 'connect connect'],
    ['another connection is nobody’s to touch', { connection: 'other' }, '- occupied'],
    ['not even on a trusted network', { connection: 'other', verdict: 'trusted' }, '- occupied'],
    ['a closed machine has nothing without it', { isClosed: true, verdict: 'trusted' }, 'connect closed'],
    ['nor may it end', { isClosed: true, verdict: 'trusted', connection: 'ours' }, '- closed'],
    ['the profile does not want it any more', { wish: { ...STAYS, connect: 'never' } }, '- unusable'],
    ['it failed just now', { pause: { what: 'failed', until: 1_000_500 } }, '- failed 500'],
    ['it failed a while ago', { pause: { what: 'failed', until: 1_000_000 } }, 'connect connect'],
    ['it failed for good', { pause: { what: 'failed' } }, '- failed'],
    ['nobody is there to sign in', { pause: { what: 'nobody' } }, '- nobody'],
    [
      'who failed has no reason to on a trusted network',
      { verdict: 'trusted', pause: { what: 'failed' } },
      '- stay-off',
    ],
  ];
  for (const [why, situation, expected] of cases) {
    test(why, () => assert.equal(decision(situation), expected));
  }

  test('who ended it twice waits the longer for trust to stay, and forgets that in time', () => {
    const trusted = (since: number, endings: readonly number[]): string =>
      decision({ verdict: 'trusted', connection: 'ours', since, endings });
    const now = 1_000_000;
    assert.equal(trusted(now, []), 'disconnect disconnect');
    assert.equal(trusted(now, [now - 10_000]), '- disconnect-later 30000');
    assert.equal(trusted(now - 20_000, [now - 30_000, now - 100_000]), '- disconnect-later 40000');
    assert.equal(trusted(now - 60_000, [now - 70_000, now - 100_000]), 'disconnect disconnect');
    assert.equal(trusted(now, Array<number>(50).fill(now - 1)), '- disconnect-later 300000');
    assert.equal(trusted(now, [now - 300_000]), 'disconnect disconnect');
    assert.deepEqual(noteEnding([now - 400_000, now - 5], now), [now - 5, now]);
  });

  test('pauses grow to ten minutes', () => {
    assert.deepEqual([1, 2, 5, 6, 99].map(pauseAfter), [15_000, 30_000, 300_000, 600_000, 600_000]);
  });
});
