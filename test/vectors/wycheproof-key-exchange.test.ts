import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyExchange } from '../../core/crypto/key-exchange.ts';
import { concat, isZero } from '../../core/lib/bytes.ts';
import { eachVector, vectorsOf, type Vector } from './wycheproof.ts';

/** What `agree` makes of the vector's private value and the peer's Key Exchange Data. */
function agreed(id: number, privateValue: Uint8Array, peer: Uint8Array): Uint8Array | undefined {
  const method = keyExchange(id);
  assert.ok(method);
  const shared = method.generate((length) => fitted(privateValue, length)).agree(peer);
  return shared.ok ? shared.value.reveal() : undefined;
}

/** A big-endian number in `length` octets: DER sign octets are dropped, zeros are put before. */
function fitted(value: Uint8Array, length: number): Uint8Array {
  if (value.length >= length) return value.slice(value.length - length);
  return concat(new Uint8Array(length - value.length), value);
}

for (const { id, file, valid } of [
  { id: 19, file: 'ecdh_secp256r1_ecpoint', valid: 330 },
  { id: 20, file: 'ecdh_secp384r1_ecpoint', valid: 771 },
  { id: 21, file: 'ecdh_secp521r1_ecpoint', valid: 632 },
]) {
  const vectors = vectorsOf(file);
  /** Key Exchange Data is an uncompressed point without its first octet; other encodings are left as they are. */
  const peerOf = (vector: Vector): Uint8Array => {
    const point = vector.octets('public');
    return point[0] === 4 ? point.slice(1) : point;
  };

  test(`group ${id} agrees on the secret of every valid Wycheproof vector`, () => {
    eachVector(vectors, 'valid', valid, (vector) => {
      const shared = agreed(id, vector.octets('private'), peerOf(vector));
      assert.deepEqual(shared, vector.octets('shared'), vector.label);
    });
  });

  test(`group ${id} refuses every invalid point of Wycheproof, and compressed ones`, () => {
    for (const verdict of ['invalid', 'acceptable'] as const) {
      eachVector(vectors, verdict, 1, (vector) => {
        assert.equal(agreed(id, vector.octets('private'), peerOf(vector)), undefined, vector.label);
      });
    }
  });
}

for (const { id, file } of [
  { id: 31, file: 'x25519' },
  { id: 32, file: 'x448' },
]) {
  const vectors = vectorsOf(file);
  const check = (vector: Vector): void => {
    const shared = agreed(id, vector.octets('private'), vector.octets('public'));
    const expected = vector.octets('shared');
    assert.deepEqual(shared, isZero(expected) ? undefined : expected, vector.label);
  };

  test(`${file} agrees on the secret of every valid Wycheproof vector`, () => {
    eachVector(vectors, 'valid', 250, check);
  });

  test(`${file} follows Wycheproof on unusual values and refuses those that lead to an all-zero secret`, () => {
    eachVector(vectors, 'acceptable', 200, check);
    const refused = vectors.filter(
      (vector) => vector.result === 'acceptable' && isZero(vector.octets('shared')),
    );
    assert.ok(refused.length >= 5, `${refused.length} vectors with an all-zero secret`);
  });
}

test('x448 refuses every Wycheproof vector of a wrong length', () => {
  eachVector(vectorsOf('x448'), 'invalid', 10, (vector) => {
    assert.equal(agreed(32, vector.octets('private'), vector.octets('public')), undefined, vector.label);
  });
});
