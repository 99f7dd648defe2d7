import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatPrefix } from '../../../core/net/prefix.ts';
import { type AddressRange, formatRange, rangeHasAddress } from '../../../core/net/range.ts';
import type { KnownName, PolicyRule, SplitPolicy } from '../../../core/net/policy/model.ts';
import { formatSelector, type Selector } from '../../../core/net/selector.ts';
import { planPolicy, type PolicyPlan } from '../../../core/vpn/policy-plan.ts';
import { screened } from '../../../core/vpn/policy-screen.ts';
import { EVERYTHING, granted, HTTPS, ip, rule, TCP } from '../net/policy/rules.ts';

function planned(
  rules: readonly PolicyRule[],
  facts: {
    granted?: Selector[];
    otherwise?: SplitPolicy['otherwise'];
    lan?: boolean;
    names?: readonly KnownName[];
  } = {},
): PolicyPlan {
  const policy = { rules, otherwise: facts.otherwise ?? 'gateway' };
  const plan = planPolicy({
    policy,
    granted: facts.granted ?? EVERYTHING,
    names: facts.names ?? [],
    lan: facts.lan ?? true,
  });
  assert.ok(plan.ok);
  return plan.value;
}

const firewall = ({ firewall: parts }: PolicyPlan): Record<string, unknown> => ({
  protected: parts.protectedRanges.map(formatRange),
  passing: parts.passing.map(formatRange),
  refused: parts.refused.map(formatRange),
  steering: parts.steering.map(({ range, effective }) => `${effective} ${formatRange(range)}`),
});

