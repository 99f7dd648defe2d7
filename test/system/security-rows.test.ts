/**
 * What SECURITY.md says may pass in which state, row by row: the service is brought into the state, and captures of
 * every outer link tell what left. A row or a cell that says something new has no test here, and fails.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { DaemonApi, Status } from '../../core/contract/daemon-api.ts';
import type { ProfileInput } from '../../core/contract/profile.ts';
import type { MachineSettings } from '../../core/contract/settings.ts';
import type { Client } from '../../core/rpc/client.ts';
import { DIRECT, DIRECT_V6 } from '../interop/lab.ts';
import {
  BY_USER_CERTIFICATE,
  byCertificate,
  certificateProfile,
  gatewayAt,
  openOffice,
  serverCertificate,
  userCertificate,
  type Office,
} from '../interop/office.ts';
import { DaemonProcess, StatusWatch } from '../support/daemon.ts';
import { type Destination, LeakWatch } from '../support/leaks.ts';
import { NetLab } from '../support/netns.ts';

const MAIN = join(import.meta.dirname, '../../core/daemon/main.ts');
const SETTLE_MS = 150;
const TABLE_OF_THE_SERVICE = '| State | kill switch off | session | always |';

/** In a tunnel of everything, with a policy that lets one site pass and blocks another. */
const DESTINATIONS: readonly Destination[] = [
  { name: 'site', address: '198.51.100.80' },
  { name: 'site-by-device', address: '198.51.100.80', device: 'behind' },
  { name: 'passing', address: '198.51.100.82' },
  { name: 'blocked', address: '198.51.100.81' },
  { name: 'names', address: '198.51.100.53', port: 53 },
  { name: 'router', address: '10.9.0.1' },
  { name: 'dhcp', address: '255.255.255.255', port: 67, from: 68, device: 'behind' },
  // Not our own packets, to the address of the gateway (ServerIP), and beside a family (IPv6).
  { name: 'gateway', address: DIRECT },
  { name: 'gateway6', address: DIRECT_V6 },
];
/** What the machine forwards for a virtual machine. */
const GUEST_DESTINATIONS: readonly Destination[] = [
  { name: 'guest-site', address: '198.51.100.80' },
  { name: 'guest-passing', address: '198.51.100.82' },
];
const EVERYTHING = [...DESTINATIONS, ...GUEST_DESTINATIONS].map(({ name }) => name);
const POLICY = {
  version: 1 as const,
  rules: [
    { action: 'block' as const, to: ['198.51.100.81'] },
    { action: 'bypass' as const, to: ['198.51.100.82'] },
  ],
};

/** Answers each datagram from the address that it went to; not with the same, which would be seen as sent by us. */
const ECHO = `
import select, socket, sys
socks = []
for address in sys.argv[1:]:
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((address, 9999)); socks.append(s)
print('ready', flush=True)
while True:
    for s in select.select(socks, [], [])[0]:
        _, a = s.recvfrom(2000); s.sendto(b'heard', a)
`;

type KillSwitch = MachineSettings['killSwitch'];

interface Row {
  readonly state: string;
  readonly cells: Readonly<Record<KillSwitch, string>>;
}

/** The rows of the table, with `the same as session` filled in. */
function rows(): Row[] {
  const text = readFileSync(join(import.meta.dirname, '../../SECURITY.md'), 'utf8');
  const [, behind = ''] = text.split(`${TABLE_OF_THE_SERVICE}\n`);
  const lines = behind.split('\n').slice(1);
  const end = lines.findIndex((line) => !line.startsWith('|'));
  return lines.slice(0, end).map((line) => {
    const [, state = '', off = '', session = '', always = ''] = line.split('|').map((cell) => cell.trim());
    return { state, cells: { off, session, always: always === 'the same as session' ? session : always } };
  });
}

const always = ['dhcp'];
const local = (lan: boolean): string[] => (lan ? ['router'] : []);
const passing = ['passing', 'guest-passing'];

