import { test } from 'node:test';
import assert from 'node:assert/strict';
import { EMPTY } from '../../../core/lib/bytes.ts';
import { EapCode, EapType, decodeEap, encodeEap } from '../../../core/wire/eap.ts';
import type { EapPacket } from '../../../core/wire/eap.ts';
import { proves } from '../../conformance/tag.ts';
import { octets } from './octets.ts';

const GOLDEN: readonly (readonly [string, EapPacket, string])[] = [
  [
    'a request for the identity',
    { code: EapCode.REQUEST, identifier: 1, type: EapType.IDENTITY, data: EMPTY },
    '01 01 0005 01',
  ],
  [
    'a response with the identity',
    { code: EapCode.RESPONSE, identifier: 1, type: EapType.IDENTITY, data: octets('6d65') },
    '02 01 0007 01 6d65',
  ],
  [
    'a legacy Nak that asks for MSCHAPv2',
    { code: EapCode.RESPONSE, identifier: 2, type: EapType.NAK, data: octets('1a') },
    '02 02 0006 03 1a',
  ],
  [
    'an expanded type',
    { code: EapCode.REQUEST, identifier: 255, type: EapType.EXPANDED, data: octets('000000 00000003') },
    '01 ff 000c fe 000000 00000003',
  ],
  ['success', { code: EapCode.SUCCESS, identifier: 3, data: EMPTY }, '03 03 0004'],
  ['failure', { code: EapCode.FAILURE, identifier: 3, data: EMPTY }, '04 03 0004'],
];

for (const [name, packet, hex] of GOLDEN) {
  test(`${name} encodes to the octets written by hand and decodes from them`, () => {
    assert.deepEqual(encodeEap(packet), octets(hex));
    assert.deepEqual(decodeEap(octets(hex)), { ok: true, value: packet });
  });

  test(`${name} with a length beyond its octets is discarded`, proves('RFC3748-4-1', 'refuses'), () => {
    const longer = octets(hex);
    longer[3] = (longer[3] ?? 0) + 1;
    assert.equal(decodeEap(longer).ok, false);
  });
}

test('octets after the length are padding of the link and are ignored', proves('RFC3748-4-4', 'does'), () => {
  assert.deepEqual(decodeEap(octets('01 01 0005 01 ffff')), decodeEap(octets('01 01 0005 01')));
});

test('a code that EAP does not define is discarded', proves('RFC3748-4-5', 'refuses'), () => {
  for (const code of ['00', '05', 'ff']) assert.equal(decodeEap(octets(`${code} 01 0005 01`)).ok, false);
});

test(
  'success and failure have no data, requests and responses have a type',
  proves(
    ['RFC3748-4.2-2', 'refuses'],
    ['RFC3748-4.2-2', 'does'],
    ['RFC3748-4.1-9', 'refuses'],
    ['RFC3748-4.1-9', 'does'],
    ['RFC7296-3.16-3', 'does'],
  ),
  () => {
    for (const hex of ['03 01 0005 00', '04 01 0005 00', '01 01 0004', '02 01 0004']) {
      assert.equal(decodeEap(octets(hex)).ok, false);
    }
    assert.throws(() => encodeEap({ code: EapCode.SUCCESS, identifier: 1, data: octets('00') }), RangeError);
    assert.throws(
      () => encodeEap({ code: EapCode.SUCCESS, identifier: 1, type: 1, data: EMPTY }),
      RangeError,
    );
    assert.throws(() => encodeEap({ code: EapCode.RESPONSE, identifier: 1, data: EMPTY }), RangeError);
  },
);

test('a length that does not cover the header is discarded', () => {
  for (const hex of ['', '01', '01 01 00', '01 01 0000 01', '01 01 0003 01']) {
    assert.equal(decodeEap(octets(hex)).ok, false);
  }
});
