import { test } from 'node:test';
import assert from 'node:assert/strict';
import { defaultLimits, jittered } from '../../../core/ipsec/limits.ts';
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

test('chance takes up to a tenth off the soft limits and nothing off the hard ones', () => {
  const limits: SaLimits = { softOctets: 1000, hardOctets: 2000, softPackets: 500, hardPackets: 600 };
  const drawn = (octet: number): SaLimits => jittered(limits, (length) => new Uint8Array(length).fill(octet));
  assert.deepEqual(drawn(0), limits);
  assert.deepEqual(drawn(128), { ...limits, softOctets: 950, softPackets: 475 });
  assert.deepEqual(drawn(255), { ...limits, softOctets: 900, softPackets: 450 });
  assert.deepEqual(
    jittered({}, () => Uint8Array.of(255)),
    {},
  );
});
