import assert from 'node:assert/strict';
import { hkdfSync } from 'node:crypto';
import { test } from 'node:test';
import { prfPlus } from '../../core/crypto/kdf.ts';
import { prf, type Prf } from '../../core/crypto/prf.ts';
import { deriveIkeKeys } from '../../core/ike/key-schedule.ts';
import { concat, fromHex, toHex, utf8 } from '../../core/lib/bytes.ts';
import { SecretBytes } from '../../core/lib/secret.ts';
import { proves } from '../conformance/tag.ts';
import { suiteOf } from '../unit/ike/suites.ts';

function prfOf(id: number): Prf {
  const algorithm = prf(id);
  assert.ok(algorithm);
  return algorithm;
}

/** Samples of NIST for the IKEv2 key derivation of SP 800-135, one a hash. */
const NIST = [
  {
    prfId: 2,
    nonceI: '3651fef5c9c35e93',
    nonceR: 'c09a8b90a3f04d59',
    spiI: '8e5c3ae507221684',
    spiR: 'b1f201bb155c3acd',
    secret: `d084a30166a50fb7325c3960874a839449ef9741c2f4f947d0201dd8c1269273d79509f37e3ca3eb4fa2fe2a28254e289
      cd3f34dad4eb4df1a07685a4b8a94fa61e2491f7598b3ce65547ff133b3f63d1ac4175eaa695033f3cedb026a6873a36455172a
      8540b8a5d23a0143bed0390ee49b168269d75fffee9fb62be965993c`,
    skeyseed: 'cd2e8050137832245f1dbacc6e4f0a92f94d45d6',
    keys: `6f1b12cad3cbe097b35430356d869d54cddb0198ec859174d53ceb92dddedbe2436db69f60977c58fa63bbb667f8d369
      20b109baae8f6c61a9ac49feda01843225d080ec5539d5881a25521ffb2a0a91874a9c0a27fcc2d717eb8963a9e3a89c
      7ab264757284c28cf8c3ca40576f4220b052b1fb8e9ad60ba3c80557323331a8cbb89f20`,
    keymat: `4727dc0ef94eb326ce131cf282fb652faa638ad0ddae3786a11bcc0309876009f8c485de011ad962c5b1ca8a41ff8145
      445749079c5686e26ffebbc342f06981f3da745e11ca0976424d1f8caec623d59dc7186deb20a27b411d1dcb70a36544
      0bf7de905088b0692e8addc094e18d1939bdb67e89798ca6b239e2ccb81c2409dac0106c`,
  },
  {
    prfId: 5,
    nonceI: '3f302be1abcb28e1',
    nonceR: '8c332ee006064c9b',
    spiI: '40dac39e1e1a8640',
    spiR: '8619a1cf9a6e4c07',
    secret: '0f4d257d7a58fc4545c7d7a88119eee5d5c9690c5b4c989171d3abbfd99d1d29',
    skeyseed: '5f00d1bd2c58ec224b1e6b71fa0f19a1faa7a193952c444411b47c1a9d8ba6fe',
    keys: `0b137d669b0947d7d026d593f0305ad401ff0c471357d695778a9c7f4b4869ece98aca531188d16041b3bb936d2dbb3b
      4993a6e768a809160de45d0283f273a6cdf6854379e31be72b8d3d1fa990cf9c5b015ca9f918a7df6253c958114a09d4
      e1c19bdcd4db14b29d98db1a74ad405c588662c14a04d0d36aa4ab55e90f8986d12d4aad`,
  },
  {
    prfId: 6,
    nonceI: 'fd1b572a8e735591',
    nonceR: '6013b0ef88dacd3d',
    spiI: '2116ad07ce61f749',
    spiR: '24880e55f11a65b7',
    secret: 'd3288cd87565101e88fe3bad918f31939d8dd26ff1071f8b2d7f447524e58d7c',
    skeyseed: `69fe7a1ac94adaeb711295f5fe004b1a8d6a0b65d05692758ce8ad2f7a45f59d7d0b596f51f7dfcf3330061888f6a94f`,
    keys: `4f904c2025c90c817ea5ff9b662a6fdb445a73b57cdf09eacd379b95e1f03cacb04cd6deeda4f952191dd9bc1f7a9502
      471a648d74dc06d38112de48a42501f6b1a3ad55c2099cd9a648e5f17e5bf3e34bf9b5953decb768a34f875fe2b78dca
      0c2fcca81ec1a412006dfaed38fa06882e61f4c148105fb8e231fdb33c4d484c001721d4`,
  },
];

