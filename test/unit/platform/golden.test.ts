/** What root's tools are told, word by word: whoever changes it sees it here, and every kind of step has its words. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parsePrefix, type Prefix, prefixToRange } from '../../../core/net/prefix.ts';
import type { AddressRange } from '../../../core/net/range.ts';
import {
  detourScript,
  resolvconfAdding,
  resolvconfRemoving,
  resolvedCalls,
} from '../../../core/platform/linux/dns/carry-out.ts';
import type { DnsStep } from '../../../core/platform/linux/dns/steps.ts';
import { firewallScript, NO_FIREWALL } from '../../../core/platform/linux/firewall-script.ts';
import { type Action, doing, type Step, undoing } from '../../../core/platform/linux/steps.ts';
import type { FirewallPlan } from '../../../core/platform/ports.ts';

const MARK = 0xca75;
const DEVICE = 'causeway0';
const SOURCE_MARK = '/proc/sys/net/ipv4/conf/all/src_valid_mark';
const NO_MARKS = 'table inet causeway_marks {}\ndelete table inet causeway_marks\n';

type Words = readonly string[];

/** A step of each kind, what takes it, and what undoes it. */
const STEPS: { readonly [K in Step['kind']]: readonly (readonly [Step & { kind: K }, Words, Words])[] } = {
  parameter: [
    [
      { kind: 'parameter', path: SOURCE_MARK, before: '0', after: '1' },
      [`write 1 ${SOURCE_MARK}`],
      [`write 0 ${SOURCE_MARK} if 1`],
    ],
  ],
  marks: [
    [
      { kind: 'marks', mark: MARK },
      [
        `nft ${NO_MARKS}table inet causeway_marks {
  chain leaving {
    type filter hook postrouting priority mangle;
    meta l4proto { tcp, udp } meta mark 0xca75 ct mark set 0xca75
  }
  chain arriving {
    type filter hook prerouting priority mangle;
    meta l4proto { tcp, udp } ct mark 0xca75 meta mark set 0xca75
  }
}
`,
      ],
      [`nft ${NO_MARKS}`],
    ],
  ],
  link: [
    [
      { kind: 'link', device: DEVICE, mtu: 1400 },
      [`ip link set dev ${DEVICE} mtu 1400 addrgenmode none`, `ip link set dev ${DEVICE} up`],
      [`ip link set dev ${DEVICE} down`],
    ],
  ],
  address: [
    [
      { kind: 'address', device: DEVICE, address: '10.5.0.7' },
      [`ip address add 10.5.0.7/32 dev ${DEVICE} noprefixroute`],
      [`ip address del 10.5.0.7/32 dev ${DEVICE}`],
    ],
    [
      { kind: 'address', device: DEVICE, address: 'fd05::7' },
      [`ip address add fd05::7/128 dev ${DEVICE} nodad noprefixroute`],
      [`ip address del fd05::7/128 dev ${DEVICE}`],
    ],
  ],
  route: [
    [
      { kind: 'route', device: DEVICE, prefix: '10.0.0.0/8', source: '10.5.0.7' },
      [`ip route replace 10.0.0.0/8 dev ${DEVICE} table 51510 src 10.5.0.7`],
      [`ip route del 10.0.0.0/8 dev ${DEVICE} table 51510`],
    ],
    [
      { kind: 'route', device: DEVICE, prefix: '::/0', source: undefined },
      [`ip route replace ::/0 dev ${DEVICE} table 51510`],
      [`ip route del ::/0 dev ${DEVICE} table 51510`],
    ],
  ],
  exception: [
    [
      { kind: 'exception', prefix: '192.0.2.0/24' },
      ['ip route replace throw 192.0.2.0/24 table 51510'],
      ['ip route del throw 192.0.2.0/24 table 51510'],
    ],
  ],
  'main-first': [
    [
      { kind: 'main-first', family: 4, to: '10.0.0.0/8' },
      ['ip rule add pref 15510 to 10.0.0.0/8 lookup main suppress_prefixlength 0'],
      ['ip rule del pref 15510 to 10.0.0.0/8 lookup main suppress_prefixlength 0'],
    ],
    [
      { kind: 'main-first', family: 6, to: 'fc00::/7' },
      ['ip -6 rule add pref 15510 to fc00::/7 lookup main suppress_prefixlength 0'],
      ['ip -6 rule del pref 15510 to fc00::/7 lookup main suppress_prefixlength 0'],
    ],
  ],
  'tunnel-rule': [
    [
      { kind: 'tunnel-rule', family: 6, mark: MARK },
      ['ip -6 rule add pref 15511 not fwmark 0xca75 lookup 51510'],
      ['ip -6 rule del pref 15511 not fwmark 0xca75 lookup 51510'],
    ],
  ],
  'marked-route': [
    [
      { kind: 'marked-route', device: DEVICE, family: 4, source: '10.5.0.7' },
      [`ip route replace 0.0.0.0/0 dev ${DEVICE} table 51511 src 10.5.0.7`],
      [`ip route del 0.0.0.0/0 dev ${DEVICE} table 51511`],
    ],
  ],
  'marked-rule': [
    [
      { kind: 'marked-rule', family: 4, mark: 0xca76 },
      ['ip rule add pref 15512 fwmark 0xca76 lookup 51511'],
      ['ip rule del pref 15512 fwmark 0xca76 lookup 51511'],
    ],
  ],
};

