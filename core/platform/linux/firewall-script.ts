import { formatAddress } from '../../net/address.ts';
import { LAN } from '../../net/local-networks.ts';
import { type AddressRange, formatRange } from '../../net/range.ts';
import type { Prefix } from '../../net/prefix.ts';
import type { FirewallPlan, SteeringRule } from '../ports.ts';
import { appBlocks, appChain, appsOf } from './apps/group-script.ts';
import { STEERED_MARK } from './numbers.ts';

/** The one table that is ours; it is replaced whole, in one transaction. */
export const FIREWALL_TABLE = 'causeway';

/** What a link needs to work at all: addresses from DHCP, neighbours, routers. Never beyond the link. */
const LINK_OUT: readonly string[] = [
  'udp sport 68 udp dport 67 accept',
  'ip6 saddr fe80::/10 udp sport 546 udp dport 547 accept',
  'icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept',
  'icmpv6 type { mld-listener-report, mld-listener-done, mld2-listener-report } accept',
];
const LINK_IN: readonly string[] = [
  'udp sport 67 udp dport 68 accept',
  'ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept',
  'icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, nd-redirect } ip6 hoplimit 255 accept',
  'icmpv6 type mld-listener-query accept',
];

/** Declared and deleted: that succeeds whether the table was there or not. */
export const NO_FIREWALL = `table inet ${FIREWALL_TABLE} {}\ndelete table inet ${FIREWALL_TABLE}\n`;

/**
 * The script for `nft -f -` that makes the firewall as the plan says, in place of any of ours before. All of it takes
 * effect at once or nothing of it. Every word in it is made here from checked values: names of devices have passed
 * isDevice. Its sets of control groups are empty: apps/group-script.ts fills them.
 */
export function firewallScript(plan: FirewallPlan): string {
  const steers = plan.steering.length > 0 || plan.hole !== undefined;
  const chains = [
    ...sets(plan),
    ...(steers ? [...appChains(plan), steerChain(plan), ...led(plan), disguiseChain()] : []),
    ...(plan.tun ? [strangersChain(plan.tun)] : []),
    chain('leave', `type filter hook output priority filter; policy ${policy(plan)};`, leaving(plan)),
    chain('enter', `type filter hook input priority filter; policy ${policy(plan)};`, entering(plan)),
    chain('pass', `type filter hook forward priority filter; policy ${policy(plan)};`, passing(plan)),
    chain('refuse', undefined, ['reject with icmpx admin-prohibited']),
  ];
  return `${NO_FIREWALL}table inet ${FIREWALL_TABLE} {\n${chains.join('')}}\n`;
}

function policy({ stance }: FirewallPlan): string {
  return stance === 'closed' ? 'drop' : 'accept';
}

function chain(name: string, hook: string | undefined, rules: readonly string[]): string {
  const lines = [...(hook === undefined ? [] : [hook]), ...rules];
  return `  chain ${name} {\n${lines.map((line) => `    ${line}\n`).join('')}  }\n`;
}

function sets({ protectedRanges, passing: past, refused }: FirewallPlan): string[] {
  const named = { protected: protectedRanges, passing: past, refused };
  return Object.entries(named).flatMap(([name, ranges]) =>
    ([4, 6] as const).flatMap((family) => set(`${name}${family}`, family, ranges)),
  );
}

function set(name: string, family: 4 | 6, ranges: readonly AddressRange[]): string[] {
  const elements = ranges.filter(({ start }) => start.family === family).map(formatRange);
  const body = elements.length > 0 ? `    elements = { ${elements.join(', ')} }\n` : '';
  return [`  set ${name} {\n    type ipv${family}_addr\n    flags interval\n    auto-merge\n${body}  }\n`];
}

/** Both families of a lookup in one of our sets. */
function within(direction: 'daddr' | 'saddr', name: string, verdict: string): string[] {
  return [`ip ${direction} @${name}4 ${verdict}`, `ip6 ${direction} @${name}6 ${verdict}`];
}

