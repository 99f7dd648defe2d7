import { test } from 'node:test';
import assert from 'node:assert/strict';
import { fromHex } from '../../../core/lib/bytes.ts';
import { issue, makeCa, newKey } from '../../support/pki-factory.ts';
import { NOW, HOST, PAST, FUTURE, root, inner, gateway, accepted, refused } from './gateway-support.ts';

test('a certificate out of time is refused with its dates and the time of the check', () => {
  assert.deepEqual(refused({ leaf: gateway(root, PAST) }, 'auth.gateway-expired'), {
    subject: `CN=${HOST}`,
    issuer: 'CN=Root',
    notAfter: Date.parse(PAST.notAfter),
    now: NOW,
  });
  assert.deepEqual(refused({ leaf: gateway(root, FUTURE) }, 'auth.gateway-not-yet-valid'), {
    subject: `CN=${HOST}`,
    issuer: 'CN=Root',
    notBefore: Date.parse(FUTURE.notBefore),
    now: NOW,
  });
});

test('validity begins and ends with the seconds that the certificate names', () => {
  const leaf = gateway(root, { notBefore: '2030-06-01T00:00:00Z', notAfter: '2030-06-01T00:00:10Z' });
  accepted({ leaf }, { now: NOW });
  accepted({ leaf }, { now: NOW + 10_000 });
  refused({ leaf }, 'auth.gateway-not-yet-valid', { now: NOW - 1 });
  refused({ leaf }, 'auth.gateway-expired', { now: NOW + 10_001 });
});

test('an authority out of time is refused by its own name', () => {
  const old = issue(root, { subject: 'CN=Old', key: 'p256', ca: true, ...PAST });
  assert.equal(
    refused({ leaf: gateway(old, PAST), intermediates: [old] }, 'auth.gateway-expired')['subject'],
    'CN=Old',
  );
  const oldRoot = makeCa({ name: 'Old root', key: 'p256', ...PAST });
  assert.equal(
    refused({ leaf: gateway(oldRoot), anchors: [oldRoot] }, 'auth.gateway-expired')['subject'],
    'CN=Old root',
  );
});

test('an issuer that is no authority is refused', () => {
  for (const input of [{}, { ca: true, basicConstraints: null }] as const) {
    const user = issue(root, {
      subject: 'CN=user',
      key: 'p256',
      keyUsage: ['digitalSignature', 'keyCertSign'],
      ...input,
    });
    const context = refused({ leaf: gateway(user), intermediates: [user] }, 'auth.gateway-bad-chain');
    assert.equal(context['subject'], 'CN=user');
    assert.match(String(context['rule']), /not an authority/);
    // Nor does it become one by being trusted.
    refused({ leaf: gateway(user), anchors: [user] }, 'auth.gateway-bad-chain');
  }
});

test('an authority whose key may not sign certificates is refused', () => {
  const limited = issue(root, {
    subject: 'CN=Limited',
    key: 'p256',
    ca: true,
    keyUsage: ['cRLSign', 'digitalSignature'],
  });
  const context = refused({ leaf: gateway(limited), intermediates: [limited] }, 'auth.gateway-bad-chain');
  assert.match(String(context['rule']), /may not sign certificates/);
  const silent = issue(root, { subject: 'CN=Silent', key: 'p256', ca: true, keyUsage: null });
  accepted({ leaf: gateway(silent), intermediates: [silent] });
});

test('authorities below one that allows fewer are refused', () => {
  const lower = issue(inner, { subject: 'CN=Lower', key: 'p256', ca: true });
  const context = refused({ leaf: gateway(lower), intermediates: [inner, lower] }, 'auth.gateway-bad-chain');
  assert.equal(context['subject'], 'CN=Inner');
  assert.equal(context['rule'], 'it allows 0 authorities below it, and there are 1');
  const strictRoot = makeCa({ name: 'Strict', key: 'p256', pathLength: 0 });
  const below = issue(strictRoot, { subject: 'CN=Below', key: 'p256', ca: true });
  refused({ leaf: gateway(below), intermediates: [below], anchors: [strictRoot] }, 'auth.gateway-bad-chain');
  accepted({ leaf: gateway(strictRoot), anchors: [strictRoot] });
});

test('a self-issued certificate, as for a new key, does not count against the limit', () => {
  const renewed = issue(inner, { subject: 'CN=Inner', key: 'p256', keyName: 'renewed', ca: true });
  const leaf = gateway(renewed);
  assert.equal(accepted({ leaf, intermediates: [inner, renewed] }).path.length, 4);
});

test('an old root of version 1 is an anchor, anything else of version 1 is no authority', () => {
  const old = makeCa({ name: 'Old', key: 'p256', version: 1 });
  accepted({ leaf: gateway(old), anchors: [old] });
  const between = issue(root, { subject: 'CN=Between', key: 'p256', version: 1 });
  refused({ leaf: gateway(between), intermediates: [between] }, 'auth.gateway-bad-chain');
  refused({ leaf: gateway(between), anchors: [between] }, 'auth.gateway-bad-chain');
});

test('nor is a self-issued certificate of version 1 on the way, or a root of version 3 that says nothing', () => {
  const renewed = issue(root, { subject: 'CN=Root', key: 'p256', keyName: 'renewed root', version: 1 });
  refused({ leaf: gateway(renewed), intermediates: [renewed] }, 'auth.gateway-bad-chain');
  const silent = makeCa({ name: 'Silent root', key: 'p256', basicConstraints: null });
  refused({ leaf: gateway(silent), anchors: [silent] }, 'auth.gateway-bad-chain');
});

