import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parsePrefix, type Prefix, prefixToRange } from '../../../core/net/prefix.ts';
import type { AddressRange } from '../../../core/net/range.ts';
import { LinuxFirewall } from '../../../core/platform/linux/firewall.ts';
import { firewallScript } from '../../../core/platform/linux/firewall-script.ts';
import type { FirewallPlan } from '../../../core/platform/ports.ts';

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  assert.ok(parsed, text);
  return parsed;
}

function range(text: string): AddressRange {
  return prefixToRange(prefix(text));
}

const OPEN: FirewallPlan = {
  stance: 'open',
  bypassMark: 0xca75,
  tunnelMark: 0xca76,
  protectedRanges: [],
  passing: [],
  refused: [],
  lan: true,
  nameServersInTunnel: false,
  steering: [],
};

/** The rules of a chain, a line each. */
function chain(plan: FirewallPlan, name: string): string[] {
  const body = new RegExp(`  chain ${name} \\{\\n([^}]*?)\\n  \\}`).exec(
    firewallScript(plan).replaceAll(/\{([^{}\n]*)\}/g, '($1)'),
  )?.[1];
  return (body ?? '').split('\n').map((line) => line.trim());
}

describe('the script of the firewall', () => {
  test('replaces our table and touches no other', () => {
    const script = firewallScript(OPEN);
    assert.ok(
      script.startsWith('table inet causeway {}\ndelete table inet causeway\ntable inet causeway {\n'),
    );
    assert.equal(script.match(/^table /gm)?.length, 2);
  });

  test('of a closed stance drops what no rule speaks of, in every direction', () => {
    const closed = { ...OPEN, stance: 'closed' } as const;
    for (const name of ['leave', 'enter', 'pass']) {
      assert.match(chain(closed, name)[0] ?? '', /policy drop;$/);
      assert.match(chain(OPEN, name)[0] ?? '', /policy accept;$/);
    }
    assert.equal(chain(closed, 'leave').at(-1), 'goto refuse');
  });

  test('lets our own packets out before anything can refuse them', () => {
    assert.deepEqual(chain({ ...OPEN, stance: 'closed' }, 'leave').slice(1, 3), [
      'oifname "lo" accept',
      'meta mark 0xca75 accept',
    ]);
  });

  test('refuses protected destinations on every other interface, and before the local network is let through', () => {
    const rules = chain({ ...OPEN, stance: 'closed', protectedRanges: [range('10.1.0.0/16')] }, 'leave');
    const at = (words: string): number => rules.findIndex((rule) => rule.includes(words));
    assert.ok(at('@protected4') > 0 && at('@protected4') < at('192.168.0.0/16'));
    assert.ok(
      firewallScript({ ...OPEN, protectedRanges: [range('10.1.0.0/16')] }).includes('10.1.0.0-10.1.255.255'),
    );
  });

  test('steers by protocol and port', () => {
    const steering: FirewallPlan['steering'] = [
      {
        range: range('192.0.2.0/24'),
        protocol: 6,
        ports: [
          { start: 443, end: 443 },
          { start: 80, end: 88 },
        ],
        effective: 'bypass',
      },
      { range: range('::/0'), protocol: 58, effective: 'block' },
    ];
    assert.deepEqual(chain({ ...OPEN, steering }, 'steer').slice(3), [
      'ip daddr 192.0.2.0-192.0.2.255 meta l4proto tcp th dport ( 443, 80-88 ) meta mark set 0xca75 ct mark set 0xca77 accept',
      'ip6 daddr ::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff meta l4proto icmpv6 drop',
    ]);
    assert.deepEqual(chain(OPEN, 'steer'), ['']);
  });

  test('takes no name that could be more than a name', () => {
    for (const name of ['a" accept #', 'a\nb', 'a}', 'a;b', '']) {
      assert.throws(() => firewallScript({ ...OPEN, tun: { name, addresses: [] } }), RangeError);
      const steering = [{ range: range('0.0.0.0/0'), app: name, effective: 'block' as const }];
      assert.throws(() => firewallScript({ ...OPEN, steering }), RangeError);
    }
  });
});

describe('the firewall', () => {
  test('says what nft said when it is refused, and loads nothing twice', async () => {
    const scripts: string[] = [];
    let status = 0;
    const firewall = new LinuxFirewall({
      run: (_tool, _args, input) => {
        scripts.push(input);
        return Promise.resolve({ ok: true, value: { status, stderr: 'Error: no\n  more' } });
      },
    });
    assert.ok((await firewall.apply(OPEN)).ok);
    assert.ok((await firewall.apply(OPEN)).ok);
    assert.equal(scripts.length, 1);
    status = 1;
    const refused = await firewall.apply({ ...OPEN, stance: 'closed' });
    assert.deepEqual(refused.ok || [refused.error.code, refused.error.context], [
      'platform.firewall-failed',
      { detail: 'Error: no' },
    ]);
  });
});
