/** The service on a disk that is full: what cannot be written down is said, not done, and not half there. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { DaemonApi } from '../../core/contract/daemon-api.ts';
import type { Client } from '../../core/rpc/client.ts';
import { LAN_HOST } from '../interop/lab.ts';
import {
  BY_USER_CERTIFICATE,
  byCertificate,
  certificateProfile,
  openOffice,
  serverCertificate,
  userCertificate,
  type Office,
} from '../interop/office.ts';
import { assertPings } from '../interop/traffic.ts';
import { DaemonProcess, StatusWatch } from '../support/daemon.ts';
import { pictureOf } from '../support/machine-picture.ts';
import { NetLab } from '../support/netns.ts';

/** Octets of each of the small disks: enough for what the service needs at first. */
const DISK = 64 * 1024;
/** Mounts them where the service keeps what is its own, seen by it alone, and becomes it. */
const ON_SMALL_DISKS = `
for place in "$STATE" /run/causeway; do
  mkdir -p -m 700 "$place" && mount -t tmpfs -o size=${DISK},mode=700 small "$place" || exit 1
done
exec "$@"
`;

describe('the service on a full disk', { skip: NetLab.unavailable() }, () => {
  let office: Office;
  let daemon: DaemonProcess;
  let client: Client<DaemonApi>;
  let watch: StatusWatch;
  let untouched: Record<string, string>;

  before(async () => {
    office = await openOffice('disk');
    await office.gateway.configure({
      gateway: byCertificate(serverCertificate('p256')),
      client: BY_USER_CERTIFICATE(),
      ike: ['aes256gcm16-prfsha384-ecp384'],
      esp: ['aes256gcm16'],
    });
  });
  after(() => office.close());

  beforeEach(async () => {
    untouched = pictureOf(office.net.client);
    daemon = DaemonProcess.create(office.net.client);
    const state = join(daemon.directory, 'state');
    mkdirSync(state, { mode: 0o700 });
    await daemon.start({ before: ['/bin/sh', '-c', ON_SMALL_DISKS, 'sh'], env: { STATE: state } });
    client = await daemon.client();
    watch = new StatusWatch(client);
  });
  afterEach(async () => {
    client.close();
    await daemon.end();
    await daemon.destroy();
    await office.gateway.terminateAll();
    assert.deepEqual(pictureOf(office.net.client), untouched);
  });

  /** A place as the service sees it. */
  function inside(...parts: readonly string[]): string {
    return join(`/proc/${daemon.pid}/root`, ...parts);
  }
  const state = (): string => inside(daemon.directory, 'state');
  const journals = (): string => inside('/run/causeway');

  /** Leaves no octet free. */
  function fill(place: string): void {
    for (const size of [4096, 64, 1]) {
      for (let i = 0; ; i++) {
        try {
          writeFileSync(join(place, `filler-${size}-${i}`), Buffer.alloc(size));
        } catch {
          break;
        }
      }
    }
  }

  function free(place: string): void {
    for (const name of readdirSync(place)) if (name.startsWith('filler')) rmSync(join(place, name));
  }

  function filesIn(place: string): string[] {
    const names = readdirSync(place, { recursive: true, encoding: 'utf8' });
    return names.filter((name) => !name.startsWith('filler')).sort();
  }

  async function code(
    outcome: Promise<{ ok: true } | { ok: false; error: { code: string } }>,
  ): Promise<string> {
    const done = await outcome;
    return done.ok ? 'ok' : done.error.code;
  }

  async function profile(): Promise<string> {
    const contents = certificateProfile(userCertificate('p256'), {
      tunnel: { addresses: ['ipv4'], remote: ['10.50.0.0/24'] },
    });
    const written = await client.call('profile.write', { contents });
    assert.ok(written.ok);
    return written.value.id;
  }

  async function up(id: string): Promise<void> {
    assert.ok((await client.call('connection.up', { profile: id })).ok);
    await watch.until(({ connection }) => connection?.facts !== undefined, 'a connection');
  }

  test('says that profiles, policies and settings are not saved, and keeps those of before', async () => {
    const id = await profile();
    assert.ok((await client.call('policy.write', { profile: id, policy: { version: 1 } })).ok);
    assert.ok((await client.call('settings.write', { killSwitch: 'off', lan: true })).ok);
    const [before, files] = [await client.call('profile.read', { profile: id }), filesIn(state())];
    const texts = files
      .filter((name) => name.includes('.'))
      .map((name) => readFileSync(join(state(), name), 'utf8'));
    fill(state());
    const contents = certificateProfile(userCertificate('p256'), { name: 'x'.repeat(100) });
    const rule = { action: 'block' as const, to: ['192.0.2.7/32'], note: 'y'.repeat(200) };
    const rules = Array.from({ length: 20 }, () => rule);
    assert.equal(await code(client.call('profile.write', { contents })), 'platform.not-saved');
    assert.equal(await code(client.call('profile.write', { profile: id, contents })), 'platform.not-saved');
    assert.equal(
      await code(client.call('policy.write', { profile: id, policy: { version: 1, rules } })),
      'platform.not-saved',
    );
    assert.equal(
      await code(client.call('settings.write', { killSwitch: 'always', lan: false })),
      'platform.not-saved',
    );
    assert.deepEqual(filesIn(state()), files);
    assert.deepEqual(
      files.filter((name) => name.includes('.')).map((name) => readFileSync(join(state(), name), 'utf8')),
      texts,
    );
    assert.deepEqual(await client.call('profile.read', { profile: id }), before);
    const settings = await client.call('settings.read', {});
    assert.deepEqual(settings.ok && settings.value.killSwitch, 'off');
    assert.equal(office.net.client.run(['/usr/sbin/nft', 'list', 'ruleset']).trim(), '');
    free(state());
    assert.equal(await code(client.call('profile.write', { profile: id, contents })), 'ok');
  });

  test('has no connection that it could not undo', async () => {
    const id = await profile();
    fill(journals());
    assert.ok((await client.call('connection.up', { profile: id })).ok);
    const { lastFailure } = await watch.until((status) => status.lastFailure !== undefined, 'a failure');
    assert.equal(lastFailure?.code, 'platform.not-saved');
    assert.match(lastFailure.why, /ENOSPC/);
    await watch.until(({ connection }) => connection === null, 'the end');
    assert.deepEqual(pictureOf(office.net.client), untouched);
    assert.deepEqual(filesIn(journals()), []);
    free(journals());
    await up(id);
    await assertPings(office.net.client, LAN_HOST);
  });

  test('changes nothing about a connection that it could not write down, and ends it in order', async () => {
    const id = await profile();
    await up(id);
    const standing = pictureOf(office.net.client);
    fill(journals());
    // Many networks, so that the journal needs another page.
    const to = Array.from({ length: 200 }, (_, i) => `10.50.0.${i + 20}/32`);
    const policy = { version: 1 as const, rules: [{ action: 'bypass' as const, to }] };
    assert.equal(await code(client.call('policy.write', { profile: id, policy })), 'platform.not-saved');
    await assertPings(office.net.client, LAN_HOST);
    assert.deepEqual(pictureOf(office.net.client)['routes'], standing['routes']);
    assert.ok((await client.call('connection.down', {})).ok);
    assert.deepEqual(pictureOf(office.net.client), untouched);
    assert.deepEqual(filesIn(journals()), []);
  });

  test('goes on with its log when there is room again, in whole lines', () => {
    const log = `
      import { LogFile } from ${JSON.stringify(join(import.meta.dirname, '../../core/daemon/log-file.ts'))};
      import { appendFileSync, rmSync } from 'node:fs';
      let now = 0;
      const file = new LogFile({ path: '/mnt/log', maxOctets: 100_000, epoch: () => now, level: 'info' });
      const many = (name, count) => { for (let i = 0; i < count; i++) file.log('info', name + '-' + i); };
      appendFileSync('/mnt/filler', 'x'.repeat(${DISK / 2}));
      many('first', 1000);
      rmSync('/mnt/filler');
      file.log('info', 'too-soon');
      now += 10_000;
      many('second', 500);
      console.log(JSON.stringify(file.tail(10_000)));
    `;
    const mount = 'mount -t tmpfs -o size=65536 small /mnt && exec "$@"';
    const argv = ['/bin/sh', '-c', mount, 'sh', process.execPath, '--input-type=module', '-e', log];
    const lines = JSON.parse(office.net.client.run(argv)) as string[];
    for (const line of lines) assert.match(line, /^1970-01-01T00:00:[01]0\.000Z info (first|second)-\d+$/);
    assert.ok(lines.some((line) => line.endsWith(' second-499')));
    assert.ok(!lines.some((line) => line.endsWith(' first-999')), 'the disk was full');
    assert.equal(existsSync('/mnt/log'), false);
  });
});
