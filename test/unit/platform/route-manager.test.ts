import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAddress } from '../../../core/net/address.ts';
import { parsePrefix, type Prefix } from '../../../core/net/prefix.ts';
import { LinuxRouteManager } from '../../../core/platform/linux/route-manager.ts';
import type { NetworkPlan } from '../../../core/platform/ports.ts';
import { FakeMachine, Killed, rpFilter } from '../../support/fake-os.ts';

const MARK = 0xca75;

function prefixes(...texts: readonly string[]): Prefix[] {
  return texts.map((text) => parsePrefix(text)!);
}

function plan(addresses: readonly string[], routes: readonly string[], gateway?: string): NetworkPlan {
  return {
    tun: { name: 'causeway0', mtu: 1380 },
    addresses: prefixes(...addresses),
    routes: prefixes(...routes),
    bypassMark: MARK,
    ...(gateway === undefined ? {} : { gateway: parseAddress(gateway)! }),
  };
}

const SPLIT = plan(['10.5.0.7'], ['10.0.0.0/8', '192.168.40.0/24']);
const FULL = plan(['10.5.0.7', 'fd05::7'], ['0.0.0.0/0', '::/0']);
const STRICT = rpFilter({ eth0: 1 });

function machine(parameters: Readonly<Record<string, string>> = {}): FakeMachine {
  const fake = new FakeMachine(parameters);
  fake.addDevice('causeway0');
  return fake;
}

/** What is on a machine after one plan alone. */
async function stateAfter(wanted: NetworkPlan, parameters = {}): Promise<object> {
  const fake = machine(parameters);
  await new LinuxRouteManager(fake.process()).apply(wanted);
  return withoutJournal(fake);
}

/** The journal differs by the number of its process. */
function withoutJournal(fake: FakeMachine): object {
  return { ...fake.state(), journal: undefined };
}

test('a split tunnel is one run of ip, after the journal, and touches only the table of the tunnel', async () => {
  const fake = machine();
  const manager = new LinuxRouteManager(fake.process());
  assert.deepEqual(await manager.apply(SPLIT), { ok: true, value: undefined });
  assert.deepEqual(fake.transcript, [
    'journal written',
    `ip -batch -
  link set dev causeway0 mtu 1380 addrgenmode none
  link set dev causeway0 up
  address add 10.5.0.7/32 dev causeway0 noprefixroute
  route replace 10.0.0.0/8 dev causeway0 table 51510 src 10.5.0.7
  route replace 192.168.40.0/24 dev causeway0 table 51510 src 10.5.0.7
  rule add pref 15511 not fwmark 0xca75 lookup 51510`,
  ]);
});

test('a link too narrow for IPv6 is not asked for anything about it', async () => {
  const fake = machine();
  const narrow = { ...SPLIT, tun: { name: 'causeway0', mtu: 1279 } };
  assert.equal((await new LinuxRouteManager(fake.process()).apply(narrow)).ok, true);
  assert.deepEqual(fake.state().links['causeway0'], { up: true, mtu: 1279 });
  const least = { ...SPLIT, tun: { name: 'causeway0', mtu: 1280 } };
  assert.equal((await new LinuxRouteManager(machine().process()).apply(least)).ok, true);
});

test('a full tunnel of both families asks the main table first about local networks alone, and puts rules of IPv6 into a second run', async () => {
  const fake = machine();
  await new LinuxRouteManager(fake.process()).apply(FULL);
  assert.deepEqual(fake.transcript, [
    'journal written',
    `ip -batch -
  link set dev causeway0 mtu 1380 addrgenmode none
  link set dev causeway0 up
  address add 10.5.0.7/32 dev causeway0 noprefixroute
  address add fd05::7/128 dev causeway0 nodad noprefixroute
  route replace 0.0.0.0/0 dev causeway0 table 51510 src 10.5.0.7
  route replace ::/0 dev causeway0 table 51510 src fd05::7
  rule add pref 15510 to 10.0.0.0/8 lookup main suppress_prefixlength 0
  rule add pref 15510 to 172.16.0.0/12 lookup main suppress_prefixlength 0
  rule add pref 15510 to 192.168.0.0/16 lookup main suppress_prefixlength 0
  rule add pref 15510 to 169.254.0.0/16 lookup main suppress_prefixlength 0
  rule add pref 15511 not fwmark 0xca75 lookup 51510`,
    `ip -6 -batch -
  rule add pref 15510 to fc00::/7 lookup main suppress_prefixlength 0
  rule add pref 15510 to fe80::/10 lookup main suppress_prefixlength 0
  rule add pref 15511 not fwmark 0xca75 lookup 51510`,
  ]);
});

