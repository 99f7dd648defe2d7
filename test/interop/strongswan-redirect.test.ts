import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { proves } from '../conformance/tag.ts';
import { DIRECT, DIRECT_V6, LAN_HOST, NATTED } from './lab.ts';
import {
  BY_PASSWORD,
  BY_USER_CERTIFICATE,
  byCertificate,
  certificateProfile,
  openOffice,
  passwordProfile,
  serverCertificate,
  userCertificate,
  type Office,
} from './office.ts';
import { assertPings } from './traffic.ts';

/*
 * strongSwan redirects clients that are connected (swanctl --redirect). It is one gateway with several addresses here,
 * so that it is the new one as well.
 */

const FROM: Readonly<Record<string, string>> = {
  [NATTED]: '203.0.113.1',
  [DIRECT_V6]: '2001:db8:2::2',
  [DIRECT]: '192.0.2.2',
};

let office: Office;
before(async () => {
  office = await openOffice('redirect');
});
after(async () => {
  await office.close();
});

/** Has the gateway send its client elsewhere, and waits until the client is there and nowhere else. */
async function redirect(to: string, dialled = to): Promise<void> {
  const { uniqueId } = await office.gateway.sa();
  await office.gateway.charon.vici.command('redirect', { 'ike-id': uniqueId, gateway: to });
  const until = performance.now() + 15_000;
  for (;;) {
    const sas = await office.gateway.sas();
    const [sa] = sas;
    const isThere = sas.length === 1 && sa?.state === 'ESTABLISHED' && sa.remoteHost === FROM[dialled];
    if (isThere) return;
    assert.ok(performance.now() < until, `the client is not at ${dialled} alone: ${JSON.stringify(sas)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

for (const to of [NATTED, DIRECT_V6]) {
  test(
    `a client that is redirected to ${to} answers, goes there, says whence, and deletes what it had`,
    proves(
      ['RFC5685-5-x3', 'does'],
      ['RFC5685-3-x5', 'does'],
      ['RFC5685-3-x7', 'does'],
      ['RFC5685-3-x8', 'refuses'],
    ),
    async () => {
      await office.gateway.configure({
        gateway: byCertificate(serverCertificate('p256')),
        client: BY_USER_CERTIFICATE(),
      });
      await office.during(certificateProfile(userCertificate('p256')), async () => {
        await redirect(to);
        await assertPings(office.net.client, LAN_HOST);
        const log = office.gateway.charon.log();
        assert.match(log, new RegExp(`redirecting peer to ${to}`));
        assert.match(log, new RegExp(`client got redirected from ${DIRECT.replaceAll('.', '\\.')}`));
        assert.match(log, /received DELETE for IKE_SA/);
      });
    },
  );
}

test('a client that is redirected by name looks it up, and one with a password is not asked again', async () => {
  await office.gateway.configure({
    gateway: byCertificate(serverCertificate('p256')),
    client: BY_PASSWORD,
  });
  const profile = passwordProfile({ gateway: { ...passwordProfile().gateway, address: NATTED } });
  await office.during(profile, async () => {
    await redirect('gateway.test', DIRECT);
    await assertPings(office.net.client, LAN_HOST);
  });
});

test('a gateway that lets no IKE SA begin with a Child SA gets one without, and the tunnel works', async () => {
  await office.gateway.configure({
    gateway: byCertificate(serverCertificate('p256')),
    client: BY_USER_CERTIFICATE(),
    connection: { childless: 'force' },
  });
  await office.during(certificateProfile(userCertificate('p256')), async () => {
    await assertPings(office.net.client, LAN_HOST);
    assert.equal((await office.gateway.sa()).children.length, 1);
  });
  const log = office.gateway.charon.log();
  assert.match(log, /peer did not initiate a childless IKE_SA/);
  assert.match(log, /parsed CREATE_CHILD_SA request \d+ \[ SA No .*TSi TSr \]/);
});
