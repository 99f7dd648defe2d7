import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aead } from '../../../core/crypto/aead.ts';
import { proves } from '../../conformance/tag.ts';

const NONCE = new Uint8Array(12).fill(1);
const HEADER = new Uint8Array(8).fill(2);
const TEXT = new Uint8Array(40).fill(3);

test(
  'AES-GCM exists for key lengths of 128, 192 and 256 bits alone',
  proves(
    ['RFC7296-2.13-1', 'does'],
    ['RFC5282-7.3-1', 'refuses'],
    ['RFC5282-7.3-2', 'does'],
    ['RFC5282-7.3-2', 'refuses'],
  ),
  () => {
    for (const bits of [128, 192, 256]) assert.equal(aead(20, bits)?.keyLength, bits / 8);
    for (const bits of [undefined, 0, 64, 127, 129, 160, 512]) assert.equal(aead(20, bits), undefined);
  },
);

test('ChaCha20-Poly1305 exists without a Key Length attribute alone', () => {
  assert.equal(aead(28)?.keyLength, 32);
  for (const bits of [0, 128, 256]) assert.equal(aead(28, bits), undefined);
});

test(
  'no AEAD with a shorter ICV is supported',
  proves(['RFC5282-3.2-2', 'does'], ['RFC5282-3.2-2', 'refuses']),
  () => {
    // AES-CCM 8, 12, 16; AES-GCM 8, 12; AES-GMAC; NULL; the ICV of the ciphers we do have is 16 octets.
    for (const id of [14, 15, 16, 18, 19, 21, 11, 12]) {
      for (const bits of [undefined, 128, 256]) assert.equal(aead(id, bits), undefined);
    }
    assert.equal(aead(20, 256)?.icvLength, 16);
    assert.equal(aead(28)?.icvLength, 16);
  },
);

test(
  'key material of an AEAD is the key and 4 octets of salt; the IV has 8 octets',
  proves(['RFC5282-3.1-1', 'does'], ['RFC5282-7.1-2', 'does']),
  () => {
    for (const [algorithm, keyLength] of [
      [aead(20, 128), 16],
      [aead(20, 192), 24],
      [aead(20, 256), 32],
      [aead(28), 32],
    ] as const) {
      assert.ok(algorithm);
      assert.equal(algorithm.keyLength, keyLength);
      assert.equal(algorithm.saltLength, 4);
      assert.equal(algorithm.ivLength, 8);
    }
  },
);

for (const [name, algorithm] of [
  ['AES-GCM', aead(20, 256)],
  ['ChaCha20-Poly1305', aead(28)],
] as const) {
  assert.ok(algorithm);
  const key = algorithm.create(new Uint8Array(32).fill(9));
  const sealed = key.seal(NONCE, HEADER, TEXT);

  test(`${name} opens what it sealed, and gives plain arrays`, () => {
    assert.equal(sealed.length, TEXT.length + algorithm.icvLength);
    assert.deepEqual(key.open(NONCE, HEADER, sealed), TEXT);
    assert.equal(Object.getPrototypeOf(sealed), Uint8Array.prototype);
    assert.equal(Object.getPrototypeOf(key.open(NONCE, HEADER, sealed)), Uint8Array.prototype);
  });

  test(`${name} notices a change of any bit of the ciphertext, the ICV, the header or the nonce`, () => {
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      assert.equal(key.open(NONCE, HEADER, withFlippedBit(sealed, bit)), undefined);
    }
    for (let bit = 0; bit < HEADER.length * 8; bit++) {
      assert.equal(key.open(NONCE, withFlippedBit(HEADER, bit), sealed), undefined);
    }
    for (let bit = 0; bit < NONCE.length * 8; bit++) {
      assert.equal(key.open(withFlippedBit(NONCE, bit), HEADER, sealed), undefined);
    }
  });

  test(`${name} opens nothing that was cut short or made longer`, proves('RFC5282-3.2-1', 'refuses'), () => {
    for (let length = 0; length < sealed.length; length++) {
      assert.equal(key.open(NONCE, HEADER, sealed.subarray(0, length)), undefined);
    }
    assert.equal(key.open(NONCE, HEADER, new Uint8Array([...sealed, 0])), undefined);
  });

  test(
    `${name} takes only nonces of 12 octets and keys of its length`,
    proves('RFC5282-4-2', 'refuses'),
    () => {
      for (const length of [0, 8, 11, 13, 16]) {
        assert.throws(() => key.seal(new Uint8Array(length), HEADER, TEXT), RangeError);
        assert.throws(() => key.open(new Uint8Array(length), HEADER, sealed), RangeError);
      }
      for (const length of [0, 16, 31, 33, 36])
        assert.throws(() => algorithm.create(new Uint8Array(length)), RangeError);
    },
  );

  test(`${name} keeps its own copy of the key and forgets it when wiped`, () => {
    const octets = new Uint8Array(32).fill(9);
    const own = algorithm.create(octets);
    octets.fill(0);
    assert.deepEqual(own.seal(NONCE, HEADER, TEXT), sealed);
    own.wipe();
    assert.throws(() => own.seal(NONCE, HEADER, TEXT), /wiped/);
    assert.throws(() => own.open(NONCE, HEADER, sealed), /wiped/);
  });
}

function withFlippedBit(octets: Uint8Array, bit: number): Uint8Array {
  const out = octets.slice();
  out[bit >> 3]! ^= 1 << (bit & 7);
  return out;
}
