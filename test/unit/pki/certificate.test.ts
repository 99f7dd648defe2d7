import { test } from 'node:test';
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { AsnConvert } from '@peculiar/asn1-schema';
import { Certificate as AsnCertificate, id_ce_nameConstraints, NameConstraints } from '@peculiar/asn1-x509';
import { fromHex, toHex } from '../../../core/lib/bytes.ts';
import { der } from '../../../core/crypto/der.ts';
import { type Certificate, parseCertificate } from '../../../core/pki/certificate.ts';
import { Tag } from '../../../core/pki/der.ts';
import { derObjectIdentifier, derSequence } from '../../../core/pki/der-writer.ts';
import { generalNameText } from '../../../core/pki/general-name.ts';
import { generalName, issue, type KeyKind, makeCa, selfSigned } from '../../support/pki-factory.ts';

const ca = makeCa({ name: 'Example CA', key: 'p256', pathLength: 2 });

function parsed(octets: Uint8Array): Certificate {
  const result = parseCertificate(octets);
  assert.ok(result.ok, result.ok ? '' : result.error);
  return result.value;
}

function reasonOf(octets: Uint8Array): string {
  const result = parseCertificate(octets);
  return result.ok ? 'accepted' : result.error;
}

/** A certificate with one extension more, of this content. */
function withExtension(oid: string, value: Uint8Array, critical = false): Uint8Array {
  return issue(ca, { subject: 'CN=x', key: 'p256', extensions: [{ oid, value, critical }] }).der;
}

test('a certificate is read as two other readers read it', () => {
  const leaf = issue(ca, {
    subject: 'CN=vpn.example.com,O=Example\\, Inc.,C=CH',
    key: 'rsa2048',
    san: [
      { dns: 'vpn.example.com' },
      { dns: '*.example.com' },
      { ip: '192.0.2.1' },
      { email: 'it@example.com' },
    ],
    notBefore: '2024-02-29T12:34:56Z',
    notAfter: '2051-01-02T03:04:05Z',
    eku: ['serverAuth', 'ikeIntermediate'],
    keyUsage: ['digitalSignature', 'keyEncipherment'],
  });
  const ours = parsed(leaf.der);
  const nodes = new X509Certificate(leaf.der);
  assert.equal(ours.notBefore, nodes.validFromDate.getTime());
  assert.equal(ours.notAfter, nodes.validToDate.getTime());
  assert.equal(toHex(ours.serialNumber).toUpperCase(), nodes.serialNumber);
  assert.deepEqual(ours.extendedKeyUsage, nodes.keyUsage);
  assert.deepEqual(ours.spki, new Uint8Array(nodes.publicKey.export({ format: 'der', type: 'spki' })));
  assert.deepEqual((ours.subjectAltNames ?? []).map(generalNameText), [
    'vpn.example.com',
    '*.example.com',
    '192.0.2.1',
    'it@example.com',
  ]);
  assert.deepEqual(ours.keyUsage, ['digitalSignature', 'keyEncipherment']);
  const theirs = AsnConvert.parse(leaf.der, AsnCertificate);
  assert.deepEqual(ours.signature, new Uint8Array(theirs.signatureValue));
  assert.deepEqual(ours.signatureAlgorithm.oid, theirs.signatureAlgorithm.algorithm);
  assert.deepEqual(ours.subject.der, new Uint8Array(AsnConvert.serialize(theirs.tbsCertificate.subject)));
  assert.equal(ours.subject.text, 'CN=vpn.example.com,O=Example\\, Inc.,C=CH');
  assert.equal(ours.issuer.text, 'CN=Example CA');
});

