import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LintProblem } from '../../../core/contract/daemon-api.ts';
import type { PolicyRuleText } from '../../../core/contract/policy.ts';
import {
  draftOf,
  moved,
  type Otherwise,
  withoutRules,
} from '../../../renderer/features/split-tunnel/model/draft.ts';
import { carried, marksOf } from '../../../renderer/features/split-tunnel/model/marks.ts';
import { pictureOf, type Picture } from '../../../renderer/features/split-tunnel/model/picture.ts';
import { questionOf, refined } from '../../../renderer/features/split-tunnel/model/question.ts';

const EVERYTHING = ['0.0.0.0/0', '::/0'];
const rules = (...actions: PolicyRuleText['action'][]) =>
  actions.map((action, i) => ({ number: i + 1, rule: { action }, isFixed: false }));

function lanes({ lanes: all }: Picture): unknown {
  return all.map(({ rules: list, rest }) => [
    list.map(({ number, part }) => (part ? `${number} ${part}` : `${number}`)),
    [...rest],
  ]);
}

describe('the picture of a split', () => {
  test('has each rule in the lane where its traffic goes', () => {
    assert.deepEqual(lanes(pictureOf(rules('block', 'protect', 'bypass'), 'gateway', [], EVERYTHING)), [
      [['2'], ['everything']],
      [['3'], []],
      [['1'], []],
    ]);
  });

  test('shows what the gateway does not take where it goes, and leaves out what decides nothing', () => {
    const picture = pictureOf(
      rules('protect', 'protect', 'bypass'),
      'bypass',
      [
        { kind: 'not-granted', rule: 1, part: 'all' },
        { kind: 'not-granted', rule: 2, part: 'some' },
        { kind: 'shadowed', rule: 3, by: [1] },
      ],
      ['10.0.0.0/8'],
    );
    assert.deepEqual(lanes(picture), [
      [['2 taken'], []],
      [[], ['everything']],
      [['1 not-taken', '2 not-taken'], []],
    ]);
    assert.deepEqual(picture.idle, [3]);
  });

  const rests: readonly (readonly [Otherwise, readonly string[], unknown])[] = [
    ['gateway', ['10.0.0.0/8'], [['taken'], ['not-taken'], []]],
    ['gateway', ['0.0.0.0/0'], [['ipv4'], [], ['ipv6']]],
    ['gateway', ['::/0'], [['ipv6'], [], ['ipv4']]],
    ['gateway', [], [[], ['everything'], []]],
    ['subnets', ['10.0.0.0/8'], [['taken'], ['not-taken'], []]],
    ['protect', ['10.0.0.0/8'], [['taken'], [], ['not-taken']]],
    ['protect', EVERYTHING, [['everything'], [], []]],
    ['block', EVERYTHING, [[], [], ['everything']]],
  ];
  for (const [otherwise, taken, expected] of rests) {
    test(`says what becomes of the rest: ${otherwise}, where the gateway takes ${taken.join(' and ') || 'nothing'}`, () => {
      assert.deepEqual(
        pictureOf([], otherwise, [], taken, false).lanes.map(({ rest }) => [...rest]),
        expected,
      );
    });
  }
});

test('the picture of a gateway that names its networks has them in the tunnel and the rest past it', () => {
  const { lanes: all } = pictureOf([], 'subnets', [], EVERYTHING, true);
  assert.deepEqual(
    all.map(({ rest }) => [...rest]),
    [['subnets'], ['not-taken'], []],
  );
});

test('marks are by rule, and the worst comes first', () => {
  const marks = marksOf([
    { kind: 'redundant', rule: 2 },
    { kind: 'not-granted', rule: 2, part: 'all' },
    { kind: 'shadowed', rule: 5, by: [2] },
  ]);
  assert.deepEqual(
    [...marks].map(([number, list]) => [number, list.map(({ tone }) => tone)]),
    [
      [2, ['bad', 'plain']],
      [5, ['warn']],
    ],
  );
});

describe('a question', () => {
  const meant: readonly (readonly [string, unknown])[] = [
    ['192.0.2.7', { destination: '192.0.2.7' }],
    ['2001:db8::7', { destination: '2001:db8::7' }],
    [' wiki.example.com. ', { destination: 'wiki.example.com' }],
    ['https://wiki.example.com/page?x', { destination: 'wiki.example.com', protocol: 6, port: 443 }],
    ['http://wiki.example.com:8080', { destination: 'wiki.example.com', protocol: 6, port: 8080 }],
    ['192.0.2.7:udp/53', { destination: '192.0.2.7', protocol: 17, port: 53 }],
    ['[2001:db8::7]:22', { destination: '2001:db8::7', protocol: 6, port: 22 }],
    ['*.example.com', { destination: 'example.com' }],
    ['', undefined],
    ['two words', undefined],
    ['wiki.example.com:0', undefined],
    ['10.0.0.0/8x y', undefined],
    ['[wiki]', undefined],
  ];
  for (const [text, question] of meant) {
    test(`is understood: ${JSON.stringify(text)}`, () => assert.deepEqual(questionOf(text), question));
  }

  test('is what was chosen beside it', () => {
    const asked = { destination: 'wiki.example.com', protocol: 6, port: 443 };
    assert.deepEqual(refined(asked, 'any', undefined), asked);
    assert.deepEqual(refined(asked, 'udp', 53), { ...asked, protocol: 17, port: 53 });
    assert.deepEqual(refined(asked, 'icmp', undefined), { destination: 'wiki.example.com', protocol: 1 });
    assert.deepEqual(refined({ destination: '::1' }, 'icmp', 9), { destination: '::1', protocol: 58 });
    assert.deepEqual(refined({ destination: '::1' }, 'any', 9), { destination: '::1' });
  });
});

test('marks go where their rules go until the service has looked again', () => {
  const rule = { action: 'block' as const };
  const draft = draftOf({ version: 1, rules: [rule, rule, rule], otherwise: 'gateway' });
  const found: LintProblem[] = [
    { kind: 'shadowed', rule: 3, by: [1, 2] },
    { kind: 'redundant', rule: 1 },
    { kind: 'redundant', rule: 4 },
  ];
  const now = withoutRules(moved(draft, new Set([2]), 'before', 0), new Set([0]));
  assert.deepEqual(carried(found, draft, now, 1), [
    { kind: 'shadowed', rule: 3, by: [1] },
    { kind: 'redundant', rule: 1 },
    { kind: 'redundant', rule: 2 },
  ]);
  assert.equal(carried(found, draft, draft, 1), found);
});
