import { test } from 'node:test';
import assert from 'node:assert/strict';
import {
  loadU32,
  paddedLength,
  paddingLength,
  payloadLengthOf,
  writeHeader,
  writeTrailer,
} from '../../../core/ipsec/esp-format.ts';
import { proves } from '../../conformance/tag.ts';

test('padding fills the last word or block with its trailer', proves('RFC4303-2.4-1', 'does'), () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5].map((length) => paddingLength(length, 4)),
    [2, 1, 0, 3, 2, 1],
  );
  assert.deepEqual(
    [13, 14, 15, 16].map((length) => paddingLength(length, 16)),
    [1, 0, 15, 14],
  );
  for (let length = 0; length < 64; length++) {
    assert.equal(paddedLength(length, 4) % 4, 0);
    assert.equal(paddedLength(length, 16) % 16, 0);
  }
});

test(
  'padding counts 1, 2, 3 and the trailer stands at the right edge',
  proves(['RFC4303-2.4-x3', 'does'], ['RFC4303-2.4-x2', 'does'], ['RFC4303-2.4-1', 'does']),
  () => {
    const out = new Uint8Array(10).fill(0xee);
    writeTrailer(out, 3, 8, 41);
    assert.deepEqual(out, Uint8Array.of(0xee, 0xee, 0xee, 1, 2, 3, 3, 41, 0xee, 0xee));
  },
);

test('the header is the SPI and the low half of the sequence number', () => {
  const out = new Uint8Array(9);
  writeHeader(out, 1, 0x89abcdef, 0xfedcba98);
  assert.deepEqual(out, Uint8Array.of(0, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98));
  assert.equal(loadU32(out, 1), 0x89abcdef);
});

test('the payload length is what padding and trailer leave', () => {
  assert.equal(payloadLengthOf(Uint8Array.of(9, 9, 9, 1, 2, 3, 3, 4), 0, 8), 3);
  assert.equal(payloadLengthOf(Uint8Array.of(9, 9, 0, 4), 0, 4), 2);
  assert.equal(payloadLengthOf(Uint8Array.of(1, 2, 2, 59), 0, 4), 0);
  assert.equal(payloadLengthOf(Uint8Array.of(7, 9, 9, 0, 4), 1, 5), 2);
});

test(
  'padding longer than the packet or of other octets is refused',
  proves(['RFC4303-2.4-x4', 'does'], ['RFC4303-3.4.4.1-x2', 'does']),
  () => {
    assert.equal(payloadLengthOf(Uint8Array.of(1, 2, 3, 4), 0, 4), -1);
    assert.equal(payloadLengthOf(Uint8Array.of(9, 2, 1, 2, 4), 1, 5), -1);
    assert.equal(payloadLengthOf(Uint8Array.of(9, 0, 0, 2, 4), 0, 5), -1);
    assert.equal(payloadLengthOf(Uint8Array.of(1, 2, 4, 3, 4), 0, 5), -1);
  },
);
