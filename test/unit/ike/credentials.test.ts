import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gatewayByCertificate, userByCertificate } from '../../../core/ike/credentials.ts';
import { parseIdentity, type Identity } from '../../../core/ike/identity.ts';
import { parseCertificate } from '../../../core/pki/certificate.ts';
import { IdType } from '../../../core/wire/constants.ts';
import { issue, makeCa } from '../../support/pki-factory.ts';

const NOW = Date.parse('2026-08-01T00:00:00Z');
const ca = makeCa({ name: 'Authority', key: 'p256' });
const other = makeCa({ name: 'Other authority', key: 'p256' });

function identity(text: string): Identity {
  const parsed = parseIdentity(text);
  assert.ok(parsed);
  return parsed;
}

describe('the gateway by its certificate', () => {
  for (const [text, expected] of [
    ['vpn.example.com', { type: 'fqdn', value: 'vpn.example.com' }],
    ['vpn@example.com', { type: 'email', value: 'vpn@example.com' }],
    ['192.0.2.1', { type: 'address', value: Uint8Array.of(192, 0, 2, 1) }],
  ] as const) {
    test(`${text} is what the certificate must name`, () => {
      assert.deepEqual(gatewayByCertificate(identity(text), [ca.der]), {
        ok: true,
        value: { kind: 'certificate', anchors: [ca.der], identity: expected },
      });
    });
  }

  test('a distinguished name is what the certificate must bear', () => {
    const found = gatewayByCertificate(identity('CN=vpn, O=Example'), [ca.der]);
    assert.ok(found.ok && found.value.kind === 'certificate');
    assert.equal(found.value.identity.type, 'dn');
  });

  test('a key id is nothing that a certificate could name', () => {
    assert.equal(gatewayByCertificate(identity('keyid:00ff'), [ca.der]).ok, false);
    assert.equal(gatewayByCertificate({ idType: 99, data: new Uint8Array(1) }, [ca.der]).ok, false);
  });

  test('authorities may be texts: all that are in them count', () => {
    const found = gatewayByCertificate(identity('vpn.example.com'), `${ca.pem}\n${other.pem}`);
    assert.ok(found.ok && found.value.kind === 'certificate');
    assert.deepEqual(found.value.anchors, [ca.der, other.der]);
  });

  test('authorities that are no certificates are named as the problem', () => {
    const found = gatewayByCertificate(identity('vpn.example.com'), 'no certificate at all');
    assert.ok(!found.ok);
    assert.match(found.error, /^authorities: /);
  });
});

describe('the user by certificate', () => {
  const user = issue(ca, { subject: 'CN=alice', key: 'p256' });

  test('calls itself by the subject of the certificate, octet for octet', () => {
    const found = userByCertificate({ certificates: user.pem, privateKey: user.keyPem }, NOW);
    assert.ok(found.ok);
    const parsed = parseCertificate(user.der);
    assert.ok(parsed.ok);
    assert.deepEqual(found.value.subject, { idType: IdType.DER_ASN1_DN, data: parsed.value.subject.der });
    assert.ok(found.value.auth.kind === 'certificate');
    assert.deepEqual(found.value.auth.chain, [user.der]);
  });

  test('sends the certificates behind its own too, in their order', () => {
    const texts = { certificates: `${user.pem}\n${ca.pem}`, privateKey: user.keyPem };
    const found = userByCertificate(texts, NOW);
    assert.ok(found.ok && found.value.auth.kind === 'certificate');
    assert.deepEqual(found.value.auth.chain, [user.der, ca.der]);
  });

  test('with another key, or out of time, is refused with the reason', () => {
    const stranger = issue(ca, { subject: 'CN=mallory', key: 'p256' });
    const mixed = userByCertificate({ certificates: user.pem, privateKey: stranger.keyPem }, NOW);
    assert.equal(!mixed.ok && mixed.error.code, 'config.key-mismatch');
    const later = userByCertificate({ certificates: user.pem, privateKey: user.keyPem }, NOW + 1e13);
    assert.equal(!later.ok && later.error.code, 'config.certificate-invalid');
  });
});
