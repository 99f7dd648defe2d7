import assert from 'node:assert/strict';
import { test } from 'node:test';
import { integrity } from '../../../core/crypto/integrity.ts';
import { prf } from '../../../core/crypto/prf.ts';
import { proves } from '../../conformance/tag.ts';

test(
  'keys are as long as the hash output, ICVs half of it or 96 bits',
  proves('RFC7296-2.13-x4', 'does'),
  () => {
    for (const [id, keyLength, icvLength] of [
      [2, 20, 12],
      [12, 32, 16],
      [13, 48, 24],
      [14, 64, 32],
    ] as const) {
      const algorithm = integrity(id);
      assert.ok(algorithm);
      assert.deepEqual([algorithm.keyLength, algorithm.icvLength], [keyLength, icvLength]);
    }
  },
);

test('keys of another length are refused', proves('RFC7296-2.13-x4', 'refuses'), () => {
  for (const id of [2, 12, 13, 14]) {
    const algorithm = integrity(id);
    assert.ok(algorithm);
    for (const length of [0, algorithm.keyLength - 1, algorithm.keyLength + 1])
      assert.throws(() => algorithm.create(new Uint8Array(length)), RangeError);
  }
});

test('algorithms that must not be used are not supported', () => {
  // NONE, HMAC-MD5-96, DES-MAC, KPDK-MD5, AES-XCBC-96, HMAC-SHA1-160, AES-CMAC-96, AES-GMAC.
  for (const id of [0, 1, 3, 4, 5, 7, 8, 9]) assert.equal(integrity(id), undefined);
});

test('an ICV is the beginning of the HMAC, over parts as over the whole', () => {
  for (const [id, prfId] of [
    [2, 2],
    [12, 5],
    [13, 6],
    [14, 7],
  ] as const) {
    const algorithm = integrity(id);
    const mac = prf(prfId);
    assert.ok(algorithm && mac);
    const octets = new Uint8Array(algorithm.keyLength).fill(3);
    const key = algorithm.create(octets);
    const message = new Uint8Array(100).map((_, i) => i);
    const icv = key.compute(message);
    assert.deepEqual(icv, mac.compute(octets, message).slice(0, algorithm.icvLength));
    assert.deepEqual(key.compute(message.subarray(0, 28), message.subarray(28)), icv);
    assert.ok(key.verify(icv, message.subarray(0, 28), message.subarray(28)));
  }
});

test('verification refuses changed messages, and ICVs that are changed, shorter, longer or missing', () => {
  const key = integrity(12)?.create(new Uint8Array(32));
  assert.ok(key);
  const message = new Uint8Array(60).fill(1);
  const icv = key.compute(message);
  assert.equal(key.verify(icv, message), true);
  assert.equal(key.verify(icv, message.subarray(1)), false);
  for (let i = 0; i < icv.length; i++) {
    const changed = icv.slice();
    changed[i]! ^= 0x80;
    assert.equal(key.verify(changed, message), false);
    assert.equal(key.verify(icv.subarray(0, i), message), false);
  }
  assert.equal(key.verify(new Uint8Array([...icv, 0]), message), false);
});

test('the key is copied, and forgotten when wiped', () => {
  const octets = new Uint8Array(32).fill(5);
  const algorithm = integrity(12);
  assert.ok(algorithm);
  const key = algorithm.create(octets);
  const before = key.compute(octets.slice());
  const message = octets.slice();
  octets.fill(0);
  assert.deepEqual(key.compute(message), before);
  key.wipe();
  assert.throws(() => key.compute(message), /wiped/);
  assert.throws(() => key.verify(before, message), /wiped/);
});
