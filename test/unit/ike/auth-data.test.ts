import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { prf } from '../../../core/crypto/prf.ts';
import { sharedSecretAuth, signedOctets } from '../../../core/ike/auth-data.ts';
import { concat, fromHex, utf8 } from '../../../core/lib/bytes.ts';
import { SecretBytes } from '../../../core/lib/secret.ts';
import { IdType } from '../../../core/wire/constants.ts';
import { proves } from '../../conformance/tag.ts';

const hmac = (key: Uint8Array, data: Uint8Array): Uint8Array =>
  new Uint8Array(createHmac('sha256', key).update(data).digest());

const sha256 = prf(5)!;
const realMessage = utf8('the first message, from its header on');
const peerNonce = fromHex('000102030405060708090a0b0c0d0e0f');
const skP = fromHex('ff'.repeat(32));
const identity = { idType: IdType.FQDN, data: utf8('vpn.example.com') };

const octetsOf = (change: Partial<Parameters<typeof signedOctets>[1]> = {}): Uint8Array =>
  signedOctets(sha256, { realMessage, peerNonce, skP: SecretBytes.copyOf(skP), identity, ...change });

test(
  'what AUTH covers is the message, the nonce of the other and the MAC of the identity with its type',
  proves(['RFC7296-2.15-x1', 'does'], ['RFC7296-2.15-x2', 'does'], ['RFC7296-2.15-x8', 'does']),
  () => {
    const restOfId = concat(Uint8Array.of(2, 0, 0, 0), identity.data);
    assert.deepEqual(octetsOf(), concat(realMessage, peerNonce, hmac(skP, restOfId)));
  },
);

test('the type of the identity counts, not its text alone', () => {
  assert.notDeepEqual(octetsOf(), octetsOf({ identity: { ...identity, idType: IdType.RFC822_ADDR } }));
  assert.notDeepEqual(octetsOf(), octetsOf({ skP: new SecretBytes(new Uint8Array(32)) }));
});

test(
  'AUTH of a shared secret is the MAC under the MAC of "Key Pad for IKEv2"',
  proves(['RFC7296-2.15-x4', 'does'], ['RFC7296-3.8-x2', 'does']),
  () => {
    const secret = utf8('a shared secret');
    const octets = octetsOf();
    const expected = hmac(hmac(secret, utf8('Key Pad for IKEv2')), octets);
    assert.deepEqual(sharedSecretAuth(sha256, SecretBytes.copyOf(secret), octets), expected);
    assert.notDeepEqual(sharedSecretAuth(sha256, SecretBytes.ofText('another'), octets), expected);
  },
);

test('a shared secret of 64 octets and more is taken whole', proves('RFC7296-2.15-1', 'does'), () => {
  const octets = octetsOf();
  for (const length of [1, 64, 65, 500]) {
    const secret = new Uint8Array(length).fill(0x61);
    const expected = hmac(hmac(secret, utf8('Key Pad for IKEv2')), octets);
    assert.deepEqual(sharedSecretAuth(sha256, SecretBytes.copyOf(secret), octets), expected, String(length));
  }
});
