import { test } from 'node:test';
import assert from 'node:assert/strict';
import { defaultLimits, limitsFor } from '../../../core/ipsec/limits.ts';
import type { SaLimits } from '../../../core/ipsec/lifetime.ts';
import { SUITES } from './pair.ts';

test('an AES key is replaced long before its ciphertext could be told from random octets', () => {
  for (const [name, suite] of Object.entries(SUITES)) {
    const { softOctets, hardOctets } = defaultLimits(suite);
    const limits = name.startsWith('chacha') ? [undefined, undefined] : [2 ** 38, 2 ** 40];
    assert.deepEqual([softOctets, hardOctets], limits, name);
  }
});

test('a counter of 32 bits is half used at most when a new one is asked for', () => {
  for (const [name, suite] of Object.entries(SUITES)) {
    assert.equal(defaultLimits(suite).softPackets, suite.esn ? undefined : 2 ** 31, name);
  }
});

const drawing =
  (octet: number) =>
  (length: number): Uint8Array =>
    new Uint8Array(length).fill(octet);

test('chance takes up to a tenth off the soft limits and nothing off the hard ones', () => {
  const suite = { encr: 28, esn: true };
  const wanted: SaLimits = { softOctets: 1000, hardOctets: 2000, softPackets: 500, hardPackets: 600 };
  assert.deepEqual(limitsFor(suite, wanted, drawing(0)), wanted);
  assert.deepEqual(limitsFor(suite, wanted, drawing(128)), { ...wanted, softOctets: 950, softPackets: 475 });
  assert.deepEqual(limitsFor(suite, wanted, drawing(255)), { ...wanted, softOctets: 901, softPackets: 451 });
  assert.deepEqual(limitsFor(suite, {}, drawing(255)), {});
});

test('nobody can want more of a key than it bears', () => {
  const suite = { encr: 20, keyBits: 128, esn: false };
  const wanted: SaLimits = { softOctets: 2 ** 50, hardOctets: 1000, hardPackets: 9 };
  assert.deepEqual(limitsFor(suite, wanted, drawing(0)), {
    softOctets: 2 ** 38,
    hardOctets: 1000,
    softPackets: 2 ** 31,
    hardPackets: 9,
  });
});
