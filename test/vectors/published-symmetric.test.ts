import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aead } from '../../core/crypto/aead.ts';
import { blockCipher } from '../../core/crypto/block-cipher.ts';
import { prf } from '../../core/crypto/prf.ts';
import { concat, fromHex, toHex, utf8 } from '../../core/lib/bytes.ts';
import { proves } from '../conformance/tag.ts';

test(
  'ChaCha20-Poly1305 seals and opens the ESP packet of RFC 7634 appendix A',
  proves(['RFC7634-2-x3', 'does'], ['RFC7634-2-x4', 'does'], ['RFC7634-2.1-x1', 'does']),
  () => {
    const keymat = fromHex('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f a0a1a2a3');
    const iv = fromHex('1011121314151617');
    const spiAndSequence = fromHex('01020304 00000005');
    const packet = fromHex(`45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec100007362708090a0b
      0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637 01020204`);
    const sealed = `24039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c614ee8099d52844eb61aa95df
      ab4c02f72aa71e7c4c4f64c9befe2facc638e8f3cbec163fac469b502773f6fb94e664da9165b82829f641e0
      76aaa8266b7fb0f7b11b369907e1ad43`;
    const algorithm = aead(28);
    assert.ok(algorithm);
    assert.equal(algorithm.keyLength + algorithm.saltLength, keymat.length);
    const key = algorithm.create(keymat.subarray(0, algorithm.keyLength));
    const nonce = concat(keymat.subarray(algorithm.keyLength), iv);
    assert.equal(toHex(key.seal(nonce, spiAndSequence, packet)), toHex(fromHex(sealed)));
    assert.deepEqual(key.open(nonce, spiAndSequence, fromHex(sealed)), packet);
  },
);

test(
  'ChaCha20-Poly1305 seals and opens the IKE message of RFC 7634 appendix B',
  proves('RFC7634-3-x1', 'does'),
  () => {
    const keymat = fromHex('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f a0a1a2a3');
    const nonce = concat(keymat.subarray(32), fromHex('1011121314151617'));
    const header = fromHex('c0c1c2c3c4c5c6c7d0d1d2d3d4d5d6d7 2e202500 00000009 00000045 29000029');
    const plaintext = fromHex('0000000c00004001 0000000a00');
    const sealed = fromHex('610394701f8d017f7c12924889 6b71bfe25236efd7cdc67066906315b2');
    const key = aead(28)?.create(keymat.subarray(0, 32));
    assert.ok(key);
    assert.equal(toHex(key.seal(nonce, header, plaintext)), toHex(sealed));
    assert.deepEqual(key.open(nonce, header, sealed), plaintext);
  },
);

test('ChaCha20-Poly1305 seals the text of RFC 8439 section 2.8.2', () => {
  const key = aead(28)?.create(fromHex('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f'));
  assert.ok(key);
  const text = utf8(
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen " +
      'would be it.',
  );
  const sealed = key.seal(fromHex('07000000 4041424344454647'), fromHex('50515253c0c1c2c3c4c5c6c7'), text);
  assert.equal(toHex(sealed.subarray(0, 16)), 'd31a8d34648e60db7b86afbc53ef7ec2');
  assert.equal(toHex(sealed.subarray(text.length)), '1ae10b594f09e26a7e902ecbd0600691');
});

test('AES-GCM seals the empty and the one-block message of its specification', () => {
  const zeroNonce = new Uint8Array(12);
  for (const { bits, empty, block } of [
    {
      bits: 128,
      empty: '58e2fccefa7e3061367f1d57a4e7455a',
      block: '0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf',
    },
    {
      bits: 192,
      empty: 'cd33b28ac773f74ba00ed1f312572435',
      block: '98e7247c07f0fe411c267e4384b0f6002ff58d80033927ab8ef4d4587514f0fb',
    },
    {
      bits: 256,
      empty: '530f8afbc74536b9a963b4f1c4cb738b',
      block: 'cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919',
    },
  ]) {
    const key = aead(20, bits)?.create(new Uint8Array(bits / 8));
    assert.ok(key);
    const none = new Uint8Array(0);
    assert.equal(toHex(key.seal(zeroNonce, none, none)), empty);
    assert.equal(toHex(key.seal(zeroNonce, none, new Uint8Array(16))), block);
  }
});

