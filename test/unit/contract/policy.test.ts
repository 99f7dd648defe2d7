import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import {
  parseFixedPolicy,
  parsePolicy,
  type PolicyInput,
  policyWith,
} from '../../../core/contract/policy.ts';
import { compilePolicy } from '../../../core/net/policy/compile.ts';
import { explain } from '../../../core/net/policy/explain.ts';
import { splitPolicyOf } from '../../../core/vpn/policy-rules.ts';
import { EVERYTHING, ip, TCP, UDP } from '../net/policy/rules.ts';

function problems(rules: unknown, more: object = {}): readonly string[] {
  const parsed = parsePolicy({ version: 1, rules, ...more });
  return parsed.ok ? [] : parsed.error;
}

function effect(
  input: PolicyInput,
  destination: string,
  protocol?: number,
  port?: number,
): string | undefined {
  const parsed = parsePolicy(input);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error.join('\n'));
  const facts = { granted: EVERYTHING, names: [{ name: 'wiki.example.com', address: ip('192.0.2.9') }] };
  const question = {
    destination: ip(destination),
    ...(protocol === undefined ? {} : { protocol }),
    ...(port === undefined ? {} : { port }),
  };
  return explain(compilePolicy(splitPolicyOf(parsed.value), facts), question).at(0)?.effective;
}

describe('a policy as it is written', () => {
  test('may be nothing but its version: then the gateway decides', () => {
    assert.deepEqual(parsePolicy({ version: 1 }), {
      ok: true,
      value: { version: 1, rules: [], otherwise: 'gateway' },
    });
  });

  test('of the manual is good', () => {
    const manual = readFileSync(new URL('../../../core/contract/policy.md', import.meta.url), 'utf8');
    const example = /```json\n([\s\S]*?)```/.exec(manual)?.[1];
    assert.ok(example);
    const parsed = parsePolicy(JSON.parse(example));
    assert.ok(parsed.ok);
    assert.equal(parsed.value.rules.length, 4);
  });

  test('decides as it says', () => {
    const policy: PolicyInput = {
      version: 1,
      otherwise: 'bypass',
      rules: [
        { action: 'block', protocol: 'icmp' },
        { action: 'protect', to: ['10.0.0.1 - 10.0.0.9', '*.Example.com'] },
        { action: 'protect', to: ['192.0.2.1'], protocol: 'tcp', ports: ['443', '8000-8100'] },
      ],
    };
    assert.equal(effect(policy, '10.0.0.9', TCP), 'protect');
    assert.equal(effect(policy, '10.0.0.10', TCP), 'bypass');
    assert.equal(effect(policy, '192.0.2.9', TCP), 'protect');
    assert.equal(effect(policy, '192.0.2.1', TCP, 8050), 'protect');
    assert.equal(effect(policy, '192.0.2.1', UDP, 8050), 'bypass');
    assert.equal(effect(policy, '192.0.2.1', 1), 'block');
    assert.equal(effect(policy, '2001:db8::1', 58), 'block');
  });
});

describe('what is wrong with a policy', () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [[{ action: 'allow' }], "rules[0].action: must be one of protect, bypass, block, not 'allow'"],
    [
      [{ action: 'block', to: ['10.0.0.0/33'] }],
      "rules[0].to[0]: '10.0.0.0/33' has a length that is not between 0 and 32",
    ],
    [
      [{ action: 'block', to: ['10.0.0.9-10.0.0.1'] }],
      "rules[0].to[0]: '10.0.0.9-10.0.0.1' ends before it begins",
    ],
    [[{ action: 'block', to: ['10.0.0.9-::1'] }], "rules[0].to[0]: '10.0.0.9-::1' mixes IPv4 and IPv6"],
    [[{ action: 'block', to: ['*.'] }], "rules[0].to[0]: '*.' is not a domain like *.example.com"],
    [
      [{ action: 'block', protocol: 'tcp', ports: ['0'] }],
      "rules[0].ports[0]: '0' is not a port from 1 to 65535, or a range like 8000-8100",
    ],
    [[{ action: 'block', ports: ['80'] }], 'rules[0].ports: need protocol "tcp" or "udp" beside them'],
  ];
  for (const [rules, sentence] of cases) {
    test(sentence, () => assert.deepEqual(problems(rules), [sentence]));
  }

  test('is said of every form that could mean something to a shell or another program', () => {
    for (const text of [
      '$(reboot)',
      '10.0.0.1; id',
      'a b',
      '-rf',
      "'",
      'x\ny',
      '10.0.0.1\n',
      '\u202e10.0.0.1',
      '',
    ]) {
      assert.equal(problems([{ action: 'block', to: [text] }]).length, 1, JSON.stringify(text));
      assert.equal(problems([{ action: 'block', app: text }]).length, 1, JSON.stringify(text));
    }
  });
});

describe('a policy with what IT fixed', () => {
  test('has the rules of IT first and its last word, if it has one', () => {
    const own = parsePolicy({ version: 1, rules: [{ action: 'bypass' }], otherwise: 'block' });
    const open = parseFixedPolicy({ version: 1, rules: [{ action: 'protect', to: ['10.0.0.0/8'] }] });
    const closed = parseFixedPolicy({ version: 1, otherwise: 'protect' });
    assert.ok(own.ok && open.ok && closed.ok);
    assert.deepEqual(policyWith(open.value, own.value), {
      version: 1,
      rules: [{ action: 'protect', to: ['10.0.0.0/8'] }, { action: 'bypass' }],
      otherwise: 'block',
    });
    assert.deepEqual(policyWith(closed.value, own.value), { ...own.value, otherwise: 'protect' });
  });

  test('is checked as any policy is', () => {
    const parsed = parseFixedPolicy({ version: 1, rules: [{ action: 'block', ports: ['80'] }], other: 1 });
    assert.ok(!parsed.ok);
    assert.equal(parsed.error.length, 2);
  });
});
