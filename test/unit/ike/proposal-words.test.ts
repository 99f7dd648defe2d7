import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { knownWords, parseEspWords, parseIkeWords, wordsOf } from '../../../core/ike/proposal-words.ts';
import type { Offer } from '../../../core/ike/proposals.ts';
import { proposalsOf } from '../../../core/ike/proposals.ts';
import type { Result } from '../../../core/lib/result.ts';
import { Encr, Esn, Group, Integ, Prf, Protocol } from '../../../core/wire/constants.ts';
import { proves } from '../../conformance/tag.ts';
import { ESP_WORDS, espProposal, IKE_WORDS, ikeProposal } from './suites.ts';

function offer(result: Result<Offer, string>): Offer {
  assert.ok(result.ok);
  return result.value;
}

function problem(result: Result<Offer, string>): string {
  assert.ok(!result.ok);
  return result.error;
}

describe('words for the IKE SA', () => {
  for (const [word, id, keyBits] of [
    ['aes128gcm16', Encr.AES_GCM_16, 128],
    ['aes192gcm16', Encr.AES_GCM_16, 192],
    ['aes256gcm16', Encr.AES_GCM_16, 256],
    ['aes128gcm', Encr.AES_GCM_16, 128],
    ['aes256gcm', Encr.AES_GCM_16, 256],
    ['chacha20poly1305', Encr.CHACHA20_POLY1305, undefined],
  ] as const) {
    test(`${word} is a cipher with integrity of its own`, () => {
      const { encr, integ } = offer(parseIkeWords(`${word}-prfsha256-x25519`));
      assert.deepEqual(encr, [keyBits === undefined ? { id } : { id, keyBits }]);
      assert.deepEqual(integ, []);
    });
  }

  for (const [word, keyBits] of [
    ['aes128', 128],
    ['aes192', 192],
    ['aes256', 256],
  ] as const) {
    test(`${word} is AES-CBC of that key length`, () => {
      assert.deepEqual(offer(parseIkeWords(`${word}-sha256-x25519`)).encr, [{ id: Encr.AES_CBC, keyBits }]);
    });
  }

  for (const [word, integ, prf] of [
    ['sha1', Integ.HMAC_SHA1_96, Prf.HMAC_SHA1],
    ['sha256', Integ.HMAC_SHA2_256_128, Prf.HMAC_SHA2_256],
    ['sha384', Integ.HMAC_SHA2_384_192, Prf.HMAC_SHA2_384],
    ['sha512', Integ.HMAC_SHA2_512_256, Prf.HMAC_SHA2_512],
  ] as const) {
    test(`${word} is an integrity algorithm, and brings the PRF of its hash`, () => {
      const parsed = offer(parseIkeWords(`aes256-${word}-x25519`));
      assert.deepEqual(parsed.integ, [integ]);
      assert.deepEqual(parsed.prf, [prf]);
    });

    test(`prf${word} names the PRF outright`, () => {
      assert.deepEqual(offer(parseIkeWords(`aes256gcm16-prf${word}-x25519`)).prf, [prf]);
      assert.deepEqual(offer(parseIkeWords(`aes256-sha512-prf${word}-x25519`)).prf, [prf]);
    });
  }

  for (const [word, group] of [
    ['modp2048', Group.MODP_2048],
    ['modp3072', Group.MODP_3072],
    ['modp4096', Group.MODP_4096],
    ['modp6144', Group.MODP_6144],
    ['modp8192', Group.MODP_8192],
    ['ecp256', Group.ECP_256],
    ['ecp384', Group.ECP_384],
    ['ecp521', Group.ECP_521],
    ['x25519', Group.CURVE25519],
    ['curve25519', Group.CURVE25519],
    ['x448', Group.CURVE448],
    ['curve448', Group.CURVE448],
  ] as const) {
    test(`${word} is a group`, () => {
      assert.deepEqual(offer(parseIkeWords(`aes256gcm16-prfsha256-${word}`)).groups, [group]);
    });
  }

  test(
    'several words of one kind are alternatives in their order',
    proves(['RFC7296-3.3.4-4', 'does'], ['RFC7296-3.3-3', 'does']),
    () => {
      const parsed = offer(parseIkeWords('AES256-aes128-sha512-sha256-x25519-modp2048'));
      assert.deepEqual(
        parsed.encr.map(({ keyBits }) => keyBits),
        [256, 128],
      );
      assert.deepEqual(parsed.integ, [Integ.HMAC_SHA2_512_256, Integ.HMAC_SHA2_256_128]);
      assert.deepEqual(parsed.groups, [Group.CURVE25519, Group.MODP_2048]);
    },
  );

  test(
    'an integrity word beside ciphers that need none only names the PRF',
    proves(['RFC5282-8-2', 'does'], ['RFC5282-8-1', 'does']),
    () => {
      const parsed = offer(parseIkeWords('aes256gcm16-sha384-x25519'));
      assert.deepEqual(parsed.integ, []);
      assert.deepEqual(parsed.prf, [Prf.HMAC_SHA2_384]);
    },
  );

  for (const [words, expected] of [
    ['', /"" is not an algorithm/],
    ['aes256--sha256-x25519', /"" is not an algorithm/],
    ['blowfish-sha256-modp2048', /"blowfish" is not an algorithm/],
    ['aes256-sha256-modp1024', /"modp1024" is not an algorithm/],
    ['sha256-x25519', /names no cipher/],
    ['aes256-x25519', /names no integrity algorithm/],
    ['aes256-aes256gcm16-sha256-x25519', /mixes ciphers/],
    ['aes256gcm16-x25519', /names no PRF: add one, as in "aes256gcm16-x25519-prfsha256"/],
    ['aes256-sha256', /names no group: add one, as in "aes256-sha256-ecp256"/],
    ['aes256-sha256-x25519-esn', /a matter of the ESP proposal/],
  ] as const) {
    test(`"${words}" is refused, and says why`, () => {
      assert.match(problem(parseIkeWords(words)), expected);
    });
  }

  test(
    'nothing weak has a word: no NULL, no DES, no MD5, no short group',
    proves(['RFC7296-5-2', 'refuses'], ['RFC7296-5-3', 'refuses'], ['RFC7296-3.14-7', 'refuses']),
    () => {
      for (const weak of ['null', 'none', 'des', '3des', 'md5', 'prfmd5', 'aesxcbc', 'modp768', 'modp1536']) {
        assert.match(problem(parseIkeWords(`aes256-sha256-x25519-${weak}`)), /is not an algorithm/, weak);
      }
    },
  );

  test('what every object has is no algorithm', () => {
    for (const word of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      assert.match(problem(parseIkeWords(`${word}-sha256-x25519`)), /is not an algorithm/, word);
      assert.match(problem(parseEspWords(`aes256-sha256-${word}`)), /is not an algorithm/, word);
    }
  });
});

