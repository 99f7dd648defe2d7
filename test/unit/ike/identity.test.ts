import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, utf8 } from '../../../core/lib/bytes.ts';
import { formatIdentity, type Identity, parseIdentity, sameIdentity } from '../../../core/ike/identity.ts';
import { dnOctets } from '../../../core/pki/dn.ts';
import { IdType } from '../../../core/wire/constants.ts';
import { proves } from '../../conformance/tag.ts';

function parsed(text: string): Identity {
  const identity = parseIdentity(text);
  assert.ok(identity, text);
  return identity;
}

const fqdn = (data: Uint8Array): Identity => ({ idType: IdType.FQDN, data });

test(
  'a text becomes the identity that a person means by it',
  proves(['RFC7296-3.5-2', 'does'], ['RFC7296-3.5-4', 'does']),
  () => {
    const dn = dnOctets('CN=alice, O=Example');
    assert.ok(dn);
    for (const [text, idType, data] of [
      ['vpn.example.com', IdType.FQDN, utf8('vpn.example.com')],
      ['alice', IdType.FQDN, utf8('alice')],
      ['alice@example.com', IdType.RFC822_ADDR, utf8('alice@example.com')],
      ['192.0.2.1', IdType.IPV4_ADDR, fromHex('c0000201')],
      ['2001:db8::1', IdType.IPV6_ADDR, fromHex('20010db8000000000000000000000001')],
      ['CN=alice, O=Example', IdType.DER_ASN1_DN, dn],
      ['keyid:00ffA0', IdType.KEY_ID, fromHex('00ffa0')],
      ['fqdn:10.0.0.1', IdType.FQDN, utf8('10.0.0.1')],
      ['email:root', IdType.RFC822_ADDR, utf8('root')],
      ['dn:CN=alice, O=Example', IdType.DER_ASN1_DN, dn],
    ] as const) {
      assert.deepEqual(parsed(text), { idType, data }, text);
    }
  },
);

test('what almost is an address is a name', () => {
  for (const text of ['192.0.2', '192.0.2.256', '192.0.2.01', '2001:db8']) {
    assert.equal(parsed(text).idType, IdType.FQDN, text);
  }
});

test('a text that says its type and is not of it is no identity', () => {
  for (const text of ['keyid:0', 'keyid:xy', 'dn:alice', 'dn:CN', 'CN=a,=b']) {
    assert.equal(parseIdentity(text), undefined, text);
  }
});

test('an identity reads back as the text that it was made of', () => {
  for (const text of [
    'vpn.example.com',
    'alice@example.com',
    '192.0.2.1',
    '2001:db8::1',
    'CN=alice,O=Example',
    'keyid:00ffa0',
  ]) {
    assert.equal(formatIdentity(parsed(text)).replaceAll(', ', ','), text);
  }
});

test('an identity of any octets can be shown, and cannot act on a terminal', () => {
  assert.equal(formatIdentity(fqdn(utf8('a\u001b[31m\nb'))), 'a\ufffd[31m\ufffdb');
  assert.equal(formatIdentity(fqdn(utf8('a\u202eb'))), 'a\ufffdb');
  assert.equal(formatIdentity(fqdn(Uint8Array.of(0x61, 0xff))), 'a\ufffd');
  assert.ok(formatIdentity(fqdn(new Uint8Array(5000).fill(0x61))).length <= 256);
  assert.equal(formatIdentity({ idType: IdType.IPV4_ADDR, data: Uint8Array.of(1, 2, 3) }), '010203');
  assert.equal(formatIdentity({ idType: IdType.IPV6_ADDR, data: Uint8Array.of(1) }), '01');
  assert.match(formatIdentity({ idType: IdType.DER_ASN1_DN, data: Uint8Array.of(0x30, 0xff) }), /./);
  assert.equal(formatIdentity({ idType: IdType.DER_ASN1_GN, data: Uint8Array.of(0x82) }), 'DER_ASN1_GN:82');
  assert.equal(formatIdentity({ idType: 99, data: Uint8Array.of(7) }), 'unknown(99):07');
});

test('names compare without regard to case, everything else to the octet', () => {
  assert.ok(sameIdentity(parsed('VPN.example.com'), parsed('vpn.EXAMPLE.com')));
  assert.ok(sameIdentity(parsed('Alice@Example.com'), parsed('alice@example.com')));
  assert.ok(sameIdentity(parsed('keyid:61'), parsed('keyid:61')));
  assert.ok(!sameIdentity(parsed('keyid:61'), parsed('keyid:41')));
  assert.ok(!sameIdentity(parsed('vpn.example.com'), parsed('vpn.example.org')));
  assert.ok(!sameIdentity(parsed('192.0.2.1'), parsed('192.0.2.2')));
});

test('the same octets under two types are two identities', () => {
  const data = utf8('vpn.example.com');
  for (const idType of [IdType.RFC822_ADDR, IdType.KEY_ID, IdType.DER_ASN1_DN, 99]) {
    assert.ok(!sameIdentity(fqdn(data), { idType, data }), String(idType));
  }
});
