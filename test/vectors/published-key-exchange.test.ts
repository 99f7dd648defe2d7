import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyExchange, type KeyExchange } from '../../core/crypto/key-exchange.ts';
import { fromHex, toHex } from '../../core/lib/bytes.ts';

/** A pair with this private value, in hexadecimal. */
function pairOf(id: number, privateValue: string): KeyExchange {
  const method = keyExchange(id);
  assert.ok(method);
  return method.generate(() => fromHex(privateValue));
}

/** Both sides of RFC 5903 section 8: private values i and r, and girx, the secret. */
const RFC5903 = [
  {
    id: 19,
    i: 'c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433',
    r: 'c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53',
    gi: `dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180
      5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3`,
    secret: 'd6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de',
  },
  {
    id: 20,
    i: '099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655e35b538041e649ee3faef896783ab194',
    r: '41cb0779b4bdb85d47846725fbec3c9430fab46cc8dc5060855cc9bda0aa2942e0308312916b8ed2960e4bd55a7448fc',
    gi: `667842d7d180ac2cde6f74f37551f55755c7645c20ef73e31634fe72b4c55ee6de3ac808acb4bdb4c88732aee95f41aa
      9482ed1fc0eeb9cafc4984625ccfc23f65032149e0e144ada024181535a0f38eeb9fcff3c2c947dae69b4c634573a81c`,
    secret:
      '11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4d603135569b9e9d09cf5d4a270f59746',
  },
  {
    id: 21,
    i: `0037ade9319a89f4dabdb3ef411aaccca5123c61acab57b5393dce47608172a095aa85a30fe1c2952c6771d937ba9777
      f5957b2639bab072462f68c27a57382d4a52`,
    r: `0145ba99a847af43793fdd0e872e7cdfa16be30fdc780f97bccc3f078380201e9c677d600b343757a3bdbf2a3163e4c2
      f869cca7458aa4a4effc311f5cb151685eb9`,
    gi: `0015417e84dbf28c0ad3c278713349dc7df153c897a1891bd98bab4357c9ecbee1e3bf42e00b8e380aeae57c2d107564
      941885942af5a7f4601723c4195d176ced3e017cae20b6641d2eeb695786d8c946146239d099e18e1d5a514c739d7cb4
      a10ad8a788015ac405d7799dc75e7b7d5b6cf2261a6a7f1507438bf01beb6ca3926f9582`,
    secret: `01144c7d79ae6956bc8edb8e7c787c4521cb086fa64407f97894e5e6b2d79b04d1427e73ca4baa240a34786859810c06
      b3c715a3a8cc3151f2bee417996d19f3ddea`,
  },
];

test('groups 19, 20 and 21 agree as in RFC 5903 section 8: x | y on the wire, x as the secret', () => {
  for (const { id, i, r, gi, secret } of RFC5903) {
    const initiator = pairOf(id, i);
    const responder = pairOf(id, r);
    assert.equal(toHex(initiator.publicValue), toHex(fromHex(gi)));
    const ours = initiator.agree(responder.publicValue);
    const theirs = responder.agree(initiator.publicValue);
    assert.ok(ours.ok && theirs.ok);
    assert.equal(toHex(ours.value.reveal()), toHex(fromHex(secret)));
    assert.ok(ours.value.equals(theirs.value));
  }
});

test('x25519 multiplies as in RFC 7748 section 5.2, ignoring the top bit of the peer', () => {
  for (const [scalar, peer, secret] of [
    [
      'a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4',
      'e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c',
      'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552',
    ],
    [
      '4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d',
      'e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493',
      '95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957',
    ],
  ] as const) {
    const shared = pairOf(31, scalar).agree(fromHex(peer));
    assert.ok(shared.ok);
    assert.equal(toHex(shared.value.reveal()), secret);
  }
});

test('x448 agrees as in RFC 7748 section 6.2', () => {
  const alice = pairOf(
    32,
    `9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28dd9c9baf5
      74a9419744897391006382a6f127ab1d9ac2d8c0a598726b`,
  );
  const bob = pairOf(
    32,
    `1c306a7ac2a0e2e0990b294470cba339e6453772b075811d8fad0d1d6927c120
      bb5ee8972b0d3e21374c9c921b09d1b0366f10b65173992d`,
  );
  assert.equal(
    toHex(alice.publicValue),
    '9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c22c5d9bbc836647241d953d40c5b12da88120d53177f80e532c41fa0',
  );
  const shared = alice.agree(bob.publicValue);
  assert.ok(shared.ok);
  assert.equal(
    toHex(shared.value.reveal()),
    '07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282bb60c0b56fd2464c335543936521c24403085d59a449a5037514a879d',
  );
});
