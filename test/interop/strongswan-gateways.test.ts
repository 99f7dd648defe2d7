import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import type { GatewayOptions } from '../support/strongswan.ts';
import { LAN_HOST } from './lab.ts';
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
 * Gateways as administrators set them up for the clients that came with their people's systems. A plain profile,
 * with not a word about algorithms, must do at every one of them. Nothing with groups below 2048 bits: those
 * gateways are to be mended, not met.
 */

interface Tuning extends Partial<GatewayOptions> {
  readonly name: string;
}

const TUNINGS: readonly Tuning[] = [
  { name: "strongSwan's own defaults" },
  {
    // Windows with NegotiateDH2048_AES256 = 2; its ESP knows no other integrity algorithm than SHA-1.
    name: 'Windows with the stronger group enabled',
    ike: ['aes256-sha384-modp2048', 'aes256-sha256-modp2048', 'aes256-sha1-modp2048'],
    esp: ['aes256-sha1'],
  },
  {
    name: 'Windows with Set-VpnConnectionIPsecConfiguration at GCMAES256, SHA384 and ECP384',
    ike: ['aes256gcm16-prfsha384-ecp384', 'aes256-sha384-ecp384'],
    esp: ['aes256gcm16-ecp384'],
  },
  {
    // These clients send no CERTREQ, so their gateways send the certificate unasked.
    name: 'iOS and macOS',
    ike: ['aes256-sha256-modp2048'],
    esp: ['aes256-sha256'],
    sendCert: 'always',
    sendCertRequest: false,
  },
  {
    name: 'iOS with optional perfect forward secrecy',
    ike: ['aes256-sha256-ecp256', 'aes256-sha256-modp2048'],
    esp: ['aes256-sha256-ecp256-modp2048-modpnone'],
    sendCert: 'always',
    sendCertRequest: false,
  },
  {
    name: "Android's built-in client, ciphers with their own integrity",
    ike: ['chacha20poly1305-aes256gcm16-prfsha512-prfsha384-prfsha256-modp4096-x25519'],
    esp: ['chacha20poly1305', 'aes256gcm16'],
  },
  {
    name: "Android's built-in client, AES in CBC mode",
    ike: ['aes256-sha512-modp4096', 'aes256-sha384-modp4096'],
    esp: ['aes256-sha512'],
  },
];

let office: Office;
before(async () => {
  office = await openOffice('tuned');
});
after(async () => {
  await office.close();
});

for (const { name, ...options } of TUNINGS) {
  test(`a plain profile is accepted by a gateway tuned for ${name}`, async () => {
    await office.gateway.configure({
      gateway: byCertificate(serverCertificate('rsa2048')),
      client: BY_PASSWORD,
      ...options,
    });
    await office.during(passwordProfile(), async () => {
      await assertPings(office.net.client, LAN_HOST);
      assert.equal((await office.gateway.sa()).children.length, 1);
    });
  });
}
