/**
 * Policy and kill switch as the service carries them out, judged by what arrives elsewhere: a strongSwan at the edge of
 * the office, a site on the internet and a host of the local network, each of which answers with whom it heard.
 */
import assert from 'node:assert/strict';
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
import { DaemonProcess, StatusWatch } from '../support/daemon.ts';
import { NetLab, type Namespace } from '../support/netns.ts';

/** Behind the address translator, by the default route; it hears the client as what it is on that link. */
const SITE = '198.51.100.80';
const OTHER_SITE = '198.51.100.81';
/** The router of the client's own network. */
const ROUTER = '10.9.0.1';
const OWN = '10.9.0.2';

/** Sends one datagram, and prints the answer of an echo server or the error's name. */
const ASK = `
import errno, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(0.5)
try:
    s.connect((sys.argv[1], int(sys.argv[2]))); s.send(b'x'); print(s.recv(100).decode())
except socket.timeout: print('silence')
except OSError as e: print(errno.errorcode[e.errno])
`;
/** Answers each datagram, from the address that it went to, with the address that it came from. */
const ECHO = `
import select, socket, sys
socks = []
for address in sys.argv[1].split(','):
    for port in (443, 9999):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((address, port)); socks.append(s)
print('ready', flush=True)
while True:
    for s in select.select(socks, [], [])[0]:
        d, a = s.recvfrom(2000); s.sendto(a[0].encode(), a)
`;

