import assert from 'node:assert/strict';
import { test } from 'node:test';
import { der, derUnsigned, Tag, takeDer } from '../../../core/crypto/der.ts';
import { fromHex, toHex } from '../../../core/lib/bytes.ts';
import { ProtocolError, Reader } from '../../../core/lib/reader.ts';

test('lengths are written in the shortest form and read back', () => {
  for (const [length, header] of [
    [0, '0400'],
    [127, '047f'],
    [128, '048180'],
    [255, '0481ff'],
    [256, '04820100'],
    [65535, '0482ffff'],
  ] as const) {
    const element = der(Tag.OCTET_STRING, new Uint8Array(length));
    assert.equal(toHex(element.subarray(0, header.length / 2)), header);
    const reader = new Reader(element);
    assert.equal(takeDer(reader, Tag.OCTET_STRING, 'test').length, length);
    assert.equal(reader.remaining, 0);
  }
  assert.throws(() => der(Tag.OCTET_STRING, new Uint8Array(65536)), RangeError);
});

test('unsigned integers get a sign octet where they need one and lose leading zeros', () => {
  for (const [magnitude, encoded] of [
    ['', '020100'],
    ['00', '020100'],
    ['0000', '020100'],
    ['01', '020101'],
    ['7f', '02017f'],
    ['80', '02020080'],
    ['0080', '02020080'],
    ['00ff01', '020300ff01'],
  ] as const) {
    assert.equal(toHex(derUnsigned(fromHex(magnitude))), encoded);
  }
});

test('what is not DER is refused: another tag, indefinite, long or untrue lengths', () => {
  for (const hex of [
    '',
    '04',
    '0500',
    '0480',
    '0401',
    '04810100',
    `04817f${'00'.repeat(127)}`,
    `048200ff${'00'.repeat(255)}`,
    '048400000001aa',
    '04850000000001aa',
    '04ff',
  ]) {
    assert.throws(() => takeDer(new Reader(fromHex(hex)), Tag.OCTET_STRING, 'test'), ProtocolError, hex);
  }
});
