import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { LAN_HOST, LAN_HOST_V6 } from './lab.ts';
import {
  BY_PASSWORD,
  byCertificate,
  openOffice,
  passwordProfile,
  serverCertificate,
  type Office,
} from './office.ts';
import { assertPings } from './traffic.ts';

/*
 * Every algorithm that Causeway speaks, at a gateway that takes that one alone. The columns are independent, so a
 * row tries one cipher for IKE, the same for ESP, and one PRF and group at a time.
 */

let office: Office;
before(async () => {
  office = await openOffice('suites');
});
after(async () => {
  await office.close();
});

const CIPHERS: Readonly<Record<string, string>> = {
  aes256gcm16: 'AES_GCM_16-256',
  aes128gcm16: 'AES_GCM_16-128',
  chacha20poly1305: 'CHACHA20_POLY1305',
  'aes128-sha256': 'AES_CBC-128/HMAC_SHA2_256_128',
  'aes128-sha384': 'AES_CBC-128/HMAC_SHA2_384_192',
  'aes128-sha512': 'AES_CBC-128/HMAC_SHA2_512_256',
  'aes128-sha1': 'AES_CBC-128/HMAC_SHA1_96',
  'aes256-sha256': 'AES_CBC-256/HMAC_SHA2_256_128',
  'aes256-sha384': 'AES_CBC-256/HMAC_SHA2_384_192',
  'aes256-sha512': 'AES_CBC-256/HMAC_SHA2_512_256',
  'aes256-sha1': 'AES_CBC-256/HMAC_SHA1_96',
};

const PRFS: Readonly<Record<string, string>> = {
  prfsha256: 'PRF_HMAC_SHA2_256',
  prfsha384: 'PRF_HMAC_SHA2_384',
  prfsha512: 'PRF_HMAC_SHA2_512',
  prfsha1: 'PRF_HMAC_SHA1',
};

const GROUPS: Readonly<Record<string, string>> = {
  modp2048: 'MODP_2048',
  modp3072: 'MODP_3072',
  modp4096: 'MODP_4096',
  modp6144: 'MODP_6144',
  modp8192: 'MODP_8192',
  ecp256: 'ECP_256',
  ecp384: 'ECP_384',
  ecp521: 'ECP_521',
  x25519: 'CURVE_25519',
  x448: 'CURVE_448',
};

/** Connects with these words at both ends, checks what was agreed on, and pings over both families. */
async function assertSuiteWorks(
  ike: string,
  esp: string,
  agreed: { readonly ike: string; readonly esp: string },
  offered: { readonly ike?: readonly string[]; readonly esp?: readonly string[] },
): Promise<void> {
  await office.gateway.configure({
    gateway: byCertificate(serverCertificate('p256')),
    client: BY_PASSWORD,
    ike: [ike],
    esp: [esp],
  });
  const profile = passwordProfile({
    ...(offered.ike ? { ike: { proposals: [...offered.ike] } } : {}),
    ...(offered.esp ? { esp: { proposals: [...offered.esp] } } : {}),
  });
  await office.during(profile, async () => {
    await assertPings(office.net.client, LAN_HOST);
    await assertPings(office.net.client, LAN_HOST_V6);
    const sa = await office.gateway.sa();
    assert.equal(sa.suite, agreed.ike);
    assert.equal(sa.children[0]?.suite, agreed.esp);
  });
}

for (const [index, [words, name]] of Object.entries(CIPHERS).entries()) {
  const [prf = '', prfName = ''] = Object.entries(PRFS)[index % 4] ?? [];
  test(`IKE and ESP work with ${words} and ${prf}`, async () => {
    const ike = `${words}-${prf}-x25519`;
    const agreed = { ike: `${name}/${prfName}/CURVE_25519`, esp: name };
    await assertSuiteWorks(ike, words, agreed, { ike: [ike], esp: [words] });
  });
}

for (const [words, name] of Object.entries(GROUPS)) {
  test(`the offer of a plain profile is accepted by a gateway that insists on ${words}`, async () => {
    const ike = `aes256gcm16-prfsha384-${words}`;
    const agreed = { ike: `AES_GCM_16-256/PRF_HMAC_SHA2_384/${name}`, esp: 'AES_GCM_16-256' };
    await assertSuiteWorks(ike, 'aes256gcm16', agreed, {});
  });
}

test('a gateway that shares no cipher is told as that', async () => {
  await office.gateway.configure({
    gateway: byCertificate(serverCertificate('p256')),
    client: BY_PASSWORD,
    ike: ['aes256ctr-sha256-modp2048'],
  });
  assert.equal((await office.refused(passwordProfile())).code, 'peer.no-proposal-chosen');
  await office.gateway.configure({
    gateway: byCertificate(serverCertificate('p256')),
    client: BY_PASSWORD,
    esp: ['aes256ctr-sha256'],
  });
  assert.equal((await office.refused(passwordProfile())).code, 'peer.no-proposal-chosen-child');
});