test(
  'SKEYSEED and the keys of the IKE SA are those of the NIST samples for SP 800-135',
  proves(['RFC7296-2.13-x1', 'does'], ['RFC7296-2.13-x2', 'does']),
  () => {
    for (const sample of NIST) {
      const algorithm = prfOf(sample.prfId);
      const nonces = concat(fromHex(sample.nonceI), fromHex(sample.nonceR));
      const skeyseed = algorithm.compute(nonces, fromHex(sample.secret));
      assert.equal(toHex(skeyseed), sample.skeyseed);
      const seed = concat(nonces, fromHex(sample.spiI), fromHex(sample.spiR));
      assert.equal(toHex(prfPlus(algorithm, skeyseed, seed, 132)), toHex(fromHex(sample.keys)));
    }
  },
);

/** The samples end after 132 octets of key, wherever in a suite's keys that is. */
test(
  'the keys of an IKE SA are cut from the NIST samples in the order of RFC 7296',
  proves('RFC7296-2.14-x1', 'does'),
  () => {
    for (const [sample, words] of [
      [NIST[0], 'aes128-sha1-modp2048'],
      [NIST[1], 'aes128-sha256-modp2048'],
      [NIST[2], 'aes128-sha384-modp2048'],
    ] as const) {
      const keys = deriveIkeKeys(suiteOf(words), new SecretBytes(fromHex(sample!.secret)), {
        nonceI: fromHex(sample!.nonceI),
        nonceR: fromHex(sample!.nonceR),
        initiatorSpi: fromHex(sample!.spiI),
        responderSpi: fromHex(sample!.spiR),
      });
      const { skD, skAi, skAr, skEi, skEr, skPi, skPr } = keys;
      const inOrder = [skD, skAi, skAr, skEi, skEr, skPi, skPr].map((key) => key.reveal());
      assert.equal(toHex(concat(...inOrder).subarray(0, 132)), toHex(fromHex(sample!.keys)));
    }
  },
);

test('KEYMAT of a first child is that of the NIST sample: prf+ (SK_d, Ni | Nr)', () => {
  const [sample] = NIST;
  assert.ok(sample?.keymat !== undefined);
  const algorithm = prfOf(sample.prfId);
  const skD = fromHex(sample.keys).subarray(0, algorithm.preferredKeyLength);
  const nonces = concat(fromHex(sample.nonceI), fromHex(sample.nonceR));
  assert.equal(toHex(prfPlus(algorithm, skD, nonces, 132)), toHex(fromHex(sample.keymat)));
});

test('prf+ with HMAC-SHA-256 is the expansion of RFC 5869 in its test cases 1 and 3', () => {
  const ikm = new Uint8Array(22).fill(0x0b);
  const sha256 = prfOf(5);
  const withSalt = sha256.compute(fromHex('000102030405060708090a0b0c'), ikm);
  assert.equal(
    toHex(prfPlus(sha256, withSalt, fromHex('f0f1f2f3f4f5f6f7f8f9'), 42)),
    '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  );
  const withoutSalt = sha256.compute(new Uint8Array(32), ikm);
  assert.equal(
    toHex(prfPlus(sha256, withoutSalt, new Uint8Array(0), 42)),
    '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
  );
});

test('prf+ is HKDF-Expand for every PRF, up to the last octet that it is defined for', () => {
  for (const [id, digest] of [
    [2, 'sha1'],
    [5, 'sha256'],
    [6, 'sha384'],
    [7, 'sha512'],
  ] as const) {
    const algorithm = prfOf(id);
    const [secret, salt, info] = [utf8('input keying material'), utf8('salt'), utf8('context')];
    const extracted = algorithm.compute(salt, secret);
    const longest = 255 * algorithm.outputLength;
    for (const length of [1, algorithm.outputLength, algorithm.outputLength + 1, 1000, longest]) {
      const expected = new Uint8Array(hkdfSync(digest, secret, salt, info, length));
      assert.deepEqual(prfPlus(algorithm, extracted, info, length), expected);
    }
  }
});
