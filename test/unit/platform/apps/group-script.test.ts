import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parsePrefix, prefixToRange } from '../../../../core/net/prefix.ts';
import { fillScript } from '../../../../core/platform/linux/apps/group-script.ts';
import type { Group } from '../../../../core/platform/linux/apps/group-tree.ts';
import { appNamesOf, holdsUnits } from '../../../../core/platform/linux/apps/unit-names.ts';
import { LinuxFirewall } from '../../../../core/platform/linux/firewall.ts';
import { firewallScript } from '../../../../core/platform/linux/firewall-script.ts';
import type { FirewallPlan, SteeringRule } from '../../../../core/platform/ports.ts';

function group(path: string, id: number): Group {
  const name = path.split('/').at(-1) ?? '';
  return { path, id, holdsUnits: holdsUnits(name), apps: appNamesOf(path) };
}

function steer(app: string, effective: SteeringRule['effective'], text = '192.0.2.0/24'): SteeringRule {
  const prefix = parsePrefix(text);
  assert.ok(prefix);
  return { range: prefixToRange(prefix), app, effective };
}

const inside = parsePrefix('10.3.0.5/32');
assert.ok(inside);
const OTHER = {
  stance: 'open' as const,
  bypassMark: 0xca75,
  tunnelMark: 0xca76,
  protectedRanges: [],
  passing: [],
  refused: [],
  lan: false,
  nameServersInTunnel: false,
};
const PLAN: FirewallPlan = {
  ...OTHER,
  tun: { name: 'causeway0', addresses: [inside] },
  steering: [
    steer('firefox', 'bypass'),
    { ...steer('nginx', 'protect', '2001:db8::/32'), protocol: 6, ports: [{ start: 443, end: 443 }] },
    steer('firefox.desktop', 'block', '203.0.113.0/24'),
    { range: steer('', 'block').range, protocol: 17, effective: 'block' },
  ],
};

/** The lines of a chain or set of the script. */
function block(head: string, plan = PLAN): string[] {
  const lines = firewallScript(plan).split('\n');
  const from = lines.indexOf(`  ${head} {`);
  return from < 0 ? [] : lines.slice(from + 1, lines.indexOf('  }', from)).map((line) => line.trim());
}

const LEVELS = [1, 2, 3, 4, 5, 6, 7, 8];

describe('the part of the firewall that is about programs', () => {
  test('asks first whose a packet is that nobody knows yet, and then by the rules in their order', () => {
    assert.deepEqual(block('chain steer').slice(3), [
      'jump newcomers',
      'ip daddr 192.0.2.0-192.0.2.255 jump app0_bypass',
      'ip6 daddr 2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff meta l4proto tcp th dport { 443 } jump app1_protect',
      'ip daddr 203.0.113.0-203.0.113.255 jump app0_block',
      'ip daddr 192.0.2.0-192.0.2.255 meta l4proto udp drop',
    ]);
  });

  test('knows a program at whatever depth its group is', () => {
    assert.deepEqual(block('set app0'), ['type cgroupsv2', 'comment "firefox"']);
    assert.deepEqual(
      block('chain app0_bypass'),
      LEVELS.map((level) => `socket cgroupv2 level ${level} @app0 goto past`),
    );
    assert.equal(
      block('chain app1_protect')[1],
      'socket cgroupv2 level 2 @app1 meta mark set 0xca76 ct mark set 0xca77 accept',
    );
    assert.equal(block('chain app0_block')[0], 'socket cgroupv2 level 1 @app0 drop');
  });

  test('lets answers go back by the tunnel by which somebody came, also from what is led past it', () => {
    assert.deepEqual(block('chain past'), [
      'ct direction reply ip saddr 10.3.0.5 accept',
      'meta mark set 0xca75 ct mark set 0xca77 accept',
    ]);
  });

  test('has a group wait that nobody has told of, not longer than it takes to know it, and only once', () => {
    assert.deepEqual(block('chain newcomers').slice(0, 2), [
      'socket cgroupv2 level 1 != @known goto waiting1',
      'socket cgroupv2 level 1 @holders socket cgroupv2 level 2 != @known goto waiting2',
    ]);
    assert.deepEqual(block('chain waiting2'), [
      'socket cgroupv2 level 2 != @waited add @waiting { socket cgroupv2 level 2 } add @waited { socket cgroupv2 level 2 }',
      'socket cgroupv2 level 2 @waiting drop',
    ]);
    assert.deepEqual(block('set waiting').slice(2), ['flags dynamic, timeout', 'timeout 500ms']);
  });

  test('is not there when no rule speaks of programs', () => {
    const script = firewallScript({ ...PLAN, steering: PLAN.steering.slice(3) });
    assert.ok(!script.includes('cgroup') && !script.includes('newcomers'));
  });

  test('judges what is led by its mark where its interface is known, and shows no inner address elsewhere', () => {
    assert.deepEqual(block('chain led'), [
      'type filter hook postrouting priority srcnat + 1; policy accept;',
      'oifname != { "lo", "causeway0" } meta mark 0xca76 drop',
      'oifname != { "lo", "causeway0" } ip saddr 10.3.0.5 drop',
    ]);
    assert.ok(block('chain leave').includes('meta mark 0xca76 accept'));
    const without: FirewallPlan = { ...OTHER, steering: PLAN.steering };
    assert.ok(block('chain leave', without).includes('meta mark 0xca76 goto refuse'));
    assert.deepEqual(block('chain led', without), []);
  });

  test('is filled with all groups in place of those of before', () => {
    const groups = [
      group('app.slice', 1),
      group('app.slice/app-gnome-firefox-7.scope', 2),
      group('system.slice/nginx.service', 3),
    ];
    assert.equal(
      fillScript('causeway', ['firefox', 'nginx', 'none'], groups, 'unified/'),
      `flush set inet causeway holders
add element inet causeway holders { "unified/app.slice" }
flush set inet causeway known
add element inet causeway known { "unified/app.slice", "unified/app.slice/app-gnome-firefox-7.scope", "unified/system.slice/nginx.service" }
flush set inet causeway app0
add element inet causeway app0 { "unified/app.slice/app-gnome-firefox-7.scope" }
flush set inet causeway app1
add element inet causeway app1 { "unified/system.slice/nginx.service" }
flush set inet causeway app2
`,
    );
  });
});