test('an authority is read with its constraints', () => {
  const constrained = issue(ca, {
    subject: 'CN=Inner',
    key: 'p384',
    ca: true,
    pathLength: 0,
    nameConstraints: {
      permitted: [{ dns: 'example.com' }, { ip: '10.0.0.0/8' }],
      excluded: [{ email: '.example.org' }],
    },
  });
  const ours = parsed(constrained.der);
  assert.deepEqual(ours.basicConstraints, { ca: true, pathLength: 0 });
  assert.deepEqual(ours.keyUsage, ['keyCertSign', 'cRLSign']);
  assert.deepEqual(ours.nameConstraints, {
    critical: true,
    permitted: [
      { type: 'dns', value: 'example.com' },
      { type: 'address', value: fromHex('0a000000ff000000') },
    ],
    excluded: [{ type: 'email', value: '.example.org' }],
  });
  assert.deepEqual(ours.authorityKeyIdentifier, parsed(ca.der).subjectKeyIdentifier);
  const extension = AsnConvert.parse(constrained.der, AsnCertificate).tbsCertificate.extensions?.find(
    ({ extnID }) => extnID === id_ce_nameConstraints,
  );
  assert.ok(extension);
  assert.equal(AsnConvert.parse(extension.extnValue, NameConstraints).permittedSubtrees?.length, 2);
});

test('every root of the runtime is read, with the same names and dates as the runtime reads', () => {
  assert.ok(rootCertificates.length > 50);
  for (const pem of rootCertificates) {
    const nodes = new X509Certificate(pem);
    const ours = parsed(new Uint8Array(nodes.raw));
    assert.equal(ours.notAfter, nodes.validToDate.getTime());
    assert.equal(ours.subject.parts.length, nodes.subject.split('\n').length);
    assert.deepEqual(ours.unknownCritical, []);
    assert.equal(ours.basicConstraints?.ca ?? nodes.ca, nodes.ca);
  }
});

test('certificates of every kind of key are read', () => {
  for (const key of [
    'rsa2048',
    'p256',
    'p384',
    'p521',
    'ed25519',
    'ed448',
  ] as const satisfies readonly KeyKind[]) {
    const made = makeCa({ name: `CA ${key}`, key });
    assert.deepEqual(parsed(made.der).spki, made.spki);
  }
});

test('a certificate of version 1 has no extensions', () => {
  const old = parsed(makeCa({ name: 'Old', key: 'p256', version: 1 }).der);
  assert.equal(old.version, 1);
  assert.equal(old.basicConstraints, undefined);
});

test('unknown extensions are passed over unless they are critical', () => {
  const oid = '1.3.6.1.4.1.99999.1';
  assert.deepEqual(parsed(withExtension(oid, fromHex('0500'))).unknownCritical, []);
  assert.deepEqual(parsed(withExtension(oid, fromHex('0500'), true)).unknownCritical, [oid]);
});

test('critical certificate policies are known, critical policy constraints are not', () => {
  assert.deepEqual(
    parsed(withExtension('2.5.29.32', fromHex('30063004 0602 2a03'), true)).unknownCritical,
    [],
  );
  assert.deepEqual(parsed(withExtension('2.5.29.36', fromHex('3003800100'), true)).unknownCritical, [
    '2.5.29.36',
  ]);
});

test('an extension that stands there twice makes the certificate unreadable', () => {
  assert.match(reasonOf(withExtension('2.5.29.15', fromHex('03020780'))), /2\.5\.29\.15 stands there twice/);
});

test('known extensions that break their form make the certificate unreadable', () => {
  const plain = (oid: string, hex: string): string =>
    reasonOf(
      selfSigned({
        subject: 'CN=x',
        key: 'p256',
        keyUsage: null,
        eku: null,
        extensions: [{ oid, value: fromHex(hex) }],
      }).der,
    );
  assert.equal(plain('2.5.29.15', '03020780'), 'accepted');
  assert.equal(plain('2.5.29.30', '300aa0083006 820161800100'), 'accepted');
  for (const [oid, hex] of [
    ['2.5.29.15', '0500'],
    ['2.5.29.15', '030207ff'],
    ['2.5.29.19', '3003010101'],
    ['2.5.29.19', '30060101ff020180'],
    ['2.5.29.19', '30060101ff0500 00'],
    ['2.5.29.37', '3000'],
    ['2.5.29.37', '30020500'],
    ['2.5.29.17', '3000'],
    ['2.5.29.17', '30058703010203'],
    ['2.5.29.17', '3003 8201ff'],
    ['2.5.29.17', '3003 890161'],
    ['2.5.29.17', '3003 82016100'],
    ['2.5.29.30', '3004a0020500'],
    ['2.5.29.30', '3002a000'],
    ['2.5.29.30', '300ca00a3008 870601020304ffff'],
    ['2.5.29.30', '300ea00c300a 870801020304ff00ff00'],
    ['2.5.29.30', '300aa0083006 820161800101'],
    ['2.5.29.30', '300aa0083006 820161810101'],
  ] as const) {
    assert.notEqual(plain(oid, hex), 'accepted', `${oid} ${hex}`);
  }
});

