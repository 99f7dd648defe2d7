import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatRange } from '../../../../core/net/range.ts';
import { selectorOfPrefix } from '../../../../core/net/selector.ts';
import { parsePrefix, type Prefix } from '../../../../core/net/prefix.ts';
import { compilePolicy, type PolicyFacts } from '../../../../core/net/policy/compile.ts';
import { explain } from '../../../../core/net/policy/explain.ts';
import { lintPolicy } from '../../../../core/net/policy/lint.ts';
import { type PolicyRule, type SplitPolicy, withNameServers } from '../../../../core/net/policy/model.ts';
import { EVERYTHING, granted, HTTPS, ip, rule, TCP, UDP } from './rules.ts';

const FULL: PolicyFacts = { granted: EVERYTHING, names: [] };

function policy(otherwise: SplitPolicy['otherwise'], ...rules: readonly PolicyRule[]): SplitPolicy {
  return { rules, otherwise };
}

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  assert.ok(parsed, text);
  return parsed;
}

/** What happens to traffic, and by which rule, as short text. */
function fate(
  split: SplitPolicy,
  facts: PolicyFacts,
  destination: string,
  more: { protocol?: number; port?: number; app?: string } = {},
): string {
  return explain(compilePolicy(split, facts), { destination: ip(destination), ...more })
    .map(({ effective, reason }) => `${effective} by ${reason.kind === 'rule' ? reason.rule : reason.kind}`)
    .join(', ');
}

describe('the order of rules', () => {
  const split = policy(
    'bypass',
    rule(1, 'block', '10.1.2.3/32'),
    rule(2, 'bypass', '10.1.0.0/16'),
    rule(3, 'protect', '10.0.0.0/8 fd00::/8'),
  );

  test('decides by the first that matches', () => {
    assert.equal(fate(split, FULL, '10.1.2.3'), 'block by 1');
    assert.equal(fate(split, FULL, '10.1.2.4'), 'bypass by 2');
    assert.equal(fate(split, FULL, '10.2.0.1'), 'protect by 3');
    assert.equal(fate(split, FULL, 'fd00::1'), 'protect by 3');
    assert.equal(fate(split, FULL, '192.0.2.1'), 'bypass by otherwise');
  });

  test('leaves no address out and cuts no more than it must', () => {
    const { ipv4, ipv6 } = compilePolicy(split, FULL);
    assert.deepEqual(
      ipv4.map(({ range }) => formatRange(range)),
      [
        '0.0.0.0-9.255.255.255',
        '10.0.0.0-10.0.255.255',
        '10.1.0.0-10.1.2.2',
        '10.1.2.3',
        '10.1.2.4-10.1.255.255',
        '10.2.0.0-10.255.255.255',
        '11.0.0.0-255.255.255.255',
      ],
    );
    assert.equal(ipv6.length, 3);
  });
});

describe('the networks that the gateway calls its own', () => {
  const subnets = [prefix('10.1.0.0/16'), prefix('172.20.0.0/16')];
  const facts: PolicyFacts = { granted: granted('0.0.0.0/0'), names: [], subnets };

  test('are protected as the last word of a policy, as far as they are taken; the rest goes past the tunnel', () => {
    const split = policy('subnets');
    assert.equal(fate(split, facts, '10.1.2.3'), 'protect by subnets');
    assert.equal(fate(split, facts, '172.20.0.1'), 'protect by subnets');
    assert.equal(fate(split, facts, '10.2.0.1'), 'bypass by subnets');
    const less: PolicyFacts = { ...facts, granted: granted('10.0.0.0/8') };
    assert.equal(fate(split, less, '10.1.2.3'), 'protect by subnets');
    assert.equal(fate(split, less, '172.20.0.1'), 'bypass by subnets');
  });

  test('leave the other family to its ordinary way, also beside a tunnel that takes all of one', () => {
    assert.equal(fate(policy('subnets'), facts, '2001:db8::1'), 'bypass by subnets');
    assert.equal(fate(policy('gateway'), facts, '2001:db8::1'), 'block by gateway');
  });

  test('come behind the rules, and mean nothing to another last word', () => {
    const split = policy('subnets', rule(1, 'bypass', '10.1.7.0/24'), rule(2, 'protect', '192.0.2.0/24'));
    assert.equal(fate(split, facts, '10.1.7.1'), 'bypass by 1');
    assert.equal(fate(split, facts, '192.0.2.1'), 'protect by 2');
    assert.equal(fate(policy('gateway'), facts, '10.2.0.1'), 'protect by gateway');
    assert.deepEqual(
      compilePolicy(policy('gateway'), facts),
      compilePolicy(policy('gateway'), { ...facts, subnets: [] }),
    );
  });

  test('are all that it takes when it names none', () => {
    const none: PolicyFacts = { ...facts, subnets: [] };
    assert.deepEqual(
      compilePolicy(policy('subnets'), none).ipv4,
      compilePolicy(policy('gateway'), none).ipv4,
    );
    assert.equal(fate(policy('subnets'), none, '192.0.2.1'), 'protect by gateway');
    assert.equal(fate(policy('subnets'), none, '2001:db8::1'), 'block by gateway');
  });

  test('make a rule for them alone superfluous, and none about a name, whose address may be anywhere', () => {
    const split = policy(
      'subnets',
      rule(1, 'protect', '10.1.0.0/16'),
      rule(2, 'protect', 'wiki.example.com'),
      rule(3, 'bypass', '*.video.example'),
    );
    assert.deepEqual(lintPolicy(split, facts), [{ kind: 'redundant', rule: 1 }]);
  });
});

