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

/** Runs a gateway for as long as `work` takes, and lets it complain about what the client did. */
async function withGateway(
  config: GatewayConfigJson,
  work: (gateway: GatewayProcess) => Promise<void>,
): Promise<GatewayProcess> {
  const gateway = await GatewayProcess.start(lab.gateway, config);
  try {
    await work(gateway);
    assert.deepEqual(
      gateway.events.filter(({ event }) => event === 'violation'),
      [],
    );
    return gateway;
  } finally {
    await gateway.stop();
  }
}

/** Connects, pings the LAN host in both families through the tunnel, and disconnects. */
async function reachLan(gateway: GatewayProcess, options: StrongSwanClientOptions): Promise<void> {
  const after = gateway.events.length;
  await charon.connect(options);
  for (const host of [PLACES.lanHost, PLACES.lanHost6]) {
    const ping = lab.client.exec(['ping', '-c', '1', '-W', '2', host]);
    assert.equal(ping.status, 0, `${ping.stdout}${ping.stderr}${charon.charon.log()}`);
  }
  await charon.disconnect();
  await gateway.wait('closed', ({ reason }) => reason === 'client', { after });
}

function visit(config: GatewayConfigJson, options: StrongSwanClientOptions): Promise<GatewayProcess> {
  return withGateway(config, (gateway) => reachLan(gateway, options));
}

test('strongSwan gets in with EAP-MSCHAPv2 and reaches the LAN through a NAT', { skip }, async () => {
  const gateway = await visit(gatewayConfig(gatewayCertificate('rsa2048')), toGateway());
  const established = await gateway.wait('established');
  assert.equal(established['user'], USER.name);
  assert.deepEqual(established['addresses'], ['10.9.0.2', 'fd09::2']);
  const init = await gateway.wait('init');
  assert.equal(init['natClient'], true);
});

for (const [key, signature] of [
  ['rsa2048', 'rsa-pss'],
  ['rsa2048', 'old'],
  ['p256', 'auto'],
  ['p256', 'old'],
  ['ed25519', 'auto'],
] as const) {
  test(`strongSwan believes the gateway's signature by ${key} (${signature})`, { skip }, async () => {
    const gateway = await visit(gatewayConfig(gatewayCertificate(key), { signature }), toGateway());
    await gateway.wait('established');
  });
}

for (const key of ['rsa2048', 'p384'] as const) {
  test(`a client certificate with ${key} is verified`, { skip }, async () => {
    const mine = issue(ca, {
      subject: 'CN=alice',
      san: [{ email: 'alice@example.com' }],
      eku: ['clientAuth'],
      key,
      keyName: `client ${key}`,
    });
    const privateKey = new Uint8Array(mine.key.export({ format: 'der', type: 'pkcs8' }));
    const user = { auth: 'pubkey', id: 'alice@example.com', certificate: mine.der, privateKey } as const;
    const gateway = await visit(
      gatewayConfig(gatewayCertificate('p256'), { authorities: ca.pem, accept: ['certificate'] }),
      toGateway({ user }),
    );
    const established = await gateway.wait('established');
    assert.equal(established['method'], 'certificate');
    assert.equal(established['identity'], 'alice@example.com');
  });
}

test('both ends prove themselves by a pre-shared key', { skip }, async () => {
  const secret = 'thirty-two octets would be wiser';
  const gateway = await visit(
    {
      addresses: [PLACES.gateway],
      identity: ID,
      psk: secret,
      accept: ['psk'],
      pools: [...PLACES.pools],
      networks: [...PLACES.lan],
    },
    toGateway({ authorities: [], user: { auth: 'psk', id: 'laptop.example.com', secret } }),
  );
  const established = await gateway.wait('established');
  assert.equal(established['method'], 'psk');
});

const SUITES = [
  ['aes128-sha1-modp2048', 'aes128-sha1'],
  ['aes256-sha512-modp4096', 'aes256-sha512'],
  ['aes192-sha384-ecp521', 'aes192-sha384'],
  ['aes256gcm16-prfsha384-ecp384', 'aes256gcm16'],
  ['aes128gcm16-prfsha256-ecp256', 'aes128gcm16'],
  ['chacha20poly1305-prfsha512-curve25519', 'chacha20poly1305'],
] as const;

test('keys agree for every kind of cipher, integrity, PRF and group', { skip }, async () => {
  await withGateway(gatewayConfig(gatewayCertificate('p256')), async (gateway) => {
    for (const [ike, esp] of SUITES) await reachLan(gateway, toGateway({ ike: [ike], esp: [esp] }));
  });
});

test('a cookie, another group and fragments come in one connection', { skip }, async () => {
  const config = gatewayConfig(gatewayCertificate('rsa2048'), {
    cookies: true,
    fragmentOctets: 500,
    ike: { groups: [20] },
  });
  const gateway = await visit(config, toGateway({ ike: ['aes256-sha256-ecp256-ecp384'] }));
  const sent = gateway.events.filter(({ event }) => event === 'sent').map(({ payloads }) => payloads);
  assert.deepEqual(sent[0], ['N(COOKIE)']);
  assert.deepEqual(sent[1], ['N(INVALID_KE_PAYLOAD)']);
});

test('a wrong password is refused with an MSCHAPv2 failure', { skip }, async () => {
  await withGateway(gatewayConfig(gatewayCertificate('p256')), async (gateway) => {
    const user = { ...USER, password: 'guessed' };
    await assert.rejects(charon.connect(toGateway({ user })), /EAP/);
    const refused = await gateway.wait('password-refused');
    assert.deepEqual([refused['code'], refused['retry']], [691, false]);
  });
});