test('clearing undoes everything, rules first, and removes the journal last', async () => {
  const fake = machine();
  const manager = new LinuxRouteManager(fake.process());
  await manager.apply(FULL);
  fake.transcript.length = 0;
  assert.equal((await manager.clear()).ok, true);
  assert.deepEqual(fake.transcript, [
    `ip -6 -force -batch -
  rule del pref 15511 not fwmark 0xca75 lookup 51510
  rule del pref 15510 to fe80::/10 lookup main suppress_prefixlength 0
  rule del pref 15510 to fc00::/7 lookup main suppress_prefixlength 0`,
    `ip -force -batch -
  rule del pref 15511 not fwmark 0xca75 lookup 51510
  rule del pref 15510 to 169.254.0.0/16 lookup main suppress_prefixlength 0
  rule del pref 15510 to 192.168.0.0/16 lookup main suppress_prefixlength 0
  rule del pref 15510 to 172.16.0.0/12 lookup main suppress_prefixlength 0
  rule del pref 15510 to 10.0.0.0/8 lookup main suppress_prefixlength 0
  route del ::/0 dev causeway0 table 51510
  route del 0.0.0.0/0 dev causeway0 table 51510
  address del fd05::7/128 dev causeway0
  address del 10.5.0.7/32 dev causeway0
  link set dev causeway0 down`,
    'journal removed',
  ]);
  fake.transcript.length = 0;
  assert.equal((await manager.clear()).ok, true);
  assert.deepEqual(fake.transcript, [], 'a second time there is nothing to do');
});

test('a strict rp_filter on the way to the gateway gets marks on the answers, and everything back afterwards', async () => {
  const fake = machine(STRICT);
  const before = fake.state();
  const manager = new LinuxRouteManager(fake.process());
  await manager.apply(plan(['10.5.0.7'], ['0.0.0.0/0'], '203.0.113.1'));
  const state = fake.state();
  assert.equal(state.parameters['/proc/sys/net/ipv4/conf/all/src_valid_mark'], '1');
  assert.match(state.nftTables['causeway_marks'] ?? '', /ct mark 0xca75 meta mark set 0xca75/);
  assert.match(fake.transcript.join('\n'), /^journal written\nnft -f -\n[^]*\nwrite 1 [^]*\nip -batch -\n/);
  await manager.apply(plan(['10.5.0.7'], ['0.0.0.0/0', '10.0.0.0/8'], '203.0.113.1'));
  await manager.clear();
  assert.deepEqual({ ...fake.state(), links: undefined }, { ...before, links: undefined });
});

test('a strict rp_filter is left alone when the gateway is outside the tunnel, or the filter is loose', async () => {
  const cases: readonly [Record<string, string>, NetworkPlan, boolean][] = [
    [STRICT, plan(['10.5.0.7'], ['10.0.0.0/8'], '203.0.113.1'), false],
    [STRICT, plan(['10.5.0.7'], ['203.0.113.0/24'], '203.0.113.1'), true],
    [STRICT, plan(['10.5.0.7'], ['10.0.0.0/8']), true],
    [STRICT, plan(['fd05::7'], ['::/0'], '203.0.113.1'), false],
    [STRICT, plan(['10.5.0.7'], ['0.0.0.0/0'], '2001:db8::1'), false],
    [rpFilter({ all: 1 }), plan(['10.5.0.7'], ['0.0.0.0/0']), true],
    [rpFilter({ all: 2, eth0: 1 }), plan(['10.5.0.7'], ['0.0.0.0/0']), false],
    [rpFilter({ all: 1, eth0: 2, default: 2 }), plan(['10.5.0.7'], ['0.0.0.0/0']), false],
    [rpFilter({ causeway0: 1 }), plan(['10.5.0.7'], ['0.0.0.0/0']), false],
  ];
  for (const [parameters, wanted, needed] of cases) {
    const fake = machine(parameters);
    await new LinuxRouteManager(fake.process()).apply(wanted);
    assert.equal('causeway_marks' in fake.state().nftTables, needed, JSON.stringify(parameters));
  }
});

