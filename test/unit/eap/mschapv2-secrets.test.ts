import { test } from 'node:test';
import assert from 'node:assert/strict';
import { fromHex, toHex, utf8, utf8Text } from '../../../core/lib/bytes.ts';
import { SecretBytes } from '../../../core/lib/secret.ts';
import { md4 } from '../../../core/eap/md4.ts';
import {
  challengeHash,
  challengeResponse,
  generateAuthenticatorResponse,
  getMasterKey,
  masterSessionKey,
  msChapSecrets,
  ntPasswordHash,
  startKey,
} from '../../../core/eap/mschapv2-secrets.ts';
import { proves } from '../../conformance/tag.ts';

/** RFC 2759 section 9.2, continued by RFC 3079 section 3.5.3. */
const userName = 'User';
const authenticatorChallenge = fromHex('5B 5D 7C 7D 7B 3F 2F 3E 3C 2C 60 21 32 26 26 28');
const peerChallenge = fromHex('21 40 23 24 25 5E 26 2A 28 29 5F 2B 3A 33 7C 7E');
const challenge = fromHex('D0 2E 43 86 BC E9 12 26');
const passwordHash = fromHex('44 EB BA 8D 53 12 B8 D6 11 47 44 11 F5 69 89 AE');
const passwordHashHash = fromHex('41 C0 0C 58 4B D2 D9 1C 40 17 A2 A1 2F A5 9F 3F');
const ntResponse = fromHex('82 30 9E CD 8D 70 8B 5E A0 8F AA 39 81 CD 83 54 42 33 11 4A 3D 85 D6 DF');
const authenticatorResponse = 'S=407A5589115FD0D6209F510FE9C04566932CDA56';
const masterKey = fromHex('FD EC E3 71 7A 8C 83 8C B3 88 E5 27 AE 3C DD 31');
const serverSends = fromHex('8B 7C DC 14 9B 99 3A 1B A1 18 CB 15 3F 56 DC CB');

function password(): SecretBytes {
  return SecretBytes.ofText('clientPass');
}

test('the challenge is hashed as in the example of RFC 2759', () => {
  assert.deepEqual(challengeHash({ authenticatorChallenge, peerChallenge, userName }), challenge);
});

test(
  'the password is hashed as in the example, without a terminating zero',
  proves('RFC2759-x-10', 'does'),
  () => {
    assert.deepEqual(ntPasswordHash(password()), passwordHash);
    assert.deepEqual(md4(passwordHash), passwordHashHash);
  },
);

test('the NT-Response is that of the example', () => {
  assert.deepEqual(challengeResponse(challenge, passwordHash), ntResponse);
});

test(
  'the authenticator response is that of the example, in upper case',
  proves('RFC2759-x-5', 'does'),
  () => {
    const response = generateAuthenticatorResponse(passwordHashHash, ntResponse, challenge);
    assert.equal(utf8Text(response), authenticatorResponse);
  },
);

test('the master key and the key that the server sends with are those of RFC 3079', () => {
  assert.deepEqual(getMasterKey(passwordHashHash, ntResponse), masterKey);
  assert.deepEqual(startKey(masterKey, 'client-receives'), serverSends);
});

test(
  'the MSK is what the server receives with, what it sends with, and zeros, 64 octets',
  proves('RFC3748-7.10-1', 'does'),
  () => {
    const msk = masterSessionKey(masterKey).reveal();
    assert.equal(msk.length, 64);
    assert.deepEqual(msk.subarray(0, 16), startKey(masterKey, 'client-sends'));
    assert.deepEqual(msk.subarray(16, 32), serverSends);
    assert.deepEqual(msk.subarray(32), new Uint8Array(32));
  },
);

test('one run gives all three results of the example at once', () => {
  const run = msChapSecrets({ authenticatorChallenge, peerChallenge, userName, password: password() });
  assert.deepEqual(run.ntResponse, ntResponse);
  assert.deepEqual(run.authenticatorResponse, utf8(authenticatorResponse));
  assert.equal(run.msk.equals(masterSessionKey(masterKey)), true);
});

test(
  'a Windows domain in front of the name changes nothing in the computation',
  proves('RFC2759-x-4', 'does'),
  () => {
    const plain = challengeHash({ authenticatorChallenge, peerChallenge, userName: 'johndoe' });
    assert.deepEqual(
      challengeHash({ authenticatorChallenge, peerChallenge, userName: 'BIGCO\\johndoe' }),
      plain,
    );
    assert.notDeepEqual(
      challengeHash({ authenticatorChallenge, peerChallenge, userName: 'johndoe@bigco' }),
      plain,
    );
  },
);

test('the password stays usable after a run: it is the caller who wipes it', () => {
  const secret = password();
  msChapSecrets({ authenticatorChallenge, peerChallenge, userName, password: secret });
  assert.deepEqual(secret.reveal(), utf8('clientPass'));
});

test('two characters of one password outside of the first plane are two UTF-16 units each', () => {
  assert.equal(toHex(ntPasswordHash(SecretBytes.ofText('\u{1f511}'))), toHex(md4(fromHex('3dd811dd'))));
});