/** What may leave where a cell says that. */
const CELLS: Readonly<Record<string, (lan: boolean) => readonly string[]>> = {
  everything: () => EVERYTHING,
  'local network if allowed': (lan) => [...always, ...local(lan)],
  closed: (lan) => [...always, ...local(lan)],
  'what the policy lets pass, local network if allowed': (lan) => [...always, ...passing, ...local(lan)],
  'what the policy lets pass, local network if allowed, names (port 53)': (lan) => [
    ...always,
    ...passing,
    ...local(lan),
    'names',
  ],
  'what is protected into the tunnel alone; what is blocked nowhere; the rest its way': (lan) => [
    ...always,
    ...passing,
    ...local(lan),
  ],
  'what is protected into the tunnel alone; what the policy lets pass; local network if allowed': (lan) => [
    ...always,
    ...passing,
    ...local(lan),
  ],
  'as connected; what is for the tunnel is kept or dropped': (lan) => [...always, ...passing, ...local(lan)],
  'as connected; what is for the tunnel is dropped': (lan) => [...always, ...passing, ...local(lan)],
  'as it was, until the next start puts it right': (lan) => [...always, ...passing, ...local(lan)],
  'as it was: closed, until the next start': (lan) => [...always, ...passing, ...local(lan)],
};

describe('what SECURITY.md says passes when', { skip: NetLab.unavailable() }, () => {
  let office: Office;
  let leaks: LeakWatch;
  let daemon: DaemonProcess;
  let client: Client<DaemonApi>;
  let watch: StatusWatch;
  let profile = '';
  let round = 0;
  const undoings: (() => void)[] = [];

  before(async () => {
    office = await openOffice('rows');
    const { lab, client: machine, nat } = office.net;
    const guest = lab.namespace('guest');
    lab.link(machine, guest, { addrA: ['10.77.0.1/24'], addrB: ['10.77.0.2/24'], names: ['guests', 'eth0'] });
    lab.route(guest, 'default', 'via', '10.77.0.1');
    machine.sysctl('net.ipv4.ip_forward', 1);
    // As those who run virtual machines set them up. They are answered, so that what they began goes on if it may.
    machine.nft(
      'table ip guests { chain out { type nat hook postrouting priority srcnat; ip saddr 10.77.0.0/24 oifname "behind" masquerade; }; }\n',
    );
    const sites = ['198.51.100.80', '198.51.100.81', '198.51.100.82'];
    for (const site of sites) nat.ip('address', 'add', `${site}/32`, 'dev', 'lo');
    const echo = nat.spawn(['python3', '-c', ECHO, ...sites], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => echo.stdout?.once('data', resolve));
    // A name server that never answers, waited for as long as a look around takes.
    machine.etc('resolv.conf', 'nameserver 198.51.100.53\noptions timeout:3 attempts:1\n');
    nat.nft('table inet lost { chain pass { type filter hook forward priority 0; udp dport 53 drop; }; }\n');
    await office.gateway.configure({
      gateway: byCertificate(serverCertificate('p256')),
      client: BY_USER_CERTIFICATE(),
      ike: ['aes256gcm16-prfsha384-ecp384'],
      esp: ['aes256gcm16'],
    });
    leaks = await LeakWatch.start(lab, machine, ['direct', 'behind'], DESTINATIONS, {
      machine: guest,
      to: GUEST_DESTINATIONS,
    });
  });
  after(async () => {
    await leaks.close();
    await office.close();
  });

  beforeEach(async () => {
    daemon = await DaemonProcess.start(office.net.client);
    await attach();
  });
  afterEach(async () => {
    for (const undo of undoings.splice(0).reverse()) undo();
    if (daemon.isGone) {
      await daemon.start();
      await attach();
    }
    await client.call('connection.down', {});
    await set('off');
    client.close();
    await daemon.end();
    await daemon.destroy();
    await office.gateway.terminateAll();
    assert.doesNotMatch(office.net.client.run(['/usr/sbin/nft', 'list', 'ruleset']), /causeway/);
  });

  async function attach(): Promise<void> {
    client = await daemon.client();
    watch = new StatusWatch(client);
  }

  async function set(killSwitch: KillSwitch, lan = true): Promise<void> {
    assert.ok((await client.call('settings.write', { killSwitch, lan })).ok, daemon.said());
  }

  async function begin(changes: Partial<ProfileInput> = {}): Promise<void> {
    const contents = certificateProfile(userCertificate('p256'), changes);
    const written = await client.call('profile.write', { contents });
    assert.ok(written.ok, JSON.stringify(written));
    profile = written.value.id;
    assert.ok((await client.call('policy.write', { profile, policy: POLICY })).ok);
    assert.ok((await client.call('connection.up', { profile })).ok);
  }

  async function until(what: string, fits: (status: Status) => boolean): Promise<void> {
    await watch.until(fits, `${what}\n${daemon.said()}`);
  }

  const inState = (...names: readonly string[]): Promise<void> =>
    until(names.join(' or '), ({ connection }) => names.includes(connection?.state ?? ''));

  async function connect(changes: Partial<ProfileInput> = {}): Promise<void> {
    await begin(changes);
    await until('a connection', ({ connection }) => connection?.facts !== undefined);
    await inState('connected');
  }

  /** The gateway hears nothing any more. */
  function mute(): void {
    const { gateway } = office.net;
    gateway.nft(
      'table inet mute { chain in { type filter hook input priority 0; udp dport { 500, 4500 } drop; }; }\n',
    );
    undoings.push(() => gateway.nft('delete table inet mute\n'));
  }

  function change(undo: readonly string[], ...words: readonly string[]): void {
    office.net.client.ip(...words);
    undoings.push(() => office.net.client.ip(...undo));
  }

  /** What can be seen outside now. */
  async function left(): Promise<string[]> {
    // The firewall follows what is told.
    await pause(SETTLE_MS);
    const phase = `round-${round++}`;
    await leaks.phase(phase);
    await leaks.round();
    const seen = await leaks.reached(phase);
    await leaks.phase('between');
    return seen;
  }

  /** How the service comes into a state. */
  const STATES: Readonly<Record<string, () => Promise<void>>> = {
    'the machine starts, before the service (installed)': async () => {
      await daemon.end();
      office.net.client.nft('table inet causeway {}\ndelete table inet causeway\n');
      const argv = [
        process.execPath,
        MAIN,
        '--close-for-boot',
        '--state-dir',
        join(daemon.directory, 'state'),
      ];
      const place = ['--run-dir', join(daemon.directory, 'run'), '--log-file', join(daemon.directory, 'log')];
      office.net.client.run([...argv, ...place]);
    },
    'no connection': () => Promise.resolve(),
    "preparing, or looking up a gateway's name for the first time": async () => {
      await begin({ gateway: { ...gatewayAt('nobody-knows.test'), identity: 'gateway.test' } });
      await inState('preparing');
    },
    connecting: async () => {
      mute();
      await begin();
      await inState('connecting');
    },
    'connected, roaming': async () => {
      await connect();
      assert.deepEqual(await left(), expected());
      mute();
      change(
        ['address', 'add', '192.0.2.2/24', 'dev', 'direct'],
        'address',
        'del',
        '192.0.2.2/24',
        'dev',
        'direct',
      );
      await until(
        'another way',
        ({ connection }) => connection?.state === 'roaming' || connection?.doubt === 'moving',
      );
    },
    'on demand without a session, also while the first packet connects': async () => {
      mute();
      await begin({ onDemand: { enabled: true } });
      await until('routes', ({ connection }) =>
        ['on-demand', 'connecting'].includes(connection?.state ?? ''),
      );
      // Something is sent into the tunnel all the time.
      await inState('connecting');
    },
    'reconnecting, waiting for a network': async () => {
      await connect();
      mute();
      await office.gateway.terminateAll();
      await inState('reconnecting');
      assert.deepEqual(await left(), expected());
      change(['route', 'add', 'default', 'via', '10.9.0.1', 'dev', 'behind'], 'route', 'del', 'default');
      change(
        ['address', 'add', '192.0.2.2/24', 'dev', 'direct'],
        'address',
        'del',
        '192.0.2.2/24',
        'dev',
        'direct',
      );
      change(
        ['address', 'add', '2001:db8:2::2/64', 'dev', 'direct', 'nodad'],
        ...['address', 'del', '2001:db8:2::2/64', 'dev', 'direct'],
      );
      // Without a way what passes has none either: the local network and programs that name a device have.
      await inState('waiting-for-network');
      unreachable = ['passing', 'guest-passing'];
    },
    'ended, also by a failure': async () => {
      await connect();
      assert.ok((await client.call('connection.down', {})).ok);
      assert.deepEqual(await left(), expected());
      await begin({ gateway: { ...gatewayAt(DIRECT), identity: 'somebody-else.test' } });
      await until('the failure', ({ connection, lastFailure }) => !connection && lastFailure !== undefined);
    },
    'the service killed': async () => {
      await connect();
      client.close();
      await daemon.end('SIGKILL');
    },
    'the service ended in order': async () => {
      await connect();
      client.close();
      assert.equal(await daemon.end(), 0);
    },
  };
  let unreachable: readonly string[] = [];
  let expected: () => string[] = () => [];

  const table = rows();

  test('has a row for each state that is tested, and no other', () => {
    assert.deepEqual(table.map(({ state }) => state).sort(), Object.keys(STATES).sort());
  });

  for (const { state, cells } of table) {
    for (const killSwitch of ['off', 'session', 'always'] as const) {
      const cell = cells[killSwitch];
      test(`${state} | ${killSwitch} | ${cell}`, async () => {
        const enter = STATES[state];
        // 'closed' when it was killed is what it was.
        const words = state === 'the service killed' && cell === 'closed' ? cells.session : cell;
        const passes = CELLS[words];
        assert.ok(enter && passes, 'no test for this row');
        unreachable = [];
        let lan = true;
        expected = () =>
          passes(lan)
            .filter((name) => !unreachable.includes(name))
            .sort();
        await set(killSwitch, lan);
        await enter();
        assert.deepEqual(await left(), expected(), daemon.said());
        if (daemon.isGone) return;
        lan = false;
        await set(killSwitch, lan);
        assert.deepEqual(await left(), expected(), `without the local network\n${daemon.said()}`);
      });
    }
  }

  const settings = [
    ['off', true],
    ['off', false],
    ['session', true],
  ] as const;
  for (const [killSwitch, lan] of settings) {
    const title = `kill switch ${killSwitch}, local network ${lan ? 'allowed' : 'not allowed'}`;
    test(`routes that a network gives out lead nothing past the tunnel (TunnelVision, LocalNet, ServerIP): ${title}`, async () => {
      const { client: machine, nat } = office.net;
      await set(killSwitch, lan);
      await connect();
      // DHCP's option 121, and a network that says that the site is on its link.
      for (const prefix of ['0.0.0.0/1', '128.0.0.0/1', '198.51.100.80/32'])
        change(['route', 'del', prefix], 'route', 'add', prefix, 'via', '10.9.0.1', 'dev', 'behind');
      change(
        ['address', 'del', '198.51.100.1/24', 'dev', 'behind'],
        ...['address', 'add', '198.51.100.1/24', 'dev', 'behind'],
      );
      const [, neighbour = ''] = /link\/ether (\S+)/.exec(nat.ip('link', 'show', 'inside')) ?? [];
      for (const to of ['198.51.100.80', '198.51.100.81', '198.51.100.53']) {
        const words = [to, 'lladdr', neighbour, 'dev', 'behind'];
        change(['neigh', 'del', to, 'dev', 'behind'], 'neigh', 'add', ...words);
      }
      assert.ok(machine.ip('route', 'show').includes('198.51.100.80 via'));
      const seen = await left();
      // What passes is asked for on the link now, where nobody has that address.
      assert.deepEqual(
        seen.filter((name) => !passing.includes(name)),
        [...always, ...local(lan)].sort(),
        daemon.said(),
      );
    });
  }
});
