import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  deriveChildKeys,
  deriveIkeKeys,
  deriveRekeyedIkeKeys,
  wipeIkeKeys,
} from '../../../core/ike/key-schedule.ts';
import { childKeyLengths, type IkeSuite } from '../../../core/ike/suite.ts';
import { toHex } from '../../../core/lib/bytes.ts';
import { SecretBytes } from '../../../core/lib/secret.ts';
import { Encr } from '../../../core/wire/constants.ts';
import { proves } from '../../conformance/tag.ts';
import { seededRandom } from '../../support/gateway/index.ts';
import * as independent from '../../support/gateway/keys.ts';
import { childSuiteOf, ESP_WORDS, IKE_WORDS, suiteOf } from './suites.ts';

const random = seededRandom('key schedule');
const inputs = {
  nonceI: random(32),
  nonceR: random(24),
  initiatorSpi: random(8),
  responderSpi: random(8),
};
const shared = random(32);

/** The same suite by numbers, as the test gateway has it. */
function numbers({ cipher, prf, group }: IkeSuite) {
  const encr = cipher.kind === 'aead' ? cipher.cipher : cipher.cipher;
  return {
    encr: encr.id,
    // A cipher of one key length is asked for without it.
    ...(encr.id === Encr.CHACHA20_POLY1305 ? {} : { keyBits: encr.keyBits }),
    ...(cipher.kind === 'cbc' ? { integ: cipher.integrity.id } : {}),
    prf: prf.id,
    group: group.id,
  };
}

const hex = (key: SecretBytes): string => toHex(key.reveal());

describe('the keys of an IKE SA', () => {
  for (const words of IKE_WORDS) {
    test(
      `they are those of an independent derivation: ${words}`,
      proves(
        ['RFC7296-2.13-3', 'does'],
        ['RFC7296-2.14-x1', 'does'],
        ['RFC7296-2.14-x2', 'does'],
        ['RFC5282-7.1-1', 'does'],
      ),
      () => {
        const suite = suiteOf(words);
        const keys = deriveIkeKeys(suite, SecretBytes.copyOf(shared), inputs);
        const expected = independent.deriveIkeKeys(numbers(suite), {
          shared,
          nonceI: inputs.nonceI,
          nonceR: inputs.nonceR,
          spiI: inputs.initiatorSpi,
          spiR: inputs.responderSpi,
        });
        assert.deepEqual(
          [keys.skD, keys.skAi, keys.skAr, keys.skEi, keys.skEr, keys.skPi, keys.skPr].map(hex),
          [expected.d, expected.ai, expected.ar, expected.ei, expected.er, expected.pi, expected.pr].map(
            toHex,
          ),
        );
        for (const key of [keys.skD, keys.skPi, keys.skPr]) {
          assert.equal(key.length, suite.prf.preferredKeyLength);
        }
        if (suite.cipher.kind === 'aead') assert.equal(keys.skAi.length + keys.skAr.length, 0);
      },
    );
  }

  test('the shared secret is wiped when the keys are there', () => {
    const secret = SecretBytes.copyOf(shared);
    const keys = deriveIkeKeys(suiteOf(IKE_WORDS[0]), secret, inputs);
    assert.ok(secret.wiped);
    assert.ok(!keys.skD.wiped);
    wipeIkeKeys(keys);
    assert.ok(Object.values(keys).every((key: SecretBytes) => key.wiped));
  });

  test('every input changes every key', () => {
    const suite = suiteOf('aes256-sha256-x25519');
    const all = (changed: Partial<typeof inputs>): string[] =>
      Object.values(deriveIkeKeys(suite, SecretBytes.copyOf(shared), { ...inputs, ...changed })).map(hex);
    const before = all({});
    for (const name of ['nonceI', 'nonceR', 'initiatorSpi', 'responderSpi'] as const) {
      const octets = inputs[name].slice();
      octets[3] = (octets[3] ?? 0) ^ 1;
      const after = all({ [name]: octets });
      assert.ok(
        after.every((key, i) => key !== before[i]),
        name,
      );
    }
  });
});