function wordsOf(action: Action): Words {
  switch (action.kind) {
    case 'ip':
      return action.lines.map((line) => `ip ${action.family === 6 ? '-6 ' : ''}${line}`);
    case 'nft':
      return [`nft ${action.script}`];
    case 'write':
      return [`write ${action.value} ${action.path}${action.from === undefined ? '' : ` if ${action.from}`}`];
  }
}

describe('the words for routes, addresses and parameters', () => {
  for (const [kind, examples] of Object.entries(STEPS)) {
    test(`of a step of the kind ${kind}`, () => {
      for (const [step, taking, undone] of examples) {
        assert.deepEqual(wordsOf(doing(step)), taking);
        assert.deepEqual(wordsOf(undoing(step)), undone);
      }
    });
  }
});

/** A step of each kind and what takes it and undoes it, where a program or a bus does. */
const DNS: { readonly [K in DnsStep['kind']]: (() => void) | undefined } = {
  resolved: () => {
    const calls = resolvedCalls({
      kind: 'resolved',
      device: DEVICE,
      index: 7,
      servers: ['10.1.0.53'],
      domains: ['corp.example', '~lab.test'],
      defaultRoute: false,
    });
    assert.deepEqual(
      calls.map(({ member, signature, args }) => `${member} ${signature} ${JSON.stringify(args.slice(1))}`),
      [
        'SetLinkLLMNR is ["no"]',
        'SetLinkMulticastDNS is ["no"]',
        'SetLinkDNSOverTLS is ["no"]',
        'SetLinkDefaultRoute ib [false]',
        'SetLinkDomains ia(sb) [[["corp.example",false],["lab.test",true]]]',
        'SetLinkDNS ia(iay) [[[2,{"0":10,"1":1,"2":0,"3":53}]]]',
        'FlushCaches  []',
      ],
    );
    for (const { args, signature } of calls) assert.equal(args[0], signature === '' ? undefined : 7);
  },
  resolvconf: () => {
    assert.deepEqual(resolvconfAdding(`tun.${DEVICE}`), ['-a', `tun.${DEVICE}`, '-m', '0', '-x']);
    assert.deepEqual(resolvconfRemoving(`tun.${DEVICE}`), ['-d', `tun.${DEVICE}`, '-f']);
  },
  detour: () =>
    assert.equal(
      detourScript({ kind: 'detour', address: '127.0.83.53', port: 10053 }),
      `table inet causeway_names {
  chain detour {
    type nat hook output priority -100;
    ip daddr 127.0.83.53 meta l4proto { tcp, udp } th dport 53 dnat ip to 127.0.83.53:10053
  }
}
`,
    ),
  // Its text is in texts.test.ts, and no program is told.
  file: undefined,
};

describe('the words for name servers', () => {
  for (const [kind, check] of Object.entries(DNS)) test(`of a step of the kind ${kind}`, () => check?.());
});

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  assert.ok(parsed, text);
  return parsed;
}

function ranges(...texts: readonly string[]): AddressRange[] {
  return texts.map((text) => prefixToRange(prefix(text)));
}

const OPEN: FirewallPlan = {
  stance: 'open',
  bypassMark: MARK,
  tunnelMark: 0xca76,
  protectedRanges: [],
  passing: [],
  refused: [],
  lan: true,
  nameServersInTunnel: false,
  steering: [],
};
const TUN: FirewallPlan['tun'] = { name: DEVICE, addresses: [prefix('10.5.0.7/32'), prefix('fd05::7/128')] };

/** Each is a file in golden/. */
const FIREWALLS: Readonly<Record<string, FirewallPlan>> = {
  'closed-without-connection': { ...OPEN, stance: 'closed', lan: false },
  'closed-with-hole-and-lookups': {
    ...OPEN,
    stance: 'closed',
    hole: { uid: 1000 },
    steering: [
      ...ranges('0.0.0.0/0', '::/0').map((range) => ({
        range,
        protocol: 17,
        ports: [{ start: 53, end: 53 }],
        effective: 'bypass' as const,
      })),
    ],
  },
  'open-with-policy': {
    ...OPEN,
    tun: TUN,
    protectedRanges: ranges('10.50.0.0/24', 'fd50::/64'),
    refused: ranges('192.0.2.7/32'),
    steering: [
      ...ranges('198.51.100.0/24').map((range) => ({
        range,
        protocol: 6,
        ports: [
          { start: 443, end: 443 },
          { start: 8000, end: 8080 },
        ],
        effective: 'protect' as const,
      })),
      ...ranges('2001:db8::/32').map((range) => ({ range, protocol: 58, effective: 'block' as const })),
    ],
  },
  'closed-around-everything': {
    ...OPEN,
    stance: 'closed',
    lan: false,
    tun: TUN,
    protectedRanges: ranges('0.0.0.0/0', '::/0'),
    passing: ranges('198.51.100.82/32'),
    nameServersInTunnel: true,
  },
};

describe('the script of the firewall, word by word', () => {
  for (const [name, plan] of Object.entries(FIREWALLS)) {
    test(name.replaceAll('-', ' '), () => {
      const golden = readFileSync(join(import.meta.dirname, 'golden', `${name}.nft`), 'utf8');
      assert.equal(firewallScript(plan), golden);
      assert.ok(golden.startsWith(NO_FIREWALL));
    });
  }
});
