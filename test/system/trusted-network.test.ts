/**
 * Connecting by itself, as the service does it: a laptop goes from a hotel to its desk in the office and back. At the edge
 * of the office is a strongSwan, in it a beacon, which is reached over the cable at the desk and through the tunnel.
 *
 *   client ---- behind: 10.9.0.2 ---- [nat: the hotel] ---- gateway ---- lan, 10.50.0.10 is the beacon
 *     +-------- cable: 10.70.0.2 ---- 10.70.0.1 [lan] ---------------------+
 */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { createHash, createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { DaemonApi, Status } from '../../core/contract/daemon-api.ts';
import type { ProfileInput } from '../../core/contract/profile.ts';
import { SecretBytes } from '../../core/lib/secret.ts';
import type { Client } from '../../core/rpc/client.ts';
import { LAN_HOST, NATTED } from '../interop/lab.ts';
import {
  BY_PASSWORD,
  BY_USER_CERTIFICATE,
  byCertificate,
  certificateProfile,
  gatewayAt,
  officeCa,
  openOffice,
  passwordProfile,
  serverCertificate,
  USER,
  userCertificate,
  type Office,
} from '../interop/office.ts';
import { DaemonProcess, StatusWatch } from '../support/daemon.ts';
import { NetLab, type Namespace } from '../support/netns.ts';
import { issue, type Issued } from '../support/pki-factory.ts';

const BEACON_SERVER = join(import.meta.dirname, '../support/beacon-server.ts');
const CLI = join(import.meta.dirname, '../../core/cli/main.ts');
const BEACON_PORT = 8443;
/** The hotel's own network, and where its portal answers for everybody. */
const PORTAL = '10.9.0.1';
/** Of a change until what follows from it is done, without the time that is waited for an answer. */
const SECONDS_MS = 4_000;
/** The same with a start of the service in it, or a login. */
const LOGIN_MS = 9_000;

const beaconKey = issue(officeCa(), { subject: 'CN=beacon', key: 'p256', keyName: 'beacon' });
const otherKey = issue(officeCa(), { subject: 'CN=beacon', key: 'p256', keyName: 'not the beacon' });

function pinOf({ key }: Issued): string {
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('base64');
}

describe('a laptop that connects by itself', { skip: NetLab.unavailable() }, () => {
  let office: Office;
  let daemon: DaemonProcess;
  let client: Client<DaemonApi>;
  let watch: StatusWatch;
  let beacon: ChildProcess | undefined;
  const heard: string[] = [];

  before(async () => {
    office = await openOffice('trust');
    const { lab, client: laptop, gateway, lan } = office.net;
    laptop.ip('link', 'set', 'direct', 'down');
    lab.link(laptop, lan, { addrA: [], addrB: ['10.70.0.1/24'], names: ['cable', 'desk'] });
    lab.forward(lan);
    lab.route(gateway, '10.70.0.0/24', 'via', LAN_HOST);
  });
  after(() => office.close());

  beforeEach(async () => {
    toHotel();
    hotelDoes('filter', 'reject with tcp reset');
    await configure('certificate');
    await beaconIs(beaconKey);
    daemon = await DaemonProcess.start(office.net.client);
    await attach();
  });
  afterEach(async () => {
    await client.call('settings.write', { killSwitch: 'off', lan: true });
    client.close();
    await daemon.end();
    await daemon.destroy();
    await office.gateway.terminateAll();
    office.net.client.sysctl('net.ipv4.conf.all.rp_filter', 0);
  });

  async function attach(): Promise<void> {
    client = await daemon.client();
    watch = new StatusWatch(client);
  }

  function configure(how: 'certificate' | 'password'): Promise<void> {
    return office.gateway.configure({
      gateway: byCertificate(serverCertificate('p256')),
      client: how === 'password' ? BY_PASSWORD : BY_USER_CERTIFICATE(),
      ike: ['aes256gcm16-prfsha384-ecp384'],
      esp: ['aes256gcm16'],
    });
  }

  /** What becomes of what is sent to beacons there. */
  function hotelDoes(type: 'filter' | 'nat', verdict: string): void {
    office.net.nat.nft(
      `table ip hotel {}\ndelete table ip hotel\ntable ip hotel {
        chain beacons { type ${type} hook prerouting priority -100; tcp dport ${BEACON_PORT} ${verdict}; }
      }\n`,
    );
  }

  function toHotel(): void {
    office.net.client.ipBatch([
      'address flush dev cable',
      'link set cable down',
      'address flush dev behind',
      'link set behind up',
      'address add 10.9.0.2/24 dev behind',
      'route replace default via 10.9.0.1 dev behind',
    ]);
  }

  function toDesk(): void {
    office.net.client.ipBatch([
      'address flush dev behind',
      'link set behind down',
      'link set cable up',
      'address add 10.70.0.2/24 dev cable',
      'route replace default via 10.70.0.1 dev cable',
    ]);
  }

  /** Who proves that key at an address, or nobody. */
  async function serve(place: Namespace, address: string, { pem, keyPem }: Issued): Promise<ChildProcess> {
    const child = place.spawn([process.execPath, BEACON_SERVER, address, `${BEACON_PORT}`], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin?.end(JSON.stringify({ cert: pem, key: keyPem }));
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    return child;
  }

  async function beaconIs(key: Issued | undefined): Promise<void> {
    await stop(beacon);
    heard.length = 0;
    beacon = key && (await serve(office.net.lan, LAN_HOST, key));
    beacon?.stdout?.on('data', (text: Buffer) => heard.push(...text.toString().trim().split('\n')));
  }

  async function stop(child: ChildProcess | undefined): Promise<void> {
    if (!child) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  function profile(changes: Partial<ProfileInput> = {}): ProfileInput {
    return certificateProfile(userCertificate('p256'), {
      gateway: gatewayAt(NATTED),
      tunnel: { addresses: ['ipv4'] },
      automatic: {
        connect: 'untrusted',
        beacons: [{ host: LAN_HOST, port: BEACON_PORT, pins: [pinOf(beaconKey)] }],
      },
      ...changes,
    });
  }

  /** Its id. */
  async function choose(contents: ProfileInput = profile()): Promise<string> {
    const written = await client.call('profile.write', { contents });
    assert.ok(written.ok);
    const chosen = await client.call('automatic.choose', { profile: written.value.id });
    assert.ok(chosen.ok);
    return written.value.id;
  }

  const isUp = ({ connection }: Status): boolean =>
    connection?.state === 'connected' && connection.facts !== undefined;
  const isDown = ({ connection }: Status): boolean => connection === null;
  const isUntrusted = ({ automatic }: Status): boolean => automatic?.verdict === 'untrusted';
  const judged =
    (verdict: string, reason: string) =>
    ({ automatic }: Status): boolean =>
      automatic?.verdict === verdict && automatic.reason?.code === reason;

  /** Something about the network changes, and it is the same place: the beacons are asked again, and have answered. */
  async function askedAgain(): Promise<void> {
    const before = watch.last?.automatic?.askAt;
    office.net.client.ip('address', 'add', '10.9.0.3/24', 'dev', 'behind');
    const isAfter = (askAt: number | undefined): boolean =>
      askAt !== undefined && askAt !== before && askAt - Date.now() > 3_000;
    await until(({ automatic }) => isAfter(automatic?.askAt), 'an answer', 8_000);
  }

  /** How long it took. */
  async function until(
    fits: (status: Status) => boolean,
    what: string,
    timeoutMs = SECONDS_MS,
  ): Promise<number> {
    const beganAt = performance.now();
    try {
      await watch.until(fits, what, timeoutMs);
    } catch (error) {
      throw new Error(`${String(error)}\n${daemon.said()}`, { cause: error });
    }
    return performance.now() - beganAt;
  }

  test('is connected in the hotel and not at its desk, and says why', async () => {
    await choose();
    await until(isUp, 'a connection in the hotel', LOGIN_MS);
    assert.equal(watch.last?.automatic?.verdict, 'untrusted');
    toDesk();
    await until((status) => isDown(status) && status.automatic?.next.what === 'stay-off', 'the end of it');
    const told = watch.last.automatic;
    assert.deepEqual(told.reason, {
      code: 'proved',
      beacon: `${LAN_HOST}:${BEACON_PORT}`,
      interface: 'cable',
    });
    assert.equal(told.verdict, 'trusted');
    toHotel();
    await until(isUp, 'a connection in the hotel again', LOGIN_MS);
    // It was ended once: the next time trust has to stand for a while, so that nothing follows a loose plug.
    toDesk();
    await until(judged('trusted', 'proved'), 'trust');
    assert.equal(watch.last.automatic.next.what, 'disconnect-later');
    toHotel();
    await until((status) => isUntrusted(status) && isUp(status), 'the hotel', LOGIN_MS);
    assert.equal(heard.filter((from) => from !== '10.70.0.2' && from !== '::ffff:10.70.0.2').join(), '');
  });

  test('does not take a beacon for one that it reaches through the tunnel', async () => {
    await choose();
    await until(isUp, 'a connection', LOGIN_MS);
    const { lab, client: laptop, gateway } = office.net;
    const port = `tcp port ${BEACON_PORT}`;
    const files = ['behind', 'lan'].map((name) => join(daemon.directory, `${name}.pcap`));
    const captures = [
      await lab.capture(laptop, 'behind', files[0] ?? '', port),
      await lab.capture(gateway, 'lan', files[1] ?? '', port),
    ];
    await askedAgain();
    for (const capture of captures) await capture.stop();
    assert.deepEqual([watch.last?.automatic?.verdict, heard], ['untrusted', []]);
    assert.ok(packets(files[0] ?? '') > 0, 'it was asked past the tunnel');
    assert.equal(packets(files[1] ?? ''), 0, 'and not through it');
    // Everybody else reaches it there.
    const answer = await laptop.execAsync(['/bin/bash', '-c', `exec 3<>/dev/tcp/${LAN_HOST}/${BEACON_PORT}`]);
    assert.equal(answer.status, 0);
  });

  test('believes no other key, and waits no longer than it has to for nobody', async () => {
    await beaconIs(otherKey);
    toDesk();
    await choose();
    await until(
      (status) => isUp(status) && judged('untrusted', 'other-key')(status),
      'a connection at the desk',
    );
    await beaconIs(beaconKey);
    office.net.lan.nft(
      `table inet silence { chain c { type filter hook input priority 0; tcp dport ${BEACON_PORT} drop; }; }`,
    );
    office.net.client.ip('address', 'add', '10.70.0.3/24', 'dev', 'cable');
    await until(judged('untrusted', 'silent'), 'silence', 8_000);
    office.net.lan.nft('delete table inet silence');
    office.net.client.ip('address', 'del', '10.70.0.3/24', 'dev', 'cable');
    await until(isDown, 'the end of it');
    assert.equal(watch.last?.automatic?.verdict, 'trusted');
  });

  test('is not taken in by a portal that answers for everybody', async () => {
    const portal = await serve(office.net.nat, PORTAL, otherKey);
    hotelDoes('nat', `dnat to ${PORTAL}`);
    await choose();
    await until((status) => isUp(status) && judged('untrusted', 'other-key')(status), 'a connection');
    await stop(portal);
  });

  test('asks past a closed firewall, and stays connected at its desk when nothing passes without', async () => {
    await choose();
    await until(isUp, 'a connection', LOGIN_MS);
    assert.ok((await client.call('settings.write', { killSwitch: 'always', lan: false })).ok);
    toDesk();
    await until(judged('trusted', 'proved'), 'trust');
    assert.equal(watch.last?.automatic?.next.what, 'closed');
    assert.ok(watch.last.connection);
    assert.ok((await client.call('settings.write', { killSwitch: 'session', lan: false })).ok);
    await until(isDown, 'the end of it');
    assert.equal(watch.last.protection.blocked, false);
    toHotel();
    await until(isUp, 'a connection', LOGIN_MS);
  });

  test('knows its desk where the way back is checked strictly', async () => {
    office.net.client.sysctl('net.ipv4.conf.all.rp_filter', 1);
    await choose();
    await until(isUp, 'a connection', LOGIN_MS);
    toDesk();
    await until(isDown, 'the end of it');
  });

  test('leaves what a person did as it is until it is somewhere else', async () => {
    const id = await choose();
    await until(isUp, 'a connection', LOGIN_MS);
    assert.ok((await client.call('connection.down', {})).ok);
    await askedAgain();
    assert.deepEqual([watch.last?.connection, watch.last?.automatic?.next.what], [null, 'down-by-hand']);
    toDesk();
    await until(judged('trusted', 'proved'), 'trust');
    assert.ok((await client.call('connection.up', { profile: id })).ok);
    await until(isUp, 'a connection by hand');
    assert.equal(watch.last?.automatic?.next.what, 'up-by-hand');
    toHotel();
    await until((status) => isUntrusted(status) && isUp(status), 'the hotel', LOGIN_MS);
    toDesk();
    await until(isDown, 'the end of it');
  });

  test('asks its user for the password, and goes on after the service was killed', async () => {
    await configure('password');
    const { gateway, tunnel, automatic } = profile();
    const id = await choose(passwordProfile({ gateway, tunnel, automatic }));
    await until(({ connection }) => connection?.need !== undefined, 'a need', LOGIN_MS);
    const need = watch.last?.connection?.need?.id ?? 0;
    assert.ok((await client.call('need.refuse', { need })).ok);
    await until(({ automatic: told }) => told?.next.what === 'nobody', 'that nobody is there');
    client.close();
    await attach();
    await until(({ connection }) => connection?.need !== undefined, 'a need for who came');
    // Who says up is answered what is there, and gives the password with it.
    const up = await client.call('connection.up', { profile: id }, SecretBytes.ofText(USER.password));
    assert.ok(up.ok);
    await until(isUp, 'a connection', LOGIN_MS);
    client.close();
    await daemon.end('SIGKILL');
    await daemon.start();
    await attach();
    await until(({ connection }) => connection?.need !== undefined, 'a need of the next service', LOGIN_MS);
  });

  test('belongs to who chose it, and gives IT the pin of a beacon', async () => {
    toDesk();
    await choose();
    await until(judged('trusted', 'proved'), 'trust');
    const said = async (words: string): Promise<{ readonly status: number; readonly text: string }> => {
      const argv = [process.execPath, CLI, ...words.split(' '), '--socket', daemon.socketPath];
      const { status, stdout, stderr } = await office.net.client.execAsync(argv);
      return { status, text: stdout + stderr };
    };
    const place = `${LAN_HOST}:${BEACON_PORT}`;
    const asked = await said(`beacon ${place}`);
    assert.equal(asked.status, 0, asked.text);
    assert.match(asked.text, /has proved its key, asked at 10\.50\.0\.10 over cable and past any tunnel\./);
    assert.ok(asked.text.includes(pinOf(beaconKey)));
    const nobody = await said(`beacon ${LAN_HOST}:9`);
    assert.deepEqual(
      [nobody.status, /^Nobody takes connections at 10\.50\.0\.10:9/.test(nobody.text)],
      [7, true],
    );
    const status = await said('status');
    assert.match(
      status.text,
      /^Not connected\.\nThis network is trusted: 10\.50\.0\.10:8443 has proved its key over cable\.\nOffice is not needed here\.$/m,
    );
    assert.match((await said('automatic off')).text, /Nothing connects by itself any more\./);
    assert.equal(watch.last?.automatic, undefined);
    assert.match((await said('automatic')).text, /Switch it on with: causeway automatic on/);
    toHotel();
    assert.match((await said('automatic on Office')).text, /Office connects by itself from now on/);
    await until(isUp, 'a connection', LOGIN_MS);
  });

  function packets(file: string): number {
    const argv = ['tcpdump', '-n', '-r', file];
    return office.net.client
      .run(argv)
      .split('\n')
      .filter((line) => line !== '').length;
  }
});
