import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prfPlus } from '../../../core/crypto/kdf.ts';
import { prf } from '../../../core/crypto/prf.ts';
import { concat, utf8 } from '../../../core/lib/bytes.ts';
import { proves } from '../../conformance/tag.ts';

const IDS = [2, 5, 6, 7];

test(
  'the preferred key of a PRF is as long as its output',
  proves(['RFC7296-2.13-x5', 'does'], ['RFC7296-2.13-4', 'does']),
  () => {
    for (const [id, length] of [
      [2, 20],
      [5, 32],
      [6, 48],
      [7, 64],
    ] as const) {
      const algorithm = prf(id);
      assert.ok(algorithm);
      assert.deepEqual([algorithm.outputLength, algorithm.preferredKeyLength], [length, length]);
      assert.equal(algorithm.compute(utf8('key')).length, length);
    }
  },
);

test('PRFs that must not be used are not supported', () => {
  // HMAC-MD5, HMAC-TIGER, AES128-XCBC, AES128-CMAC, and numbers that mean nothing.
  for (const id of [0, 1, 3, 4, 8, 9, 65535]) assert.equal(prf(id), undefined);
});

test('a PRF takes keys of any length and its input in parts', () => {
  for (const id of IDS) {
    const algorithm = prf(id);
    assert.ok(algorithm);
    for (const length of [0, 1, 64, 65, 128, 129, 1000]) {
      const key = new Uint8Array(length).fill(7);
      const whole = algorithm.compute(key, utf8('abcdef'));
      assert.deepEqual(algorithm.compute(key, utf8('ab'), utf8(''), utf8('cdef')), whole);
      assert.equal(Object.getPrototypeOf(whole), Uint8Array.prototype);
    }
  }
});

test('prf+ is T1 | T2 | ... with the counter in one octet', proves('RFC7296-2.13-x1', 'does'), () => {
  const algorithm = prf(5);
  assert.ok(algorithm);
  const [key, seed] = [utf8('skeyseed'), utf8('Ni Nr SPIi SPIr')];
  const t1 = algorithm.compute(key, seed, Uint8Array.of(1));
  const t2 = algorithm.compute(key, t1, seed, Uint8Array.of(2));
  const t3 = algorithm.compute(key, t2, seed, Uint8Array.of(3));
  assert.deepEqual(prfPlus(algorithm, key, seed, 96), concat(t1, t2, t3));
});

test(
  'a longer output begins with every shorter one, whatever the boundaries',
  proves('RFC7296-2.13-x2', 'does'),
  () => {
    for (const id of IDS) {
      const algorithm = prf(id);
      assert.ok(algorithm);
      const long = prfPlus(algorithm, utf8('key'), utf8('seed'), 200);
      for (let length = 0; length <= 200; length++) {
        assert.deepEqual(prfPlus(algorithm, utf8('key'), utf8('seed'), length), long.slice(0, length));
      }
    }
  },
);

test(
  'prf+ gives 255 blocks and refuses one octet more',
  proves(['RFC7296-2.13-x3', 'does'], ['RFC7296-2.13-x3', 'refuses']),
  () => {
    for (const id of IDS) {
      const algorithm = prf(id);
      assert.ok(algorithm);
      const longest = 255 * algorithm.outputLength;
      assert.equal(prfPlus(algorithm, utf8('key'), utf8('seed'), longest).length, longest);
      for (const length of [longest + 1, -1, 1.5, Number.NaN])
        assert.throws(() => prfPlus(algorithm, utf8('key'), utf8('seed'), length), RangeError);
    }
  },
);