test('AES-CBC encrypts and decrypts the cases of RFC 3602 section 4', () => {
  for (const { key, iv, plaintext, ciphertext } of [
    {
      key: '06a9214036b8a15b512e03d534120006',
      iv: '3dafba429d9eb430b422da802c9fac41',
      plaintext: toHex(utf8('Single block msg')),
      ciphertext: 'e353779c1079aeb82708942dbe77181a',
    },
    {
      key: 'c286696d887c9aa0611bbb3e2025a45a',
      iv: '562e17996d093d28ddb3ba695a2e6f58',
      plaintext: '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
      ciphertext: 'd296cd94c2cccf8a3a863028b5e1dc0a7586602d253cfff91b8266bea6d61ab1',
    },
    {
      key: '6c3ea0477630ce21a2ce334aa746c2cd',
      iv: 'c782dc4c098c66cbd9cd27d825682c81',
      plaintext: toHex(utf8('This is a 48-byte message (exactly 3 AES blocks)')),
      ciphertext: `d0a02b3836451753d493665d33f0e8862dea54cdb293abc7506939276772f8d5
        021c19216bad525c8579695d83ba2684`,
    },
    {
      key: '56e47a38c5598974bc46903dba290349',
      iv: '8ce82eefbea0da3c44699ed7db51b7d9',
      plaintext: `a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf
        c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf`,
      ciphertext: `c30e32ffedc0774e6aff6af0869f71aa0f3af07a9a31a9c684db207eb0ef8e4e
        35907aa632c3ffdf868bb7b29d3d46ad83ce9f9a102ee99d49a53e87f4c3da55`,
    },
  ]) {
    const cipher = blockCipher(12, 128)?.create(fromHex(key));
    assert.ok(cipher);
    assert.equal(toHex(cipher.encrypt(fromHex(iv), fromHex(plaintext))), toHex(fromHex(ciphertext)));
    assert.deepEqual(cipher.decrypt(fromHex(iv), fromHex(ciphertext)), fromHex(plaintext));
  }
});

test('AES-CBC with 192 and 256 bits encrypts the blocks of NIST SP 800-38A appendix F.2', () => {
  const iv = fromHex('000102030405060708090a0b0c0d0e0f');
  const plaintext = fromHex('6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51');
  for (const { bits, key, ciphertext } of [
    {
      bits: 192,
      key: '8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b',
      ciphertext: '4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a',
    },
    {
      bits: 256,
      key: '603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4',
      ciphertext: 'f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d',
    },
  ]) {
    const cipher = blockCipher(12, bits)?.create(fromHex(key));
    assert.ok(cipher);
    assert.equal(toHex(cipher.encrypt(iv, plaintext)), ciphertext);
    assert.deepEqual(cipher.decrypt(iv, fromHex(ciphertext)), plaintext);
  }
});

test('the PRFs give the digests of RFC 2202 and RFC 4231', () => {
  const jefe = utf8('Jefe');
  const question = utf8('what do ya want for nothing?');
  const longKey = new Uint8Array(131).fill(0xaa);
  const longMessage = utf8('Test Using Larger Than Block-Size Key - Hash Key First');
  const cases: readonly [id: number, key: Uint8Array, message: Uint8Array, digest: string][] = [
    [2, new Uint8Array(20).fill(0x0b), utf8('Hi There'), 'b617318655057264e28bc0b6fb378c8ef146be00'],
    [2, jefe, question, 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79'],
    [2, new Uint8Array(80).fill(0xaa), longMessage, 'aa4ae5e15272d00e95705637ce8a3b55ed402112'],
    [5, jefe, question, '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'],
    [5, longKey, longMessage, '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54'],
    [
      6,
      jefe,
      question,
      `af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e
        8e2240ca5e69e2c78b3239ecfab21649`,
    ],
    [
      6,
      longKey,
      longMessage,
      `4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c6
        0c2ef6ab4030fe8296248df163f44952`,
    ],
    [
      7,
      jefe,
      question,
      `164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554
        9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737`,
    ],
    [
      7,
      longKey,
      longMessage,
      `80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352
        6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598`,
    ],
  ];
  for (const [id, key, message, digest] of cases) {
    const algorithm = prf(id);
    assert.ok(algorithm);
    assert.equal(toHex(algorithm.compute(key, message)), toHex(fromHex(digest)));
    assert.equal(
      toHex(algorithm.compute(key, message.subarray(0, 3), message.subarray(3))),
      toHex(fromHex(digest)),
    );
  }
});
