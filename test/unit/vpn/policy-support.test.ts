import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Policy, policySchema } from '../../../core/contract/policy.ts';
import { burdenOf } from '../../../core/vpn/policy-support.ts';

function policy(...rules: readonly object[]): Policy {
  return policySchema.parse({ version: 1, rules });
}

const many = { action: 'block', to: Array<string>(900).fill('192.0.2.1') };
/** Rules that all speak of everything, each of a port of its own. */
const meeting = Array.from({ length: 1000 }, (_, i) => ({
  action: 'block',
  protocol: 'tcp',
  ports: [`${i + 1}`],
}));

describe('how much a policy asks of the service', () => {
  test('is bearable for long policies, and for rules that meet when they are not many', () => {
    const long = Array.from({ length: 1000 }, (_, i) => ({
      action: 'block',
      to: [`198.18.${i >> 8}.${i & 255}`],
    }));
    for (const one of [policy(many), policy(...long), policy(...meeting.slice(0, 100))]) {
      assert.deepEqual([burdenOf(one, 'plan'), burdenOf(one, 'lint')], [[], []]);
    }
  });

  test('is too much when everybody else would wait for it', () => {
    assert.match(burdenOf(policy(many, many), 'lint').join(), /1800 destinations/);
    assert.match(burdenOf(policy(...meeting), 'lint').join(), /same destinations/);
    const spread = Array.from({ length: 900 }, (_, i) => `198.18.${i >> 8}.${i & 255}`);
    const meetingAll = policy(...meeting.slice(0, 200), { action: 'block', to: spread });
    assert.match(burdenOf(meetingAll, 'plan').join(), /same destinations/);
    const named = meeting.slice(0, 400).map((rule) => ({ ...rule, to: ['*.example.com'] }));
    assert.match(burdenOf(policy(...named), 'lint').join(), /same destinations/);
  });
});
