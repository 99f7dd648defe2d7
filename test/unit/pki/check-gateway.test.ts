import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { fromHex } from '../../../core/lib/bytes.ts';
import { checkGateway } from '../../../core/pki/check-gateway.ts';
import { issue, makeCa } from '../../support/pki-factory.ts';
import { NOW, HOST, IDENTITY, PAST, root, gateway, accepted, refused } from './gateway-support.ts';

test('a gateway certificate of a trusted authority is accepted, with its key and its path', () => {
  const leaf = gateway(root);
  const { publicKey, path, leaf: own } = accepted({ leaf });
  assert.equal(publicKey.equals(createPublicKey(leaf.key)), true);
  assert.deepEqual(
    path.map(({ der }) => der),
    [leaf.der, root.der],
  );
  assert.deepEqual(own.der, leaf.der);
});

test('every kind of key and signature that is strong enough is accepted', () => {
  for (const key of ['rsa2048', 'rsa3072', 'p256', 'p384', 'p521', 'ed25519', 'ed448'] as const) {
    const authority = makeCa({ name: `Root ${key}`, key });
    accepted({ leaf: gateway(authority, { key }), anchors: [authority] });
  }
  const rsa = makeCa({ name: 'Root rsa2048', key: 'rsa2048' });
  for (const signatureHash of ['sha256', 'sha384', 'sha512'] as const) {
    for (const pss of [false, true]) accepted({ leaf: gateway(rsa, { signatureHash, pss }), anchors: [rsa] });
  }
  accepted({ leaf: gateway(root, { signatureHash: 'sha512' }) });
});

test('a certificate for another name is refused with what was wanted and what there is', () => {
  const leaf = gateway(root, {
    subject: 'CN=Gateway 1',
    san: [{ dns: 'gw.example.com' }, { ip: '192.0.2.1' }],
  });
  assert.deepEqual(refused({ leaf }, 'auth.gateway-wrong-name'), {
    wanted: HOST,
    found: ['gw.example.com', '192.0.2.1'],
    subject: 'CN=Gateway 1',
    issuer: 'CN=Root',
  });
  const address = { type: 'address', value: fromHex('c0000202') } as const;
  assert.equal(refused({ leaf }, 'auth.gateway-wrong-name', { identity: address })['wanted'], '192.0.2.2');
  accepted({ leaf }, { identity: { type: 'address', value: fromHex('c0000201') } });
  accepted({ leaf }, { identity: { type: 'dn', value: 'CN=Gateway 1' } });
});

test('a name that is only the common name is refused, and the failure says that it does not count', () => {
  const bare = issue(root, { subject: 'CN=VPN.example.com', key: 'p256' });
  const context = refused({ leaf: bare }, 'auth.gateway-wrong-name');
  assert.match(String(context['rule']), /common name/);
  assert.deepEqual(context['found'], []);
  const elsewhere = gateway(root, { san: [{ dns: 'gw.example.com' }] });
  assert.match(String(refused({ leaf: elsewhere }, 'auth.gateway-wrong-name')['rule']), /common name/);
});

test('a gateway certificate that cannot be read is refused with the reason', () => {
  for (const leaf of [new Uint8Array(0), fromHex('3003020101'), gateway(root).der.subarray(0, 200)]) {
    const result = checkGateway({
      leaf,
      intermediates: [],
      anchors: [root.der],
      now: NOW,
      identity: IDENTITY,
    });
    assert.ok(!result.ok);
    assert.equal(result.error.code, 'auth.gateway-certificate-malformed');
    assert.equal(typeof result.error.context['detail'], 'string');
  }
});

test('a failure holds the texts for its sentence and no octets', () => {
  for (const value of Object.values(refused({ leaf: gateway(root, PAST) }, 'auth.gateway-expired'))) {
    assert.equal(['string', 'number'].includes(typeof value), true);
  }
});