test('critical extensions that are not known are refused anywhere in the path', () => {
  const extensions = [{ oid: '1.3.6.1.4.1.99999.1', critical: true, value: fromHex('0500') }];
  const context = refused({ leaf: gateway(root, { extensions }) }, 'auth.gateway-bad-chain');
  assert.match(String(context['rule']), /critical extension 1\.3\.6\.1\.4\.1\.99999\.1/);
  const strange = issue(root, { subject: 'CN=Strange', key: 'p256', ca: true, extensions });
  refused({ leaf: gateway(strange), intermediates: [strange] }, 'auth.gateway-bad-chain');
  refused({ leaf: gateway(strange), anchors: [strange] }, 'auth.gateway-bad-chain');
  accepted({ leaf: gateway(root, { extensions: extensions.map((one) => ({ ...one, critical: false })) }) });
});

test('a key that is not for signing is refused, either kind of signing will do', () => {
  for (const keyUsage of [['keyEncipherment'], ['keyAgreement', 'dataEncipherment'], []] as const) {
    const context = refused({ leaf: gateway(root, { keyUsage }) }, 'auth.gateway-key-usage');
    assert.deepEqual(
      context['found'],
      keyUsage.toReversed().length === 2 ? ['dataEncipherment', 'keyAgreement'] : keyUsage,
    );
  }
  for (const keyUsage of [['digitalSignature', 'keyEncipherment'], ['nonRepudiation'], null] as const) {
    accepted({ leaf: gateway(root, { keyUsage }) });
  }
});

test('a certificate for other purposes is refused, any of the gateway purposes will do', () => {
  const context = refused(
    { leaf: gateway(root, { eku: ['clientAuth', 'emailProtection'] }) },
    'auth.gateway-extended-key-usage',
  );
  assert.deepEqual(context['found'], ['client authentication', 'mail protection']);
  for (const purpose of ['serverAuth', 'ikeIntermediate', 'ipsecIke', 'any'] as const) {
    accepted({ leaf: gateway(root, { eku: ['clientAuth', purpose] }) });
  }
  accepted({ leaf: gateway(root, { eku: null }) });
});

test('an authority that is limited to other purposes cannot make a gateway', () => {
  const mail = issue(root, { subject: 'CN=Mail CA', key: 'p256', ca: true, eku: ['emailProtection'] });
  const context = refused({ leaf: gateway(mail), intermediates: [mail] }, 'auth.gateway-extended-key-usage');
  assert.equal(context['subject'], 'CN=Mail CA');
  refused({ leaf: gateway(mail), anchors: [mail] }, 'auth.gateway-extended-key-usage');
  const web = issue(root, { subject: 'CN=Web CA', key: 'p256', ca: true, eku: ['serverAuth', 'clientAuth'] });
  accepted({ leaf: gateway(web), intermediates: [web] });
});

test('name constraints bind the gateway', () => {
  const bound = issue(root, {
    subject: 'CN=Bound',
    key: 'p256',
    ca: true,
    nameConstraints: { permitted: [{ dns: 'example.org' }] },
  });
  assert.deepEqual(
    refused({ leaf: gateway(bound), intermediates: [bound] }, 'auth.gateway-name-constraints'),
    {
      subject: `CN=${HOST}`,
      issuer: 'CN=Bound',
      found: [HOST],
      rule: 'permitted are only example.org',
      authority: 'CN=Bound',
    },
  );
  const leaf = gateway(bound, { san: [{ dns: 'vpn.example.org' }] });
  accepted({ leaf, intermediates: [bound] }, { identity: { type: 'fqdn', value: 'vpn.example.org' } });
});

test('name constraints bind through authorities below that have none or wider ones (the class of CVE-2026-35331)', () => {
  const bound = issue(root, {
    subject: 'CN=Bound',
    key: 'p256',
    ca: true,
    nameConstraints: { permitted: [{ dns: 'example.org' }] },
  });
  for (const input of [
    {},
    { nameConstraints: { permitted: [{ dns: 'example.com' }] } },
    { nameConstraints: { permitted: [{ dns: '' }] } },
    { nameConstraints: { excluded: [{ dns: 'example.net' }] } },
    // Self-issued: the same name again, with another key.
    { subject: 'CN=Bound', keyName: 'again' },
  ] as const) {
    const below = issue(bound, { subject: 'CN=Below', key: 'p256', ca: true, ...input });
    refused({ leaf: gateway(below), intermediates: [bound, below] }, 'auth.gateway-name-constraints');
  }
});

test('name constraints of an anchor bind, and those of one path do not spoil another', () => {
  const boundRoot = makeCa({
    name: 'Bound root',
    key: 'p256',
    nameConstraints: { excluded: [{ dns: HOST }] },
  });
  refused({ leaf: gateway(boundRoot), anchors: [boundRoot] }, 'auth.gateway-name-constraints');
  const key = newKey('p256');
  const bound = issue(root, {
    subject: 'CN=Twice',
    key,
    ca: true,
    nameConstraints: { permitted: [{ ip: '10.0.0.0/8' }], excluded: [{ dns: 'com' }] },
  });
  const free = issue(root, { subject: 'CN=Twice', key, ca: true });
  const leaf = gateway(free);
  accepted({ leaf, intermediates: [bound, free] });
  refused({ leaf, intermediates: [bound] }, 'auth.gateway-name-constraints');
});

test('name constraints bind intermediate authorities by their names', () => {
  const bound = issue(root, {
    subject: 'CN=Bound,O=Example',
    key: 'p256',
    ca: true,
    nameConstraints: { permitted: [{ dn: 'O=Example' }] },
  });
  const below = issue(bound, { subject: 'CN=Below,O=Other', key: 'p256', ca: true });
  const context = refused(
    { leaf: gateway(below, { subject: 'CN=x,O=Example' }), intermediates: [bound, below] },
    'auth.gateway-name-constraints',
  );
  assert.equal(context['subject'], 'CN=Below,O=Other');
});