function leaving(plan: FirewallPlan): string[] {
  const { tun, bypassMark, lan, stance } = plan;
  return [
    'oifname "lo" accept',
    // Whoever is led past the tunnel is not led to other name servers, but to log in at a portal.
    ...(plan.hole ? [] : strayNames(plan, `meta mark ${hex(bypassMark)} ct mark ${hex(STEERED_MARK)} `)),
    `meta mark ${hex(bypassMark)} accept`,
    ...within('daddr', 'refused', 'goto refuse'),
    ...(tun ? [`oifname ${quoted(tun.name)} accept`] : []),
    ...astray(plan),
    ...LINK_OUT,
    // What belongs into the tunnel leaves by nothing else, whatever a route says (TunnelVision).
    ...within('daddr', 'protected', 'goto refuse'),
    ...strayNames(plan),
    ...within('daddr', 'passing', 'accept'),
    ...(lan ? lanRules('daddr') : []),
    ...(stance === 'closed' ? ['goto refuse'] : []),
  ];
}

/**
 * Questions for names that leave by another way than the tunnel when no name is anybody else's: DNS, plain and
 * encrypted, and what asks everybody on the link for short names (NetBIOS, LLMNR), which an office has too. Multicast DNS
 * asks for names of the local network alone, and is a part of it.
 */
function strayNames({ nameServersInTunnel, lan }: FirewallPlan, words = ''): string[] {
  if (!nameServersInTunnel) return [];
  const ports = [53, 137, 853, ...(lan ? [] : [5353]), 5355];
  return [`${words}meta l4proto { tcp, udp } th dport { ${ports.join(', ')} } goto refuse`];
}

/**
 * What is to be led into the tunnel stays here when there is none: but for the local network. Whether it is led there
 * is not known yet in this hook, which goes on naming the interface of the first route.
 */
function astray(plan: FirewallPlan): string[] {
  if (!leadsIn(plan)) return [];
  if (plan.tun) return [`meta mark ${hex(plan.tunnelMark)} accept`];
  return notLocal(plan).map((words) => `${words} goto refuse`);
}

function leadsIn({ steering }: FirewallPlan): boolean {
  return steering.some(({ effective }) => effective === 'protect');
}

/** What has the mark of the tunnel and is not for the local network. */
function notLocal({ tunnelMark, lan }: FirewallPlan): string[] {
  const marked = `meta mark ${hex(tunnelMark)}`;
  if (!lan) return [marked];
  return [
    `${marked} ip daddr != { ${LAN[4].join(', ')} }`,
    `${marked} ip6 daddr != { ${LAN[6].join(', ')} }`,
  ];
}

/**
 * Here the interface is the one by which a packet leaves. What is for the tunnel leaves by no other, and our addresses
 * in the tunnel are seen nowhere else: a connection that began in the tunnel and is now led past it has to begin anew.
 */
function led(plan: FirewallPlan): string[] {
  const { tun } = plan;
  if (!tun) return [];
  const elsewhere = `oifname != { "lo", ${quoted(tun.name)} }`;
  const hook = 'type filter hook postrouting priority srcnat + 1; policy accept;';
  return [
    chain('led', hook, [
      ...(leadsIn(plan) ? notLocal(plan).map((words) => `${elsewhere} ${words} drop`) : []),
      ...tun.addresses.map((own) => `${elsewhere} ${sourceWords(own)} drop`),
    ]),
  ];
}

function sourceWords({ address }: Prefix): string {
  return `${address.family === 4 ? 'ip' : 'ip6'} saddr ${formatAddress(address)}`;
}

function entering({ tun, lan, stance }: FirewallPlan): string[] {
  if (stance === 'open') return [];
  return [
    'iifname "lo" accept',
    ...(tun ? [`iifname ${quoted(tun.name)} accept`] : []),
    // Answers to what was let out.
    'ct state established,related accept',
    ...LINK_IN,
    ...(lan ? lanRules('saddr') : []),
  ];
}

/** Virtual machines and containers are behind this machine: what they send has no more rights than what it sends. */
function passing(plan: FirewallPlan): string[] {
  const { tun, lan, stance } = plan;
  return [
    ...within('daddr', 'refused', 'goto refuse'),
    ...(tun ? [`oifname ${quoted(tun.name)} accept`] : []),
    // Answers alone: what began before goes on only where it may begin now.
    'ct direction reply ct state established,related accept',
    ...within('daddr', 'protected', 'goto refuse'),
    ...strayNames(plan),
    ...within('daddr', 'passing', 'accept'),
    ...(stance === 'closed' && lan ? lanRules('daddr') : []),
    ...(stance === 'closed' ? ['goto refuse'] : []),
  ];
}

