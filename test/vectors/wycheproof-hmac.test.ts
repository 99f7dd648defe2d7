import assert from 'node:assert/strict';
import { test } from 'node:test';
import { integrity } from '../../core/crypto/integrity.ts';
import { prf } from '../../core/crypto/prf.ts';
import { equalBytes } from '../../core/lib/bytes.ts';
import { eachVector, vectorsOf, type Vector } from './wycheproof.ts';

/** Numbers of the PRF and INTEG transforms over each hash, and the bits of both outputs. */
const HASHES = [
  { file: 'hmac_sha1', prfId: 2, integId: 2, macBits: 160, icvBits: 96 },
  { file: 'hmac_sha256', prfId: 5, integId: 12, macBits: 256, icvBits: 128 },
  { file: 'hmac_sha384', prfId: 6, integId: 13, macBits: 384, icvBits: 192 },
  { file: 'hmac_sha512', prfId: 7, integId: 14, macBits: 512, icvBits: 256 },
];

for (const { file, prfId, integId, macBits, icvBits } of HASHES) {
  const all = vectorsOf(file);
  const whole = all.filter((vector) => vector.number('tagSize') === macBits);
  const keySized = all.filter((vector) => vector.number('keySize') === macBits);

  const mac = (vector: Vector): Uint8Array => {
    const algorithm = prf(prfId);
    assert.ok(algorithm);
    return algorithm.compute(vector.octets('key'), vector.octets('msg'));
  };

  test(`PRF ${prfId} gives the whole tag of every valid Wycheproof vector of ${file}, for every key length`, () => {
    eachVector(whole, 'valid', 30, (vector) => {
      assert.deepEqual(mac(vector), vector.octets('tag'), vector.label);
    });
  });

  test(`PRF ${prfId} gives no tag of an invalid Wycheproof vector of ${file}`, () => {
    eachVector(whole, 'invalid', 50, (vector) => {
      assert.equal(equalBytes(mac(vector), vector.octets('tag')), false, vector.label);
    });
  });

  test(`INTEG ${integId} computes and verifies the truncated tags of ${file}, and nothing else`, () => {
    const algorithm = integrity(integId);
    assert.ok(algorithm);
    assert.equal(algorithm.icvLength * 8, icvBits);
    let truncated = 0;
    for (const vector of keySized) {
      const key = algorithm.create(vector.octets('key'));
      const tag = vector.octets('tag');
      const valid = vector.result === 'valid';
      if (tag.length === algorithm.icvLength) {
        truncated++;
        assert.equal(key.verify(tag, vector.octets('msg')), valid, vector.label);
        assert.equal(equalBytes(key.compute(vector.octets('msg')), tag), valid, vector.label);
      } else {
        assert.equal(
          key.verify(tag, vector.octets('msg')),
          false,
          `${vector.label}: a tag of another length`,
        );
        if (valid) {
          const icv = tag.subarray(0, algorithm.icvLength);
          assert.equal(key.verify(icv, vector.octets('msg')), true, vector.label);
        }
      }
    }
    assert.ok(keySized.length >= 80);
    // Wycheproof has no HMAC-SHA1 vectors with 96 bits; there the whole tags are truncated above.
    assert.equal(truncated > 0, icvBits !== 96);
  });
}