test('a tunnel whose addresses may change has TCP follow them, until the end and not from there on', async () => {
  const path = '/proc/sys/net/ipv4/ip_dynaddr';
  const fake = machine({ [path]: '0' });
  const manager = new LinuxRouteManager(fake.process());
  for (const own of ['192.0.0.8', '10.5.0.7']) {
    await manager.apply({ ...plan([own], ['10.0.0.0/8']), followAddresses: true });
    assert.equal(fake.state().parameters[path], '1');
  }
  await manager.clear();
  assert.equal(fake.state().parameters[path], '0');
});

test('a parameter that somebody changed meanwhile is not put back', async () => {
  const fake = machine(STRICT);
  const os = fake.process();
  const manager = new LinuxRouteManager(os);
  await manager.apply(FULL);
  os.writeParameter('/proc/sys/net/ipv4/conf/all/src_valid_mark', '2');
  await manager.clear();
  assert.equal(fake.state().parameters['/proc/sys/net/ipv4/conf/all/src_valid_mark'], '2');
});

test('a second plan is reached by its differences alone', async () => {
  const fake = machine();
  const manager = new LinuxRouteManager(fake.process());
  await manager.apply(plan(['10.5.0.7'], ['10.0.0.0/8', '192.168.40.0/24']));
  fake.transcript.length = 0;
  await manager.apply(plan(['10.5.0.9'], ['10.0.0.0/8', '172.16.0.0/12']));
  assert.deepEqual(fake.transcript, [
    `ip -batch -
  address add 10.5.0.9/32 dev causeway0 noprefixroute
  route replace 10.0.0.0/8 dev causeway0 table 51510 src 10.5.0.9
  route replace 172.16.0.0/12 dev causeway0 table 51510 src 10.5.0.9
  route del 192.168.40.0/24 dev causeway0 table 51510
  address del 10.5.0.7/32 dev causeway0`,
  ]);
  assert.deepEqual(
    withoutJournal(fake),
    await stateAfter(plan(['10.5.0.9'], ['10.0.0.0/8', '172.16.0.0/12'])),
  );
  fake.transcript.length = 0;
  await manager.apply(plan(['10.5.0.9'], ['172.16.0.0/12', '10.0.0.0/8']));
  assert.deepEqual(fake.transcript, [], 'the same in another order is the same');
});

test('a route without an address of its family has no source, and the same route twice is one', async () => {
  const fake = machine();
  await new LinuxRouteManager(fake.process()).apply(plan(['10.5.0.7'], ['fd00::/8', 'fd00::/8']));
  assert.deepEqual(
    fake.state().routes.filter((route) => route.startsWith('51510')),
    ['51510 fd00::/8 dev causeway0 src -'],
  );
});

test('whatever line is refused, apply fails by its family and everything is as before', async () => {
  const refusals: readonly [RegExp, string, object][] = [
    [/^link set .* up$/, 'platform.tun-failed', { name: 'causeway0' }],
    [/^address add fd05/, 'platform.address-failed', { address: 'fd05::7' }],
    [/^route replace ::/, 'platform.route-failed', {}],
    [/^rule add pref 15511/, 'platform.route-failed', {}],
  ];
  for (const [line, code, expected] of refusals) {
    const fake = machine();
    const before = withDeviceDown(fake);
    const manager = new LinuxRouteManager(fake.process());
    fake.refuse = { line, message: 'RTNETLINK answers: Operation not permitted' };
    const applied = await manager.apply(FULL);
    assert.ok(!applied.ok);
    assert.equal(applied.error.code, code);
    const { command, detail, ...rest } = applied.error.context;
    assert.equal(detail, 'RTNETLINK answers: Operation not permitted');
    assert.match(String(command).replace(/^ip (-6 )?/, ''), line);
    assert.deepEqual(rest, expected);
    assert.deepEqual(withDeviceDown(fake), before);
    fake.refuse = undefined;
    assert.equal((await manager.apply(FULL)).ok, true, 'and it can be tried again');
  }
});

