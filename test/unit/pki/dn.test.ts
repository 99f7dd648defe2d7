import { test } from 'node:test';
import assert from 'node:assert/strict';
import { fromHex, toHex, utf8 } from '../../../core/lib/bytes.ts';
import { ProtocolError } from '../../../core/lib/reader.ts';
import { der } from '../../../core/crypto/der.ts';
import { Tag } from '../../../core/pki/der.ts';
import { derObjectIdentifier, derSequence, derSetOf } from '../../../core/pki/der-writer.ts';
import { attributeTexts, dnOctets, formatDn, isWithin, parseDn, sameDn } from '../../../core/pki/dn.ts';

function dn(text: string): ReturnType<typeof parseDn> {
  const octets = dnOctets(text);
  assert.ok(octets, text);
  return parseDn(octets);
}

/** A name of one common name in the given ASN.1 string type. */
function commonName(tag: number, content: Uint8Array): ReturnType<typeof parseDn> {
  return parseDn(derSequence(derSetOf(derSequence(derObjectIdentifier('2.5.4.3'), der(tag, content)))));
}

test('a name is encoded with its last part first and read back as it was', () => {
  const octets = dnOctets('CN=vpn.example.com,O=Example,C=CH');
  assert.ok(octets);
  const golden =
    '3039' +
    '310b3009 0603550406 13024348' +
    '3110300e 060355040a 0c074578616d706c65' +
    '31183016 0603550403 0c0f76706e2e6578616d706c652e636f6d';
  assert.equal(toHex(octets), toHex(fromHex(golden)));
  assert.equal(formatDn(octets), 'CN=vpn.example.com,O=Example,C=CH');
});

test('only the space is a space: another blank is a part of the value', () => {
  const name = dnOctets('CN=\\e2\\80\\af');
  assert.deepEqual(dnOctets('CN= \u202f '), name);
  assert.ok(name && parseDn(name).text === 'CN=\u202f');
});

test('spaces around separators do not count, escaped ones do', () => {
  assert.equal(dn(' CN = a b , O=x ').text, 'CN=a b,O=x');
  assert.equal(dn('CN=\\ a\\ ').text, 'CN=\\ a\\ ');
  assert.equal(dn('CN=\\ ').text, 'CN=\\ ');
});

test('special characters are escaped both ways', () => {
  const text = 'CN=a\\,b\\+c\\"d\\\\e\\<f\\>g\\;h,O=\\#1';
  assert.deepEqual(attributeTexts(dn(text), '2.5.4.3'), ['a,b+c"d\\e<f>g;h']);
  assert.equal(dn(text).text, text);
  assert.deepEqual(attributeTexts(dn('CN=Lu\\C4\\8Di\\c4\\87'), '2.5.4.3'), ['Lučić']);
});

test('control and format characters are shown escaped', () => {
  assert.equal(commonName(Tag.UTF8_STRING, utf8('a\x1b[31m\u202eb\n')).text, 'CN=a\\1b[31m\\e2\\80\\aeb\\0a');
});

test('several attributes of one part are joined by a plus', () => {
  const name = dn('CN=a+OU=b,DC=example');
  assert.equal(name.parts.length, 2);
  assert.equal(sameDn(name, dn('OU=b + CN=a, DC=example')), true);
});

test('the attributes of one part may come in any order', () => {
  const attribute = (oid: string, text: string): Uint8Array =>
    derSequence(derObjectIdentifier(oid), der(Tag.UTF8_STRING, utf8(text)));
  const [a, b] = [attribute('2.5.4.3', 'a'), attribute('2.5.4.11', 'b')];
  const one = parseDn(derSequence(der(Tag.SET, a, b)));
  const other = parseDn(derSequence(der(Tag.SET, b, a)));
  assert.equal(sameDn(one, other), true);
});

test('types without a name are dotted, and values that are no text hexadecimal', () => {
  assert.equal(dn('1.3.6.1.4.1.99=#0c0161').text, '1.3.6.1.4.1.99=#0c0161');
  assert.equal(dn('CN=#020105').text, 'CN=#020105');
  assert.equal(dn('emailAddress=a@example.com').text, 'emailAddress=a@example.com');
  assert.equal(dn('E=a@example.com').text, 'emailAddress=a@example.com');
});

test('texts that are no names give nothing', () => {
  for (const text of [
    'vpn.example.com',
    'CN',
    '=x',
    'CN=a,',
    ',CN=a',
    'CN=a,,O=b',
    'CN=a+',
    'XX=a',
    'CN=a\\',
    'CN=a\\x',
    'CN=a"b',
    'CN=a<b',
    'CN=\\ff',
    'CN=#zz',
    'CN=#0c05',
    'C=Ö',
    'emailAddress=ü@example.com',
    '3.1=a',
    `CN=${'a'.repeat(5000)}`,
  ]) {
    assert.equal(dnOctets(text), undefined, text.slice(0, 40));
  }
});

test('the empty text is the empty name', () => {
  assert.deepEqual(dnOctets(' '), fromHex('3000'));
  assert.equal(formatDn(fromHex('3000')), '');
});

test('octets that are no name are shown as hexadecimal', () => {
  for (const hex of ['', '30', '3100', '300231003000', '0c0161', '30023100', '3004310230 00']) {
    assert.equal(formatDn(fromHex(hex)), `#${toHex(fromHex(hex))}`);
  }
});

test('names are compared without regard to case, white space and string type', () => {
  assert.equal(sameDn(dn('CN=Example  CA,O=EXAMPLE'), dn('cn=example ca,o=Example')), true);
  const types = [
    commonName(Tag.UTF8_STRING, utf8('Jü ')),
    commonName(Tag.TELETEX_STRING, fromHex('4afc')),
    commonName(Tag.BMP_STRING, fromHex('006a00dc')),
  ];
  for (const name of types) assert.equal(sameDn(name, dn('CN=jü')), true);
});

test('names that differ in order, number or type of parts are different', () => {
  const name = dn('CN=a,O=b');
  for (const other of ['O=b,CN=a', 'CN=a', 'CN=a,O=b,C=CH', 'CN=a+O=b', 'CN=a,OU=b', 'CN=#0201a0,O=b']) {
    assert.equal(sameDn(name, dn(other)), false, other);
  }
});

test('a value cannot pose as another value and a separator', () => {
  assert.equal(sameDn(dn('CN=a\\,O=b'), dn('CN=a,O=b')), false);
  assert.equal(sameDn(dn('CN=a\\+O=b'), dn('CN=a+O=b')), false);
});

test('a name lies within another when it begins with all of its parts', () => {
  const base = dn('O=Example,C=CH');
  assert.equal(isWithin(dn('CN=x,O=Example,C=CH'), base), true);
  assert.equal(isWithin(base, base), true);
  assert.equal(isWithin(dn('C=CH'), base), false);
  assert.equal(isWithin(dn('CN=x,O=Examples,C=CH'), base), false);
});

test('a name with too many attributes is refused', () => {
  const octets = dnOctets(Array.from({ length: 65 }, () => 'CN=a').join(','));
  assert.ok(octets);
  assert.throws(() => parseDn(octets), ProtocolError);
});
