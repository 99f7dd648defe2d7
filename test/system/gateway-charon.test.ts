import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { buildLab, PLACES, type DemoLab } from '../demo/lab.ts';
import type { GatewayConfigJson } from '../support/gateway/config-json.ts';
import { GatewayProcess } from '../support/gateway/spawn.ts';
import { NetLab } from '../support/netns.ts';
import { issue, makeCa, type Issued } from '../support/pki-factory.ts';
import { StrongSwanClient, type StrongSwanClientOptions } from '../support/strongswan-client.ts';
import { strongswanMissing } from '../support/strongswan-daemon.ts';

/*
 * The embedded gateway judged by another implementation: strongSwan as the client, through a NAT. What our own
 * client and our own gateway would both misread, strongSwan does not.
 */

const skip = NetLab.unavailable() || strongswanMissing() || false;
const ID = 'vpn.example.com';
const USER = { auth: 'eap', name: 'alice', password: 'swordfish' } as const;

let lab: DemoLab;
let charon: StrongSwanClient;
const ca = makeCa({ name: 'Charon test authority', key: 'p256' });

before(async () => {
  if (skip !== false) return;
  lab = buildLab('gwcharon');
  charon = await StrongSwanClient.start(lab.client);
});

after(async () => {
  if (skip !== false) return;
  await charon.stop();
  lab.lab.destroy();
});

function gatewayConfig(certificate: Issued, more: Partial<GatewayConfigJson> = {}): GatewayConfigJson {
  return {
    addresses: [PLACES.gateway],
    identity: ID,
    certificates: certificate.pem + ca.pem,
    privateKey: certificate.keyPem,
    users: { [USER.name]: { password: USER.password } },
    pools: [...PLACES.pools],
    subnets: [...PLACES.lan],
    networks: [...PLACES.lan],
    ...more,
  };
}

function gatewayCertificate(key: 'rsa2048' | 'p256' | 'p384' | 'ed25519'): Issued {
  return issue(ca, { subject: `CN=${ID}`, san: [{ dns: ID }], key, keyName: key });
}

function toGateway(more: Partial<StrongSwanClientOptions> = {}): StrongSwanClientOptions {
  return {
    gatewayAddress: PLACES.gateway,
    gatewayId: ID,
    authorities: [ca.der],
    user: USER,
    remoteTs: [...PLACES.lan],
    ...more,
  };
}

/** Connects, pings the LAN host in both families through the tunnel, disconnects; what the gateway reported. */
async function visit(config: GatewayConfigJson, options: StrongSwanClientOptions): Promise<GatewayProcess> {
  const gateway = await GatewayProcess.start(lab.gateway, config);
  try {
    await charon.connect(options);
    for (const host of [PLACES.lanHost, PLACES.lanHost6]) {
      const ping = lab.client.exec(['ping', '-c', '2', '-i', '0.05', '-W', '2', host]);
      assert.equal(ping.status, 0, `${ping.stdout}${ping.stderr}${charon.charon.log()}`);
    }
    await charon.disconnect();
    await gateway.wait('closed', ({ reason }) => reason === 'client');
    assert.deepEqual(
      gateway.events.filter(({ event }) => event === 'violation'),
      [],
    );
    return gateway;
  } finally {
    await gateway.stop();
  }
}

test('strongSwan gets in with EAP-MSCHAPv2 and reaches the LAN through a NAT', { skip }, async () => {
  const gateway = await visit(gatewayConfig(gatewayCertificate('rsa2048')), toGateway());
  const established = await gateway.wait('established');
  assert.equal(established['user'], USER.name);
  assert.deepEqual(established['addresses'], ['10.9.0.2', 'fd09::2']);
  const init = await gateway.wait('init');
  assert.equal(init['natClient'], true);
});
