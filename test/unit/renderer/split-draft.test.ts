import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Policy } from '../../../core/contract/policy.ts';
import { changesBetween } from '../../../renderer/features/split-tunnel/model/diff.ts';
import {
  type Draft,
  draftOf,
  isSame,
  moved,
  nudged,
  numberOf,
  policyOf,
  rebased,
  withCopies,
  withOtherwise,
  withoutRules,
  withRule,
  withRules,
} from '../../../renderer/features/split-tunnel/model/draft.ts';
import { historyOf, redone, stepped, undone } from '../../../renderer/features/split-tunnel/model/history.ts';

const POLICY: Policy = {
  version: 1,
  rules: ['a', 'b', 'c', 'd', 'e'].map((name) => ({ action: 'bypass', to: [`${name}.example`] })),
  otherwise: 'gateway',
};
const BASE = draftOf(POLICY);

function order(draft: Draft): string {
  return draft.rules.map(({ rule }) => (rule.to?.[0] ?? '?').slice(0, 1)).join('');
}

const ids = (...list: number[]): ReadonlySet<number> => new Set(list);

describe('a draft of a policy', () => {
  test('says what the policy says until something is done to it', () => {
    assert.deepEqual(policyOf(BASE), POLICY);
    assert.equal(numberOf(BASE, 2, 3), 6);
  });

  test('takes rules in, copies and drops them, and never gives an id twice', () => {
    const more = withRules(BASE, 1, [{ action: 'block', to: ['x.example'] }]);
    assert.equal(order(more), 'axbcde');
    const copied = withCopies(more, ids(0, 2));
    assert.equal(order(copied), 'axbcacde');
    assert.equal(order(withoutRules(copied, ids(0, 5))), 'bcacde');
    assert.equal(new Set(copied.rules.map(({ id }) => id)).size, copied.rules.length);
  });

  test('moves rules together, before or behind another, and not into themselves', () => {
    assert.equal(order(moved(BASE, ids(3, 1), 'before', 0)), 'bdace');
    assert.equal(order(moved(BASE, ids(0), 'after', 4)), 'bcdea');
    assert.equal(moved(BASE, ids(0, 1), 'after', 1), BASE);
    assert.equal(moved(BASE, ids(9), 'after', 1), BASE);
  });

  test('moves rules one place as far as there is room', () => {
    assert.equal(order(nudged(BASE, ids(2), -1)), 'acbde');
    assert.equal(order(nudged(BASE, ids(2), 1)), 'abdce');
    assert.equal(order(nudged(BASE, ids(1, 3), -1)), 'bdace');
    assert.equal(nudged(BASE, ids(0), -1), BASE);
    assert.equal(nudged(BASE, ids(4), 1), BASE);
  });
});

describe('the steps of somebody who edits', () => {
  test('can be taken back and again, and a new one ends what was taken back', () => {
    let history = historyOf('a');
    for (const next of ['b', 'c', 'd']) history = stepped(history, next);
    history = undone(undone(history));
    assert.deepEqual([history.present, history.future], ['b', ['c', 'd']]);
    history = redone(history);
    assert.equal(history.present, 'c');
    history = stepped(history, 'x');
    assert.deepEqual([history.past, history.present, history.future], [['a', 'b', 'c'], 'x', []]);
    assert.equal(redone(history).present, 'x');
  });

  test('end where they began, and are not made by what changes nothing', () => {
    const history = historyOf('a');
    assert.equal(undone(history).present, 'a');
    assert.deepEqual(stepped(history, 'a').past, []);
    let long = history;
    for (let i = 0; i < 1000; i++) long = stepped(long, `${i}`);
    assert.equal(long.past.length, 200);
  });
});

describe('what is other in a draft', () => {
  const told = (draft: Draft, fixed = 0): unknown =>
    changesBetween(BASE, draft, fixed).map((change) =>
      change.kind === 'otherwise'
        ? [change.kind, change.before, change.now]
        : [
            change.kind,
            'was' in change ? change.was : undefined,
            'number' in change ? change.number : undefined,
          ],
    );

  test('is nothing when nothing is', () => {
    assert.deepEqual(told(BASE), []);
    assert.ok(isSame(BASE, nudged(nudged(BASE, ids(2), 1), ids(2), -1)));
  });

  test('is one rule that was moved, however many it passed', () => {
    assert.deepEqual(told(moved(BASE, ids(0), 'after', 4)), [['moved', 1, 5]]);
    assert.deepEqual(told(moved(BASE, ids(4), 'before', 0), 2), [['moved', 7, 3]]);
  });

  test('is what was added, removed, changed, and the last word, by the numbers that people see', () => {
    let draft = withoutRules(BASE, ids(1));
    draft = withRules(draft, 0, [{ action: 'block' }]);
    draft = withRule(draft, 3, { action: 'protect', to: ['d.example'] });
    draft = withOtherwise(draft, 'block');
    assert.deepEqual(told(draft), [
      ['removed', 2, undefined],
      ['added', undefined, 1],
      ['changed', undefined, 4],
      ['otherwise', 'gateway', 'block'],
    ]);
  });
});

test('a policy of somebody else has our rules where it says the same', () => {
  const draft = withRules(BASE, 0, [{ action: 'block' }]);
  const theirs = rebased(
    {
      version: 1,
      rules: [{ action: 'protect' }, ...POLICY.rules.slice(1), POLICY.rules[1]!],
      otherwise: 'block',
    },
    draft,
  );
  assert.deepEqual(
    theirs.rules.map(({ id }) => id),
    [6, 1, 2, 3, 4, 7],
  );
  assert.equal(theirs.nextId, 8);
});
