import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { buildLab, PLACES, type DemoLab } from '../demo/lab.ts';
import type { GatewayConfigJson } from '../support/gateway/config-json.ts';
import { GatewayProcess } from '../support/gateway/spawn.ts';
import { NetLab } from '../support/netns.ts';
import { issue, makeCa } from '../support/pki-factory.ts';
import { StrongSwanClient } from '../support/strongswan-client.ts';
import { strongswanMissing } from '../support/strongswan-daemon.ts';

/*
 * The embedded gateway's rekeying judged by strongSwan as the client: every key, SPI and Message ID of what replaces
 * an older SA must be right for pings to pass on, whoever asked for it.
 */

const skip = NetLab.unavailable() || strongswanMissing() || false;
const ID = 'vpn.example.com';
const USER = { auth: 'eap', name: 'alice', password: 'swordfish' } as const;
const X25519 = 31;
/** Between two pings, so that each replacement meets some. */
const GAP_S = 0.004;

let lab: DemoLab;
let charon: StrongSwanClient;
const ca = makeCa({ name: 'Charon rekey authority', key: 'p256' });
const certificate = issue(ca, { subject: `CN=${ID}`, san: [{ dns: ID }], key: 'p256' });

before(async () => {
  if (skip !== false) return;
  lab = buildLab('gwrekey');
  charon = await StrongSwanClient.start(lab.client);
});

after(async () => {
  if (skip !== false) return;
  await charon.stop();
  lab.lab.destroy();
});

/** Connects, lets `work` replace SAs while pings go through the tunnel, and demands that not one is lost. */
async function whilePinging(
  esp: string,
  more: Partial<GatewayConfigJson>,
  work: (gateway: GatewayProcess) => Promise<void>,
  pings = 200,
): Promise<GatewayProcess> {
  const gateway = await GatewayProcess.start(lab.gateway, {
    addresses: [PLACES.gateway],
    identity: ID,
    certificates: certificate.pem + ca.pem,
    privateKey: certificate.keyPem,
    users: { [USER.name]: { password: USER.password } },
    pools: [...PLACES.pools],
    networks: [...PLACES.lan],
    ...more,
  });
  try {
    await charon.connect({
      gatewayAddress: PLACES.gateway,
      gatewayId: ID,
      authorities: [ca.der],
      user: USER,
      esp: [esp],
      remoteTs: [...PLACES.lan],
    });
    const argv = ['ping', '-i', String(GAP_S), '-c', String(pings), '-W', '2', '-q', PLACES.lanHost];
    const ping = lab.client.spawn(argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    ping.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const ended = new Promise((resolve) => ping.once('close', resolve));
    await work(gateway);
    await ended;
    assert.match(said, / 0% packet loss/, `${said.slice(-400)}${charon.charon.log().slice(-4000)}`);
    assert.deepEqual(
      gateway.events.filter(({ event }) => event === 'violation' || event === 'turned-down'),
      [],
    );
    return gateway;
  } finally {
    await charon.disconnect();
    await gateway.stop();
  }
}

for (const [title, esp, groups] of [
  ['without a key exchange', 'aes256gcm16', []],
  ['with one (PFS)', 'aes128-sha256-x25519', [X25519]],
] as const) {
  test(`Child SAs are rekeyed by strongSwan ${title}`, { skip }, async () => {
    await whilePinging(esp, {}, async (gateway) => {
      for (let i = 0; i < 3; i++) {
        const from = gateway.events.length;
        await charon.charon.vici.command('rekey', { child: 'net' });
        await gateway.wait('child-added', ({ replaces }) => replaces !== undefined, { after: from });
        await gateway.wait('child-removed', () => true, { after: from });
      }
    });
  });

  test(`Child SAs are rekeyed by the gateway ${title}`, { skip }, async () => {
    await whilePinging(esp, {}, async (gateway) => {
      for (let i = 0; i < 3; i++) {
        const from = gateway.events.length;
        gateway.command('rekey-child', { groups });
        await gateway.wait('child-removed', () => true, { after: from });
      }
    });
  });
}

test('the IKE SA is rekeyed by both, by turns, and its Child SA with it', { skip }, async () => {
  await whilePinging('aes256gcm16', {}, async (gateway) => {
    for (let i = 0; i < 2; i++) {
      for (const byUs of [false, true]) {
        const from = gateway.events.length;
        if (byUs) gateway.command('rekey-ike');
        else await charon.charon.vici.command('rekey', { ike: 'to-gateway' });
        await gateway.wait('closed', ({ reason }) => reason === 'rekeyed', { after: from });
        const rekeyed = gateway.events.length;
        gateway.command('rekey-child');
        await gateway.wait('child-removed', () => true, { after: rekeyed });
      }
    }
  });
});

test('a group that strongSwan does not offer first is asked for and given', { skip }, async () => {
  const gateway = await whilePinging(
    'aes128gcm16-ecp384-x25519',
    { esp: { groups: [0, X25519] } },
    async (running) => {
      const from = running.events.length;
      await charon.charon.vici.command('rekey', { child: 'net' });
      await running.wait('child-removed', () => true, { after: from });
    },
  );
  assert.equal(
    gateway.events.some(({ event, name }) => event === 'refused' && name === 'INVALID_KE_PAYLOAD'),
    true,
  );
});

test('both rekey the same Child SA at the same time, often, and nothing is lost', { skip }, async () => {
  await whilePinging(
    'aes256gcm16',
    {},
    async (gateway) => {
      for (let i = 0; i < 8; i++) {
        const from = gateway.events.length;
        gateway.command('rekey-child');
        const asked = charon.charon.vici.command('rekey', { child: 'net' });
        await gateway.wait('child-removed', () => true, { after: from });
        await asked;
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
    },
    400,
  );
});
