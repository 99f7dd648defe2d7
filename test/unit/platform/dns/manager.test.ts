import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatAddress } from '../../../../core/net/address.ts';
import { LinuxDnsManager } from '../../../../core/platform/linux/dns/manager.ts';
import { MARKER } from '../../../../core/platform/linux/dns/resolv-conf.ts';
import type { Timers } from '../../../../core/platform/linux/timers.ts';
import type { DnsPlan } from '../../../../core/platform/ports.ts';
import { FakeDnsMachine, RESOLV_CONF, STUB, textFile, type DnsKind } from '../../../support/fake-dns.ts';
import { dnsPlan, FORWARDER, FULL, SPLIT } from './plans.ts';

/** Time that passes when a test says so. */
class HandTimers implements Timers {
  #now = 0;
  #waiting: { readonly at: number; readonly callback: () => void }[] = [];
  now = (): number => this.#now;
  after = (delayMs: number, callback: () => void): (() => void) => {
    const own = { at: this.#now + delayMs, callback };
    this.#waiting.push(own);
    return () => (this.#waiting = this.#waiting.filter((each) => each !== own));
  };
  pass(ms: number): void {
    this.#now += ms;
    const due = this.#waiting.filter(({ at }) => at <= this.#now);
    this.#waiting = this.#waiting.filter(({ at }) => at > this.#now);
    for (const { callback } of due) callback();
  }
}

interface Rig {
  readonly machine: FakeDnsMachine;
  readonly manager: LinuxDnsManager;
  readonly timers: HandTimers;
  readonly logged: string[];
  readonly must: (plan: DnsPlan) => Promise<void>;
  /** Waits for what the manager does by itself. */
  readonly calm: () => Promise<void>;
}

function rig(kind: DnsKind, machine = new FakeDnsMachine(kind)): Rig {
  const timers = new HandTimers();
  const logged: string[] = [];
  const manager = new LinuxDnsManager({
    os: machine.process(),
    address: FORWARDER,
    forward: machine.forward,
    log: (_, event) => logged.push(event),
    timers,
  });
  return {
    machine,
    manager,
    timers,
    logged,
    must: async (plan) => assert.deepEqual(await manager.apply(plan), { ok: true, value: undefined }),
    calm: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

function read(machine: FakeDnsMachine, path = RESOLV_CONF): string {
  const there = machine.files.get(path);
  return there?.kind === 'file' ? there.text : `${there?.kind}`;
}

const OURS = `${MARKER}\nnameserver 10.1.0.53\nnameserver fd01::53\nsearch corp.example home.lan\noptions edns0\n`;
const KINDS: readonly DnsKind[] = [
  'uplinks',
  'plain',
  'absent',
  'followed',
  'no-bus',
  'resolved',
  'in-front',
  'alone',
];

describe('a plain resolv.conf', () => {
  test('names the servers of a full tunnel, with its options and its mode, after the journal', async () => {
    const { machine, manager, must } = rig('plain');
    const before = machine.state();
    await must(FULL);
    assert.deepEqual(machine.files.get(RESOLV_CONF), textFile(OURS, 0o640));
    assert.deepEqual(machine.transcript, ['journal written', `put ${RESOLV_CONF} file`]);
    machine.transcript.length = 0;
    await must(FULL);
    assert.deepEqual(machine.transcript, [], 'the same again is nothing');
    assert.equal((await manager.clear()).ok, true);
    assert.deepEqual(machine.transcript, [`put ${RESOLV_CONF} file`, 'journal removed']);
    assert.deepEqual(machine.state(), before);
    machine.transcript.length = 0;
    assert.equal((await manager.clear()).ok, true);
    assert.deepEqual(machine.transcript, []);
  });

  test('names our forwarder for a split tunnel, which cannot be said in it', async () => {
    const { machine, must, manager } = rig('plain');
    await must(SPLIT);
    assert.equal(
      read(machine),
      `${MARKER}\nnameserver 127.0.0.67\nsearch lab.test home.lan\noptions edns0\n`,
    );
    const [forwarder] = machine.forwarders;
    assert.deepEqual(forwarder?.plan.formerServers.map(formatAddress), ['192.168.7.1']);
    assert.deepEqual(forwarder.plan.servers.map(formatAddress), ['10.1.0.53', 'fd01::53']);
    await must(dnsPlan({ match: ['other.example'] }));
    assert.deepEqual(machine.forwarders.length, 1, 'the same forwarder, told of the change');
    assert.deepEqual(forwarder.plan.matchDomains, ['other.example']);
    await must(FULL);
    assert.equal(forwarder.open, false);
    await manager.clear();
  });

  test('that somebody else writes meanwhile is theirs to come back, and ours stands again at once', async () => {
    const { machine, must, manager, calm, logged } = rig('plain');
    await must(FULL);
    const theirs = 'nameserver 192.168.9.1\nsearch cafe.lan\noptions timeout:2\n';
    machine.write(RESOLV_CONF, theirs);
    await calm();
    assert.equal(
      read(machine),
      `${MARKER}\nnameserver 10.1.0.53\nnameserver fd01::53\nsearch corp.example cafe.lan\noptions timeout:2\n`,
    );
    assert.deepEqual(logged, ['dns-applied-again']);
    await manager.clear();
    assert.equal(read(machine), theirs);
  });

  test('that somebody else wrote behind our back is left alone', async () => {
    const { machine, must, manager } = rig('plain');
    await must(FULL);
    machine.files.set(RESOLV_CONF, textFile('nameserver 192.168.9.1\n'));
    await manager.clear();
    assert.equal(read(machine), 'nameserver 192.168.9.1\n');
    assert.equal(machine.journal(), undefined);
  });

  test('gives the forwarder the servers of the network that the machine moved to', async () => {
    const { machine, must, calm } = rig('plain');
    await must(SPLIT);
    machine.write(RESOLV_CONF, 'nameserver 192.168.9.1\nnameserver 192.168.9.2\n');
    await calm();
    assert.deepEqual(machine.forwarders[0]?.plan.formerServers.map(formatAddress), [
      '192.168.9.1',
      '192.168.9.2',
    ]);
  });

  test('that another writes as often as we do is given way to for a while', async () => {
    const { machine, must, calm, timers, logged } = rig('plain');
    await must(FULL);
    for (let i = 0; i < 8; i++) {
      machine.write(RESOLV_CONF, `nameserver 192.168.9.${i}\n`);
      await calm();
    }
    assert.equal(logged.filter((event) => event === 'dns-applied-again').length, 5);
    assert.ok(logged.includes('dns-contested'));
    assert.equal(read(machine), 'nameserver 192.168.9.7\n');
    timers.pass(30_000);
    await calm();
    assert.match(read(machine), /^# Written by Causeway/);
  });

  test('that is too long, or nobody may write, is a failure that says so, and nothing is changed', async () => {
    const { machine, manager } = rig('plain');
    const before = machine.state();
    machine.refuse = /^put/;
    const failed = await manager.apply(FULL);
    assert.ok(!failed.ok);
    assert.equal(failed.error.code, 'platform.dns-failed');
    assert.equal(failed.error.context['command'], `write ${RESOLV_CONF}`);
    machine.refuse = undefined;
    assert.equal((await manager.clear()).ok, true);
    assert.deepEqual(machine.state(), before);
  });
});

test('a link is followed where only root can write, and is replaced itself where others can', async () => {
  const followed = rig('followed');
  await followed.must(FULL);
  assert.equal(followed.machine.files.get(RESOLV_CONF)?.kind, 'link');
  assert.equal(read(followed.machine, '/run/NetworkManager/resolv.conf'), OURS);
  const stranger = rig('no-bus');
  await stranger.must(FULL);
  assert.match(read(stranger.machine), /^# Written by Causeway/);
  await stranger.manager.clear();
  assert.deepEqual(stranger.machine.files.get(RESOLV_CONF), { kind: 'link', target: STUB });
});

describe('systemd-resolved', () => {
  const settings = (defaultRoute: boolean, domains: string, servers: string): object => ({
    SetLinkLLMNR: 'no',
    SetLinkMulticastDNS: 'no',
    SetLinkDNSOverTLS: 'no',
    SetLinkDefaultRoute: String(defaultRoute),
    SetLinkDomains: domains,
    SetLinkDNS: servers,
  });
  const OFFICE = '[[2 0a010035] [10 fd010000000000000000000000000053]]';

  test('is told of our link alone, and knows by itself what is split', async () => {
    const { machine, must, manager } = rig('resolved');
    const before = machine.state();
    await must(SPLIT);
    assert.deepEqual(machine.state()['links'], {
      7: settings(false, '[[lab.test false] [corp.example true] [10.in-addr.arpa true]]', OFFICE),
    });
    await must(FULL);
    assert.deepEqual(machine.state()['links'], {
      7: settings(true, '[[corp.example false] [. true]]', OFFICE),
    });
    assert.equal(machine.files.get(RESOLV_CONF)?.kind, 'link');
    assert.deepEqual(machine.forwarders, []);
    await manager.clear();
    assert.equal(machine.transcript.at(-2), 'RevertLink [7]');
    assert.deepEqual(machine.state(), before);
  });

  test('leads questions to another port of our forwarder when somebody has its own everywhere', async () => {
    const { machine, must, manager } = rig('plain');
    const untouched = machine.state();
    machine.forwarderPort = 41_053;
    await must(dnsPlan({ match: ['corp.example'] }));
    assert.match(
      machine.tables.get('causeway_names') ?? '',
      /127\.0\.0\.67 .* dport 53 dnat ip to 127\.0\.0\.67:41053$/m,
    );
    await must(FULL);
    assert.deepEqual([...machine.tables], []);
    assert.ok((await manager.clear()).ok);
    assert.deepEqual({ ...machine.state(), journal: 0 }, { ...untouched, journal: 0 });
  });

  test('asks our forwarder when rules speak of names, and the forwarder those from before', async () => {
    const { machine, must } = rig('resolved');
    await must(dnsPlan({ match: ['corp.example'], follows: true }));
    const links = machine.state()['links'] as Record<string, Record<string, string>>;
    assert.equal(links[7]?.['SetLinkDNS'], '[[2 7f000043]]');
    assert.equal(links[7]['SetLinkDomains'], '[[corp.example true] [. true]]');
    const [forwarder] = machine.forwarders;
    assert.deepEqual(forwarder?.plan.formerServers.map(formatAddress), ['192.168.7.1']);
  });

  test('that is started anew is told again', async () => {
    const { machine, must, calm, logged } = rig('resolved');
    await must(FULL);
    machine.stopResolved();
    await calm();
    machine.startResolved();
    await calm();
    assert.deepEqual(machine.state()['links'], {
      7: settings(true, '[[corp.example false] [. true]]', OFFICE),
    });
    assert.ok(logged.includes('dns-applied-again'));
  });

  test('that is not there yet, or died, is waited for: programs ask nobody meanwhile', async () => {
    const machine = new FakeDnsMachine('resolved');
    machine.stopResolved();
    const before = machine.state();
    const { must, calm, manager, logged } = rig('resolved', machine);
    await must(FULL);
    assert.deepEqual(machine.state(), before);
    assert.deepEqual(logged, ['dns-resolved-away']);
    machine.startResolved();
    await calm();
    const told = { 7: settings(true, '[[corp.example false] [. true]]', OFFICE) };
    assert.deepEqual(machine.state()['links'], told);
    machine.stopResolved();
    await calm();
    machine.startResolved();
    await calm();
    assert.deepEqual(machine.state()['links'], told);
    await manager.clear();
    assert.deepEqual(machine.state()['links'], {});
    assert.equal(machine.journal(), undefined);
  });

  test('that programs ask past, by its list of servers, is asked by them meanwhile', async () => {
    const { machine, must, manager } = rig('uplinks');
    const before = machine.state();
    await must(SPLIT);
    const text = `${MARKER}\nnameserver 127.0.0.53\nsearch lab.test home.lan\n`;
    assert.equal(read(machine), text);
    assert.ok(machine.links.has(7));
    assert.deepEqual(machine.forwarders, []);
    await manager.clear();
    assert.deepEqual(machine.state(), before);
    machine.hasStub = false;
    await must(FULL);
    assert.match(read(machine), /^nameserver 10\.1\.0\.53$/m);
  });

  test('that nobody asks is told too, beside the file that programs read', async () => {
    const machine = new FakeDnsMachine('plain');
    machine.startResolved();
    const { must } = rig('plain', machine);
    await must(FULL);
    assert.equal(read(machine), OURS);
    assert.ok(machine.links.has(7));
  });

  test('without our device is a failure', async () => {
    const { machine, manager } = rig('resolved');
    machine.devices.clear();
    const failed = await manager.apply(FULL);
    assert.ok(!failed.ok);
    assert.equal(failed.error.code, 'platform.dns-failed');
  });

  test('that refuses is a failure that says what, and what it took before is taken back', async () => {
    const { machine, manager } = rig('resolved');
    const before = machine.state();
    machine.refuse = /^SetLinkDomains/;
    const failed = await manager.apply(SPLIT);
    assert.ok(!failed.ok);
    assert.equal(failed.error.context['command'], 'systemd-resolved SetLinkDomains');
    assert.deepEqual(machine.state(), before);
  });
});

describe('resolvconf(8)', () => {
  test('gets a record that goes before those of networks', async () => {
    const { machine, must, manager } = rig('alone');
    const before = machine.state();
    await must(FULL);
    await manager.clear();
    assert.deepEqual(machine.transcript, [
      'journal written',
      'resolvconf -a tun.causeway0 -m 0 -x\n  nameserver 10.1.0.53\n  nameserver fd01::53\n  search corp.example',
      'resolvconf -d tun.causeway0 -f',
      'journal removed',
    ]);
    assert.deepEqual(machine.state(), before);
  });

  test('that would leave the former servers behind ours gets the forwarder, behind which it lists nobody', async () => {
    const { machine, must } = rig('in-front');
    await must(FULL);
    assert.equal(machine.records.get('tun.causeway0'), 'nameserver 127.0.0.67\nsearch corp.example\n');
    assert.equal(machine.forwarders[0]?.plan.fullTunnel, true);
  });

  test('knows whom the forwarder asks for other names', async () => {
    for (const kind of ['alone', 'in-front'] as const) {
      const { machine, must } = rig(kind);
      await must(SPLIT);
      assert.deepEqual(machine.forwarders[0]?.plan.formerServers.map(formatAddress), ['192.168.7.1']);
    }
  });
});

test('a forwarder that cannot listen is a failure, and nothing is changed', async () => {
  const { machine, manager } = rig('plain');
  const before = machine.state();
  machine.refuse = /^forward$/;
  const failed = await manager.apply(SPLIT);
  assert.ok(!failed.ok);
  assert.equal(failed.error.context['detail'], 'EADDRINUSE');
  assert.deepEqual(machine.state(), before);
});

test('a plan without servers changes nothing, and takes back what another did', async () => {
  for (const kind of KINDS) {
    const { machine, must } = rig(kind);
    const before = machine.state();
    await must(dnsPlan({ servers: [], full: true }));
    assert.deepEqual(machine.transcript, []);
    await must(FULL);
    await must(dnsPlan({ servers: [] }));
    assert.deepEqual(machine.state(), before, kind);
  }
});

test('newline, shell and option injection: a plan with a word that is none is refused', async () => {
  for (const bad of [
    'corp.example\nnameserver 6.6.6.6',
    '$(id)',
    '-x',
    'a b',
    '',
    'Corp.example',
    'corp.example.',
  ]) {
    for (const plan of [dnsPlan({ match: [bad] }), dnsPlan({ search: [bad] })]) {
      const { machine, manager } = rig('plain');
      assert.equal((await manager.apply(plan)).ok, false, bad);
      assert.deepEqual(machine.transcript, []);
    }
  }
  const { manager } = rig('plain');
  assert.equal((await manager.apply(dnsPlan({ device: '-d' }))).ok, false);
});

describe('what a process left that was killed', () => {
  test('is put back by the next one, which would have refused while it lived', async () => {
    for (const kind of KINDS) {
      const machine = new FakeDnsMachine(kind);
      const before = machine.state();
      await rig(kind, machine).must(SPLIT);
      const alive = await rig(kind, machine).manager.repairStale();
      assert.ok(!alive.ok && alive.error.code === 'platform.already-running', kind);
      machine.killAll();
      assert.deepEqual(await rig(kind, machine).manager.repairStale(), { ok: true, value: true });
      assert.deepEqual(machine.state(), before, kind);
      assert.deepEqual(await rig(kind, machine).manager.repairStale(), { ok: true, value: false });
    }
  });

  test('is put back after a reboot too, where it outlives one', async () => {
    for (const kind of KINDS) {
      const machine = new FakeDnsMachine(kind);
      const before = machine.state();
      await rig(kind, machine).must(FULL);
      machine.reboot();
      const { manager } = rig(kind, machine);
      assert.deepEqual(await manager.repairStale(), { ok: true, value: true }, kind);
      assert.deepEqual({ ...machine.state(), forwarders: [] }, before, kind);
    }
  });

  test('is left alone where somebody else has written since: a package that was upgraded, say', async () => {
    const machine = new FakeDnsMachine('plain');
    await rig('plain', machine).must(FULL);
    machine.killAll();
    machine.files.set(RESOLV_CONF, { kind: 'link', target: STUB });
    assert.deepEqual(await rig('plain', machine).manager.repairStale(), { ok: true, value: true });
    assert.deepEqual(machine.files.get(RESOLV_CONF), { kind: 'link', target: STUB });
  });

  test('is known by its beginning and its end where it was written in place', async () => {
    const machine = new FakeDnsMachine('plain');
    const before = machine.files.get(RESOLV_CONF);
    assert.ok(before?.kind === 'file');
    const long = `${before.text}${'# a comment\n'.repeat(30)}`;
    machine.files.set(RESOLV_CONF, textFile(long));
    await rig('plain', machine).must(FULL);
    const ours = read(machine);
    for (const torn of [ours + long.slice(ours.length), ours]) {
      machine.killAll();
      machine.files.set(RESOLV_CONF, textFile(torn));
      const journal = machine.journal();
      assert.ok(journal);
      assert.deepEqual(await rig('plain', machine).manager.repairStale(), { ok: true, value: true });
      assert.equal(read(machine), long);
      machine.plantJournal(journal);
    }
  });
});
