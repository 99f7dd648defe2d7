/**
 * A gateway that takes everything and says which networks are its own: strongSwan with its attr plugin, and a policy that
 * protects those alone. What leaves the machine in clear is judged by captures of the links that lead out of it.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { DaemonApi, PolicyExplanation, Status } from '../../core/contract/daemon-api.ts';
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
import { LeakWatch } from '../support/leaks.ts';
import { NetLab } from '../support/netns.ts';

const OWN = '10.50.0.0/28';
/** Another part of the network behind the gateway, and a site on the internet. */
const OTHER = '10.50.0.100';
const OTHER_OWN = '10.50.0.96/28';
const SITE = '198.51.100.80';

function naming(subnet: string | undefined) {
  return { settings: { plugins: { attr: subnet === undefined ? {} : { subnet } } } };
}

describe('the networks that a gateway calls its own', { skip: NetLab.unavailable() }, () => {
  let office: Office;
  let daemon: DaemonProcess;
  let client: Client<DaemonApi>;
  let watch: StatusWatch;
  let profile = '';

  before(async () => {
    office = await openOffice('subnets', naming(OWN));
    await office.gateway.configure({
      gateway: byCertificate(serverCertificate('p256')),
      client: BY_PASSWORD,
      ike: ['aes256gcm16-prfsha384-ecp384'],
      esp: ['aes256gcm16'],
    });
  });
  after(() => office.close());

  beforeEach(async () => {
    await office.gateway.charon.reload(naming(OWN));
    daemon = await DaemonProcess.start(office.net.client);
    client = await daemon.client();
    watch = new StatusWatch(client);
    const written = await client.call('profile.write', { contents: passwordProfile() });
    assert.ok(written.ok);
    profile = written.value.id;
  });
  afterEach(async () => {
    client.close();
    await daemon.end();
    await daemon.destroy();
    await office.gateway.terminateAll();
  });

  async function follow(otherwise: 'subnets' | 'gateway'): Promise<void> {
    const done = await client.call('policy.write', { profile, policy: { version: 1, rules: [], otherwise } });
    assert.ok(done.ok, daemon.said());
  }

  /** Answers as often as a password is asked for, until a connection stands that named these networks. */
  async function connected(subnets: readonly string[] | undefined): Promise<Status> {
    const asked = await watch.until(({ connection }) => connection?.need !== undefined, 'a need');
    const need = asked.connection?.need?.id ?? 0;
    assert.ok((await client.call('need.answer', { need }, SecretBytes.ofText(USER.password))).ok);
    return watch.until(
      ({ connection }) =>
        connection?.state === 'connected' &&
        connection.need === undefined &&
        connection.facts?.subnets?.join() === subnets?.join(),
      `a connection that names ${subnets?.join() ?? 'nothing'}`,
    );
  }

  async function up(subnets: readonly string[] | undefined): Promise<Status> {
    assert.ok((await client.call('connection.up', { profile })).ok, daemon.said());
    return connected(subnets);
  }

  async function explained(destination: string): Promise<PolicyExplanation> {
    const told = await client.call('policy.explain', { profile, destination });
    assert.ok(told.ok);
    return told.value;
  }

  /** Which destinations were seen in clear on a link that leads out, of all that were sent to. */
  async function inClear(): Promise<string[]> {
    const to = Object.entries({ own: LAN_HOST, other: OTHER, site: SITE }).map(([name, address]) => ({
      name,
      address,
    }));
    const leaks = await LeakWatch.start(office.net.lab, office.net.client, ['direct', 'behind'], to);
    try {
      await leaks.phase('now');
      return await leaks.reached('now');
    } finally {
      await leaks.close();
    }
  }

  test('go through the tunnel, and everything else past it, though the gateway takes all', async () => {
    await follow('subnets');
    const { connection } = await up([OWN]);
    assert.deepEqual(connection?.facts?.selectors.remote, ['0.0.0.0/0', '::/0']);
    assert.deepEqual(await inClear(), ['other', 'site']);
    const { decisions, subnets, granted } = await explained(LAN_HOST);
    assert.deepEqual([decisions[0]?.effective, decisions[0]?.reason], ['protect', 'subnets']);
    assert.deepEqual([granted, subnets], [['0.0.0.0/0', '::/0'], [OWN]]);
    const past = await explained(SITE);
    assert.deepEqual([past.decisions[0]?.effective, past.interface], ['bypass', 'behind']);
    await follow('gateway');
    assert.deepEqual(await inClear(), []);
  });

  test('may be others with the next session, and what goes through the tunnel follows', async () => {
    await follow('subnets');
    await up([OWN]);
    await office.gateway.charon.reload(naming(OTHER_OWN));
    await office.gateway.deleteAll();
    await connected([OTHER_OWN]);
    assert.deepEqual(await inClear(), ['own', 'site']);
  });

  test('are all that it takes while it names none', async () => {
    await office.gateway.charon.reload(naming(undefined));
    await follow('subnets');
    await up(undefined);
    assert.deepEqual(await inClear(), []);
  });
});
