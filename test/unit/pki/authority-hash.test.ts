import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { authorityKeyHash } from '../../../core/pki/authority-hash.ts';
import { makeCa } from '../../support/pki-factory.ts';
import { proves } from '../../conformance/tag.ts';

test(
  'an authority is called by SHA-1 over its SubjectPublicKeyInfo, 20 octets',
  proves('RFC7296-3.7-x5', 'does'),
  () => {
    for (const key of ['rsa2048', 'p256', 'ed25519'] as const) {
      const ca = makeCa({ name: 'CA', key });
      const hash = authorityKeyHash(ca.der);
      assert.equal(hash.length, 20);
      assert.deepEqual(hash, new Uint8Array(createHash('sha1').update(ca.spki).digest()));
    }
  },
);

test('octets that are no certificate add nothing', () => {
  assert.equal(authorityKeyHash(new Uint8Array(10)).length, 0);
});