test('two different signature algorithms make the certificate unreadable', () => {
  const { der: octets } = makeCa({ name: 'Two algorithms', key: 'p256' });
  const text = toHex(octets);
  const sha384 = text.replace('300a06082a8648ce3d040302', '300a06082a8648ce3d040303');
  assert.match(reasonOf(fromHex(sha384)), /two different signature algorithms/);
});

test('a certificate that is cut short or has octets after it is refused', () => {
  const { der: octets } = ca;
  for (let length = 0; length < octets.length; length += 7) {
    assert.notEqual(reasonOf(octets.subarray(0, length)), 'accepted');
  }
  assert.notEqual(reasonOf(Uint8Array.of(...octets, 0)), 'accepted');
});

test('extensions in a certificate before version 3, and versions after it, are refused', () => {
  const text = toHex(ca.der);
  assert.match(reasonOf(fromHex(text.replace('a003020102', 'a003020101'))), /extensions in version 2/);
  assert.match(reasonOf(fromHex(text.replace('a003020102', 'a003020103'))), /version 4/);
});

test('so many names that comparing them would take long are refused', () => {
  const names = Array.from({ length: 513 }, (_, i) => generalName({ dns: `h${i}.example.com` }));
  const octets = selfSigned({
    subject: 'CN=x',
    key: 'p256',
    extensions: [{ oid: '2.5.29.17', value: derSequence(...names) }],
  }).der;
  assert.match(reasonOf(octets), /too many names/);
});

test('names of forms that we do not compare are kept as such', () => {
  const registered = der(0x88, soleContent(derObjectIdentifier('1.2.3')));
  const octets = issue(ca, {
    subject: 'CN=x',
    key: 'p256',
    san: [{ upn: 'a@b' }, { raw: registered }, { uri: 'https://x' }],
  });
  const names = parsed(octets.der).subjectAltNames ?? [];
  assert.deepEqual(names, [
    { type: 'other', form: 0 },
    { type: 'other', form: 8 },
    { type: 'uri', value: 'https://x' },
  ]);
  assert.equal(names[1] && generalNameText(names[1]), 'a name of form 8');
});

function soleContent(octets: Uint8Array): Uint8Array {
  return octets.subarray(2);
}

test('addresses are shown as people write them', () => {
  for (const [hex, text] of [
    ['c0000201', '192.0.2.1'],
    ['20010db8000000000000000000000001', '2001:db8::1'],
    ['00000000000000000000000000000000', '::'],
    ['00010000000000000000000000000000', '1::'],
    ['20010000000100000000000200030004', '2001:0:1::2:3:4'],
    ['20010000000100020003000400050006', '2001:0:1:2:3:4:5:6'],
    ['0102', '#0102'],
  ] as const) {
    assert.equal(generalNameText({ type: 'address', value: fromHex(hex) }), text);
  }
});

test('text in a name that is badly encoded makes the certificate unreadable', () => {
  const bad = der(Tag.UTF8_STRING, fromHex('ff'));
  const name = derSequence(der(Tag.SET, derSequence(derObjectIdentifier('2.5.4.3'), bad)));
  const octets = withExtension('2.5.29.17', derSequence(der(0xa4, name)));
  assert.match(reasonOf(octets), /badly encoded text/);
});
