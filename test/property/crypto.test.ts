import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { cbc, gcm } from '@noble/ciphers/aes.js';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { x448 } from '@noble/curves/ed448.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import fc from 'fast-check';
import { aead } from '../../core/crypto/aead.ts';
import { blockCipher } from '../../core/crypto/block-cipher.ts';
import { sha1, sha256, sha384, sha512 } from '../../core/crypto/hash.ts';
import { keyExchange } from '../../core/crypto/key-exchange.ts';
import { prf } from '../../core/crypto/prf.ts';
import { importPrivateKey } from '../../core/crypto/private-key.ts';
import { publicKeyOfSpki } from '../../core/crypto/public-key.ts';
import {
  encodeSignatureAlgorithm,
  parseSignatureAlgorithm,
  type SignatureScheme,
} from '../../core/crypto/signature-scheme.ts';
import { signAuth, verifyAuth } from '../../core/crypto/signature.ts';
import { concat } from '../../core/lib/bytes.ts';
import { proves } from '../conformance/tag.ts';

/** Octets, small lengths and the ones around a packet alike. */
const octets = fc.oneof(
  fc.uint8Array({ maxLength: 80 }),
  fc.uint8Array({ minLength: 1300, maxLength: 1600 }),
);
const exactly = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });

test('the AEADs agree with an independent implementation on every size', () => {
  for (const [algorithm, other] of [
    [aead(20, 128), gcm],
    [aead(20, 192), gcm],
    [aead(20, 256), gcm],
    [aead(28), chacha20poly1305],
  ] as const) {
    assert.ok(algorithm);
    fc.assert(
      fc.property(exactly(algorithm.keyLength), exactly(12), octets, octets, (key, nonce, header, text) => {
        const sealed = algorithm.create(key).seal(nonce, header, text);
        assert.deepEqual(sealed, other(key, nonce, header).encrypt(text));
        assert.deepEqual(algorithm.create(key).open(nonce, header, sealed), text);
      }),
      { numRuns: 40 },
    );
  }
});

test('no AEAD opens what was changed anywhere', () => {
  for (const algorithm of [aead(20, 256), aead(28)]) {
    assert.ok(algorithm);
    fc.assert(
      fc.property(exactly(32), exactly(12), octets, octets, fc.nat(), (key, nonce, header, text, where) => {
        const keyed = algorithm.create(key);
        const sealed = keyed.seal(nonce, header, text);
        const bit = where % (sealed.length * 8);
        sealed[bit >> 3]! ^= 1 << (bit & 7);
        assert.equal(keyed.open(nonce, header, sealed), undefined);
      }),
    );
  }
});

test('AES-CBC agrees with an independent implementation on every number of blocks', () => {
  for (const bits of [128, 192, 256]) {
    const algorithm = blockCipher(12, bits);
    assert.ok(algorithm);
    fc.assert(
      fc.property(exactly(bits / 8), exactly(16), fc.nat(100), fc.nat(255), (key, iv, blocks, fill) => {
        const text = new Uint8Array(16 * blocks).map((_, at) => fill + at * 7);
        const encrypted = algorithm.create(key).encrypt(iv, text);
        assert.deepEqual(encrypted, cbc(key, iv, { disablePadding: true }).encrypt(text));
        assert.deepEqual(algorithm.create(key).decrypt(iv, encrypted), text);
      }),
      { numRuns: 40 },
    );
  }
});

test('the PRFs are HMAC as RFC 2104 defines it, for keys and messages of every length', () => {
  for (const [id, hash, blockLength] of [
    [2, sha1, 64],
    [5, sha256, 64],
    [6, sha384, 128],
    [7, sha512, 128],
  ] as const) {
    const algorithm = prf(id);
    assert.ok(algorithm);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), octets, (key, message) => {
        const short = key.length > blockLength ? hash(key) : key;
        const block = concat(short, new Uint8Array(blockLength - short.length));
        const inner = hash(
          block.map((octet) => octet ^ 0x36),
          message,
        );
        const outer = hash(
          block.map((octet) => octet ^ 0x5c),
          inner,
        );
        assert.deepEqual(algorithm.compute(key, message), outer);
      }),
      { numRuns: 50 },
    );
  }
});

