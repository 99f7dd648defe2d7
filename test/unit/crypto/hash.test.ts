import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha1, sha256, sha384, sha512 } from '../../../core/crypto/hash.ts';
import { toHex, utf8 } from '../../../core/lib/bytes.ts';

test('the hashes of nothing are those of FIPS 180', () => {
  assert.equal(toHex(sha1()), 'da39a3ee5e6b4b0d3255bfef95601890afd80709');
  assert.equal(toHex(sha256()), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  assert.equal(
    toHex(sha384()),
    '38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b',
  );
  assert.equal(toHex(sha512()).slice(0, 32), 'cf83e1357eefb8bdf1542850d66d8007');
});

test('a hash over parts is the hash over the whole, as a plain array', () => {
  for (const [hash, length] of [
    [sha1, 20],
    [sha256, 32],
    [sha384, 48],
    [sha512, 64],
  ] as const) {
    const whole = hash(utf8('abcdef'));
    assert.equal(whole.length, length);
    assert.deepEqual(hash(utf8('a'), utf8(''), utf8('bcdef')), whole);
    assert.equal(Object.getPrototypeOf(whole), Uint8Array.prototype);
  }
});