describe('words for ESP', () => {
  test('without a word on sequence numbers both kinds are offered', () => {
    assert.deepEqual(offer(parseEspWords('aes256gcm16')).esn, [Esn.NO, Esn.YES]);
    assert.deepEqual(offer(parseEspWords('aes256gcm16-noesn')).esn, [Esn.NO]);
    assert.deepEqual(offer(parseEspWords('aes256gcm16-esn')).esn, [Esn.YES]);
    assert.deepEqual(offer(parseEspWords('aes256gcm16-esn-noesn')).esn, [Esn.YES, Esn.NO]);
  });

  test('a group is for the pairs that have a key exchange of their own', () => {
    assert.deepEqual(offer(parseEspWords('aes256gcm16')).groups, []);
    assert.deepEqual(offer(parseEspWords('aes256gcm16-x25519-ecp256')).groups, [
      Group.CURVE25519,
      Group.ECP_256,
    ]);
  });

  test('an integrity algorithm goes with AES-CBC alone', proves('RFC5282-8-2', 'does'), () => {
    assert.deepEqual(offer(parseEspWords('aes128-sha256')).integ, [Integ.HMAC_SHA2_256_128]);
    assert.deepEqual(offer(parseEspWords('aes128gcm16-sha256')).integ, []);
  });

  for (const [words, expected] of [
    ['sha256', /names no cipher/],
    ['aes256', /names no integrity algorithm/],
    ['aes256-chacha20poly1305-sha256', /mixes ciphers/],
    ['aes256gcm16-prfsha256', /a matter of the IKE proposal/],
    ['null-sha256', /"null" is not an algorithm/],
  ] as const) {
    test(`"${words}" is refused, and says why`, () => {
      assert.match(problem(parseEspWords(words)), expected);
    });
  }
});

describe('words of a proposal', () => {
  test('they are those that it was made of', () => {
    for (const words of IKE_WORDS) {
      const parsed = parseIkeWords(wordsOf(ikeProposal(words)));
      assert.deepEqual(parsed, parseIkeWords(words), words);
    }
    for (const words of ESP_WORDS) {
      assert.deepEqual(parseEspWords(wordsOf(espProposal(words))).ok, true, words);
    }
  });

  test('every word of a list is one that is understood', () => {
    for (const word of knownWords('ike')) {
      const result = parseIkeWords(word);
      assert.doesNotMatch(result.ok ? '' : result.error, /is not an algorithm/, word);
    }
    for (const word of knownWords('esp')) {
      const result = parseEspWords(word);
      assert.doesNotMatch(result.ok ? '' : result.error, /is not an algorithm|matter of/, word);
    }
  });

  test('transforms that have no word are named by their registry', () => {
    const transforms = [
      { type: 1, id: Encr.TRIPLE_DES },
      { type: 1, id: Encr.AES_GCM_8, keyLength: 128 },
      { type: 2, id: Prf.HMAC_MD5 },
      { type: 3, id: Integ.AES_XCBC_96 },
      { type: 4, id: Group.MODP_1024 },
      { type: 6, id: 36 },
      { type: 99, id: 5 },
    ];
    const words = wordsOf({ number: 1, protocol: Protocol.IKE, spi: new Uint8Array(0), transforms });
    assert.equal(words, 'TRIPLE_DES-AES_GCM_8128-prfHMAC_MD5-AES_XCBC_96-MODP_1024-type6-36-type99-5');
  });

  test('the everyday kind of sequence numbers is not mentioned', () => {
    const offers = [offer(parseEspWords('aes256gcm16'))];
    const [proposal] = proposalsOf(offers, Protocol.ESP, new Uint8Array(4));
    assert.equal(wordsOf(proposal!), 'aes256gcm16-esn');
  });
});