describe('conditions', () => {
  const split = policy(
    'protect',
    rule(1, 'bypass', '', HTTPS),
    rule(2, 'block', '', { protocol: UDP }),
    rule(3, 'bypass', '', { app: 'browser' }),
  );

  test('hold for the traffic that meets them', () => {
    assert.equal(fate(split, FULL, '192.0.2.1', { protocol: TCP, port: 443, app: 'mail' }), 'bypass by 1');
    assert.equal(fate(split, FULL, '192.0.2.1', { protocol: UDP, port: 443, app: 'mail' }), 'block by 2');
    assert.equal(fate(split, FULL, '192.0.2.1', { protocol: TCP, port: 80, app: 'browser' }), 'bypass by 3');
    assert.equal(
      fate(split, FULL, '192.0.2.1', { protocol: TCP, port: 80, app: 'mail' }),
      'protect by otherwise',
    );
  });

  test('that a question leaves open are all told, until one is certain', () => {
    assert.equal(
      fate(split, FULL, '192.0.2.1'),
      'bypass by 1, block by 2, bypass by 3, protect by otherwise',
    );
    assert.equal(fate(split, FULL, '192.0.2.1', { protocol: UDP }), 'block by 2');
  });
});

describe('what the gateway grants', () => {
  test('is what a policy without rules protects, and the rest goes past', () => {
    const facts = { granted: granted('10.0.0.0/8'), names: [] };
    assert.equal(fate(policy('gateway'), facts, '10.1.1.1'), 'protect by gateway');
    assert.equal(fate(policy('gateway'), facts, '192.0.2.1'), 'bypass by gateway');
    assert.equal(fate(policy('gateway'), facts, '2001:db8::1'), 'bypass by gateway');
  });

  test('limits protection, and what should be protected and is not taken goes nowhere', () => {
    const facts = { granted: granted('10.0.0.0/8'), names: [] };
    const split = policy('bypass', rule(1, 'protect', '10.0.0.0/7'));
    assert.equal(fate(split, facts, '10.1.1.1'), 'protect by 1');
    assert.equal(fate(split, facts, '11.1.1.1'), 'block by 1');
    assert.equal(fate(policy('protect'), facts, '192.0.2.1'), 'block by otherwise');
  });

  test('may be a protocol and port alone', () => {
    const prefix = parsePrefix('10.0.0.0/8');
    assert.ok(prefix);
    const facts = { granted: [selectorOfPrefix(prefix, TCP, 443, 443)], names: [] };
    const split = policy('gateway', rule(1, 'protect', '10.1.0.0/16'));
    assert.equal(fate(split, facts, '10.1.1.1', { protocol: TCP, port: 443 }), 'protect by 1');
    assert.equal(fate(split, facts, '10.1.1.1', { protocol: TCP, port: 80 }), 'block by 1');
    assert.equal(fate(split, facts, '10.2.1.1', { protocol: TCP, port: 443 }), 'protect by gateway');
    assert.equal(fate(split, facts, '10.2.1.1', { protocol: TCP, port: 80 }), 'bypass by gateway');
  });
});

