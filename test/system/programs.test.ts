/**
 * Rules about programs as the service carries them out, judged by captures and by what arrives elsewhere: one address
 * that is on the internet, past the tunnel, and in the office, behind it, and that says from whom it heard.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { DaemonApi } from '../../core/contract/daemon-api.ts';
import type { PolicyInput } from '../../core/contract/policy.ts';
import type { ProfileInput } from '../../core/contract/profile.ts';
import { SecretBytes } from '../../core/lib/secret.ts';
import type { Client } from '../../core/rpc/client.ts';
import { LAN_HOST } from '../interop/lab.ts';
import {
  BY_PASSWORD,
  byCertificate,
  openOffice,
  passwordProfile,
  serverCertificate,
  USER,
  type Office,
} from '../interop/office.ts';
import { ControlGroups } from '../support/control-groups.ts';
import { DAEMON_GROUP, DaemonProcess, StatusWatch } from '../support/daemon.ts';
import { type Capture, NetLab, type Namespace } from '../support/netns.ts';

const CLI = join(import.meta.dirname, '../../core/cli/main.ts');
const EMPLOYEE = 64_126;
/** On the internet and in the office: who answers is whose way a packet took. */
const SITE = '198.51.100.80';
const OWN = '10.9.0.2';
const PORT = 9999;

const SESSION = 'user.slice/user-1000.slice/user@1000.service';
const BROWSER = `${SESSION}/app.slice/app-gnome-firefox\\x2desr-4711.scope`;
const MAIL = `${SESSION}/app.slice/app-org.mozilla.Thunderbird@0f7b1c9f2a4b4d0c9b1e6b7f6a5d4c3b.service`;
const BACKUP = 'system.slice/restic.service';
const TERMINAL = 'user.slice/user-1000.slice/session-2.scope';

/** Sends a datagram, or moves octets both ways, and prints the address that the other end heard, or the error's name. */
const ASK = `
import errno, socket, sys
kind, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if kind == 'udp' else socket.SOCK_STREAM)
s.settimeout(0.7 if kind == 'udp' else 5)
try:
    s.connect((host, port))
    if kind == 'udp':
        s.send(b'x'); print(s.recv(100).decode())
    else:
        s.sendall(b'x' * 300000); s.shutdown(socket.SHUT_WR)
        data = b''
        while True:
            piece = s.recv(65536)
            if not piece: break
            data += piece
        print(data[:15].decode().strip() if len(data) == 300000 else 'only %d' % len(data))
except socket.timeout: print('silence')
except OSError as e: print(errno.errorcode[e.errno])
`;
/** Answers datagrams with the address that they came from, and streams with that and as much as they brought. */
const ECHO = `
import socket, sys, threading
def datagrams(s):
    while True:
        d, a = s.recvfrom(2000); s.sendto(a[0].encode(), a)
def stream(c, a):
    n = 0
    while True:
        d = c.recv(65536)
        if not d: break
        n += len(d)
    c.sendall(a[0].ljust(15).encode() + b'y' * (n - 15)); c.close()
def streams(s):
    while True:
        c, a = s.accept(); threading.Thread(target=stream, args=(c, a), daemon=True).start()
for address in sys.argv[1].split(','):
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind((address, ${PORT}))
    t = socket.socket(); t.bind((address, ${PORT})); t.listen()
    threading.Thread(target=datagrams, args=(u,)).start()
    threading.Thread(target=streams, args=(t,)).start()
print('ready', flush=True)
`;
/** Makes a new group for each of its number, goes into it and sends at once, and comes back. */
const NEWCOMERS = `
host=$1; root=$2; name=$3; count=$4
i=0
while [ $i -lt $count ]; do
  i=$((i+1)); group=$root/$name$i.scope
  ( mkdir "$group" && echo $BASHPID >"$group/cgroup.procs" && exec 3<>/dev/udp/$host/${PORT} && echo x >&3 ) 2>/dev/null
  sleep 0.02
done
`;

const unavailable = NetLab.unavailable() || ControlGroups.unavailable();

