import { test } from 'node:test';
import assert from 'node:assert/strict';
import { fromHex, utf8 } from '../../../core/lib/bytes.ts';
import { type Certificate, parseCertificate } from '../../../core/pki/certificate.ts';
import { dnOctets } from '../../../core/pki/dn.ts';
import { type GatewayIdentity, matchesIdPayload, namesGateway, namesOf } from '../../../core/pki/identity.ts';
import { generalName, type NameInput, selfSigned } from '../../support/pki-factory.ts';

function certificate(subject: string, san?: readonly NameInput[]): Certificate {
  const result = parseCertificate(selfSigned({ subject, key: 'p256', ...(san ? { san } : {}) }).der);
  assert.ok(result.ok);
  return result.value;
}

function fqdn(value: string): GatewayIdentity {
  return { type: 'fqdn', value };
}

test('a host name is matched without regard to case, and with or without its last dot', () => {
  const one = certificate('CN=x', [{ dns: 'other.example.com' }, { dns: 'VPN.example.com' }]);
  for (const value of ['vpn.example.com', 'vpn.EXAMPLE.com', 'vpn.example.com.'])
    assert.equal(namesGateway(one, fqdn(value)), true);
  for (const value of ['example.com', 'vpn.example.org', 'a.vpn.example.com', '', '.', 'vpn.example.com..']) {
    assert.equal(namesGateway(one, fqdn(value)), false, value);
  }
});

test('a wildcard stands for one whole left-most label', () => {
  const wildcard = certificate('CN=x', [{ dns: '*.example.com' }]);
  assert.equal(namesGateway(wildcard, fqdn('vpn.example.com')), true);
  for (const value of ['example.com', 'a.vpn.example.com', '.example.com', '*.example.com']) {
    assert.equal(namesGateway(wildcard, fqdn(value)), false, value);
  }
});

test('other wildcards stand for nothing', () => {
  for (const dns of [
    '*',
    '*.com',
    'v*.example.com',
    '*n.example.com',
    'vpn.*.com',
    '*.*.example.com',
    'vpn.example.*',
  ]) {
    assert.equal(namesGateway(certificate('CN=x', [{ dns }]), fqdn('vpn.example.com')), false, dns);
    assert.equal(namesGateway(certificate('CN=x', [{ dns }]), fqdn('example.com')), false, dns);
  }
});

test('the common name never counts, with alternative names or without', () => {
  assert.equal(namesGateway(certificate('CN=vpn.example.com'), fqdn('vpn.example.com')), false);
  assert.equal(
    namesGateway(certificate('CN=vpn.example.com', [{ ip: '192.0.2.1' }]), fqdn('vpn.example.com')),
    false,
  );
});

test('a NUL or a space within a name hides nothing', () => {
  for (const dns of [
    'vpn.example.com\0.evil.org',
    'vpn.example.com ',
    ' vpn.example.com',
    'vpn.example.com\n',
  ]) {
    assert.equal(namesGateway(certificate('CN=x', [{ dns }]), fqdn('vpn.example.com')), false);
  }
});

test('an address is matched as an address and never as text', () => {
  const one = certificate('CN=x', [{ ip: '192.0.2.1' }, { ip: '2001:db8::1' }]);
  assert.equal(namesGateway(one, { type: 'address', value: fromHex('c0000201') }), true);
  assert.equal(
    namesGateway(one, { type: 'address', value: fromHex('20010db8000000000000000000000001') }),
    true,
  );
  assert.equal(namesGateway(one, { type: 'address', value: fromHex('c0000202') }), false);
  assert.equal(namesGateway(one, fqdn('192.0.2.1')), false);
  const asText = certificate('CN=x', [{ dns: '192.0.2.1' }]);
  assert.equal(namesGateway(asText, { type: 'address', value: fromHex('c0000201') }), false);
});

