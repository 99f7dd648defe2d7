/**
 * The firewall's rules in a kernel, judged by what arrives elsewhere: namespaces for this machine, a host of its local
 * network, and the world behind a router.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { parsePrefix, type Prefix, prefixToRange } from '../../core/net/prefix.ts';
import type { AddressRange } from '../../core/net/range.ts';
import { firewallScript, NO_FIREWALL } from '../../core/platform/linux/firewall-script.ts';
import type { FirewallPlan } from '../../core/platform/ports.ts';
import { NetLab, type Namespace } from '../support/netns.ts';

/*
 *   laptop ------ lan ------ router ------ world
 *   192.168.7.2   host .9      .1          198.51.100.80, 203.0.113.1 (gateway), 192.0.2.7
 *   fd07::2       fd07::9    fd07::1       2001:db8:80::80
 *   cw0: 10.9.0.5, a dummy that takes what goes into the tunnel
 */
const SITE = '198.51.100.80';
const SITE_6 = '2001:db8:80::80';
const GATEWAY = '203.0.113.1';
const HOST = '192.168.7.9';
const HOST_6 = 'fd07::9';
const OFFICE = '10.1.0.5';

const PLAN: FirewallPlan = {
  stance: 'closed',
  bypassMark: 0xca75,
  tunnelMark: 0xca76,
  protectedRanges: [],
  passing: [],
  refused: [],
  lan: false,
  nameServersInTunnel: false,
  steering: [],
};

function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  assert.ok(parsed, text);
  return parsed;
}

function ranges(...texts: readonly string[]): AddressRange[] {
  return texts.map((text) => prefixToRange(prefix(text)));
}

/** Sends one datagram, marked if asked for, and prints the answer of an echo server or the error's name. */
const ASK = `
import errno, socket, sys
host, port, mark = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
s = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET, socket.SOCK_DGRAM)
if mark: s.setsockopt(socket.SOL_SOCKET, 36, mark)
s.settimeout(0.4)
try:
    s.connect((host, port)); s.send(b'x'); print(s.recv(100).decode())
except socket.timeout: print('silence')
except OSError as e: print(errno.errorcode[e.errno])
`;
/** Answers each datagram, from the address that it went to, with the address that it came from. */
const ECHO = `
import select, socket, sys
socks = []
for address in sys.argv[1].split(','):
    for port in map(int, sys.argv[2].split(',')):
        s = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((address, port)); socks.append(s)
print('ready', flush=True)
while True:
    for s in select.select(socks, [], [])[0]:
        d, a = s.recvfrom(2000); s.sendto(a[0].encode(), a)
`;
const PORTS = '443,9999,53,137,853,5353,5355';