describe('what passes beside the tunnel', { skip: NetLab.unavailable() }, () => {
  let office: Office;
  let daemon: DaemonProcess;
  let client: Client<DaemonApi>;
  let watch: StatusWatch;
  let profile = '';

  before(async () => {
    office = await openOffice('protect');
    const { nat, lan } = office.net;
    for (const site of [SITE, OTHER_SITE]) nat.ip('address', 'add', `${site}/32`, 'dev', 'lo');
    await echoes(nat, SITE, OTHER_SITE, ROUTER);
    await echoes(lan, LAN_HOST);
    await office.gateway.configure({
      gateway: byCertificate(serverCertificate('p256')),
      client: BY_PASSWORD,
      ike: ['aes256gcm16-prfsha384-ecp384'],
      esp: ['aes256gcm16'],
    });
  });
  after(() => office.close());

  beforeEach(async () => {
    daemon = await DaemonProcess.start(office.net.client);
    await attach();
  });
  afterEach(async () => {
    office.net.client.sysctl('net.ipv4.conf.all.rp_filter', 0);
    await set({ killSwitch: 'off', lan: true });
    client.close();
    await daemon.end();
    await daemon.destroy();
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

  async function ask(to: string, port = 9999): Promise<string> {
    const { stdout } = await office.net.client.execAsync(['python3', '-c', ASK, to, `${port}`]);
    return stdout.trim();
  }

  const REFUSED = new Set(['EHOSTUNREACH', 'EACCES', 'EPERM', 'ECONNREFUSED']);
  async function assertRefused(to: string, port = 9999): Promise<void> {
    const answer = await ask(to, port);
    assert.ok(REFUSED.has(answer), `${to}: ${answer}\n${daemon.said()}`);
  }

  async function set(settings: { killSwitch: 'off' | 'session' | 'always'; lan: boolean }): Promise<void> {
    const written = await client.call('settings.write', settings);
    assert.ok(written.ok, daemon.said());
  }

  async function policy(written: Omit<PolicyInput, 'version'>): Promise<void> {
    const done = await client.call('policy.write', { profile, policy: { version: 1, ...written } });
    assert.ok(done.ok, daemon.said());
  }

  /** A profile of everything, or of the office alone. */
  async function choose(remote: readonly string[] | undefined): Promise<void> {
    const tunnel: ProfileInput['tunnel'] = {
      addresses: ['ipv4'],
      ...(remote ? { remote: [...remote] } : {}),
    };
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

  async function down(): Promise<void> {
    assert.ok((await client.call('connection.down', {})).ok);
  }

  const OFFICE = ['10.50.0.0/24'];

  test('without kill switch and policy everything is as it was, in every state', async () => {
    await choose(OFFICE);
    assert.equal(await ask(SITE), OWN);
    await begin();
    assert.equal(await ask(SITE), OWN);
    await down();
    const inside = await up();
    assert.equal(office.net.client.run(['/usr/sbin/nft', 'list', 'ruleset']).trim(), '');
    assert.deepEqual([await ask(SITE), await ask(LAN_HOST)], [OWN, inside]);
    await down();
    assert.equal(await ask(SITE), OWN);
  });

  test('for the session nothing passes but what the policy lets pass, from its beginning to its end', async () => {
    await choose(undefined);
    await set({ killSwitch: 'session', lan: false });
    assert.equal(await ask(SITE), OWN);
    await begin();
    await assertRefused(SITE);
    await assertRefused(ROUTER);
    assert.equal(watch.last?.protection.blocked, true);
    await down();
    assert.equal(await ask(SITE), OWN);
    const inside = await up();
    assert.equal(await ask(LAN_HOST), inside);
    assert.notEqual(await ask(SITE), OWN);
    assert.equal(watch.last.protection.blocked, false);
    await down();
    assert.equal(await ask(SITE), OWN);
  });

  test('in a tunnel of the office alone the rest passes for the session, and only without it nothing does', async () => {
    await choose(OFFICE);
    await set({ killSwitch: 'always', lan: true });
    await assertRefused(SITE);
    assert.equal(await ask(ROUTER), OWN);
    const inside = await up();
    assert.deepEqual([await ask(SITE), await ask(LAN_HOST)], [OWN, inside]);
    await down();
    await assertRefused(SITE);
    assert.equal(watch.last?.protection.blocked, true);
  });

  test('a tunnel that takes everything leaves the local network alone only when that is allowed', async () => {
    await choose(undefined);
    await up();
    assert.equal(await ask(ROUTER), OWN);
    await set({ killSwitch: 'session', lan: true });
    assert.equal(await ask(ROUTER), OWN);
    assert.notEqual(await ask(SITE), OWN);
    await set({ killSwitch: 'off', lan: false });
    assert.notEqual(await ask(ROUTER), OWN);
  });

  test('while a lost gateway is looked for what is closed stays closed', async () => {
    await choose(undefined);
    await set({ killSwitch: 'session', lan: false });
    await up();
    // A new session begins at port 500, and would otherwise be there before the gateway is silent.
    office.net.gateway.nft(
      'table inet mute { chain in { type filter hook input priority 0; udp dport 500 drop; }; }\n',
    );
    await office.gateway.terminateAll();
    office.net.gateway.nft('add rule inet mute in udp dport 4500 drop\n');
    try {
      await watch.until(({ connection }) => connection?.state === 'reconnecting', 'the loss');
      assert.equal(watch.last?.protection.blocked, true);
      for (const to of [SITE, LAN_HOST, ROUTER]) assert.notEqual(await ask(to), OWN);
    } finally {
      office.net.gateway.nft('delete table inet mute\n');
      await down();
    }
  });

  for (const killSwitch of ['session', 'always'] as const) {
    test(`killed while closed (${killSwitch}) it stays closed, and the next start puts right what is to be`, async () => {
      await choose(undefined);
      await set({ killSwitch, lan: false });
      await up();
      client.close();
      await daemon.end('SIGKILL');
      await assertRefused(SITE);
      await daemon.start();
      await attach();
      if (killSwitch === 'always') await assertRefused(SITE);
      else assert.equal(await ask(SITE), OWN);
      await up();
      assert.notEqual(await ask(SITE), OWN);
      await down();
    });
  }

  test('told to end while it is always closed it leaves the machine closed, and doctor tells what is missing', async () => {
    await set({ killSwitch: 'always', lan: true });
    client.close();
    assert.equal(await daemon.end(), 0);
    await assertRefused(SITE);
    await daemon.start();
    await attach();
    office.net.client.nft('delete table inet causeway\n');
    const found = await client.call('doctor', {});
    assert.ok(found.ok);
    assert.equal(found.value.find(({ what }) => what === 'firewall')?.state, 'bad');
    assert.ok((await client.call('doctor.repair', {})).ok);
    await assertRefused(SITE);
  });

  test('a hole lets its user reach the web, for its time', async () => {
    await set({ killSwitch: 'always', lan: false });
    await assertRefused(SITE, 443);
    assert.ok((await client.call('portal.open', { seconds: 2 })).ok);
    assert.equal(await ask(SITE, 443), OWN);
    await assertRefused(SITE, 9999);
    await watch.until(({ protection }) => protection.holeUntil === undefined, 'the end of the hole');
    await assertRefused(SITE, 443);
  });

  for (const filter of [0, 1]) {
    test(`rules by network and by port lead where they say in a full tunnel (reverse path filter ${filter})`, async () => {
      office.net.client.sysctl('net.ipv4.conf.all.rp_filter', filter);
      await choose(undefined);
      await policy({
        rules: [
          { action: 'block', to: [OTHER_SITE] },
          { action: 'bypass', to: [`${SITE}/32`], protocol: 'udp', ports: ['443'] },
        ],
      });
      await up();
      assert.equal(await ask(SITE, 443), OWN);
      assert.notEqual(await ask(SITE, 9999), OWN);
      await assertRefused(OTHER_SITE);
    });
  }

  test('a rule protects one port of a network alone, whose other traffic passes', async () => {
    await choose(undefined);
    await policy({
      rules: [{ action: 'protect', to: ['10.50.0.0/24'], protocol: 'udp', ports: ['443'] }],
      otherwise: 'bypass',
    });
    const inside = await up();
    assert.equal(await ask(LAN_HOST, 443), inside);
    assert.notEqual(await ask(LAN_HOST, 9999), inside);
    assert.equal(await ask(SITE), OWN);
  });

  test('another policy holds at once, in the same session, and explain says the same', async () => {
    await choose(undefined);
    const inside = await up();
    const spis = watch.last?.connection?.facts?.spis;
    const explained = async (): Promise<unknown> => {
      const told = await client.call('policy.explain', { profile, destination: SITE });
      assert.ok(told.ok);
      return [told.value.decisions[0]?.effective, told.value.interface];
    };
    assert.notEqual(await ask(SITE), OWN);
    assert.deepEqual(await explained(), ['protect', 'causeway0']);
    await policy({ rules: [{ action: 'bypass', to: ['198.51.100.0/24'] }] });
    assert.equal(await ask(SITE), OWN);
    assert.deepEqual(await explained(), ['bypass', 'behind']);
    await policy({ rules: [{ action: 'block', to: ['198.51.100.0/24'] }] });
    await assertRefused(SITE);
    assert.deepEqual(await explained(), ['block', null]);
    assert.equal(await ask(LAN_HOST), inside);
    assert.deepEqual(watch.last?.connection?.facts?.spis, spis);
  });
});
