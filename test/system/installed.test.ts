/**
 * Causeway as it is installed: the files of an installation on a machine with files of its own, started by the commands
 * of its units with the rights that they give. A capture at the other end of the machine's only cable decides what left.
 */
import assert from 'node:assert/strict';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { install, uninstall } from '../../build/install.ts';
import { NetLab, waitFor, type Namespace } from '../support/netns.ts';
import { notUnpacked, PrivateMachine, UNPACKED } from '../support/private-machine.ts';
import { confinement, makeDirectories, settingsOf } from '../support/unit-file.ts';

/** Below /run, which the machine has for itself. */
const PREFIX = '/run/cw-installed';
const UNITS = ['causeway-boot.service', 'causewayd.service'] as const;
/** On the cable, and not of a local network. */
const OWN = '198.51.100.1';
const SITE = '198.51.100.2';

/** Sends a datagram every two milliseconds, whatever becomes of it. */
const SENDER = `
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    try: s.sendto(b'x', ('${SITE}', 9))
    except OSError: pass
    time.sleep(0.002)
`;
/** Tells the time of every IP packet on a link but those that find neighbours. */
const CAPTURE = `
import socket, struct, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
print('ready', flush=True)
while True:
    f, a = s.recvfrom(2000)
    kind = struct.unpack('!H', f[12:14])[0]
    if a[2] == socket.PACKET_OUTGOING or kind not in (0x800, 0x86dd) or (kind == 0x86dd and f[20] in (0, 58)): continue
    print(time.time() * 1000, flush=True)
`;
/** Says what the service manager would be told. */
const MANAGER = `
import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind('/run/notify')
print('ready', flush=True)
while True: print(s.recv(1000).decode(), flush=True)
`;