test('the ECP groups agree with an independent implementation', () => {
  for (const [id, curve] of [
    [19, p256],
    [20, p384],
    [21, p521],
  ] as const) {
    const method = keyExchange(id);
    assert.ok(method);
    const length = method.publicLength / 2;
    fc.assert(
      fc.property(exactly(length - 1), exactly(length - 1), (own, other) => {
        // Without its first octet a number is below the order; zero is the one that is no private value.
        const secret = concat(Uint8Array.of(0), own.with(0, 1));
        const peer = curve.getPublicKey(concat(Uint8Array.of(0), other.with(0, 1)), false);
        const pair = method.generate(() => secret.slice());
        assert.deepEqual(pair.publicValue, curve.getPublicKey(secret, false).slice(1));
        const shared = pair.agree(peer.slice(1));
        assert.ok(shared.ok);
        assert.deepEqual(
          shared.value.reveal(),
          curve.getSharedSecret(secret, peer, false).slice(1, 1 + length),
        );
      }),
      { numRuns: 8 },
    );
  }
});

test('x25519 and x448 agree with an independent implementation', () => {
  for (const [id, curve, length] of [
    [31, x25519, 32],
    [32, x448, 56],
  ] as const) {
    const method = keyExchange(id);
    assert.ok(method);
    fc.assert(
      fc.property(exactly(length), exactly(length), (secret, other) => {
        const peer = curve.getPublicKey(other);
        const pair = method.generate(() => secret.slice());
        assert.deepEqual(pair.publicValue, curve.getPublicKey(secret));
        const shared = pair.agree(peer);
        assert.ok(shared.ok);
        assert.deepEqual(shared.value.reveal(), curve.getSharedSecret(secret, peer));
      }),
      { numRuns: 15 },
    );
  }
});

test('no peer value makes a key exchange throw', () => {
  for (const id of [14, 19, 20, 21, 31, 32]) {
    const method = keyExchange(id);
    assert.ok(method);
    const value = fc.oneof(fc.uint8Array({ maxLength: 1100 }), exactly(method.publicLength));
    fc.assert(
      fc.property(value, (peer) => {
        const pair = method.generate((length) => new Uint8Array(length).fill(0x42));
        const shared = pair.agree(peer);
        if (!shared.ok) assert.equal(shared.error, 'invalid public value');
      }),
      { numRuns: 25 },
    );
  }
});

const ecdsaKeys = [
  { curve: p256, pair: generateKeyPairSync('ec', { namedCurve: 'P-256' }) },
  { curve: p384, pair: generateKeyPairSync('ec', { namedCurve: 'P-384' }) },
  { curve: p521, pair: generateKeyPairSync('ec', { namedCurve: 'P-521' }) },
];
const HASHES = { 2: sha256, 3: sha384, 4: sha512 };

test(
  'ECDSA signatures verify in an independent implementation, which cuts the hash as X9.62 says',
  proves('RFC7427-3-1', 'does'),
  () => {
    for (const { curve, pair } of ecdsaKeys) {
      const point = new Uint8Array(pair.publicKey.export({ format: 'raw-public' }));
      fc.assert(
        fc.property(octets, fc.constantFrom(2 as const, 3 as const, 4 as const), (message, hash) => {
          const signature = signAuth(pair.privateKey, message, { peerHashes: [hash] });
          assert.ok(signature.ok);
          const { data } = signature.value;
          assert.ok(verifyAuth(14, pair.publicKey, message, data, [hash]).ok);
          const der = data.subarray(1 + data[0]!);
          const digest = HASHES[hash](message);
          assert.ok(curve.verify(der, digest, point, { prehash: false, format: 'der', lowS: false }));
        }),
        { numRuns: 6 },
      );
    }
  },
);