test('a mailbox is matched to the letter, its domain without regard to case', () => {
  const one = certificate('CN=x', [{ email: 'VPN@Example.com' }]);
  assert.equal(namesGateway(one, { type: 'email', value: 'VPN@example.COM' }), true);
  assert.equal(namesGateway(one, { type: 'email', value: 'vpn@example.com' }), false);
  assert.equal(
    namesGateway(certificate('CN=x', [{ email: 'example.com' }]), { type: 'email', value: 'example.com' }),
    false,
  );
});

test('a distinguished name is matched with the subject or an alternative name', () => {
  const one = certificate('CN=Gateway,O=Example,C=CH', [{ dn: 'CN=Other,O=Example' }]);
  for (const value of ['cn=gateway, o=EXAMPLE, c=ch', 'CN=Other,O=Example']) {
    assert.equal(namesGateway(one, { type: 'dn', value }), true, value);
  }
  for (const value of [
    'C=CH,O=Example,CN=Gateway',
    'CN=Gateway',
    '',
    'no name',
    'CN=Gateway,O=Example,C=CH,C=CH',
  ]) {
    assert.equal(namesGateway(one, { type: 'dn', value }), false, value);
  }
  assert.equal(namesGateway(certificate('', [{ dns: 'x.example' }]), { type: 'dn', value: '' }), false);
});

test('the names of a certificate are listed once each, without forms that are never compared', () => {
  const one = certificate('CN=x', [
    { dns: 'a.example' },
    { dns: 'a.example' },
    { upn: 'u@x' },
    { ip: '::1' },
    { dn: 'CN=y' },
  ]);
  assert.deepEqual(namesOf(one), ['a.example', '::1', 'CN=y']);
  assert.deepEqual(namesOf(certificate('CN=x')), []);
});

const SUBJECT = 'CN=Gateway,O=Example';
const ALL_NAMES: readonly NameInput[] = [
  { dns: 'vpn.example.com' },
  { ip: '192.0.2.1' },
  { ip: '2001:db8::1' },
  { email: 'vpn@example.com' },
  { dn: 'CN=Other' },
];

test('what a gateway calls itself is found in its certificate by every ID type that certificates have', () => {
  const one = certificate(SUBJECT, ALL_NAMES);
  const subject = dnOctets(SUBJECT);
  const other = dnOctets('CN=Other');
  assert.ok(subject && other);
  for (const [idType, data] of [
    [1, fromHex('c0000201')],
    [2, utf8('VPN.example.com')],
    [3, utf8('vpn@example.com')],
    [5, fromHex('20010db8000000000000000000000001')],
    [9, subject],
    [9, other],
    ...ALL_NAMES.map((name) => [10, generalName(name)] as const),
  ] as const) {
    assert.equal(matchesIdPayload(one, idType, data), true, `${idType}`);
  }
});

test('what is not in the certificate, or badly formed, or of another type, is not found', () => {
  const one = certificate(SUBJECT, ALL_NAMES);
  for (const [idType, data] of [
    [1, fromHex('c0000202')],
    [1, fromHex('20010db8000000000000000000000001')],
    [5, fromHex('c0000201')],
    [2, utf8('example.com')],
    [2, utf8('vpn@example.com')],
    [2, utf8('')],
    [2, fromHex('ff')],
    [2, utf8('192.0.2.1')],
    [3, utf8('vpn.example.com')],
    [3, fromHex('ff')],
    [9, utf8('CN=Gateway')],
    [9, fromHex('3000')],
    [9, new Uint8Array(0)],
    [10, fromHex('88012a')],
    [10, fromHex('8601')],
    [10, Uint8Array.of(...generalName({ dns: 'vpn.example.com' }), 0)],
    [11, utf8('vpn.example.com')],
    [0, utf8('vpn.example.com')],
  ] as const) {
    assert.equal(matchesIdPayload(one, idType, data), false, `${idType} ${data.join()}`);
  }
});
