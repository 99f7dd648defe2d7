import { test } from 'node:test';
import assert from 'node:assert/strict';
import { concat, fromHex, toHex, utf8 } from '../../../core/lib/bytes.ts';
import { ProtocolError } from '../../../core/lib/reader.ts';
import { der } from '../../../core/crypto/der.ts';
import {
  bitString,
  booleanOf,
  DerReader,
  objectIdentifier,
  smallInteger,
  soleElement,
  stringOf,
  Tag,
  timeOf,
  wholeBitString,
} from '../../../core/pki/der.ts';
import { derObjectIdentifier, derSetOf } from '../../../core/pki/der-writer.ts';

function element(tag: number, content: Uint8Array): ReturnType<DerReader['any']> {
  return new DerReader(der(tag, content)).any('test');
}

function refused(run: () => unknown, message: string): void {
  assert.throws(run, ProtocolError, message);
}

test('an element gives its identifier, its content and its whole encoding', () => {
  const reader = new DerReader(fromHex('020105 0500'));
  assert.deepEqual(reader.any('number'), { tag: 2, content: Uint8Array.of(5), raw: fromHex('020105') });
  assert.equal(reader.peek(), Tag.NULL);
  assert.equal(reader.optional(Tag.INTEGER, 'number'), undefined);
  assert.deepEqual(reader.element(Tag.NULL, 'null').raw, fromHex('0500'));
  assert.equal(reader.atEnd, true);
  reader.end('all');
});

test('an element of another kind, a missing one and octets left over are refused', () => {
  refused(() => new DerReader(fromHex('0500')).element(Tag.INTEGER, 'number'), 'another');
  refused(() => new DerReader(fromHex('')).any('number'), 'missing');
  refused(() => soleElement(fromHex('0500 00'), Tag.NULL, 'null'), 'left over');
});

test('lengths that are indefinite, longer than needed, or beyond the end are refused', () => {
  for (const hex of [
    '3080 0000',
    '048101 00',
    '0482007f',
    '0484000000',
    '0485',
    '0402 00',
    '04',
    '04820100',
    '1f0100',
  ]) {
    refused(() => new DerReader(fromHex(hex)).any('test'), hex);
  }
  const long = new DerReader(concat(fromHex('048180'), new Uint8Array(128))).any('test');
  assert.equal(long.content.length, 128);
});

test('object identifiers are written and read alike', () => {
  for (const [dotted, hex] of [
    ['2.5.4.3', '0603550403'],
    ['1.2.840.113549.1.1.11', '06092a864886f70d01010b'],
    ['0.9.2342.19200300.100.1.25', '060a0992268993f22c640119'],
    ['2.999.1', '0603883701'],
    ['2.16.840.1.101.3.4.2.1', '0609608648016503040201'],
  ] as const) {
    assert.equal(toHex(derObjectIdentifier(dotted)), hex);
    assert.equal(objectIdentifier(soleElement(derObjectIdentifier(dotted), 6, 'oid').content, 'oid'), dotted);
  }
});

test('object identifiers that are empty, padded or unfinished are refused', () => {
  for (const hex of ['', '80', '8001', '55 8003', '55 83', '2a'.repeat(70)]) {
    refused(() => objectIdentifier(fromHex(hex), 'oid'), hex);
  }
  for (const dotted of ['', '3.1', '1.40', '1', '1.2.', '1..2', '01.2', 'a.b']) {
    assert.throws(() => derObjectIdentifier(dotted), RangeError, dotted);
  }
});

test('booleans and small integers have one form each', () => {
  assert.equal(booleanOf(Uint8Array.of(0xff), 'b'), true);
  assert.equal(booleanOf(Uint8Array.of(0), 'b'), false);
  for (const hex of ['', '01', 'ff00']) refused(() => booleanOf(fromHex(hex), 'b'), hex);
  for (const [hex, value] of [
    ['00', 0],
    ['7f', 127],
    ['0080', 128],
    ['7fffffff', 0x7fffffff],
  ] as const) {
    assert.equal(smallInteger(fromHex(hex), 'n'), value);
  }
  for (const hex of ['', '80', '0001', 'ff', '0080000000', '8000000000'])
    refused(() => smallInteger(fromHex(hex), 'n'), hex);
});

