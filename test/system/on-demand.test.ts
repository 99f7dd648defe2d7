/**
 * Connections on demand as the service makes them: the first packet, its answer and how long that takes, the end when
 * nobody uses them, and what leaves by the links of the machine meanwhile. strongSwan says which sessions it has.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { DaemonApi } from '../../core/contract/daemon-api.ts';
import type { ProfileInput } from '../../core/contract/profile.ts';
import { SecretBytes } from '../../core/lib/secret.ts';
import type { Client } from '../../core/rpc/client.ts';
import { LAN_HOST } from '../interop/lab.ts';
import {
  BY_PASSWORD,
  BY_USER_CERTIFICATE,
  byCertificate,
  certificateProfile,
  openOffice,
  passwordProfile,
  serverCertificate,
  USER,
  userCertificate,
  type Office,
} from '../interop/office.ts';
import { DaemonProcess, StatusWatch } from '../support/daemon.ts';
import { NetLab } from '../support/netns.ts';

const IDLE_SECONDS = 5;
/** More than any login here takes, and less than any program waits for an answer. */
const SOON_MS = 4_000;

/** Answers each TCP connection with the address that it came from, and each DNS query with its own address. */
const SERVER = `
import socket, sys, threading
here = sys.argv[1]
t = socket.create_server((here, 8080))
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind((here, 53))
def names():
    while True:
        q, a = u.recvfrom(512)
        end = q.index(b'\\0', 12) + 5
        is_a = q[end-4:end-2] == b'\\0\\1'
        head = q[:2] + b'\\x81\\x80\\0\\1' + (b'\\0\\1' if is_a else b'\\0\\0') + b'\\0\\0\\0\\0'
        answer = b'\\xc0\\x0c\\0\\1\\0\\1\\0\\0\\0\\x3c\\0\\4' + socket.inet_aton(here) if is_a else b''
        u.sendto(head + q[12:end] + answer, a)
threading.Thread(target=names, daemon=True).start()
print('ready', flush=True)
while True:
    s, a = t.accept(); s.sendall(a[0].encode()); s.close()
`;
const VISIT = `
import socket, sys, time
began = time.monotonic()
s = socket.create_connection((sys.argv[1], 8080), 15)
print(s.recv(100).decode(), round((time.monotonic() - began) * 1000))
`;