describe('an installation', { skip: NetLab.unavailable() || notUnpacked('systemd') }, () => {
  const destination = mkdtempSync(join(tmpdir(), 'cw-installed-'));
  const place = { destination, prefix: PREFIX };
  let installed: readonly string[] = [];
  let lab: NetLab;
  let laptop: Namespace;
  let machine: PrivateMachine;
  const seen: number[] = [];
  const told: string[] = [];
  let daemon: ChildProcess | undefined;

  before(async () => {
    installed = await install(place);
    lab = NetLab.create('inst');
    laptop = lab.namespace('laptop');
    const site = lab.namespace('site');
    lab.link(laptop, site, { addrA: [`${OWN}/24`], addrB: [`${SITE}/24`] });
    machine = await PrivateMachine.start(laptop);
    machine.sh(`mkdir ${PREFIX} && mount --bind ${destination}${PREFIX} ${PREFIX}`);
    machine.sh('mount -t tmpfs -o mode=755 tmpfs /var/log');
    machine.sh(`cp -a ${destination}/etc/. /etc/`);
    machine.run([join(UNPACKED, 'systemd/bin/systemd-sysusers'), '/etc/sysusers.d/causeway.conf']);
    await reading(site.spawn(['python3', '-c', CAPTURE], PIPED), (line) => seen.push(Number(line)));
    await reading(machine.spawn(['python3', '-c', MANAGER], PIPED), (line) => told.push(line));
    laptop.spawn(['python3', '-c', SENDER], { stdio: 'ignore' });
    await waitFor(() => seen.length > 0, 10_000, 'packets from the machine');
  });
  after(() => {
    machine.destroy();
    lab.destroy();
    rmSync(destination, { recursive: true, force: true });
  });
  beforeEach(() => {
    machine.sh('rm -rf /run/causewayd /run/causeway /var/lib/causeway /var/log/causeway');
    // It has been started before: a unit for the start of a machine makes nothing itself.
    makeDirectories(machine, unit('causewayd.service'));
  });

  const PIPED: SpawnOptions = { stdio: ['ignore', 'pipe', 'inherit'] };
  async function reading(child: ChildProcess, onLine: (line: string) => void): Promise<void> {
    const lines = createInterface({ input: child.stdout! });
    await new Promise((resolve) => lines.once('line', resolve));
    lines.on('line', onLine);
  }

  function unit(name: (typeof UNITS)[number]): ReadonlyMap<string, string> {
    const path = installed.find((one) => one.endsWith(name)) ?? '';
    return settingsOf(readFileSync(`${destination}${path}`, 'utf8'));
  }

  /** The command of a unit, with its rights alone, and the directories that it is given. */
  function command(name: (typeof UNITS)[number]): string[] {
    const settings = unit(name);
    if (name === 'causewayd.service') makeDirectories(machine, settings);
    const group = settings.get('SupplementaryGroups');
    const id = group === undefined ? undefined : Number(machine.sh(`getent group ${group}`).split(':')[2]);
    return [...confinement(settings, id), ...(settings.get('ExecStart') ?? '').split(' ')];
  }

  function boot(): { readonly status: number; readonly stderr: string } {
    return machine.exec(command('causeway-boot.service'));
  }

  function writeSettings(text: string): void {
    machine.run(['/usr/bin/install', '-d', '-m', '0700', '/var/lib/causeway']);
    machine.write('/var/lib/causeway/settings.json', text);
    machine.run(['/bin/chmod', '600', '/var/lib/causeway/settings.json']);
  }

  async function startDaemon(): Promise<void> {
    told.length = 0;
    const env = { ...process.env, NOTIFY_SOCKET: '/run/notify' };
    const child = machine.spawn(command('causewayd.service'), {
      stdio: ['ignore', 'ignore', 'inherit'],
      env,
    });
    daemon = child;
    await waitFor(() => told.includes('READY=1') || child.exitCode !== null, 10_000, 'a service that stands');
    assert.equal(child.exitCode, null, machine.read('/var/log/causeway/causewayd.log'));
  }

  async function endDaemon(signal: NodeJS.Signals): Promise<void> {
    const ended = new Promise((resolve) => daemon?.once('exit', resolve));
    daemon?.kill(signal);
    await ended;
    daemon = undefined;
  }

  /** How many packets came through in so long, from now on. */
  async function passing(ms: number): Promise<number> {
    const from = seen.length;
    await sleep(ms);
    return seen.length - from;
  }

  test('is closed from before its first network on, through the start of the service and its death', async () => {
    assert.ok((await passing(300)) > 20);
    writeSettings('{"killSwitch":"always","lan":true}');
    assert.deepEqual(boot(), {
      status: 0,
      stdout: '',
      stderr: 'causewayd: info closed-for-boot {"lan":true}\n',
    });
    // What was on its way when the rules were loaded has arrived by now.
    await sleep(50);
    const closedAt = seen.length;
    await startDaemon();
    assert.equal(statMode('/run/causewayd/socket'), '660 root causeway');
    assert.equal(statMode('/run/causewayd'), '750 root causeway');
    assert.equal(boot().status, 0);
    assert.match(machine.read('/var/log/causeway/causewayd.log'), /boot-left-to-service/);
    await endDaemon('SIGKILL');
    await sleep(200);
    assert.equal(boot().status, 0);
    await startDaemon();
    await endDaemon('SIGTERM');
    assert.ok(told.includes('STOPPING=1'));
    await sleep(200);
    assert.equal(seen.length, closedAt);
    assert.equal(putBack(), 0);
    assert.ok((await passing(300)) > 20);
  });

  for (const killSwitch of ['off', 'session']) {
    test(`is left alone before its first network when the kill switch is ${killSwitch}`, async () => {
      writeSettings(`{"killSwitch":"${killSwitch}","lan":true}`);
      assert.equal(boot().status, 0);
      assert.equal(machine.run(['/usr/sbin/nft', 'list', 'ruleset']).trim(), '');
      assert.ok((await passing(200)) > 10);
    });
  }

  test('is left alone before anybody has chosen settings', () => {
    assert.equal(boot().status, 0);
    assert.equal(machine.run(['/usr/sbin/nft', 'list', 'ruleset']).trim(), '');
  });

  for (const [what, spoil] of [
    ['are no settings', () => writeSettings('{"killSwitch":"alw')],
    [
      'could have been written by somebody else',
      () => machine.sh('chmod 666 /var/lib/causeway/settings.json'),
    ],
    ['are a link', () => machine.sh('cd /var/lib/causeway && mv settings.json x && ln -s x settings.json')],
  ] as const) {
    test(`is closed when its settings ${what}, and the log says so`, async () => {
      writeSettings('{"killSwitch":"off","lan":true}');
      spoil();
      assert.match(boot().stderr, /error settings-unreadable/);
      await sleep(50);
      assert.equal(await passing(200), 0);
      assert.match(
        machine.read('/var/log/causeway/causewayd.log'),
        /error settings-unreadable .*\n.*closed-for-boot/,
      );
      assert.equal(putBack(), 0);
    });
  }

  test('does not take the network back from a service that runs', async () => {
    writeSettings('{"killSwitch":"always","lan":true}');
    await startDaemon();
    assert.equal(putBack(), 1);
    await sleep(50);
    assert.equal(await passing(100), 0);
    await endDaemon('SIGTERM');
    assert.equal(putBack(), 0);
  });

  test('has units that systemd understands, and that keep little of root', () => {
    const analyze = join(UNPACKED, 'systemd/usr/bin/systemd-analyze');
    const search = `SYSTEMD_UNIT_PATH=/etc/systemd/system:${join(UNPACKED, 'systemd/lib/systemd/system')}`;
    const verified = machine.exec(['/usr/bin/env', search, analyze, 'verify', '--man=no', ...UNITS]);
    assert.deepEqual(verified, { status: 0, stdout: '', stderr: '' });
    for (const name of UNITS) {
      const judged = machine.exec([
        analyze,
        'security',
        '--offline=yes',
        '--threshold=31',
        `/etc/systemd/system/${name}`,
      ]);
      assert.equal(judged.status, 0, judged.stdout);
    }
    const service = unit('causewayd.service');
    // Without these a service that was killed would not find what it has to undo.
    assert.equal(service.get('RuntimeDirectoryPreserve'), 'yes');
    assert.match(service.get('RuntimeDirectory') ?? '', /\bcauseway\b/);
    assert.equal(unit('causeway-boot.service').get('ExecStop'), undefined);
  });

  test('belongs to root alone, and goes without leaving anything', () => {
    for (const path of installed) {
      const { uid, mode } = statSync(`${destination}${path}`);
      assert.equal(uid, 0, path);
      assert.equal(mode & 0o022, 0, path);
    }
    uninstall(place);
    for (const path of installed) assert.ok(!existsSync(`${destination}${path}`), path);
    assert.deepEqual(
      ['/etc/causeway', `${PREFIX}/lib/causeway`].filter((path) => existsSync(`${destination}${path}`)),
      [],
    );
  });

  function statMode(path: string): string {
    return machine.run(['/usr/bin/stat', '-c', '%a %U %G', path]).trim();
  }

  function putBack(): number {
    return machine.exec([`${PREFIX}/sbin/causewayd`, '--put-back', '--log-file', '/dev/null']).status;
  }
});