test('bit strings say how many bits count, and the others are zero', () => {
  assert.deepEqual(bitString(fromHex('0680'), 'bits'), { unused: 6, octets: Uint8Array.of(0x80) });
  assert.deepEqual(wholeBitString(fromHex('00abcd'), 'bits'), fromHex('abcd'));
  for (const hex of ['', '0880', '01', '0181', '0640 ff'])
    refused(() => bitString(fromHex(hex), 'bits'), hex);
  refused(() => wholeBitString(fromHex('0180'), 'bits'), 'not whole');
});

test('times are read as RFC 5280 section 4.1.2.5 writes them', () => {
  for (const [tag, text, iso] of [
    [Tag.UTC_TIME, '491231235959Z', '2049-12-31T23:59:59.000Z'],
    [Tag.UTC_TIME, '500101000000Z', '1950-01-01T00:00:00.000Z'],
    [Tag.GENERALIZED_TIME, '20500101000000Z', '2050-01-01T00:00:00.000Z'],
    [Tag.GENERALIZED_TIME, '99991231235959Z', '9999-12-31T23:59:59.000Z'],
    [Tag.GENERALIZED_TIME, '20240229120000Z', '2024-02-29T12:00:00.000Z'],
  ] as const) {
    assert.equal(new Date(timeOf(element(tag, utf8(text)), 'time')).toISOString(), iso);
  }
});

test('times of another form and days that do not exist are refused', () => {
  for (const [tag, text] of [
    [Tag.UTC_TIME, '4912312359Z'],
    [Tag.UTC_TIME, '491231235959+0000'],
    [Tag.UTC_TIME, '490230000000Z'],
    [Tag.UTC_TIME, '230229000000Z'],
    [Tag.UTC_TIME, '491301000000Z'],
    [Tag.UTC_TIME, '491231240000Z'],
    [Tag.GENERALIZED_TIME, '20500101000000.5Z'],
    [Tag.GENERALIZED_TIME, '500101000000Z'],
    [Tag.UTF8_STRING, '491231235959Z'],
  ] as const) {
    refused(() => timeOf(element(tag, utf8(text)), 'time'), text);
  }
});

test('every string type is decoded by its own rules', () => {
  for (const [tag, hex, text] of [
    [Tag.UTF8_STRING, '4ac3bc', 'Jü'],
    [Tag.PRINTABLE_STRING, '4142', 'AB'],
    [Tag.IA5_STRING, '6140', 'a@'],
    [Tag.TELETEX_STRING, '4afc', 'Jü'],
    [Tag.BMP_STRING, '004a00fc', 'Jü'],
    [Tag.UNIVERSAL_STRING, '0000004a0001f511', 'J\u{1f511}'],
    [Tag.INTEGER, '05', undefined],
  ] as const) {
    assert.equal(stringOf(element(tag, fromHex(hex)), 'text'), text);
  }
  for (const [tag, hex] of [
    [Tag.UTF8_STRING, 'ff'],
    [Tag.IA5_STRING, 'e4'],
    [Tag.BMP_STRING, '00'],
    [Tag.BMP_STRING, 'd800'],
    [Tag.UNIVERSAL_STRING, '00110000'],
    [Tag.UNIVERSAL_STRING, '0000d800'],
    [Tag.UNIVERSAL_STRING, '000000'],
  ] as const) {
    refused(() => stringOf(element(tag, fromHex(hex)), 'text'), hex);
  }
});

test('the members of a set are written in ascending order', () => {
  assert.equal(
    toHex(derSetOf(fromHex('020105'), fromHex('0102aa'), fromHex('020101'))),
    '31090102aa020101020105',
  );
});