describe('a connection on demand', { skip: NetLab.unavailable() }, () => {
  let office: Office;
  let daemon: DaemonProcess;
  let client: Client<DaemonApi>;
  let watch: StatusWatch;
  let untouched = '';

  before(async () => {
    office = await openOffice('demand');
    const server = office.net.lan.spawn(['python3', '-c', SERVER, LAN_HOST], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => server.stdout?.once('data', resolve));
    untouched = picture();
  });
  after(() => office.close());

  beforeEach(async () => {
    daemon = await DaemonProcess.start(office.net.client);
    await attach();
  });
  afterEach(async () => {
    client.close();
    await daemon.end();
    await daemon.destroy();
    await office.gateway.terminateAll();
    assert.equal(picture(), untouched, 'the machine is as it was');
  });

  async function attach(): Promise<void> {
    client = await daemon.client();
    watch = new StatusWatch(client);
  }

  /** Everything of the machine that a connection changes. */
  function picture(): string {
    const { client: machine } = office.net;
    return [
      ['ip', 'address'],
      ['ip', 'rule'],
      ['ip', '-6', 'rule'],
      ['ip', 'route', 'show', 'table', 'all'],
      ['/usr/sbin/nft', 'list', 'ruleset'],
      ['cat', '/proc/sys/net/ipv4/ip_dynaddr'],
    ]
      .map((argv) => machine.run(argv).replaceAll(/ (valid_lft|preferred_lft|expires) \S+/g, ''))
      .join('\n');
  }

  const profileOf = (changes: Partial<ProfileInput> = {}): Partial<ProfileInput> => ({
    tunnel: { addresses: ['ipv4'], remote: ['10.50.0.0/24'] },
    onDemand: { enabled: true, idleSeconds: IDLE_SECONDS },
    ...changes,
  });

  async function byCertificateGateway(): Promise<void> {
    await office.gateway.configure({
      gateway: byCertificate(serverCertificate('p256')),
      client: BY_USER_CERTIFICATE(),
      ike: ['aes256gcm16-prfsha384-ecp384'],
      esp: ['aes256gcm16'],
    });
  }

  /** `causeway up`: from then on it is ready. */
  async function arm(contents: ProfileInput): Promise<void> {
    const written = await client.call('profile.write', { contents });
    assert.ok(written.ok);
    assert.ok((await client.call('connection.up', { profile: written.value.id })).ok);
    await state('on-demand');
    assert.deepEqual(await office.gateway.sas(), [], 'and the gateway knows nothing of it');
  }

  async function state(name: string): Promise<void> {
    await watch.until(({ connection }) => connection?.state === name, `${name}\n${daemon.said()}`);
  }

  /** The answer of a program and the milliseconds that it took; asserts that there is one. */
  async function visit(): Promise<readonly [from: string, ms: number]> {
    const { stdout, stderr } = await office.net.client.execAsync(['python3', '-c', VISIT, LAN_HOST]);
    const [from = '', ms = ''] = stdout.trim().split(' ');
    assert.ok(from !== '', `${stderr}\n${daemon.said()}`);
    return [from, Number(ms)];
  }

  /** One ping; the milliseconds until its answer. */
  async function ping(waitSeconds = 4): Promise<number | undefined> {
    const argv = ['ping', '-n', '-c', '1', '-W', `${waitSeconds}`, LAN_HOST];
    const { stdout } = await office.net.client.execAsync(argv);
    const ms = /time=([\d.]+)/.exec(stdout)?.[1];
    return ms === undefined ? undefined : Number(ms);
  }

  async function idle(): Promise<void> {
    await state('on-demand');
    assert.deepEqual(await office.gateway.sas(), [], 'the gateway was told');
  }

  test('is made by the first packet, which is answered; ends when nobody uses it; and is made again', async (t) => {
    await byCertificateGateway();
    await arm(certificateProfile(userCertificate('p256'), profileOf()));
    const first = await ping();
    assert.ok(first !== undefined && first < SOON_MS, daemon.said());
    await state('connected');
    const [given] = watch.last?.connection?.facts?.addresses ?? [];
    assert.deepEqual((await visit())[0], given);
    await idle();
    // The address of the session before is there already: what it begins from is right.
    const [from, connecting] = await visit();
    assert.equal(from, given);
    assert.ok(connecting < SOON_MS);
    t.diagnostic(`first ping ${first} ms, TCP from a known address ${connecting} ms`);
  });

  test('is made by a TCP connection, which goes on from the address that the gateway gives', async (t) => {
    await byCertificateGateway();
    await arm(certificateProfile(userCertificate('p256'), profileOf()));
    const [from, ms] = await visit();
    const { connection } = await watch.until((status) => status.connection?.facts !== undefined, 'facts');
    assert.deepEqual([from], connection?.facts?.addresses);
    assert.ok(ms < SOON_MS, `${ms} ms`);
    t.diagnostic(`TCP from the first packet to the answer ${ms} ms`);
  });

  test('is made by looking up a name of the office, which is answered', async (t) => {
    await byCertificateGateway();
    office.net.client.etc('resolv.conf', `nameserver ${LAN_HOST}\n`);
    try {
      const dns = { use: 'none' } as const;
      await arm(certificateProfile(userCertificate('p256'), profileOf({ dns })));
      const began = performance.now();
      const { stdout } = await office.net.client.execAsync(['getent', 'ahostsv4', 'wiki.office.test']);
      const ms = Math.round(performance.now() - began);
      assert.match(stdout, new RegExp(`^${LAN_HOST.replaceAll('.', '\\.')} `), daemon.said());
      assert.ok(ms < SOON_MS, `${ms} ms`);
      t.diagnostic(`name looked up in ${ms} ms`);
    } finally {
      office.net.client.etc('resolv.conf', '# no name servers\n');
    }
  });

  test('lets nothing out when the gateway is silent, and tries no more often than it should', async () => {
    await byCertificateGateway();
    const { client: machine, gateway, lab } = office.net;
    const file = (link: string): string => join(daemon.directory, `${link}.pcap`);
    const retransmit = { timeoutSeconds: 5 };
    await arm(certificateProfile(userCertificate('p256'), profileOf({ retransmit })));
    gateway.nft(
      'table inet mute { chain in { type filter hook input priority 0; udp dport { 500, 4500 } drop; }; }\n',
    );
    const captures = [];
    for (const link of ['direct', 'behind'])
      captures.push(await lab.capture(machine, link, file(link), 'net 10.50.0.0/24 or host 192.0.0.8'));
    const ike = await lab.capture(machine, 'direct', file('ike'), 'udp port 500');
    try {
      const until = performance.now() + 7_500;
      while (performance.now() < until) assert.equal(await ping(1), undefined);
      const { connection } = await watch.until((status) => status.connection?.cause !== undefined, 'a cause');
      assert.equal(connection?.cause?.code, 'timeout.init');
    } finally {
      for (const capture of [...captures, ike]) await capture.stop();
      gateway.nft('delete table inet mute\n');
    }
    for (const { file: name } of captures) assert.equal(packetsIn(name), 0, name);
    // One attempt of five seconds, and the beginning of the next.
    const asked = packetsIn(file('ike'));
    assert.ok(asked >= 2 && asked <= 16, `${asked} messages`);
    const began = performance.now();
    while ((await ping(1)) === undefined) assert.ok(performance.now() - began < 15_000, daemon.said());
  });

  test('killed while it is ready it leaves nothing behind for the next start, and no packet passes meanwhile', async () => {
    await byCertificateGateway();
    assert.ok((await client.call('settings.write', { killSwitch: 'session', lan: false })).ok);
    await arm(certificateProfile(userCertificate('p256'), profileOf({ tunnel: { addresses: ['ipv4'] } })));
    assert.equal(watch.last?.protection.blocked, true);
    assert.notEqual(office.net.client.exec(['ping', '-n', '-c', '1', '-W', '1', '10.9.0.1']).status, 0);
    client.close();
    await daemon.end('SIGKILL');
    assert.equal(await ping(1), undefined);
    await daemon.start();
    assert.equal(picture(), untouched);
    await attach();
    assert.ok((await client.call('settings.write', { killSwitch: 'off', lan: true })).ok);
  });

  test('asks for the password of who made it ready when a packet wants it, and of nobody before', async () => {
    await office.gateway.configure({
      gateway: byCertificate(serverCertificate('p256')),
      client: BY_PASSWORD,
      ike: ['aes256gcm16-prfsha384-ecp384'],
      esp: ['aes256gcm16'],
    });
    await arm(passwordProfile(profileOf()));
    assert.equal(watch.last?.connection?.need, undefined);
    const waiting = ping(8);
    const asked = await watch.until((status) => status.connection?.need !== undefined, 'a need');
    assert.equal(asked.connection?.state, 'asking');
    const need = asked.connection.need?.id ?? 0;
    assert.ok((await client.call('need.answer', { need }, SecretBytes.ofText(USER.password))).ok);
    assert.ok((await waiting) !== undefined, daemon.said());
    await idle();
    void ping(1);
    const again = await watch.until((status) => status.connection?.need !== undefined, 'a second need');
    const refused = again.connection?.need?.id ?? 0;
    assert.ok((await client.call('need.refuse', { need: refused })).ok);
    await state('on-demand');
    assert.equal(watch.last?.connection?.cause?.code, 'config.credential-missing');
    await pause(300);
    assert.equal(await ping(1), undefined);
    assert.equal(watch.items.at(-1)?.connection?.need, undefined, 'nobody is asked again at once');
  });
});

/** Packets in a capture file: each has a header of 16 octets behind that of the file, and its length in it. */
function packetsIn(file: string): number {
  const octets = readFileSync(file);
  let count = 0;
  for (let at = 24; at + 16 <= octets.length; count++) at += 16 + octets.readUInt32LE(at + 8);
  return count;
}