describe('the firewall in a kernel', { skip: NetLab.unavailable() }, () => {
  let lab: NetLab;
  let laptop: Namespace;
  let host: Namespace;
  let world: Namespace;

  before(async () => {
    lab = NetLab.create('fire');
    const router = lab.namespace('router');
    [laptop, host, world] = [lab.namespace('laptop'), lab.namespace('host'), lab.namespace('world')];
    // The router switches the local network and routes between it and the world.
    for (const [place, address, address6] of [
      [laptop, '192.168.7.2/24', 'fd07::2/64'],
      [host, `${HOST}/24`, `${HOST_6}/64`],
    ] as const) {
      const [, port] = lab.link(place, router, { addrA: [address, address6] });
      if (place === laptop) lab.bridge(router, 'lan', ['192.168.7.1/24', 'fd07::1/64']);
      router.ip('link', 'set', port, 'master', 'lan');
    }
    lab.link(router, world, {
      addrA: ['198.51.100.1/24', '2001:db8:80::1/64'],
      addrB: [`${SITE}/24`, `${SITE_6}/64`],
    });
    world.ip('address', 'add', `${GATEWAY}/32`, 'dev', 'lo');
    world.ip('address', 'add', '192.0.2.7/32', 'dev', 'lo');
    world.ip('address', 'add', `${OFFICE}/32`, 'dev', 'lo');
    for (const to of [GATEWAY, '192.0.2.7', OFFICE]) lab.route(router, to, 'via', SITE);
    lab.forward(router);
    for (const place of [laptop, host]) {
      lab.route(place, 'default', 'via', '192.168.7.1');
      lab.route(place, 'default', 'via', 'fd07::1');
    }
    lab.route(world, 'default', 'via', '198.51.100.1');
    lab.route(world, 'default', 'via', '2001:db8:80::1');
    laptop.ip('link', 'add', 'cw0', 'type', 'veth', 'peer', 'name', 'sink');
    laptop.ip('address', 'add', '10.9.0.5/32', 'dev', 'cw0');
    laptop.ip('link', 'set', 'cw0', 'up');
    await Promise.all([
      echoes(laptop, '192.168.7.2', 'fd07::2', '10.9.0.5'),
      echoes(host, HOST, HOST_6),
      echoes(world, SITE, SITE_6, GATEWAY, '192.0.2.7', OFFICE),
    ]);
  });
  after(() => lab.destroy());
  beforeEach(() => laptop.nft(NO_FIREWALL));

  async function echoes(place: Namespace, ...addresses: readonly string[]): Promise<void> {
    const argv = ['python3', '-c', ECHO, addresses.join(), PORTS];
    const server = place.spawn(argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => server.stdout?.once('data', resolve));
  }

  function stand(plan: Partial<FirewallPlan>): void {
    laptop.nft(firewallScript({ ...PLAN, ...plan }));
  }

  function ask(from: Namespace, to: string, port = 9999, mark = 0): string {
    return from.run(['python3', '-c', ASK, to, `${port}`, `${mark}`]).trim();
  }

  const REFUSED = new Set(['EHOSTUNREACH', 'EACCES', 'EPERM', 'ECONNREFUSED']);
  function assertRefused(to: string, port = 9999): void {
    const answer = ask(laptop, to, port);
    assert.ok(REFUSED.has(answer), `${to}: ${answer}`);
  }

  test('without it everything is reached', () => {
    for (const to of [SITE, GATEWAY, HOST]) assert.equal(ask(laptop, to), '192.168.7.2');
    for (const to of [SITE_6, HOST_6]) assert.equal(ask(laptop, to), 'fd07::2');
  });

  test('closed, nothing leaves but what is marked as ours, and programs are told at once', () => {
    stand({});
    for (const to of [SITE, SITE_6, GATEWAY, HOST, HOST_6]) assertRefused(to);
    assert.equal(ask(laptop, GATEWAY, 9999, 0xca75), '192.168.7.2');
  });

  test('closed, nobody gets in', () => {
    assert.equal(ask(host, '192.168.7.2'), HOST);
    stand({});
    assert.equal(ask(host, '192.168.7.2'), 'silence');
    assert.equal(ask(host, 'fd07::2'), 'silence');
    assert.equal(ask(world, '192.168.7.2'), 'silence');
  });

  test('closed with the local network allowed, that and no more is reached', () => {
    stand({ lan: true });
    assert.equal(ask(laptop, HOST), '192.168.7.2');
    assert.equal(ask(laptop, HOST_6), 'fd07::2');
    assert.equal(ask(host, '192.168.7.2'), HOST);
    for (const to of [SITE, SITE_6]) assertRefused(to);
  });

  test('what belongs into the tunnel leaves by nothing else, whatever a route says (TunnelVision, LocalNet)', () => {
    for (const stance of ['open', 'closed'] as const) {
      stand({ stance, lan: true, protectedRanges: ranges('10.1.0.0/16', 'fd01::/48') });
      assertRefused(OFFICE);
      assert.equal(ask(laptop, HOST), '192.168.7.2');
    }
  });

  test('what is refused is not reached, what passes is, also when closed', () => {
    stand({ stance: 'open', refused: ranges('192.0.2.7/32') });
    assertRefused('192.0.2.7');
    assert.equal(ask(laptop, SITE), '192.168.7.2');
    stand({ passing: ranges('198.51.100.0/24') });
    assert.equal(ask(laptop, SITE), '192.168.7.2');
    assertRefused('192.0.2.7');
  });

  test('names are asked for in the tunnel alone when the plan says so', () => {
    stand({ stance: 'open', lan: true, nameServersInTunnel: true });
    for (const port of [53, 137, 853, 5355]) assertRefused(HOST, port);
    assertRefused(SITE, 53);
    assert.equal(ask(laptop, HOST, 5353), '192.168.7.2');
    stand({ stance: 'open', lan: false, nameServersInTunnel: true });
    assertRefused(HOST, 5353);
    assert.equal(ask(laptop, SITE), '192.168.7.2');
  });

  test('a hole for a captive portal lets that user reach the web and names, and nothing else', () => {
    stand({ hole: { uid: 0 } });
    assert.equal(ask(laptop, SITE, 443), '192.168.7.2');
    assertRefused(SITE, 9999);
    stand({ hole: { uid: 12345 } });
    assertRefused(SITE, 443);
  });

  test('nobody on the local network reaches our address in the tunnel (CVE-2019-14899)', () => {
    lab.route(host, '10.9.0.5', 'via', '192.168.7.2');
    assert.equal(ask(host, '10.9.0.5'), HOST);
    stand({ stance: 'open', tun: { name: 'cw0', addresses: [prefix('10.9.0.5/32')] } });
    assert.equal(ask(host, '10.9.0.5'), 'silence');
    assert.equal(ask(host, '192.168.7.2'), HOST);
    host.ip('route', 'del', '10.9.0.5');
  });

  test('a port is steered past a tunnel that takes everything, with the address of the way that it takes', () => {
    laptop.ip('route', 'add', 'default', 'dev', 'cw0', 'src', '10.9.0.5', 'table', '51510');
    laptop.ip('rule', 'add', 'pref', '100', 'not', 'fwmark', '0xca75', 'lookup', '51510');
    try {
      assert.equal(ask(laptop, SITE, 443), 'silence');
      const steering: FirewallPlan['steering'] = ranges('198.51.100.0/24').map((range) => ({
        range,
        protocol: 17,
        ports: [{ start: 443, end: 443 }],
        effective: 'bypass',
      }));
      stand({ stance: 'open', steering });
      assert.equal(ask(laptop, SITE, 443), '192.168.7.2');
      assert.equal(ask(laptop, SITE, 9999), 'silence');
    } finally {
      laptop.ip('rule', 'del', 'pref', '100');
      laptop.ip('route', 'flush', 'table', '51510');
    }
  });

  test('one plan after another leaves what the last alone would, and clearing leaves nothing', () => {
    const someRanges = fc
      .subarray(['10.0.0.0/8', '192.0.2.0/24', '2001:db8::/32', '0.0.0.0/0', '::/0'])
      .map((texts) => ranges(...texts));
    const plan: fc.Arbitrary<FirewallPlan> = fc.record({
      stance: fc.constantFrom('open', 'closed'),
      bypassMark: fc.constant(0xca75),
      tunnelMark: fc.constant(0xca76),
      protectedRanges: someRanges,
      passing: someRanges,
      refused: someRanges,
      lan: fc.boolean(),
      nameServersInTunnel: fc.boolean(),
      steering: someRanges.map((list) =>
        list.map((range) => ({ range, protocol: 6, effective: 'bypass' as const })),
      ),
    });
    const rules = (): string => laptop.run(['/usr/sbin/nft', 'list', 'ruleset']);
    fc.assert(
      fc.property(plan, plan, (first, second) => {
        laptop.nft(NO_FIREWALL);
        laptop.nft(firewallScript(second));
        const alone = rules();
        laptop.nft(firewallScript(first));
        laptop.nft(firewallScript(second));
        assert.equal(rules(), alone);
      }),
      { numRuns: 15 },
    );
    laptop.nft(NO_FIREWALL);
    assert.equal(rules().trim(), '');
  });
});