test('Ed25519 signatures are those of an independent implementation', () => {
  fc.assert(
    fc.property(exactly(32), octets, (seed, message) => {
      const pkcs8 = concat(Uint8Array.fromHex('302e020100300506032b657004220420'), seed);
      const key = importPrivateKey(pkcs8);
      assert.ok(key.ok);
      const signature = signAuth(key.value, message, { peerHashes: [5] });
      assert.ok(signature.ok);
      assert.deepEqual(signature.value.data.slice(8), ed25519.sign(message, seed));
    }),
    { numRuns: 20 },
  );
});

const strongHash = fc.constantFrom('sha256' as const, 'sha384' as const, 'sha512' as const);
const scheme: fc.Arbitrary<SignatureScheme> = fc.oneof(
  fc
    .constantFrom('sha1' as const, 'sha256' as const)
    .map((hash): SignatureScheme => ({ kind: 'rsa-pkcs1', hash })),
  fc
    .tuple(strongHash, fc.nat(2048))
    .map(([hash, saltLength]): SignatureScheme => ({ kind: 'rsa-pss', hash, saltLength })),
  strongHash.map((hash): SignatureScheme => ({ kind: 'ecdsa', hash, encoding: 'der' })),
  fc.constantFrom<SignatureScheme>(
    { kind: 'ed25519', hash: 'identity' },
    { kind: 'ed448', hash: 'identity' },
  ),
);

test('every scheme is read back from its AlgorithmIdentifier', () => {
  fc.assert(
    fc.property(scheme, (value) => {
      assert.deepEqual(parseSignatureAlgorithm(encodeSignatureAlgorithm(value)), { ok: true, value });
    }),
  );
});

/** An identifier with some octets changed, cut or added: near misses find more than noise. */
const nearIdentifier = fc
  .tuple(
    scheme,
    fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 3 }),
    fc.uint8Array({ maxLength: 4 }),
  )
  .map(([value, edits, tail]) => {
    const identifier = concat(encodeSignatureAlgorithm(value), tail);
    for (const [at, octet] of edits) identifier[at % identifier.length] = octet;
    return identifier;
  });

test('any octets are an AlgorithmIdentifier or a refusal, never an exception', () => {
  fc.assert(
    fc.property(fc.oneof(nearIdentifier, octets), (identifier) => {
      const parsed = parseSignatureAlgorithm(identifier);
      if (!parsed.ok) assert.match(parsed.error, /^(malformed|unsupported)$/);
    }),
    { numRuns: 2000 },
  );
});

test('any AUTH payload is verified or refused, never an exception, and noise is never accepted', () => {
  const { publicKey } = ecdsaKeys[0]!.pair;
  const authData = fc.oneof(
    octets,
    fc.tuple(nearIdentifier, octets).map(([a, signature]) => concat(Uint8Array.of(a.length), a, signature)),
  );
  fc.assert(
    fc.property(fc.constantFrom(1, 2, 9, 10, 11, 14), authData, octets, (method, data, signed) => {
      assert.equal(verifyAuth(method, publicKey, signed, data, [2, 3, 4, 5]).ok, false);
    }),
    { numRuns: 500 },
  );
});

test('any octets are a key or a refusal, never an exception', () => {
  const pkcs8 = new Uint8Array(ecdsaKeys[0]!.pair.privateKey.export({ type: 'pkcs8', format: 'der' }));
  const spki = new Uint8Array(ecdsaKeys[0]!.pair.publicKey.export({ type: 'spki', format: 'der' }));
  const near = (original: Uint8Array): fc.Arbitrary<Uint8Array> =>
    fc.tuple(fc.nat(original.length - 1), fc.nat(255)).map(([at, octet]) => original.slice().with(at, octet));
  fc.assert(
    fc.property(fc.oneof(octets, near(pkcs8)), (input) => {
      const key = importPrivateKey(input);
      if (key.ok) assert.equal(key.value.type, 'private');
    }),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(fc.oneof(octets, near(spki)), (input) => {
      const key = publicKeyOfSpki(input);
      if (key.ok) assert.equal(key.value.type, 'public');
    }),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.equal(importPrivateKey(text).ok, false);
    }),
  );
});
