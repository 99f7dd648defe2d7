import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compilePolicy } from '../../../../core/net/policy/compile.ts';
import { explain } from '../../../../core/net/policy/explain.ts';
import { lintPolicy } from '../../../../core/net/policy/lint.ts';
import type { PolicyRule, SplitPolicy } from '../../../../core/net/policy/model.ts';
import { plainAppName } from '../../../../core/net/policy/app-name.ts';
import { policySchema } from '../../../../core/contract/policy.ts';
import { planPolicy } from '../../../../core/vpn/policy-plan.ts';
import { splitPolicyOf } from '../../../../core/vpn/policy-rules.ts';
import { policyProblems } from '../../../../core/vpn/policy-support.ts';
import { EVERYTHING, ip, rule } from './rules.ts';

const FACTS = { granted: EVERYTHING, names: [] };
const browser = { app: 'firefox' };

function policy(...rules: readonly PolicyRule[]): SplitPolicy {
  return { rules, otherwise: 'gateway' };
}

describe('a policy that speaks of programs', () => {
  test('is told which of its rules the same without a program makes useless', () => {
    const found = lintPolicy(
      policy(rule(1, 'bypass', '10.0.0.0/8'), rule(2, 'block', '10.1.0.0/16', browser)),
      FACTS,
    );
    assert.deepEqual(found, [{ kind: 'shadowed', rule: 2, by: [1] }]);
    assert.deepEqual(lintPolicy(policy(rule(1, 'bypass', '', browser), rule(2, 'bypass', '')), FACTS), [
      { kind: 'redundant', rule: 1 },
    ]);
    assert.deepEqual(lintPolicy(policy(rule(1, 'bypass', '', browser), rule(2, 'block', '')), FACTS), [
      { kind: 'partly-shadowed', rule: 2, by: [1] },
    ]);
    assert.deepEqual(
      lintPolicy(policy(rule(1, 'bypass', '', browser), rule(2, 'block', '', { app: 'nginx' })), FACTS),
      [],
    );
  });

  test('says what happens to one program, and to all without naming one', () => {
    const compiled = compilePolicy(
      policy(rule(1, 'bypass', '', browser), rule(2, 'block', '', { app: 'nginx' })),
      FACTS,
    );
    const told = (app?: string): unknown =>
      explain(compiled, { destination: ip('192.0.2.7'), ...(app === undefined ? {} : { app }) }).map(
        ({ effective, condition }) => [effective, condition.app],
      );
    assert.deepEqual(told('firefox'), [['bypass', 'firefox']]);
    assert.deepEqual(told('nginx'), [['block', 'nginx']]);
    assert.deepEqual(told('vim'), [['protect', undefined]]);
    assert.deepEqual(told(), [
      ['bypass', 'firefox'],
      ['block', 'nginx'],
      ['protect', undefined],
    ]);
  });

  test('steers them, and lets all of a tunnel stand for what it protects of one', () => {
    const plan = planPolicy({
      ...FACTS,
      policy: { rules: [rule(1, 'protect', '192.0.2.0/24', browser)], otherwise: 'bypass' },
      lan: true,
    });
    assert.ok(plan.ok);
    assert.deepEqual(plan.value.routes, []);
    assert.deepEqual(
      plan.value.firewall.steering.map(({ app, effective }) => [app, effective]),
      [['firefox', 'protect']],
    );
  });

  test('calls one program by one name, whatever stands behind it', () => {
    const names = ['firefox', 'firefox.desktop', 'firefox.service', 'firefox@', 'firefox@.service'];
    assert.deepEqual([...new Set(names.map(plainAppName))], ['firefox']);
    assert.equal(plainAppName('org.example.service.tool'), 'org.example.service.tool');
    const written = policySchema.parse({ version: 1, rules: [{ action: 'block', app: 'nginx.service' }] });
    assert.equal(splitPolicyOf(written).rules[0]?.app, 'nginx');
  });

  test('is refused with its rule where programs cannot be told apart', () => {
    const written = policySchema.parse({
      version: 1,
      rules: [{ action: 'block' }, { action: 'block', app: 'nginx', protocol: 'icmp' }],
    });
    assert.deepEqual(policyProblems(written, { programs: true }), []);
    assert.deepEqual(policyProblems(written, { programs: false }), [
      'rule 2: this machine cannot tell programs apart: it has no control groups of version 2 at /sys/fs/cgroup',
    ]);
  });

  test('takes no name that could be more than the name of a program (injection)', () => {
    for (const app of [
      'a"; flush ruleset',
      '../a',
      'a/b',
      '-a',
      '',
      'a\nb',
      'a b',
      'a'.repeat(101),
      '.a',
      '@',
    ])
      assert.ok(!policySchema.safeParse({ version: 1, rules: [{ action: 'block', app }] }).success, app);
  });
});