describe('names', () => {
  const rebound = (...texts: readonly string[]): PolicyFacts['names'] =>
    texts.map((text) => ({ name: 'www.video.example', address: ip(text) }));
  const past = policy('gateway', rule(1, 'bypass', '*.video.example'));

  test('lead nothing past the tunnel that the gateway takes or calls its own, whoever answers for them (TunnelCrack)', () => {
    const names = rebound('10.1.0.7', '203.0.113.7', 'fd01::7');
    const split = { granted: granted('10.1.0.0/16', 'fd01::/16'), names };
    assert.equal(fate(past, split, '10.1.0.7'), 'protect by gateway');
    assert.equal(fate(past, split, 'fd01::7'), 'protect by gateway');
    assert.equal(fate(past, split, '203.0.113.7'), 'bypass by 1');
    const full = { granted: EVERYTHING, names, subnets: [prefix('10.1.0.0/16')] };
    assert.equal(fate(past, full, '10.1.0.7'), 'protect by gateway');
    assert.equal(fate(past, full, '203.0.113.7'), 'bypass by 1');
  });

  test('lead nothing past the tunnel that a rule protects by its address, wherever that rule stands', () => {
    const rules = [rule(1, 'bypass', '*.video.example'), rule(2, 'protect', '10.1.0.0/16 0.0.0.0/0')];
    const facts = { granted: EVERYTHING, names: rebound('10.1.0.7', '203.0.113.7') };
    assert.equal(fate(policy('bypass', ...rules), facts, '10.1.0.7'), 'protect by 2');
    assert.equal(fate(policy('bypass', ...rules), facts, '203.0.113.7'), 'bypass by 1');
  });

  test('lead past the tunnel what is in one of many networks that are most of all there is', () => {
    const most = granted('0.0.0.0/2', '64.0.0.0/2', '128.0.0.0/3', '2000::/3');
    const facts = { granted: most, names: rebound('64.1.2.3', '2001:db8::7') };
    assert.equal(fate(past, facts, '64.1.2.3'), 'bypass by 1');
    assert.equal(fate(past, facts, '2001:db8::7'), 'bypass by 1');
  });

  test('take no name server of the tunnel out of it', () => {
    const facts = { granted: EVERYTHING, names: rebound('198.51.100.53') };
    for (const action of ['bypass', 'block'] as const) {
      const rules = policy('gateway', rule(1, action, '*.video.example'));
      const split = withNameServers(rules, [ip('198.51.100.53')]);
      assert.equal(fate(split, facts, '198.51.100.53', { protocol: UDP, port: 53 }), 'protect by 0');
    }
  });

  const split = policy('bypass', rule(1, 'protect', '*.example.com'), rule(2, 'block', 'ads.example.net'));
  const names = [
    { name: 'example.com', address: ip('192.0.2.1') },
    { name: 'wiki.example.com', address: ip('192.0.2.2') },
    { name: 'wiki.example.com', address: ip('2001:db8::2') },
    { name: 'notexample.com', address: ip('192.0.2.3') },
    { name: 'ads.example.net', address: ip('192.0.2.4') },
    { name: 'more.ads.example.net', address: ip('192.0.2.5') },
  ];

  test('count with the addresses that they had: a suffix for all names in it, a host for itself', () => {
    const facts = { granted: EVERYTHING, names };
    const fates = names.map(({ address }) =>
      fate(split, facts, address.octets.length === 4 ? address.octets.join('.') : '2001:db8::2'),
    );
    assert.deepEqual(fates, [
      'protect by 1',
      'protect by 1',
      'protect by 1',
      'bypass by otherwise',
      'block by 2',
      'bypass by otherwise',
    ]);
  });

  test('are no fault of a policy while nobody has looked them up', () => {
    assert.deepEqual(lintPolicy(split, FULL), []);
  });

  test('are found where rules before speak of the same ones', () => {
    const lint = (...rules: Parameters<typeof rule>[]): unknown =>
      lintPolicy(policy('bypass', ...rules.map((one) => rule(...one))), FULL);
    assert.deepEqual(lint([1, 'protect', '*.example.com'], [2, 'block', 'ads.example.com']), [
      { kind: 'shadowed', rule: 2, by: [1] },
    ]);
    assert.deepEqual(lint([1, 'block', 'example.com'], [2, 'protect', '*.example.com']), [
      { kind: 'partly-shadowed', rule: 2, by: [1] },
    ]);
    assert.deepEqual(lint([1, 'block', '*.a.example.com'], [2, 'protect', '*.example.com']), [
      { kind: 'partly-shadowed', rule: 2, by: [1] },
    ]);
    assert.deepEqual(
      lint([1, 'protect', 'a.example.com', HTTPS], [2, 'block', 'a.example.com'], [3, 'protect', '']),
      [
        { kind: 'partly-shadowed', rule: 2, by: [1] },
        { kind: 'partly-shadowed', rule: 3, by: [2] },
      ],
    );
    assert.deepEqual(lint([1, 'block', 'example.com'], [2, 'protect', 'www.example.com']), []);
  });
});