describe('rules about programs', { skip: unavailable }, () => {
  let office: Office;
  let groups: ControlGroups;
  let daemon: DaemonProcess;
  let client: Client<DaemonApi>;
  let watch: StatusWatch;
  let profile = '';
  const captures: Capture[] = [];

  before(async () => {
    office = await openOffice('apps');
    groups = ControlGroups.create('apps');
    groups.make('system.slice/causewayd.service');
    const { nat, gateway, lan } = office.net;
    for (const place of [nat, gateway]) place.ip('address', 'add', `${SITE}/32`, 'dev', 'lo');
    await Promise.all([echoes(nat, SITE), echoes(gateway, SITE), echoes(lan, LAN_HOST)]);
    await office.gateway.configure({
      gateway: byCertificate(serverCertificate('p256')),
      client: BY_PASSWORD,
      ike: ['aes256gcm16-prfsha384-ecp384'],
      esp: ['aes256gcm16'],
    });
  });
  after(async () => {
    await groups.destroy();
    await office.close();
  });

  beforeEach(async () => {
    for (const path of [BROWSER, MAIL, BACKUP, TERMINAL]) groups.make(path);
    const { client: laptop } = office.net;
    daemon = await DaemonProcess.start(groups.namespace(laptop, 'system.slice/causewayd.service', true));
    await attach();
  });
  afterEach(async () => {
    office.net.client.sysctl('net.ipv4.conf.all.rp_filter', 0);
    await client.call('settings.write', { killSwitch: 'off', lan: true });
    client.close();
    await daemon.end();
    await daemon.destroy();
    await Promise.all(captures.splice(0).map((capture) => capture.stop()));
    await office.gateway.terminateAll();
    assert.equal(office.net.client.run(['/usr/sbin/nft', 'list', 'ruleset']).trim(), '');
  });

  async function attach(): Promise<void> {
    client = await daemon.client();
    watch = new StatusWatch(client);
  }

  async function echoes(place: Namespace, ...addresses: readonly string[]): Promise<void> {
    const argv = ['python3', '-c', ECHO, addresses.join()];
    const server = place.spawn(argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => server.stdout?.once('data', resolve));
  }

  /** Asks from a group; '': from somewhere that is of no application. */
  async function ask(group: string, kind: 'udp' | 'tcp' = 'udp', to = SITE): Promise<string> {
    const place = group === '' ? office.net.client : groups.namespace(office.net.client, group);
    const { stdout, stderr } = await place.execAsync(['python3', '-c', ASK, kind, to, `${PORT}`]);
    return stdout.trim() || stderr;
  }

  const REFUSED = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'EACCES', 'EPERM', 'ECONNREFUSED', 'silence']);
  async function assertRefused(group: string, to = SITE): Promise<void> {
    const answer = await ask(group, 'udp', to);
    assert.ok(REFUSED.has(answer), `${to}: ${answer}\n${daemon.said()}`);
  }

  async function policy(written: Omit<PolicyInput, 'version'>): Promise<void> {
    const done = await client.call('policy.write', { profile, policy: { version: 1, ...written } });
    assert.ok(done.ok, done.ok ? '' : JSON.stringify(done.error));
  }

  async function choose(): Promise<void> {
    const tunnel: ProfileInput['tunnel'] = { addresses: ['ipv4'] };
    const written = await client.call('profile.write', { contents: passwordProfile({ tunnel }) });
    assert.ok(written.ok);
    profile = written.value.id;
  }

  async function begin(): Promise<void> {
    assert.ok((await client.call('connection.up', { profile })).ok, daemon.said());
    await watch.until((status) => status.connection?.need !== undefined, 'a need');
  }

  /** The address that the gateway gives us. */
  async function up(): Promise<string> {
    await begin();
    const need = watch.last?.connection?.need?.id ?? 0;
    assert.ok((await client.call('need.answer', { need }, SecretBytes.ofText(USER.password))).ok);
    const { connection } = await watch.until(
      (status) => status.connection?.state === 'connected' && status.connection.facts !== undefined,
      'a connection',
    );
    return connection?.facts?.addresses[0] ?? '';
  }

  /** Datagrams and segments for the site that leave in clear, on both outer links, until it is asked. */
  async function outside(): Promise<() => Promise<string[]>> {
    const watched = ['behind', 'direct'].map(async (link) => {
      const file = join(daemon.directory, `${link}.pcap`);
      return office.net.lab.capture(office.net.client, link, file, `dst host ${SITE}`);
    });
    const made = await Promise.all(watched);
    captures.push(...made);
    return async () => {
      await sleep(50);
      return made.flatMap(({ file }) =>
        office.net.client
          .run(['tcpdump', '-nn', '-r', file])
          .split('\n')
          .filter((line) => line !== ''),
      );
    };
  }

  for (const filter of [0, 1]) {
    test(`past a tunnel that takes everything, over UDP and TCP, both ways (reverse path filter ${filter})`, async () => {
      office.net.client.sysctl('net.ipv4.conf.all.rp_filter', filter);
      await choose();
      await policy({ rules: [{ action: 'bypass', app: 'firefox-esr' }] });
      const inside = await up();
      const seen = await outside();
      for (const kind of ['udp', 'tcp'] as const) {
        assert.equal(await ask('', kind), inside);
        assert.equal(await ask(MAIL, kind), inside);
      }
      assert.deepEqual(await seen(), []);
      for (const kind of ['udp', 'tcp'] as const) assert.equal(await ask(BROWSER, kind), OWN);
      const left = await seen();
      assert.ok(
        left.length > 10 && left.every((line) => line.includes(` ${OWN}.`)),
        left.slice(0, 3).join('\n'),
      );
    });

    test(`into a tunnel that takes nothing else, over UDP and TCP, both ways (reverse path filter ${filter})`, async () => {
      office.net.client.sysctl('net.ipv4.conf.all.rp_filter', filter);
      await choose();
      await policy({ rules: [{ action: 'protect', app: 'org.mozilla.Thunderbird' }], otherwise: 'bypass' });
      const inside = await up();
      const seen = await outside();
      for (const kind of ['udp', 'tcp'] as const) assert.equal(await ask(MAIL, kind), inside, kind);
      assert.deepEqual(await seen(), []);
      for (const kind of ['udp', 'tcp'] as const) assert.equal(await ask(BROWSER, kind), OWN, kind);
    });
  }

  test('nowhere, and another program somewhere else at the same time, in the order of the rules', async () => {
    await choose();
    await policy({
      rules: [
        { action: 'block', app: 'restic.service', to: [SITE] },
        { action: 'bypass', app: 'firefox-esr', protocol: 'udp', ports: [`${PORT}`] },
        { action: 'bypass', app: 'restic' },
      ],
    });
    const inside = await up();
    const seen = await outside();
    await assertRefused(BACKUP);
    assert.equal(await ask(BROWSER, 'tcp'), inside);
    assert.deepEqual(await seen(), []);
    assert.equal(await ask(BROWSER), OWN);
    assert.equal(await ask(MAIL), inside);
    const explained = async (app?: string): Promise<unknown> => {
      const told = await client.call('policy.explain', { profile, destination: SITE, protocol: 6, app });
      assert.ok(told.ok);
      return told.value.decisions.map(({ effective, rule, app: of }) => [effective, rule, of]);
    };
    const apps = await client.call('app.list', {});
    assert.ok(apps.ok);
    const running = ['causewayd', 'restic'];
    assert.deepEqual(
      apps.value.filter((name) => !name.startsWith('other')),
      running,
    );
    assert.deepEqual(await explained('restic'), [['block', 1, 'restic']]);
    assert.deepEqual(await explained('firefox-esr.desktop'), [['protect', undefined, undefined]]);
    assert.deepEqual(await explained(), [
      ['block', 1, 'restic'],
      ['protect', undefined, undefined],
    ]);
  });

  test('also when they end and come again, and each that is started later', async () => {
    await choose();
    await policy({ rules: [{ action: 'bypass', app: 'firefox-esr' }] });
    const inside = await up();
    assert.equal(await ask(BROWSER), OWN);
    for (let i = 0; i < 3; i++) {
      await groups.remove(BROWSER);
      groups.make(BROWSER);
      assert.equal(await ask(BROWSER), OWN, daemon.said());
    }
    const another = groups.make(`${SESSION}/app.slice/app-gnome-firefox\\x2desr-4712.scope`);
    assert.equal(await ask(another), OWN);
    assert.equal(
      await ask(groups.make('user.slice/user-1001.slice/user@1001.service/app.slice/firefox-esr.service')),
      OWN,
    );
    assert.equal(await ask(groups.make('system.slice/other.service')), inside);
    await policy({});
    assert.equal(await ask(BROWSER), inside);
  });

  test('from their first packet, however soon after their start they send it', async () => {
    await choose();
    await policy({ rules: [{ action: 'protect', app: 'work' }], otherwise: 'bypass' });
    await up();
    const seen = await outside();
    const apps = groups.make(`${SESSION}/app.slice`);
    const argv = ['/bin/bash', '-c', NEWCOMERS, 'bash', SITE, join(groups.root, apps), 'app-work-', '40'];
    const { stderr } = await groups.inNetwork(office.net.client).execAsync(argv, { timeoutMs: 20_000 });
    assert.equal(stderr, '');
    assert.deepEqual(await seen(), []);
    assert.equal(await ask(groups.make(`${apps}/app-play-1.scope`)), OWN);
    for (let i = 1; i <= 40; i++) await groups.remove(`${apps}/app-work-${i}.scope`);
  });

  test('while what is closed waits for a connection: what goes past the tunnel may pass, and nothing else', async () => {
    await choose();
    await policy({
      rules: [
        { action: 'bypass', app: 'firefox-esr' },
        { action: 'protect', app: 'restic' },
      ],
      otherwise: 'protect',
    });
    assert.ok((await client.call('settings.write', { killSwitch: 'session', lan: false })).ok);
    await begin();
    const seen = await outside();
    for (const group of ['', MAIL, BACKUP]) await assertRefused(group);
    assert.deepEqual(await seen(), []);
    assert.equal(await ask(BROWSER), OWN);
    assert.ok((await client.call('connection.down', {})).ok);
    assert.equal(await ask(MAIL), OWN);
  });

  test('as before when the service is killed, and as they are to be once it is back', async () => {
    await choose();
    await policy({
      rules: [
        { action: 'bypass', app: 'firefox-esr' },
        { action: 'protect', app: 'restic' },
        { action: 'bypass', to: [LAN_HOST] },
      ],
    });
    await up();
    client.close();
    await daemon.end('SIGKILL');
    const seen = await outside();
    for (const group of ['', MAIL, BACKUP]) await assertRefused(group);
    assert.deepEqual(await seen(), []);
    assert.equal(await ask(BROWSER), OWN);
    await daemon.start();
    await attach();
    assert.equal(await ask(MAIL), OWN);
    const inside = await up();
    assert.deepEqual([await ask(BROWSER), await ask(MAIL)], [OWN, inside]);
  });

  describe('started with causeway run', () => {
    /** A command of the employee on a terminal of theirs. */
    function causeway(
      words: readonly string[],
      as = EMPLOYEE,
    ): Promise<{ status: number; stdout: string; stderr: string }> {
      const place = groups.namespace(office.net.client, TERMINAL);
      const who = ['/usr/bin/setpriv', `--reuid=${as}`, `--regid=${DAEMON_GROUP}`, '--clear-groups'];
      const [command = '', ...rest] = words;
      return place.execAsync(
        [...who, process.execPath, CLI, command, '--socket', daemon.socketPath, ...rest],
        {
          timeoutMs: 20_000,
        },
      );
    }

    const program = ['python3', '-c', ASK, 'udp', SITE, `${PORT}`];

    test('they are ruled as that application, whoever starts them, and end with nothing left', async () => {
      await choose();
      await policy({ rules: [{ action: 'protect', app: 'work' }], otherwise: 'bypass' });
      const inside = await up();
      const seen = await outside();
      const run = await causeway(['run', '--app', 'work', '--', ...program]);
      assert.deepEqual([run.stdout.trim(), run.stderr, run.status], [inside, '', 0], daemon.said());
      assert.deepEqual(await seen(), []);
      assert.equal(await ask(TERMINAL), OWN);
      const group = `${TERMINAL}/causeway-app-work`;
      const where = await causeway(['run', '--app', 'work', '--', '/bin/cat', '/proc/self/cgroup']);
      assert.ok(where.stdout.includes(`/${group}\n`), where.stdout);
      // What such a program starts in the same way is one of the other application.
      const words = [process.execPath, CLI, 'run', '--socket', daemon.socketPath, '--app', 'play'];
      const inner = await causeway([
        'run',
        '--app',
        'work',
        '--',
        ...words,
        '--',
        '/bin/cat',
        '/proc/self/cgroup',
      ]);
      assert.ok(inner.stdout.includes(`/${TERMINAL}/causeway-app-play\n`), inner.stdout);
      assert.match(inner.stderr, /no rule that holds now speaks of play/);
      client.close();
      await daemon.end();
      assert.ok(!groups.has(group) && !groups.has(`${TERMINAL}/causeway-app-play`));
    });

    test('they have their own exit code, and none is started that could not be ruled', async () => {
      const failed = await causeway(['run', '--app', 'work', '--', '/bin/sh', '-c', 'kill -PIPE $$; exit 7']);
      assert.notEqual(failed.status, 7);
      assert.equal((await causeway(['run', '--app', 'work', '--', '/bin/sh', '-c', 'exit 7'])).status, 7);
      assert.equal((await causeway(['run', '--app', 'work', '--', 'no-such-program'])).status, 127);
      for (const name of ['../x', ''])
        assert.equal((await causeway(['run', `--app=${name}`, '--', '/bin/true'])).status, 2, name);
      client.close();
      await daemon.end();
      const alone = await causeway(['run', '--app', 'work', '--', '/bin/echo', 'started']);
      assert.ok(alone.status !== 0 && !alone.stdout.includes('started'), alone.stdout);
    });
  });
});