function lanRules(direction: 'daddr' | 'saddr'): string[] {
  return [
    `ip ${direction} { ${LAN[4].join(', ')} } accept`,
    `ip6 ${direction} { ${LAN[6].join(', ')} } accept`,
  ];
}

/** Nobody on a local network has business with our address in the tunnel (CVE-2019-14899). */
function strangersChain({ name, addresses }: NonNullable<FirewallPlan['tun']>): string {
  const rules = addresses.map(
    ({ address }) =>
      `iifname != ${quoted(name)} ${address.family === 4 ? 'ip' : 'ip6'} daddr ${formatAddress(address)} fib saddr type != local drop`,
  );
  return chain('strangers', 'type filter hook prerouting priority raw; policy accept;', rules);
}

/** Decides by more than the address, before the route is chosen: the mark leads into the tunnel or past it. */
function steerChain({ steering, bypassMark, tunnelMark, hole }: FirewallPlan): string {
  const apps = appsOf(steering);
  const verdicts = verdictWords(bypassMark, tunnelMark);
  const rules = steering.map((rule) => {
    const verdict = rule.app === undefined ? verdicts[rule.effective] : `jump ${appChain(apps, rule)}`;
    return `${conditionWords(rule)} ${verdict}`;
  });
  return chain('steer', 'type route hook output priority mangle; policy accept;', [
    'oifname "lo" accept',
    `meta mark ${hex(bypassMark)} accept`,
    // A portal is past the tunnel, wherever the routes lead.
    ...(hole
      ? [`meta skuid ${hole.uid} meta l4proto { tcp, udp } th dport { 53, 80, 443 } ${past(bypassMark)}`]
      : []),
    ...(apps.length > 0 ? ['jump newcomers'] : []),
    ...rules,
  ]);
}

/** Answers to who came in by the tunnel go back by it, also those of an application that sends past it. */
function appChains({ steering, bypassMark, tunnelMark, tun }: FirewallPlan): string[] {
  const apps = appsOf(steering);
  if (apps.length === 0) return [];
  const past = chain('past', undefined, [
    ...(tun?.addresses ?? []).map((own) => `ct direction reply ${sourceWords(own)} accept`),
    verdictWords(bypassMark, tunnelMark).bypass,
  ]);
  return [
    past,
    ...appBlocks(apps, steering, { ...verdictWords(bypassMark, tunnelMark), bypass: 'goto past' }),
  ];
}

function past(bypassMark: number): string {
  return `meta mark set ${hex(bypassMark)} ct mark set ${hex(STEERED_MARK)} accept`;
}

function verdictWords(bypassMark: number, tunnelMark: number): Record<SteeringRule['effective'], string> {
  return {
    block: 'drop',
    bypass: past(bypassMark),
    protect: `meta mark set ${hex(tunnelMark)} ct mark set ${hex(STEERED_MARK)} accept`,
  };
}

function disguiseChain(): string {
  return chain('disguise', 'type nat hook postrouting priority srcnat; policy accept;', [
    `ct mark ${hex(STEERED_MARK)} masquerade`,
  ]);
}

const PROTOCOLS: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmpv6' };

function conditionWords({ range, protocol, ports }: SteeringRule): string {
  const words = [`${range.start.family === 4 ? 'ip' : 'ip6'} daddr ${formatRange(range)}`];
  if (protocol !== undefined) words.push(`meta l4proto ${PROTOCOLS[protocol] ?? protocol}`);
  if (ports !== undefined) {
    const list = ports.map(({ start, end }) => (start === end ? `${start}` : `${start}-${end}`));
    words.push(`th dport { ${list.join(', ')} }`);
  }
  return words.join(' ');
}

function hex(mark: number): string {
  return `0x${mark.toString(16)}`;
}

/** A word of nft in quotes. Its values come checked; a quote or a line break in one is a bug and not a rule. */
function quoted(text: string): string {
  if (!/^[A-Za-z0-9_./@:-]+$/.test(text)) throw new RangeError('a name that no rule can hold');
  return `"${text}"`;
}