/** The state of the machine but for the MTU of our own device, which dies with it anyway. */
function withDeviceDown(fake: FakeMachine): object {
  const state = fake.state();
  const { causeway0: device, ...links } = state.links;
  return { ...state, links, up: device?.up ?? false };
}

test('what could not be undone is kept in the journal and undone the next time', async () => {
  const fake = machine();
  const before = withDeviceDown(fake);
  const manager = new LinuxRouteManager(fake.process());
  await manager.apply(SPLIT);
  fake.refuse = { line: /^rule del/, message: 'RTNETLINK answers: Operation not permitted' };
  const cleared = await manager.clear();
  assert.equal(!cleared.ok && cleared.error.code, 'platform.restore-failed');
  assert.notEqual(fake.state().journal, undefined);
  assert.equal((await manager.apply(SPLIT)).ok, false, 'nothing new upon what is torn');
  fake.refuse = undefined;
  assert.deepEqual(await manager.repairStale(), { ok: true, value: true });
  assert.deepEqual(withDeviceDown(fake), before);
});

test('a failure whose undoing fails too tells both', async () => {
  const fake = machine();
  const manager = new LinuxRouteManager(fake.process());
  fake.refuse = { line: /^rule add|^address del/, message: 'RTNETLINK answers: Operation not permitted' };
  const applied = await manager.apply(SPLIT);
  assert.ok(!applied.ok);
  assert.equal(applied.error.context['leftover'], 'RTNETLINK answers: Operation not permitted');
});

test('on a kernel without IPv6 a plan with it fails, and there is nothing that could not be undone', async () => {
  const fake = machine();
  const manager = new LinuxRouteManager(fake.process());
  fake.refuse = { line: /:|^rule/, message: 'RTNETLINK answers: Address family not supported by protocol' };
  const applied = await manager.apply(plan(['fd05::7'], ['fd00::/8']));
  assert.ok(!applied.ok);
  assert.equal(applied.error.code, 'platform.address-failed');
  assert.equal(applied.error.context['leftover'], undefined);
  assert.equal(fake.state().journal, undefined);
});

test('a device name that is more than a name is refused before anything happens', async () => {
  const fake = machine();
  for (const name of ['a b', 'a\nroute add default dev eth0', '', 'sixteen-letters-', '-force', 'ä']) {
    const applied = await new LinuxRouteManager(fake.process()).apply({ ...SPLIT, tun: { name, mtu: 1380 } });
    assert.equal(!applied.ok && applied.error.code, 'platform.tun-failed');
  }
  assert.deepEqual(fake.transcript, []);
});

test('a second process is told which one is running, and changes nothing', async () => {
  const fake = machine();
  const first = fake.process();
  await new LinuxRouteManager(first).apply(SPLIT);
  const before = fake.state();
  const second = new LinuxRouteManager(fake.process());
  for (const attempt of [await second.repairStale(), await second.apply(FULL)]) {
    assert.ok(!attempt.ok);
    assert.equal(attempt.error.code, 'platform.already-running');
    assert.deepEqual(attempt.error.context, { pid: first.self.pid, name: 'causeway0' });
  }
  assert.deepEqual(fake.state(), before);
});

test('a process that applies without having repaired first repairs what it finds', async () => {
  const fake = machine(STRICT);
  const first = fake.process();
  await new LinuxRouteManager(first).apply(FULL);
  fake.end(first.self.pid);
  fake.removeDevice('causeway0');
  fake.addDevice('causeway0');
  assert.equal((await new LinuxRouteManager(fake.process()).apply(SPLIT)).ok, true);
  assert.deepEqual(withoutJournal(fake), await stateAfter(SPLIT, STRICT));
});