describe('the plan of a policy', () => {
  test('without rules is what the gateway takes, and nothing is asked of anything else', () => {
    const plan = planned([], { granted: granted('10.1.0.0/16', '10.0.0.0/16') });
    assert.deepEqual(plan.routes.map(formatPrefix), ['10.0.0.0/15']);
    assert.deepEqual(plan.localFirst, []);
    assert.deepEqual(firewall(plan), {
      protected: ['10.0.0.0-10.1.255.255'],
      passing: [
        '0.0.0.0-9.255.255.255',
        '10.2.0.0-255.255.255.255',
        '::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
      ],
      refused: [],
      steering: [],
    });
  });

  test('leaves local networks to the machine in a tunnel that takes everything, when they are allowed', () => {
    const plan = planned([]);
    assert.deepEqual(plan.routes.map(formatPrefix), ['0.0.0.0/0', '::/0']);
    assert.deepEqual(plan.localFirst.map(formatPrefix), [
      '10.0.0.0/8',
      '169.254.0.0/16',
      '172.16.0.0/12',
      '192.168.0.0/16',
      'fc00::/7',
      'fe80::/10',
    ]);
    const list = plan.firewall.protectedRanges.map(formatRange);
    assert.ok(list.includes('11.0.0.0-169.253.255.255'), list.join());
    assert.deepEqual(planned([], { lan: false }).localFirst, []);
    assert.deepEqual(planned([], { lan: false }).firewall.protectedRanges.map(formatRange), [
      '0.0.0.0-255.255.255.255',
      '::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    ]);
  });

  test('takes halves of all addresses for everything, and a local network that is named for what it is', () => {
    const halves = granted('0.0.0.0/1', '128.0.0.0/1');
    const { localFirst } = planned([], { granted: halves });
    assert.equal(localFirst.filter(({ address }) => address.family === 4).length, 4);
    const named = planned([rule(1, 'protect', '192.168.0.0/16')]);
    assert.ok(!named.localFirst.map(formatPrefix).includes('192.168.0.0/16'));
    assert.ok(named.firewall.protectedRanges.some((each) => rangeHasAddress(each, ip('192.168.1.1'))));
    const office = planned([], { granted: [...EVERYTHING, ...granted('10.1.0.0/16')] });
    assert.ok(office.firewall.protectedRanges.map(formatRange).includes('10.1.0.0-10.1.255.255'));
  });

  test('lets nothing of a family past a tunnel that takes all of the other and nothing of it', () => {
    for (const lan of [true, false]) {
      const { firewall: walls } = planned([], { granted: granted('0.0.0.0/1', '128.0.0.0/1'), lan });
      const isIn = (list: readonly AddressRange[], address: string): boolean =>
        list.some((each) => rangeHasAddress(each, ip(address)));
      for (const site of ['2001:db8::1', '::ffff:192.0.2.1']) {
        assert.ok(isIn(walls.refused, site) && !isIn(walls.passing, site), site);
      }
      assert.equal(isIn(walls.protectedRanges, 'fd00::1'), !lan);
    }
    for (const some of [granted('10.0.0.0/8'), granted('0.0.0.0/0', 'fd00::/8'), granted('0.0.0.0/1')]) {
      assert.ok(
        planned([], { granted: some }).firewall.passing.some((each) =>
          rangeHasAddress(each, ip('2001:db8::1')),
        ),
      );
    }
  });

  test('keeps what a link needs out of what is refused by its address', () => {
    for (const lan of [true, false]) {
      const plan = planned([], { granted: [], otherwise: 'block', lan });
      for (const address of ['255.255.255.255', '224.0.0.1', 'ff02::1', 'fe80::1']) {
        const isRefused = plan.firewall.refused.some((each) => rangeHasAddress(each, ip(address)));
        assert.equal(isRefused, false, address);
      }
      assert.ok(plan.firewall.refused.length > 0);
    }
  });

  test('steers what is decided by ports, once for all that touches', () => {
    const plan = planned([
      rule(1, 'bypass', '', HTTPS),
      rule(2, 'block', '203.0.113.0/24', { protocol: TCP }),
    ]);
    assert.deepEqual(firewall(plan)['steering'], [
      'bypass 0.0.0.0-203.0.112.255',
      'bypass 203.0.113.0-203.0.113.255',
      'block 203.0.113.0-203.0.113.255',
      'bypass 203.0.114.0-255.255.255.255',
      'bypass ::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    ]);
  });

  test('refuses by steering, not by address, what is left of a network of which the gateway takes a port', () => {
    const [https] = granted('203.0.113.0/24');
    assert.ok(https);
    const plan = planned([rule(1, 'protect', '203.0.113.0/24')], {
      granted: [{ ...https, protocol: TCP, startPort: 443, endPort: 443 }],
    });
    assert.deepEqual(firewall(plan)['steering'], [
      'protect 203.0.113.0-203.0.113.255',
      'block 203.0.113.0-203.0.113.255',
    ]);
    assert.deepEqual(firewall(plan)['refused'], []);
    assert.deepEqual(firewall(plan)['protected'], ['203.0.113.0-203.0.113.255']);
    assert.deepEqual(plan.routes, []);
  });

  test('steers nothing by what a firewall does not see', () => {
    const [any] = granted('203.0.113.0/24');
    assert.ok(any);
    const echo = { ...any, protocol: 1, startPort: 2048, endPort: 2048 };
    const hidden = { ...any, protocol: TCP, startPort: 0xffff, endPort: 0 };
    const plan = planned([rule(1, 'protect', '203.0.113.0/24')], { granted: [echo, hidden] });
    assert.deepEqual(plan.firewall.steering, []);
    assert.deepEqual(firewall(plan)['refused'], ['203.0.113.0-203.0.113.255']);
  });

  test('leaves a few addresses out of a network by exceptions to its route', () => {
    const plan = planned([rule(1, 'bypass', '198.51.100.80 198.51.100.82 2001:db8::7')]);
    assert.deepEqual(plan.routes.map(formatPrefix), ['0.0.0.0/0', '::/0']);
    assert.deepEqual(plan.past.map(formatPrefix), [
      '198.51.100.80/32',
      '198.51.100.82/32',
      '2001:db8::7/128',
    ]);
  });

  test('needs no exception for a hole that is a piece of its own', () => {
    const plan = planned([rule(1, 'protect', '10.1.0.1 10.1.0.4')], { otherwise: 'bypass' });
    assert.deepEqual(
      [plan.routes, plan.past].map((list) => list.map(formatPrefix)),
      [['10.1.0.1/32', '10.1.0.4/32'], []],
    );
  });

  test('takes what names stand for as it takes addresses, by the first rule that speaks of any of their names', () => {
    const rules = [rule(1, 'block', 'ads.shop.test'), rule(2, 'bypass', '*.cdn.test')];
    const names = [
      { name: 'www.cdn.test', address: ip('198.51.100.80') },
      { name: 'ads.shop.test', address: ip('198.51.100.81') },
      { name: 'ads.cdn.test', address: ip('198.51.100.81') },
      { name: 'elsewhere.test', address: ip('198.51.100.82') },
    ];
    const plan = planned(rules, { names });
    assert.deepEqual(plan.past.map(formatPrefix), ['198.51.100.80/31']);
    assert.deepEqual(firewall(plan)['refused'], ['198.51.100.81']);
    assert.ok((firewall(plan)['passing'] as string[]).includes('198.51.100.80'));
    assert.deepEqual(plan.screen, [], 'not one packet more is looked at for it');
  });

  test('lets the engine take what names alone lead into the tunnel', () => {
    const names = [{ name: 'wiki.corp.test', address: ip('203.0.113.9') }];
    const plan = planned([rule(1, 'protect', '*.corp.test')], { names, otherwise: 'bypass' });
    assert.deepEqual(plan.routes.map(formatPrefix), ['203.0.113.9/32']);
    const [first] = plan.screen;
    assert.deepEqual([first?.action, first && formatSelector(first.remote)], ['protect', '203.0.113.9/32']);
  });

  test('is refused when it falls into too many pieces', () => {
    const many = Array.from({ length: 200 }, (_, i) => rule(i + 1, 'bypass', `203.${i}.7.128/25`));
    const plan = planPolicy({
      policy: { rules: many, otherwise: 'gateway' },
      granted: EVERYTHING,
      names: [],
      lan: true,
    });
    assert.equal(plan.ok || plan.error.code, 'config.policy-unusable');
  });
});

describe('the screen before the children', () => {
  const children = [{ action: 'protect' as const, childId: 7, local: EVERYTHING, remote: EVERYTHING }];

  test('has nothing in it where everything is protected', () => {
    assert.deepEqual(screened(planned([]).screen, children), children);
  });

  test('says before the children what does not go through them, and nothing of what they do not take', () => {
    const { screen } = planned([
      rule(1, 'block', '203.0.113.0/24', { protocol: TCP, ports: [{ start: 25, end: 25 }] }),
      rule(2, 'bypass', '198.51.100.0/24'),
    ]);
    const said = (remote: Selector[]): string[] =>
      screened(screen, [{ action: 'protect', childId: 7, local: EVERYTHING, remote }]).map(
        (entry) => `${entry.action} ${entry.remote.map(formatSelector).join()}`,
      );
    assert.deepEqual(said(EVERYTHING), [
      'bypass 198.51.100.0/24',
      'discard 203.0.113.0/24[tcp/25]',
      'protect 203.0.113.0/24',
      'protect 0.0.0.0/0,::/0',
    ]);
    assert.deepEqual(said(granted('10.0.0.0/8')), ['protect 10.0.0.0/8']);
  });
});
