import assert from 'node:assert/strict';
import { test } from 'node:test';
import { childKeyLengths, childSuite, ikeSuite } from '../../../core/ike/suite.ts';
import { Encr, Integ } from '../../../core/wire/constants.ts';
import type { Proposal, Transform } from '../../../core/wire/payloads/sa.ts';
import { childSuiteOf, ESP_WORDS, espProposal, IKE_WORDS, ikeProposal, suiteOf } from './suites.ts';

test('the suite of a proposal computes what the proposal names', () => {
  const combined = suiteOf('aes256gcm16-prfsha384-ecp521');
  assert.ok(combined.cipher.kind === 'aead');
  assert.equal(combined.cipher.cipher.keyBits, 256);
  assert.equal(combined.prf.outputLength, 48);
  assert.equal(combined.group.name, 'ecp521');
  const classic = suiteOf('aes192-sha256-prfsha512-modp2048');
  assert.ok(classic.cipher.kind === 'cbc');
  assert.equal(classic.cipher.cipher.keyBits, 192);
  assert.equal(classic.cipher.integrity.icvLength, 16);
  assert.equal(classic.prf.outputLength, 64);
});

test('a suite is named in the words that ask for it', () => {
  assert.equal(suiteOf('aes128-sha1-x448').name, 'aes128-prfsha1-sha1-x448');
  for (const words of IKE_WORDS) assert.equal(suiteOf(suiteOf(words).name).name, suiteOf(words).name);
  assert.equal(childSuiteOf('chacha20poly1305-esn').name, 'chacha20poly1305-esn');
});

test('there is a suite for every word, and a Child suite for every word of ESP', () => {
  for (const words of IKE_WORDS) assert.ok(suiteOf(words), words);
  for (const words of ESP_WORDS) {
    const suite = childSuiteOf(words);
    assert.equal(suite.esn, words.endsWith('-esn'), words);
    assert.equal(suite.integ !== undefined, suite.encr === Encr.AES_CBC, words);
  }
});

const without = (proposal: Proposal, type: number, ...more: readonly Transform[]): Proposal => ({
  ...proposal,
  transforms: [...proposal.transforms.filter((transform) => transform.type !== type), ...more],
});

test('a proposal that lacks a part, or has one that we cannot compute, is no suite', () => {
  const combined = ikeProposal('aes256gcm16-prfsha256-x25519');
  const classic = ikeProposal('aes256-sha256-x25519');
  for (const type of [1, 2, 4]) assert.equal(ikeSuite(without(combined, type)), undefined, `type ${type}`);
  assert.equal(ikeSuite(without(classic, 3)), undefined);
  assert.equal(ikeSuite(without(classic, 3, { type: 3, id: Integ.AES_XCBC_96 })), undefined);
  assert.equal(ikeSuite(without(combined, 1, { type: 1, id: Encr.AES_GCM_8, keyLength: 256 })), undefined);
  assert.equal(ikeSuite(without(combined, 1, { type: 1, id: Encr.AES_GCM_16, keyLength: 64 })), undefined);
  assert.equal(ikeSuite(without(combined, 2, { type: 2, id: 1 })), undefined);
  assert.equal(ikeSuite(without(combined, 4, { type: 4, id: 2 })), undefined);
  assert.equal(childSuite(without(espProposal('aes256-sha256'), 3)), undefined);
  assert.equal(childSuite(without(espProposal('aes256gcm16'), 1)), undefined);
});

test('a Child SA takes as many octets of key as its algorithms want, with the salt of RFC 4106 and 7634', () => {
  assert.deepEqual(
    ESP_WORDS.map((words) => childKeyLengths(childSuiteOf(words))),
    [
      { encr: 20, integ: 0 },
      { encr: 28, integ: 0 },
      { encr: 36, integ: 0 },
      { encr: 36, integ: 0 },
      { encr: 16, integ: 20 },
      { encr: 24, integ: 32 },
      { encr: 32, integ: 48 },
      { encr: 32, integ: 64 },
    ],
  );
});
