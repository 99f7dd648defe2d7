import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, toHex, utf8 } from '../../../core/lib/bytes.ts';
import { md4 } from '../../support/gateway/md4.ts';
import {
  authenticatorResponse,
  challengeHash,
  masterSessionKey,
  ntPasswordHash,
  ntResponse,
} from '../../support/gateway/mschapv2.ts';

const challenges = {
  authenticator: fromHex('5B5D7C7D7B3F2F3E3C2C602132262628'),
  peer: fromHex('21402324255E262A28295F2B3A337C7E'),
  userName: 'User',
};
const response = fromHex('82309ECD8D708B5EA08FAA3981CD83544233114A3D85D6DF');

test('MD4 gives the digests of RFC 1320 appendix A.5', () => {
  assert.equal(toHex(md4(utf8(''))), '31d6cfe0d16ae931b73c59d7e0c089c0');
  assert.equal(toHex(md4(utf8('abc'))), 'a448017aaf21d8525fc10ae87aa6729d');
  assert.equal(
    toHex(md4(utf8('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'))),
    '043f8582f241db351ce627e153e7f0e4',
  );
  assert.equal(toHex(md4(utf8('1234567890'.repeat(8)))), 'e33b4ddc9c38f2199c3e7b164fcc0536');
});

test('the gateway computes every intermediate value of RFC 2759 section 9.2', () => {
  assert.equal(toHex(ntPasswordHash('clientPass')), '44ebba8d5312b8d611474411f56989ae');
  assert.equal(toHex(md4(ntPasswordHash('clientPass'))), '41c00c584bd2d91c4017a2a12fa59f3f');
  assert.equal(toHex(challengeHash(challenges)), 'd02e4386bce91226');
  assert.deepEqual(ntResponse(challenges, 'clientPass'), response);
  assert.equal(
    authenticatorResponse(challenges, 'clientPass', response),
    'S=407A5589115FD0D6209F510FE9C04566932CDA56',
  );
});

test('a domain in front of the user name changes nothing', () => {
  assert.deepEqual(ntResponse({ ...challenges, userName: 'BIGCO\\User' }, 'clientPass'), response);
});

test('the second half of the session key is the server-sends key of RFC 3079 section 3.5.3', () => {
  const msk = masterSessionKey('clientPass', response);
  assert.equal(msk.length, 64);
  assert.equal(toHex(msk.subarray(16, 32)), '8b7cdc149b993a1ba118cb153f56dccb');
  assert.equal(toHex(msk.subarray(32)), '00'.repeat(32));
});
