import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ProtocolError } from '../../core/lib/reader.ts';
import { parseCertificate } from '../../core/pki/certificate.ts';
import { checkGateway, matchesIdPayload } from '../../core/pki/check-gateway.ts';
import { DerReader } from '../../core/pki/der.ts';
import { dnOctets, formatDn, parseDn, sameDn } from '../../core/pki/dn.ts';
import { parsePemCertificates } from '../../core/pki/pem.ts';
import { issue, makeCa, toPem } from '../support/pki-factory.ts';

const root = makeCa({ name: 'Root', key: 'p256', nameConstraints: { permitted: [{ dns: 'example.com' }] } });
const inner = issue(root, { subject: 'CN=Inner', key: 'p256', ca: true, pathLength: 0 });
const leaf = issue(inner, {
  subject: 'CN=vpn.example.com,O=Example',
  key: 'p256',
  san: [{ dns: 'vpn.example.com' }, { ip: '192.0.2.1' }, { email: 'a@example.com' }, { dn: 'CN=Other' }],
});
const NOW = Date.parse('2030-01-01T00:00:00Z');

const octets = fc.uint8Array({ maxLength: 300 });

/** A certificate with some octets changed, dropped or put in. */
function damaged(whole: Uint8Array): fc.Arbitrary<Uint8Array> {
  const edit = fc.record({
    at: fc.nat(whole.length - 1),
    drop: fc.integer({ min: 0, max: 3 }),
    put: fc.uint8Array({ maxLength: 3 }),
  });
  return fc
    .array(edit, { minLength: 1, maxLength: 3 })
    .map((edits) =>
      edits.reduce(
        (der, { at, drop, put }) => Uint8Array.of(...der.subarray(0, at), ...put, ...der.subarray(at + drop)),
        whole,
      ),
    );
}

test('any octets are a certificate or refused with a reason, never with another error', () => {
  const any = fc.oneof(octets, damaged(leaf.der), damaged(root.der));
  fc.assert(
    fc.property(any, (der) => {
      const parsed = parseCertificate(der);
      if (!parsed.ok) assert.equal(typeof parsed.error, 'string');
    }),
    { numRuns: 3000 },
  );
});

test('any octets are DER elements or refused with ProtocolError', () => {
  fc.assert(
    fc.property(octets, (bytes) => {
      const reader = new DerReader(bytes);
      try {
        while (!reader.atEnd) reader.any('test');
      } catch (error) {
        assert.ok(error instanceof ProtocolError);
      }
    }),
    { numRuns: 2000 },
  );
});

test('no damaged certificate of a gateway is accepted', () => {
  fc.assert(
    fc.property(damaged(leaf.der), (der) => {
      fc.pre(Buffer.compare(der, leaf.der) !== 0);
      const result = checkGateway({
        leaf: der,
        intermediates: [inner.der],
        anchors: [root.der],
        now: NOW,
        identity: { type: 'fqdn', value: 'vpn.example.com' },
      });
      assert.equal(result.ok, false);
    }),
    { numRuns: 1000 },
  );
});

test('nothing that a gateway sends beside its certificate turns a good path into an error thrown', () => {
  const anything = fc.array(fc.oneof(octets, damaged(inner.der), damaged(root.der), fc.constant(inner.der)), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(anything, (intermediates) => {
      const result = checkGateway({
        leaf: leaf.der,
        intermediates,
        anchors: [root.der],
        now: NOW,
        identity: { type: 'fqdn', value: 'vpn.example.com' },
      });
      assert.equal(
        result.ok,
        intermediates.slice(0, 16).some((der) => Buffer.compare(der, inner.der) === 0),
      );
    }),
    { numRuns: 200 },
  );
});

test('any octets in an ID payload are in the certificate or not, never an error', () => {
  const parsed = parseCertificate(leaf.der);
  assert.ok(parsed.ok);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 12 }), octets, (idType, data) => {
      assert.equal(matchesIdPayload(parsed.value, idType, data), false);
    }),
    { numRuns: 2000 },
  );
});

test('every name that can be written is read back as the same name and the same text', () => {
  const value = fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.toWellFormed());
  const attribute = fc
    .tuple(fc.constantFrom('CN', 'O', 'OU', 'L', '2.5.4.65'), value)
    .map(([type, text]) => `${type}=${Buffer.from(text).toString('hex').replace(/../g, '\\$&')}`);
  const name = fc.array(fc.array(attribute, { minLength: 1, maxLength: 3 }), { maxLength: 4 });
  fc.assert(
    fc.property(name, (parts) => {
      const text = parts.map((part) => part.join('+')).join(',');
      const der = dnOctets(text);
      assert.ok(der);
      const parsed = parseDn(der);
      assert.equal(parsed.parts.length, parts.length);
      const again = dnOctets(parsed.text);
      assert.ok(again);
      assert.deepEqual(again, der);
      assert.equal(sameDn(parseDn(again), parsed), true);
    }),
    { numRuns: 500 },
  );
});

test('any octets have a text as a name, and any text is a name or none', () => {
  fc.assert(
    fc.property(octets, fc.string({ unit: 'binary' }), (bytes, text) => {
      assert.equal(typeof formatDn(bytes), 'string');
      const der = dnOctets(text);
      if (der) assert.equal(formatDn(der).startsWith('#'), false);
    }),
    { numRuns: 1000 },
  );
});

test('any octets survive PEM', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }), { minLength: 1, maxLength: 4 }),
      (blocks) => {
        const text = blocks.map((der) => toPem('CERTIFICATE', der)).join('\n');
        assert.deepEqual(parsePemCertificates(text), { ok: true, value: blocks });
      },
    ),
  );
});
