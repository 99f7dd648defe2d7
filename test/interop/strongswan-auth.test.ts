import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { proves } from '../conformance/tag.ts';
import { issue, makeCa, type Issued, type KeyKind } from '../support/pki-factory.ts';
import { DIRECT, GATEWAY_NAME, LAN_HOST } from './lab.ts';
import {
  BY_PASSWORD,
  BY_USER_CERTIFICATE,
  PSK,
  USER,
  byCertificate,
  certificateProfile,
  gatewayAt,
  officeCa,
  openOffice,
  passwordProfile,
  pskProfile,
  serverCertificate,
  userCertificate,
  type Office,
} from './office.ts';
import { assertPings } from './traffic.ts';

let office: Office;
before(async () => {
  office = await openOffice('auth');
});
after(async () => {
  await office.close();
});

async function assertReachesOffice(): Promise<void> {
  await assertPings(office.net.client, LAN_HOST);
}

for (const askIdentity of [true, false]) {
  const how = askIdentity ? 'after it asked for the EAP identity' : 'that takes the IKE identity as the name';
  test(
    `a password is accepted by EAP-MSCHAPv2 at a gateway ${how}`,
    proves(['RFC7296-2.16-12', 'does'], ['RFC7296-2.16-13', 'does']),
    async () => {
      await office.gateway.configure({
        gateway: byCertificate(serverCertificate('rsa2048')),
        client: { ...BY_PASSWORD, auth: 'eap-mschapv2', users: [USER], askIdentity },
      });
      const user = { method: 'eap-mschapv2', username: USER.name, ikeIdentity: USER.name } as const;
      await office.during(passwordProfile({ user }), async () => {
        await assertReachesOffice();
        assert.equal((await office.gateway.sa()).user, USER.name);
      });
    },
  );
}

const KEYS: readonly KeyKind[] = ['rsa2048', 'rsa3072', 'p256', 'p384', 'p521', 'ed25519'];

for (const kind of KEYS) {
  test(`a user and a gateway with ${kind} certificates accept each other`, async () => {
    await office.gateway.configure({
      gateway: byCertificate(serverCertificate(kind)),
      client: BY_USER_CERTIFICATE(),
    });
    await office.during(certificateProfile(userCertificate(kind)), async ({ connected }) => {
      await assertReachesOffice();
      assert.equal(connected.gateway.identity, GATEWAY_NAME);
      assert.equal((await office.gateway.sa()).remoteId, 'alice@office.test');
    });
  });
}

test('a gateway that does not know RFC 7427 and has RSA keys is accepted by the older method', async () => {
  const old = await openOffice('authold', { settings: { signature_authentication: false } });
  try {
    await old.gateway.configure({
      gateway: byCertificate(serverCertificate('rsa2048')),
      client: BY_USER_CERTIFICATE(),
    });
    await old.during(certificateProfile(userCertificate('rsa2048')), () =>
      assertPings(old.net.client, LAN_HOST),
    );
    await old.gateway.configure({
      gateway: byCertificate(serverCertificate('p384')),
      client: BY_USER_CERTIFICATE(),
    });
    await old.during(certificateProfile(userCertificate('p384')), () =>
      assertPings(old.net.client, LAN_HOST),
    );
  } finally {
    await old.close();
  }
});

/** Three authorities below the office's own, each certified by the one before, the last one first. */
function intermediates(): readonly [Issued, Issued, Issued] {
  const first = issue(officeCa(), { subject: 'CN=Country CA', key: 'p384', ca: true });
  const second = issue(first, { subject: 'CN=City CA', key: 'rsa2048', ca: true });
  const third = issue(second, { subject: 'CN=Branch CA', key: 'p256', ca: true });
  return [third, second, first];
}

test(
  'a user and a gateway behind three intermediate authorities, which they send along, accept each other',
  proves(['RFC7296-3.6-1', 'does'], ['RFC7296-1.2-2', 'does']),
  async () => {
    const chain = intermediates();
    const server = issue(chain[0], {
      subject: `CN=${GATEWAY_NAME}`,
      key: 'rsa3072',
      san: [{ dns: GATEWAY_NAME }],
      eku: ['serverAuth'],
    });
    const user = issue(chain[0], {
      subject: 'CN=alice, O=Office',
      key: 'rsa2048',
      san: [{ email: 'alice@office.test' }],
    });
    await office.gateway.configure({
      gateway: byCertificate(server, chain),
      client: BY_USER_CERTIFICATE(),
      sendCert: 'always',
    });
    const pem = [user, ...chain].map((one) => one.pem).join('');
    const profile = certificateProfile({ ...user, pem });
    await office.during(profile, async () => {
      await assertReachesOffice();
      assert.match(office.gateway.charon.log(), /received end entity cert ".*CN=alice/);
      assert.match(office.gateway.charon.log(), /received issuer cert "CN=City CA"/);
    });
  },
);

test('a pre-shared key is accepted', proves('RFC7296-2.15-2', 'does'), async () => {
  await office.gateway.configure({
    gateway: { auth: 'psk', id: GATEWAY_NAME },
    client: { auth: 'psk', secret: PSK },
  });
  await office.during(pskProfile(), async () => {
    await assertReachesOffice();
    assert.equal((await office.gateway.sa()).remoteId, 'alice@office.test');
  });
});

test('a wrong password is told as one', async () => {
  await office.gateway.configure({
    gateway: byCertificate(serverCertificate('p256')),
    client: BY_PASSWORD,
  });
  const { code } = await office.refused(passwordProfile(), { secret: 'wrong horse' });
  assert.equal(code, 'auth.wrong-password');
  assert.deepEqual(await office.gateway.sas(), []);
});

test('a wrong pre-shared key ends in a failure of authentication', async () => {
  await office.gateway.configure({
    gateway: { auth: 'psk', id: GATEWAY_NAME },
    client: { auth: 'psk', secret: PSK },
  });
  const { code } = await office.refused(pskProfile(), { secret: 'another key' });
  assert.match(code, /^auth\.(psk-mismatch|rejected)$/);
});

test('a gateway with another name, or of another authority, is refused', async () => {
  await office.gateway.configure({
    gateway: byCertificate(serverCertificate('p256')),
    client: BY_PASSWORD,
  });
  // strongSwan itself refuses to be called what it is not; what we do about one that would not is a unit test's.
  const elsewhere = { ...gatewayAt(DIRECT), identity: 'other.test' };
  assert.match((await office.refused(passwordProfile({ gateway: elsewhere }))).code, /^auth\./);
  const strange = makeCa({ name: 'Another CA', key: 'p256' });
  const stranger = { ...gatewayAt(DIRECT), authorities: strange.pem };
  const { code } = await office.refused(passwordProfile({ gateway: stranger }));
  assert.equal(code, 'auth.gateway-untrusted');
  assert.equal((await office.gateway.sas()).filter(({ state }) => state === 'ESTABLISHED').length, 0);
});