describe('the keys of an IKE SA that replaces another', () => {
  for (const [from, to] of [
    ['aes256-sha512-x25519', 'aes128gcm16-prfsha256-ecp256'],
    ['aes256gcm16-prfsha256-x25519', 'aes256-sha384-x25519'],
    ['aes256gcm16-prfsha256-x25519', 'aes256gcm16-prfsha256-x25519'],
  ] as const) {
    test(
      `they are those of an independent derivation: ${from}, then ${to}`,
      proves(['RFC7296-2.18-x4', 'does'], ['RFC7296-2.18-x5', 'does'], ['RFC7296-2.18-x6', 'does']),
      () => {
        const [old, suite] = [suiteOf(from), suiteOf(to)];
        const d = random(old.prf.preferredKeyLength);
        const secret = SecretBytes.copyOf(shared);
        const keys = deriveRekeyedIkeKeys(
          { prf: old.prf, skD: SecretBytes.copyOf(d) },
          suite,
          secret,
          inputs,
        );
        const expected = independent.deriveRekeyedKeys({ suite: numbers(old), d }, numbers(suite), {
          shared,
          nonceI: inputs.nonceI,
          nonceR: inputs.nonceR,
          spiI: inputs.initiatorSpi,
          spiR: inputs.responderSpi,
        });
        assert.deepEqual(
          [keys.skD, keys.skAi, keys.skAr, keys.skEi, keys.skEr].map(hex),
          [expected.d, expected.ai, expected.ar, expected.ei, expected.er].map(toHex),
        );
        assert.ok(secret.wiped);
      },
    );
  }
});

describe('the keys of a Child SA', () => {
  test(
    'a key exchange of its own goes before the nonces, and is wiped',
    proves('RFC7296-2.17-x2', 'does'),
    () => {
      const suite = suiteOf('aes256gcm16-prfsha384-x25519');
      const child = childSuiteOf('aes256-sha256-noesn');
      const skD = random(48);
      const secret = SecretBytes.copyOf(shared);
      const keys = deriveChildKeys(suite, SecretBytes.copyOf(skD), inputs, childKeyLengths(child), secret);
      const expected = independent.deriveChildKeys(
        numbers(suite),
        child,
        skD,
        inputs.nonceI,
        inputs.nonceR,
        shared,
      );
      assert.deepEqual(
        [keys.encrInitiator, keys.integInitiator, keys.encrResponder, keys.integResponder].map(hex),
        [expected.encrI, expected.integI, expected.encrR, expected.integR].map(toHex),
      );
      assert.ok(secret.wiped);
    },
  );

  for (const words of ESP_WORDS) {
    test(
      `they are those of an independent derivation: ${words}`,
      proves(['RFC7296-2.17-1', 'does'], ['RFC7296-2.17-2', 'does'], ['RFC7296-2.17-x1', 'does']),
      () => {
        const suite = suiteOf('aes256gcm16-prfsha384-x25519');
        const child = childSuiteOf(words);
        const skD = random(48);
        const lengths = childKeyLengths(child);
        const keys = deriveChildKeys(suite, SecretBytes.copyOf(skD), inputs, lengths);
        const expected = independent.deriveChildKeys(
          numbers(suite),
          child,
          skD,
          inputs.nonceI,
          inputs.nonceR,
        );
        assert.deepEqual(
          [keys.encrInitiator, keys.integInitiator, keys.encrResponder, keys.integResponder].map(hex),
          [expected.encrI, expected.integI, expected.encrR, expected.integR].map(toHex),
        );
        assert.equal(keys.encrInitiator.length, lengths.encr);
        assert.equal(keys.integResponder.length, lengths.integ);
      },
    );
  }
});