describe('the lint', () => {
  const lint = (split: SplitPolicy, facts = FULL): unknown => lintPolicy(split, facts);

  test('finds nothing in a policy without faults', () => {
    assert.deepEqual(
      lint(policy('bypass', rule(1, 'block', '10.1.2.3/32'), rule(2, 'protect', '10.128.0.0/9'))),
      [],
    );
  });

  test('finds a rule that earlier ones decide, together or alone', () => {
    const split = policy(
      'bypass',
      rule(1, 'protect', '10.0.0.0/9'),
      rule(2, 'block', '10.128.0.0/9'),
      rule(3, 'protect', '10.0.0.0/8'),
      rule(4, 'block', '10.1.0.0/16', HTTPS),
    );
    assert.deepEqual(lint(split), [
      { kind: 'shadowed', rule: 3, by: [1, 2] },
      { kind: 'shadowed', rule: 4, by: [1] },
    ]);
  });

  test('finds a rule of which an earlier one with another action decides a part', () => {
    const split = policy('bypass', rule(1, 'block', '10.1.0.0/16'), rule(2, 'protect', '10.0.0.0/8'));
    assert.deepEqual(lint(split), [{ kind: 'partly-shadowed', rule: 2, by: [1] }]);
  });

  test('does not take rules for each other whose conditions nothing meets both', () => {
    const split = policy(
      'protect',
      rule(1, 'bypass', '10.0.0.0/8', { protocol: UDP }),
      rule(2, 'block', '10.0.0.0/8', HTTPS),
    );
    assert.deepEqual(lint(split), []);
  });

  test('finds a rule without which the same would happen', () => {
    const split = policy('bypass', rule(1, 'bypass', '10.1.0.0/16'), rule(2, 'protect', '192.168.0.0/16'));
    assert.deepEqual(lint(split), [{ kind: 'redundant', rule: 1 }]);
  });

  test('takes rules that came from one line for one', () => {
    const split = policy(
      'bypass',
      rule(1, 'block', '10.0.0.0/8', { protocol: 1 }),
      rule(1, 'block', '10.0.0.0/8', { protocol: 58 }),
      rule(2, 'block', '10.0.0.0/16', { protocol: 1 }),
      rule(2, 'block', '10.0.0.0/16', { protocol: 58 }),
    );
    assert.deepEqual(lint(split), [{ kind: 'shadowed', rule: 2, by: [1] }]);
  });

  test('finds protection that the gateway does not give', () => {
    const facts = { granted: granted('10.0.0.0/8'), names: [] };
    const split = policy('bypass', rule(1, 'protect', '10.0.0.0/7'), rule(2, 'protect', '192.168.0.0/16'));
    assert.deepEqual(lint(split, facts), [
      { kind: 'not-granted', rule: 1, part: 'some' },
      { kind: 'not-granted', rule: 2, part: 'all' },
    ]);
  });

  test('takes 500 rules of several networks each in its stride', () => {
    const rules = Array.from({ length: 500 }, (_, i) =>
      rule(
        i + 1,
        i % 3 === 0 ? 'protect' : 'bypass',
        [0, 1, 2].map((k) => `10.${i % 256}.${(i * 7 + k * 16) % 256}.0/24`).join(' '),
        i % 2 === 0 ? {} : HTTPS,
      ),
    );
    assert.ok(lintPolicy(policy('gateway', ...rules), FULL).length > 0);
  });
});
