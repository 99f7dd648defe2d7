/**
 * Signing in by EAP-GTC at a strongSwan, which asks its xauth-generic backend whether the code is right. It knows codes that
 * stay good alone, so that codes are good once is for the embedded gateway to judge (test/exchange/eap-gtc.test.ts). tshark
 * reads what crossed with the keys of our key log.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DaemonApi } from '../../core/contract/daemon-api.ts';
import { SecretBytes } from '../../core/lib/secret.ts';
import type { Client } from '../../core/rpc/client.ts';
import { proves } from '../conformance/tag.ts';
import { DaemonProcess, StatusWatch } from '../support/daemon.ts';
import { NetLab } from '../support/netns.ts';
import { encryptedIke, judge, problemsOf, wasRead } from '../support/tshark.ts';
import { LAN_HOST } from './lab.ts';
import {
  byCertificate,
  openOffice,
  passwordProfile,
  serverCertificate,
  USER,
  type Office,
} from './office.ts';
import { assertPings } from './traffic.ts';

const CODE = '492017';

describe('a one-time code at a strongSwan', { skip: NetLab.unavailable() }, () => {
  let office: Office;
  let directory: string;
  const profile = passwordProfile({ user: { method: 'eap-gtc', username: USER.name } });

  before(async () => {
    office = await openOffice('gtc', { settings: { plugins: { 'eap-gtc': { backend: 'generic' } } } });
    directory = mkdtempSync(join(tmpdir(), 'cw-gtc-'));
  });
  after(async () => {
    await office.close();
    rmSync(directory, { recursive: true, force: true });
  });
  beforeEach(() =>
    office.gateway.configure({
      gateway: byCertificate(serverCertificate('p256')),
      client: { auth: 'eap-gtc', users: [{ name: USER.name, password: CODE }] },
      ike: ['aes256gcm16-prfsha384-ecp384'],
      esp: ['aes256gcm16'],
    }),
  );

  test(
    'signs in, with AUTH of both ends by SK_pi and SK_pr, and tshark finds nothing wrong',
    proves(['RFC7296-2.16-5', 'does'], ['RFC3748-5.6-x1', 'does'], ['RFC3748-5.6-x4', 'does']),
    async () => {
      const [file, keyLog] = [join(directory, 'ike.pcap'), join(directory, 'keys.log')];
      const capture = await office.net.lab.capture(office.net.client, 'direct', file, 'udp');
      try {
        await office.during(profile, () => assertPings(office.net.client, LAN_HOST), {
          secret: CODE,
          args: ['--keylog', keyLog],
        });
      } finally {
        await capture.stop();
      }
      const packets = await judge(file, readFileSync(keyLog, 'utf8'));
      assert.deepEqual(problemsOf(packets), []);
      const ike = encryptedIke(packets);
      assert.ok(ike.every(wasRead));
      const codes = ike.filter(({ text }) => /Type: Generic Token Card \(?.*6\)?/.test(text));
      assert.equal(codes.length, 2, 'a request and a response');
      assert.equal(readFileSync(file).includes(CODE), false, 'the code crossed in clear');
    },
  );

  test('is refused in words when the code is wrong', async () => {
    const failure = await office.refused(profile, { secret: '000000' });
    assert.equal(failure.code, 'auth.wrong-code');
    assert.doesNotMatch(`${failure.title} ${failure.why} ${failure.next}`, /password|000000/i);
  });

  test('is asked for by the service with what the gateway says, and anew when it has to sign in again', async () => {
    const daemon = await DaemonProcess.start(office.net.client);
    let client: Client<DaemonApi> | undefined;
    try {
      client = await daemon.client();
      const watch = new StatusWatch(client);
      const written = await client.call('profile.write', { contents: profile });
      assert.ok(written.ok);
      assert.ok((await client.call('connection.up', { profile: written.value.id })).ok);
      let asked = -1;
      for (let login = 0; login < 2; login++) {
        const { connection } = await watch.until(
          (status) => (status.connection?.need?.id ?? -1) > asked,
          'a need',
        );
        const need = connection?.need;
        assert.equal(need?.what, 'one-time code');
        assert.equal(need.username, USER.name);
        assert.match(need.message ?? '', /\w/);
        asked = need.id;
        assert.ok((await client.call('need.answer', { need: need.id }, SecretBytes.ofText(CODE))).ok);
        await watch.until(
          (status) => status.connection?.state === 'connected' && status.connection.need === undefined,
          'a connection',
        );
        await assertPings(office.net.client, LAN_HOST);
        await office.gateway.deleteAll();
      }
      assert.equal(daemon.said().includes(CODE), false, 'the code is in the log');
    } finally {
      client?.close();
      await daemon.end();
      await daemon.destroy();
    }
  });
});