test('a journal that is not ours is refused, never carried out', async () => {
  const fake = machine();
  fake.plantJournal(
    '{"version":1,"owner":{"pid":1,"startTicks":1},"steps":[{"kind":"run","line":"reboot"}]}',
  );
  const repaired = await new LinuxRouteManager(fake.process()).repairStale();
  assert.ok(!repaired.ok);
  assert.equal(repaired.error.code, 'platform.route-failed');
  assert.equal(repaired.error.context['detail'], 'step 1 is not one of ours');
  assert.deepEqual(fake.transcript, []);
});

test('calls wait for each other', async () => {
  const fake = machine();
  const manager = new LinuxRouteManager(fake.process());
  const before = withDeviceDown(fake);
  const [one, two, three] = await Promise.all([manager.apply(FULL), manager.apply(SPLIT), manager.clear()]);
  assert.deepEqual([one.ok, two.ok, three.ok], [true, true, true]);
  assert.deepEqual(withDeviceDown(fake), before);
});

for (const deviceDies of [true, false]) {
  const fate = deviceDies ? 'with its device' : 'while its device stays';
  test(`a process killed ${fate} between any two effects is repaired without a trace`, async () => {
    let kills = 0;
    for (let effects = 0; ; effects++) {
      const fake = machine(STRICT);
      const before = { ...fake.state(), links: undefined };
      const os = fake.process();
      const manager = new LinuxRouteManager(os);
      fake.killAfter(effects);
      await untilKilled(async () => {
        await manager.apply(SPLIT);
        await manager.apply(FULL);
        await manager.apply(plan(['10.5.0.9'], ['0.0.0.0/0']));
        await manager.clear();
      });
      const killed = !os.isAlive(os.self);
      fake.killAfter(Number.POSITIVE_INFINITY);
      fake.end(os.self.pid);
      if (deviceDies) fake.removeDevice('causeway0');
      const repaired = await new LinuxRouteManager(fake.process()).repairStale();
      assert.equal(repaired.ok, true);
      assert.deepEqual({ ...fake.state(), links: undefined }, before, `after ${effects} effects`);
      if (!killed) break;
      kills++;
    }
    assert.ok(kills > 30, `${kills} places to be killed at`);
  });
}

/** A dead process does nothing more, whatever the code that ran in it makes of that. */
async function untilKilled(work: () => Promise<void>): Promise<void> {
  await work().catch((error: unknown) => {
    if (!(error instanceof Killed)) throw error;
  });
}

test('what has the mark of the tunnel is led into it by a table of its own, which goes with the rest', async () => {
  const fake = machine();
  const manager = new LinuxRouteManager(fake.process());
  const before = fake.state();
  await manager.apply({ ...SPLIT, tunnelMark: 0xca76, localFirst: prefixes('192.168.0.0/17') });
  const { routes, rules } = fake.state();
  assert.ok(routes.includes('51511 0.0.0.0/0 dev causeway0 src 10.5.0.7'));
  assert.ok(
    rules[4].some((one) => /^(pref )?15512 .*fwmark 0xca76 lookup 51511/.test(one)),
    rules[4].join(),
  );
  assert.ok(rules[4].some((one) => one.includes('192.168.0.0/17')));
  assert.deepEqual(rules[6], before.rules[6]);
  await manager.clear();
  assert.deepEqual(fake.state().rules, before.rules);
});

test('where answers are filtered strictly, steered connections get the mark of their way back', async () => {
  const fake = machine(STRICT);
  const manager = new LinuxRouteManager(fake.process());
  await manager.apply({ ...SPLIT, tunnelMark: 0xca76 });
  assert.match(
    JSON.stringify(fake.state().nftTables),
    /iifname != .*causeway\*.* ct mark 0xca77 meta mark set 0xca75/,
  );
});
