/** The service as the program that is installed, with the rights that its unit gives and no more, in a whole connection. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { unitText } from '../../build/install.ts';
import { buildProgram } from '../../build/program.ts';
import { SecretBytes } from '../../core/lib/secret.ts';
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
import { DAEMON_GROUP, DaemonProcess, StatusWatch } from '../support/daemon.ts';
import { NetLab } from '../support/netns.ts';
import { confinement, settingsOf } from '../support/unit-file.ts';

describe('the service with the rights of its unit', { skip: NetLab.unavailable() }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'cw-confined-'));
  let office: Office;

  before(async () => {
    office = await openOffice('conf');
    await office.gateway.configure({
      gateway: byCertificate(serverCertificate('p256')),
      client: BY_PASSWORD,
      ike: ['aes256gcm16-prfsha384-ecp384'],
      esp: ['aes256gcm16'],
    });
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await office.close();
  });

  test('connects behind a kill switch, carries, ends and leaves nothing', async () => {
    const { file } = await buildProgram({ name: 'causewayd', outDirectory: folder });
    const unit = settingsOf(unitText('causewayd.service', '/usr'));
    const daemon = await DaemonProcess.start(office.net.client, {
      before: confinement(unit, DAEMON_GROUP),
      program: [file],
    });
    const status = readFileSync(`/proc/${daemon.pid}/status`, 'latin1');
    // CAP_DAC_OVERRIDE, CAP_NET_BIND_SERVICE, CAP_NET_ADMIN: capability.h has their numbers.
    assert.match(status, /^CapBnd:\t0000000000001402$/m);
    assert.match(status, /^CapEff:\t0000000000001402$/m);
    assert.match(status, /^NoNewPrivs:\t1$/m);
    const client = await daemon.client();
    const watch = new StatusWatch(client);
    assert.ok((await client.call('settings.write', { killSwitch: 'session', lan: true })).ok, daemon.said());
    const contents = passwordProfile({ tunnel: { addresses: ['ipv4'] } });
    const written = await client.call('profile.write', { contents });
    assert.ok(written.ok, daemon.said());
    const secret = SecretBytes.ofText(USER.password);
    const begun = await client.call('connection.up', { profile: written.value.id }, secret);
    assert.ok(begun.ok, daemon.said());
    await watch.until(({ connection }) => connection?.state === 'connected', 'a connection');
    await assertPings(office.net.client, LAN_HOST);
    assert.ok((await client.call('connection.down', {})).ok, daemon.said());
    assert.doesNotMatch(daemon.said(), /EPERM|EACCES|Operation not permitted| error /);
    client.close();
    assert.equal(await daemon.end(), 0);
    await daemon.destroy();
    assert.equal(office.net.client.run(['/usr/sbin/nft', 'list', 'ruleset']).trim(), '');
  });
});
