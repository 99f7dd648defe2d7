import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { StrongSwanClient, type StrongSwanUser } from '../support/strongswan-client.ts';
import { DIRECT, DIRECT_V6, GATEWAY_NAME, LAN_HOST, LAN_HOST_V6, NATTED } from './lab.ts';
import {
  BY_PASSWORD,
  BY_USER_CERTIFICATE,
  PSK,
  USER,
  byCertificate,
  officeCa,
  openOffice,
  serverCertificate,
  userCertificate,
  type Office,
} from './office.ts';
import { assertDownload, assertNoPing, assertPings, assertUpload, startWebHost } from './traffic.ts';

/*
 * The office by itself, with strongSwan at both ends: when these fail, the tests of our own client beside them
 * say nothing about it.
 */

let office: Office;
let peer: StrongSwanClient;

before(async () => {
  office = await openOffice('harness');
  peer = await StrongSwanClient.start(office.net.client);
});
after(async () => {
  await peer.stop();
  await office.close();
});

async function connect(user: StrongSwanUser, gatewayAddress = DIRECT): Promise<void> {
  const authorities = user.auth === 'psk' ? [] : [officeCa().der];
  await peer.connect({ gatewayAddress, gatewayId: GATEWAY_NAME, authorities, user });
}

test('nothing reaches the office network without a tunnel', async () => {
  await assertNoPing(office.net.client, LAN_HOST);
});

test('strongSwan reaches the office by password, straight, through the NAT and over IPv6', async () => {
  await office.gateway.configure({ gateway: byCertificate(serverCertificate('p256')), client: BY_PASSWORD });
  for (const address of [DIRECT, NATTED, DIRECT_V6]) {
    await connect({ auth: 'eap', ...USER }, address);
    await assertPings(office.net.client, LAN_HOST);
    await assertPings(office.net.client, LAN_HOST_V6);
    const sa = await office.gateway.sa();
    assert.equal(sa.user, USER.name);
    assert.equal(sa.children[0]?.udpEncapsulated, true);
    await peer.disconnect();
  }
});

test('strongSwan proves itself by certificate and by pre-shared key, and data comes through whole', async () => {
  const server = serverCertificate('rsa2048');
  const { der, key } = userCertificate('ed25519');
  await office.gateway.configure({ gateway: byCertificate(server), client: BY_USER_CERTIFICATE() });
  const privateKey = new Uint8Array(key.export({ format: 'der', type: 'pkcs8' }));
  await connect({ auth: 'pubkey', id: 'alice@office.test', certificate: der, privateKey });
  const host = await startWebHost(office.net.lan);
  await assertDownload(office.net.client, LAN_HOST, 1_000_000);
  await assertUpload(office.net.client, LAN_HOST_V6, 1_000_000);
  host.kill();
  await peer.disconnect();

  await office.gateway.configure({
    gateway: { auth: 'psk', id: GATEWAY_NAME },
    client: { auth: 'psk', secret: PSK },
  });
  await connect({ auth: 'psk', id: 'alice@office.test', secret: PSK });
  await assertPings(office.net.client, LAN_HOST);
  await peer.disconnect();
});
