/** The service as it runs: root in a namespace, a strongSwan at the edge of the office, users at its socket. */
import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { DaemonApi, Status } from '../../core/contract/daemon-api.ts';
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
import { assertPings } from '../interop/traffic.ts';
import { asUser, DAEMON_GROUP, DaemonProcess, StatusWatch } from '../support/daemon.ts';
import { NetLab } from '../support/netns.ts';

const STRANGER = join(import.meta.dirname, 'daemon-stranger.ts');
const STRANGER_UID = 64_124;

describe('the service', { skip: NetLab.unavailable() }, () => {
  let office: Office;
  let daemon: DaemonProcess;
  let client: Client<DaemonApi>;
  let watch: StatusWatch;
  let profile = '';

  before(async () => {
    office = await openOffice('daemon');
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
    writeFileSync(
      join(daemon.directory, 'etc', 'profiles.d', 'office.json'),
      JSON.stringify(passwordProfile()),
    );
    client = await daemon.client();
    watch = new StatusWatch(client);
    const written = await client.call('profile.write', { contents: passwordProfile({ name: 'Mine' }) });
    assert.ok(written.ok);
    profile = written.value.id;
  });
  afterEach(async () => {
    client.close();
    await daemon.end();
    await daemon.destroy();
    await office.gateway.terminateAll();
  });

  /** Everything about the network that a connection changes. */
  function network(): string {
    const { client: place } = office.net;
    return [
      place.ip('rule'),
      place.ip('-6', 'rule'),
      place.ip('route', 'show', 'table', 'all'),
      place.ip('-o', 'link').replaceAll(/^\d+: /gm, ''),
      place.run(['/usr/sbin/nft', 'list', 'ruleset']),
    ].join('\n');
  }

  async function up(password: string = USER.password): Promise<Status> {
    const begun = await client.call('connection.up', { profile });
    assert.ok(begun.ok);
    await answer(password);
    return watch.until(
      ({ connection }) => connection?.state === 'connected' && connection.facts !== undefined,
      'a connection',
    );
  }

  async function answer(password: string): Promise<void> {
    const { connection } = await watch.until((status) => status.connection?.need !== undefined, 'a need');
    const need = connection?.need?.id ?? 0;
    const given = await client.call('need.answer', { need }, SecretBytes.ofText(password));
    assert.ok(given.ok);
  }

  test('asks for the password, connects, and puts everything back when told to end', async () => {
    const untouched = network();
    const { connection } = await up();
    assert.equal(connection?.isYours, true);
    assert.equal(connection.facts?.gateway.identity, 'gateway.test');
    await assertPings(office.net.client, LAN_HOST);
    assert.notEqual(network(), untouched);
    assert.ok((await client.call('connection.down', {})).ok);
    assert.equal(watch.last?.connection, null);
    assert.equal(network(), untouched);
  });

  test('asks again when the password was wrong, and says so', async () => {
    assert.ok((await client.call('connection.up', { profile })).ok);
    await answer('no such password');
    await watch.until(
      ({ lastFailure, connection }) => connection?.need?.rejected === true || lastFailure !== undefined,
      'an end',
    );
    if (watch.last?.connection?.need) {
      await client.call('need.refuse', { need: watch.last.connection.need.id });
      await watch.until(({ connection }) => connection === null, 'the end');
    }
    assert.match(watch.last?.lastFailure?.code ?? '', /^(auth|config)\./);
  });

  test('lets nobody else end it, answer for it, see whose it is or touch what is theirs', async () => {
    assert.ok((await client.call('connection.up', { profile })).ok);
    const { connection } = await watch.until((status) => status.connection?.need !== undefined, 'a need');
    const need = connection?.need?.id ?? 0;
    const seen = (await asUser(
      { uid: STRANGER_UID, gid: DAEMON_GROUP },
      STRANGER,
      daemon.socketPath,
      profile,
      `${need}`,
    )) as {
      attempts: Record<string, string>;
      list: { id: string }[];
      seen: Status;
    };
    assert.deepEqual(seen.attempts, {
      down: 'contract.denied',
      up: 'platform.already-running',
      answer: 'contract.denied',
      refuse: 'contract.denied',
      read: 'config.profile-unknown',
      write: 'config.profile-invalid',
      remove: 'config.profile-unknown',
      policy: 'config.profile-unknown',
      log: 'contract.denied',
      repair: 'contract.denied',
    });
    assert.deepEqual(
      seen.list.map(({ id }) => id),
      ['system.office'],
    );
    assert.deepEqual(Object.keys(seen.seen.connection ?? {}).sort(), [
      'isYours',
      'profile',
      'since',
      'startedAt',
      'state',
      'warnings',
    ]);
    await answer(USER.password);
    await watch.until((status) => status.connection?.state === 'connected', 'a connection all the same');
  });

  test('is not reached by who is not in its group, nor when its socket is left behind', async () => {
    assert.equal(statSync(daemon.socketPath).mode & 0o777, 0o660);
    assert.equal(statSync(daemon.socketPath).gid, DAEMON_GROUP);
    assert.equal(statSync(join(daemon.socketPath, '..')).mode & 0o777, 0o750);
    const outsider = { uid: STRANGER_UID, gid: STRANGER_UID };
    assert.deepEqual(await asUser(outsider, STRANGER, daemon.socketPath), {
      connected: 'contract.no-access',
    });
    client.close();
    await daemon.end('SIGKILL');
    await daemon.start();
    assert.equal(statSync(daemon.socketPath).mode & 0o777, 0o660);
    client = await daemon.client();
    assert.ok((await client.call('profile.list', {})).ok);
  });

  test('killed in the middle of a connection, it repairs the machine when it starts again', async () => {
    const untouched = network();
    await up();
    client.close();
    await daemon.end('SIGKILL');
    assert.notEqual(network(), untouched);
    await daemon.start();
    assert.equal(network(), untouched);
    client = await daemon.client();
    watch = new StatusWatch(client);
    await up();
    await assertPings(office.net.client, LAN_HOST);
  });

  test('told to end, it ends the connection first', async () => {
    const untouched = network();
    await up();
    assert.equal(await daemon.end(), 0);
    assert.equal(network(), untouched);
    assert.deepEqual(await office.gateway.sas(), []);
  });

  test('tells what it changed, and that nothing is changed', async () => {
    const states = async (): Promise<Record<string, string>> => {
      const found = await client.call('doctor', {});
      assert.ok(found.ok);
      return Object.fromEntries(found.value.map(({ what, state }) => [what, state]));
    };
    assert.deepEqual(await states(), {
      'tunnel device': 'good',
      ip: 'good',
      nft: 'good',
      'network settings': 'good',
      'name servers': 'good',
      firewall: 'good',
    });
    await up();
    assert.equal((await states())['network settings'], 'changed');
  });
});
