import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { concat, fromHex, utf8 } from '../../../../core/lib/bytes.ts';
import { ProtocolError } from '../../../../core/lib/reader.ts';
import { domainText, isWithin, readName } from '../../../../core/net/dns/name.ts';

function label(text: string): Uint8Array {
  const octets = utf8(text);
  return concat(Uint8Array.of(octets.length), octets);
}
const END = Uint8Array.of(0);

describe('a name in a message', () => {
  test('is read with and without pointers, in small letters', () => {
    // RFC 1035 section 4.1.4: F.ISI.ARPA at 20, FOO.F.ISI.ARPA at 40, ARPA at 64, the root at 92.
    const message = new Uint8Array(93);
    message.set(fromHex('0146 03495349 0441525041 00'), 20);
    message.set(fromHex('03464f4f c014'), 40);
    message.set(fromHex('c01a'), 64);
    assert.deepEqual(readName(message, 20), { name: 'f.isi.arpa', end: 32 });
    assert.deepEqual(readName(message, 40), { name: 'foo.f.isi.arpa', end: 46 });
    assert.deepEqual(readName(message, 64), { name: 'arpa', end: 66 });
    assert.deepEqual(readName(message, 92), { name: '', end: 93 });
  });

  test('may point to a pointer, and only to what stands before it (RFC 9267 section 2)', () => {
    const chained = concat(label('corp'), END, fromHex('c000 c006'));
    assert.deepEqual(readName(chained, 8), { name: 'corp', end: 10 });
    const bad = {
      'at itself': [fromHex('c000'), 0],
      'at each other': [fromHex('c002 c000'), 2],
      'behind itself': [fromHex('c002 00'), 0],
      'into the labels before it': [fromHex('0161 c000'), 0],
      'into its own first label': [fromHex('0161 c001'), 0],
      'out of the message': [fromHex('00 ffff'), 1],
      'cut off': [fromHex('00 c0'), 1],
    } as const;
    for (const [what, [octets, at]] of Object.entries(bad)) {
      assert.throws(() => readName(octets, at), ProtocolError, what);
    }
  });

  test('that is a long chain of pointers costs little and is refused', () => {
    const chain = new Uint8Array(0x4000);
    for (let at = 2; at < chain.length; at += 2) {
      chain[at] = 0xc0 | ((at - 2) >> 8);
      chain[at + 1] = (at - 2) & 0xff;
    }
    assert.equal(readName(chain, 2 * 100).name, '');
    assert.throws(() => readName(chain, chain.length - 2), ProtocolError);
  });

  test('is no longer than a name can be, and ends in the message', () => {
    const long = label('x'.repeat(63));
    const most = concat(long, long, long, label('y'.repeat(61)), END);
    assert.equal(most.length, 255);
    assert.equal(readName(most, 0).name.length, 253);
    const bad = {
      'an octet more': concat(long, long, long, label('y'.repeat(62)), END),
      'a label of a kind that does not exist': concat(Uint8Array.of(64), new Uint8Array(64), END),
      'no end': label('corp'),
      'a label that is cut off': label('corp').subarray(0, 4),
      nothing: new Uint8Array(0),
    };
    for (const [what, octets] of Object.entries(bad)) {
      assert.throws(() => readName(octets, 0), ProtocolError, what);
    }
  });

  test('cannot look like another one', () => {
    const odd = concat(label('a.corp'), label('Ä b'), label('_x-9'), END);
    assert.equal(readName(odd, 0).name, 'a\\046corp.\\195\\132\\032b._x-9');
    assert.equal(isWithin(readName(concat(label('evil.corp'), END), 0).name, 'corp'), false);
  });
});

test('a domain is within itself, and nothing that only ends like it is', () => {
  assert.equal(isWithin('corp.example', 'corp.example'), true);
  assert.equal(isWithin('a.b.corp.example', 'corp.example'), true);
  assert.equal(isWithin('acorp.example', 'corp.example'), false);
  assert.equal(isWithin('example', 'corp.example'), false);
});

test('newline injection: a domain is made of letters, digits, hyphens and underscores alone', () => {
  assert.equal(domainText('Corp.Example.'), 'corp.example');
  assert.equal(domainText('_tcp.x'), '_tcp.x');
  for (const text of [
    '',
    '.',
    'a..b',
    '-a.b',
    'a-.b',
    'a b',
    'a\nnameserver 6.6.6.6',
    'a;b',
    '~corp',
    'corp\0',
    'ä.example',
    'x'.repeat(64),
    Array(64).fill('abc').join('.'),
  ]) {
    assert.equal(domainText(text), undefined, text);
  }
});