describe('the firewall that follows programs', () => {
  class Bench {
    groups: Group[] = [group('system.slice/nginx.service', 1)];
    readonly scripts: string[] = [];
    readonly said: string[] = [];
    status = [0];
    isClosed = false;
    tell: () => void = () => undefined;
    readonly firewall = new LinuxFirewall(
      {
        run: (_tool, _args, input) => {
          this.scripts.push(input);
          const status = this.status.length > 1 ? (this.status.shift() ?? 0) : (this.status[0] ?? 0);
          return Promise.resolve({ ok: true, value: { status, stderr: 'Error: no such group' } });
        },
      },
      {
        hierarchy: { root: '/nowhere', prefix: '' },
        watch: (onChange) => {
          this.tell = onChange;
          return { scan: () => this.groups, close: () => (this.isClosed = true) };
        },
        prepare: () => undefined,
        log: (_level, event) => this.said.push(event),
      },
    );
  }

  test('loads rules and groups at once, and afterwards the groups alone when one comes', async () => {
    const bench = new Bench();
    assert.ok((await bench.firewall.apply(PLAN)).ok);
    assert.match(bench.scripts[0] ?? '', /^table inet causeway \{\}.*chain leave.*add element.*nginx/s);
    assert.deepEqual(bench.firewall.apps, ['firefox', 'nginx']);
    bench.groups = [...bench.groups, group('system.slice/x.service', 2)];
    bench.tell();
    bench.tell();
    assert.ok((await bench.firewall.refresh()).ok);
    assert.equal(bench.scripts.length, 2);
    assert.match(bench.scripts[1] ?? '', /^flush set inet causeway holders\n.*"system.slice\/x.service"/s);
    bench.groups = bench.groups.slice(1);
    assert.ok((await bench.firewall.refresh()).ok);
    assert.equal(bench.scripts.length, 2, 'a group that is gone needs nothing');
    bench.groups = [group('system.slice/nginx.service', 9)];
    assert.ok((await bench.firewall.refresh()).ok);
    assert.equal(bench.scripts.length, 3, 'one that came again is another');
  });

  test('looks again when a group vanished while it was loaded, and says when that never ends', async () => {
    const bench = new Bench();
    bench.status = [1, 1, 0];
    assert.ok((await bench.firewall.apply(PLAN)).ok);
    assert.equal(bench.scripts.length, 3);
    bench.status = [1];
    bench.groups = [group('system.slice/nginx.service', 2)];
    bench.tell();
    const done = await bench.firewall.refresh();
    assert.equal(done.ok || done.error.code, 'platform.firewall-failed');
    assert.deepEqual(bench.said, ['programs-not-followed']);
  });

  test('watches nothing any more when no rule speaks of programs', async () => {
    const bench = new Bench();
    assert.ok((await bench.firewall.apply(PLAN)).ok);
    assert.ok((await bench.firewall.apply({ ...PLAN, steering: [] })).ok);
    assert.ok(bench.isClosed);
    assert.deepEqual(bench.firewall.apps, []);
    const without = new LinuxFirewall({ run: () => Promise.reject(new Error('not asked')) });
    const refused = await without.apply(PLAN);
    assert.equal(refused.ok || refused.error.code, 'platform.no-programs');
  });
});
