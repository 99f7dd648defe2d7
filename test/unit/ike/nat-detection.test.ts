import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { findNat, natDetectionHash } from '../../../core/ike/nat-detection.ts';
import { fromHex } from '../../../core/lib/bytes.ts';
import type { Endpoint } from '../../../core/net/address.ts';
import { proves } from '../../conformance/tag.ts';
import { address } from '../../support/gateway/index.ts';

const spis = { initiatorSpi: fromHex('0102030405060708'), responderSpi: fromHex('1112131415161718') };
const local: Endpoint = { address: address('192.0.2.7'), port: 500 };
const remote: Endpoint = { address: address('203.0.113.1'), port: 500 };
const elsewhere: Endpoint = { address: address('198.51.100.1'), port: 4242 };

const hash = (endpoint: Endpoint): Uint8Array =>
  natDetectionHash(spis.initiatorSpi, spis.responderSpi, endpoint);

test(
  'the hash is SHA-1 of the SPIs, the address and the port in network order',
  proves('RFC7296-2.23-x6', 'does'),
  () => {
    const expected = createHash('sha1').update(fromHex('010203040506070811121314151617 18 c0000207 01f4'));
    assert.deepEqual(hash(local), new Uint8Array(expected.digest()));
    const ipv6 = { address: address('2001:db8::1'), port: 4500 };
    const expected6 = createHash('sha1').update(
      fromHex('0102030405060708 1112131415161718 20010db8000000000000000000000001 1194'),
    );
    assert.deepEqual(hash(ipv6), new Uint8Array(expected6.digest()));
  },
);

test('hashes that match mean that no NAT is there', proves('RFC7296-2.23-1', 'does'), () => {
  const hashes = { source: [hash(remote)], destination: [hash(local)] };
  assert.deepEqual(findNat(spis, hashes, { local, remote }), {
    supported: true,
    local: false,
    remote: false,
  });
});

test('of several source hashes one match is enough', proves('RFC7296-2.23-1', 'does'), () => {
  const hashes = { source: [hash(elsewhere), hash(remote)], destination: [hash(local)] };
  assert.equal(findNat(spis, hashes, { local, remote }).remote, false);
});

test(
  'a destination hash of elsewhere means a NAT before us, a source hash one before the gateway',
  proves('RFC7296-2.23-x6', 'refuses'),
  () => {
    const behind = { source: [hash(remote)], destination: [hash(elsewhere)] };
    assert.deepEqual(findNat(spis, behind, { local, remote }), {
      supported: true,
      local: true,
      remote: false,
    });
    const before = { source: [hash(elsewhere)], destination: [hash(local)] };
    assert.deepEqual(findNat(spis, before, { local, remote }), {
      supported: true,
      local: false,
      remote: true,
    });
  },
);

test('the port counts as much as the address', () => {
  const moved = { ...local, port: 501 };
  const hashes = { source: [hash(remote)], destination: [hash(moved)] };
  assert.equal(findNat(spis, hashes, { local, remote }).local, true);
});

test('without both notifications nothing is known of NAT, and NAT traversal is not spoken', () => {
  const none = { supported: false, local: false, remote: false };
  assert.deepEqual(findNat(spis, { source: [], destination: [] }, { local, remote }), none);
  assert.deepEqual(findNat(spis, { source: [hash(remote)], destination: [] }, { local, remote }), none);
  assert.deepEqual(findNat(spis, { source: [], destination: [hash(local)] }, { local, remote }), none);
});

test('hashes of a wrong length match nothing', () => {
  const hashes = { source: [hash(remote).subarray(0, 19)], destination: [new Uint8Array(0)] };
  assert.deepEqual(findNat(spis, hashes, { local, remote }), { supported: true, local: true, remote: true });
});
