import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { fromHex } from '../../../core/lib/bytes.ts';
import type { Failure, FailureCode } from '../../../core/lib/failure.ts';
import { type CheckedGateway, checkGateway, type GatewayCheck } from '../../../core/pki/check-gateway.ts';
import {
  type CertificateInput,
  issue,
  type Issued,
  makeCa,
  newKey,
  selfSigned,
} from '../../support/pki-factory.ts';
import { proves } from '../../conformance/tag.ts';

const NOW = Date.parse('2030-06-01T00:00:00Z');
const HOST = 'vpn.example.com';
const IDENTITY = { type: 'fqdn', value: HOST } as const;
const PAST = { notBefore: '2020-01-01T00:00:00Z', notAfter: '2030-05-31T23:59:59Z' };
const FUTURE = { notBefore: '2030-06-01T00:00:01Z', notAfter: '2040-01-01T00:00:00Z' };

const root = makeCa({ name: 'Root', key: 'p256' });
const inner = issue(root, { subject: 'CN=Inner', key: 'p256', ca: true, pathLength: 0 });

function gateway(issuer: Issued, input: Partial<CertificateInput> = {}): Issued {
  return issue(issuer, { subject: `CN=${HOST}`, key: 'p256', san: [{ dns: HOST }], ...input });
}

interface Chain {
  readonly leaf: Issued;
  readonly intermediates?: readonly Issued[];
  readonly anchors?: readonly Issued[];
}

function check(
  { leaf, intermediates = [], anchors = [root] }: Chain,
  more: Partial<GatewayCheck> = {},
): ReturnType<typeof checkGateway> {
  return checkGateway({
    leaf: leaf.der,
    intermediates: intermediates.map(({ der }) => der),
    anchors: anchors.map(({ der }) => der),
    now: NOW,
    identity: IDENTITY,
    ...more,
  });
}

function accepted(chain: Chain, more: Partial<GatewayCheck> = {}): CheckedGateway {
  const result = check(chain, more);
  assert.ok(result.ok, result.ok ? '' : JSON.stringify(result.error));
  return result.value;
}

function refused(chain: Chain, code: FailureCode, more: Partial<GatewayCheck> = {}): Failure['context'] {
  const result = check(chain, more);
  assert.ok(!result.ok, 'accepted');
  assert.equal(result.error.code, code, JSON.stringify(result.error));
  return result.error.context;
}

function subjects({ path }: CheckedGateway): string[] {
  return path.map(({ subject }) => subject.text);
}

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

test(
  'intermediates are used in whatever order they come, and others do no harm',
  proves(['RFC7296-3.6-x3', 'does'], ['RFC7296-3.6-1', 'does']),
  () => {
    const upper = issue(root, { subject: 'CN=Upper', key: 'p256', ca: true });
    const lower = issue(upper, { subject: 'CN=Lower', key: 'p384', ca: true });
    const stranger = makeCa({ name: 'Stranger', key: 'p256' });
    const leaf = gateway(lower);
    for (const intermediates of [
      [upper, lower],
      [lower, upper],
      [root, stranger, upper, leaf, lower, lower],
    ]) {
      assert.deepEqual(subjects(accepted({ leaf, intermediates })), [
        `CN=${HOST}`,
        'CN=Lower',
        'CN=Upper',
        'CN=Root',
      ]);
    }
  },
);

test('an intermediate may be the anchor itself', () => {
  assert.deepEqual(subjects(accepted({ leaf: gateway(inner), anchors: [inner] })), [
    `CN=${HOST}`,
    'CN=Inner',
  ]);
});

test('the very certificate of the gateway may be the anchor, self-signed or not', () => {
  const own = selfSigned({ subject: `CN=${HOST}`, key: 'p256', san: [{ dns: HOST }] });
  assert.deepEqual(subjects(accepted({ leaf: own, anchors: [own] })), [`CN=${HOST}`]);
  const leaf = gateway(inner);
  assert.deepEqual(subjects(accepted({ leaf, anchors: [leaf] })), [`CN=${HOST}`]);
  const expired = selfSigned({ subject: `CN=${HOST}`, key: 'p256', san: [{ dns: HOST }], ...PAST });
  refused({ leaf: expired, anchors: [expired] }, 'auth.gateway-expired');
  refused({ leaf: own, anchors: [own] }, 'auth.gateway-wrong-name', {
    identity: { type: 'fqdn', value: 'other.example.com' },
  });
});

test('a certificate that leads to no anchor is untrusted, and the failure names where the way ends', () => {
  const leaf = gateway(inner);
  assert.deepEqual(refused({ leaf }, 'auth.gateway-untrusted'), {
    subject: `CN=${HOST}`,
    issuer: 'CN=Inner',
  });
  assert.deepEqual(refused({ leaf, intermediates: [inner], anchors: [] }, 'auth.gateway-untrusted'), {
    subject: 'CN=Inner',
    issuer: 'CN=Root',
  });
  const own = selfSigned({ subject: `CN=${HOST}`, key: 'p256', san: [{ dns: HOST }] });
  refused({ leaf: own }, 'auth.gateway-untrusted');
  refused({ leaf: own, intermediates: [own] }, 'auth.gateway-untrusted');
});

test('what a gateway sends is never an anchor, whatever it says of itself', () => {
  const rogue = makeCa({ name: 'Rogue', key: 'p256' });
  refused({ leaf: gateway(rogue), intermediates: [rogue] }, 'auth.gateway-untrusted');
});

test('the name of an authority without its key is not enough', () => {
  const impostor = makeCa({ name: 'Root', key: 'p256', keyName: 'impostor' });
  const context = refused({ leaf: gateway(impostor) }, 'auth.gateway-bad-chain');
  assert.match(String(context['rule']), /not by the key of that issuer/);
  refused({ leaf: gateway(impostor), intermediates: [impostor] }, 'auth.gateway-bad-chain');
});

test('a wrong signature is refused anywhere in the path', () => {
  refused({ leaf: gateway(root, { corruptSignature: true }) }, 'auth.gateway-bad-chain');
  const spoiled = issue(root, { subject: 'CN=Inner', key: 'p256', ca: true, corruptSignature: true });
  refused({ leaf: gateway(inner), intermediates: [spoiled] }, 'auth.gateway-bad-chain');
  assert.deepEqual(subjects(accepted({ leaf: gateway(inner), intermediates: [spoiled, inner] })).length, 3);
});

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

test('critical extensions that are not known are refused anywhere in the path', () => {
  const extensions = [{ oid: '1.3.6.1.4.1.99999.1', critical: true, value: fromHex('0500') }];
  const context = refused({ leaf: gateway(root, { extensions }) }, 'auth.gateway-bad-chain');
  assert.match(String(context['rule']), /critical extension 1\.3\.6\.1\.4\.1\.99999\.1/);
  const strange = issue(root, { subject: 'CN=Strange', key: 'p256', ca: true, extensions });
  refused({ leaf: gateway(strange), intermediates: [strange] }, 'auth.gateway-bad-chain');
  refused({ leaf: gateway(strange), anchors: [strange] }, 'auth.gateway-bad-chain');
  accepted({ leaf: gateway(root, { extensions: extensions.map((one) => ({ ...one, critical: false })) }) });
});

test('weak signatures are refused, except the one on an anchor, which proves nothing anyway', () => {
  const rsa = makeCa({ name: 'RSA root', key: 'rsa2048', signatureHash: 'sha1' });
  accepted({ leaf: gateway(rsa), anchors: [rsa] });
  for (const signatureHash of ['sha1', 'md5'] as const) {
    const leaf = gateway(rsa, { signatureHash });
    assert.match(
      String(refused({ leaf, anchors: [rsa] }, 'auth.gateway-bad-chain')['rule']),
      /SHA-1|not accepted/,
    );
    const weak = issue(rsa, { subject: 'CN=Weak', key: 'p256', ca: true, signatureHash });
    refused({ leaf: gateway(weak), intermediates: [weak], anchors: [rsa] }, 'auth.gateway-bad-chain');
  }
  refused(
    { leaf: gateway(rsa, { signatureHash: 'sha1', pss: true }), anchors: [rsa] },
    'auth.gateway-bad-chain',
  );
  refused({ leaf: gateway(root, { signatureHash: 'sha1' }) }, 'auth.gateway-bad-chain');
});

test("weak and unknown keys are refused, the gateway's own and those of authorities", () => {
  for (const key of ['rsa1024', 'secp256k1'] as const) {
    refused({ leaf: gateway(root, { key }) }, 'auth.gateway-bad-chain');
    const weak = makeCa({ name: 'Weak', key });
    refused({ leaf: gateway(weak), anchors: [weak] }, 'auth.gateway-bad-chain');
    const between = issue(root, { subject: 'CN=Between', key, ca: true });
    refused({ leaf: gateway(between), intermediates: [between] }, 'auth.gateway-bad-chain');
  }
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

test('an authority that several others certified is tried by each of its certificates', () => {
  const key = newKey('p256');
  const other = makeCa({ name: 'Other root', key: 'p256' });
  const byOther = issue(other, { subject: 'CN=Cross', key, ca: true });
  const expired = issue(root, { subject: 'CN=Cross', key, ca: true, ...PAST });
  const current = issue(root, { subject: 'CN=Cross', key, ca: true });
  const leaf = gateway(current);
  for (const intermediates of [
    [byOther, expired, current],
    [current, expired, byOther],
    [expired, current],
  ]) {
    assert.deepEqual(subjects(accepted({ leaf, intermediates })), [`CN=${HOST}`, 'CN=Cross', 'CN=Root']);
  }
  // Of the reasons against each way, the one that stands after the most that was right.
  refused({ leaf, intermediates: [byOther, expired] }, 'auth.gateway-expired');
  refused({ leaf, intermediates: [byOther] }, 'auth.gateway-untrusted');
});

test('the way to an old root may lead over its cross certificate or stop at it', () => {
  const key = newKey('p256');
  const newRoot = makeCa({ name: 'New root', key });
  const cross = issue(root, { subject: 'CN=New root', key, ca: true });
  const leaf = gateway(newRoot);
  assert.deepEqual(subjects(accepted({ leaf, intermediates: [cross] })), [
    `CN=${HOST}`,
    'CN=New root',
    'CN=Root',
  ]);
  assert.equal(accepted({ leaf, intermediates: [cross], anchors: [root, newRoot] }).path.length, 2);
});

test('authorities that certify each other in a circle end the search', () => {
  const [keyA, keyB] = [newKey('p256'), newKey('p256')];
  const selfA = makeCa({ name: 'A', key: keyA });
  const selfB = makeCa({ name: 'B', key: keyB });
  const aByB = issue(selfB, { subject: 'CN=A', key: keyA, ca: true });
  const bByA = issue(selfA, { subject: 'CN=B', key: keyB, ca: true });
  refused({ leaf: gateway(selfA), intermediates: [aByB, bByA, selfA, selfB] }, 'auth.gateway-untrusted');
});

test('a path of eight certificates is followed, a longer one is not', () => {
  const authorities = [root];
  for (let i = 1; i <= 7; i++) {
    authorities.push(issue(authorities[i - 1]!, { subject: `CN=Level ${i}`, key: 'p256', ca: true }));
  }
  const six = accepted({ leaf: gateway(authorities[6]!), intermediates: authorities.slice(1) });
  assert.equal(six.path.length, 8);
  const context = refused(
    { leaf: gateway(authorities[7]!), intermediates: authorities.slice(1) },
    'auth.gateway-bad-chain',
  );
  assert.equal(context['rule'], 'more than 8 certificates');
});

test('no more than sixteen intermediates are looked at', () => {
  const others = Array.from({ length: 16 }, (_, i) =>
    makeCa({ name: `Other ${i}`, key: 'p256', keyName: 'others' }),
  );
  accepted({ leaf: gateway(inner), intermediates: [...others.slice(1), inner] });
  refused({ leaf: gateway(inner), intermediates: [...others, inner] }, 'auth.gateway-untrusted');
});

test('a web of authorities of one name is searched through, and the search ends', () => {
  const made = Array.from({ length: 7 }, () => newKey('p256'));
  const top = makeCa({ name: 'Same', key: made[6]! });
  // Six levels, each certified twice by the next: two to the sixth ways, every step of which is right.
  const web = made.slice(0, 6).flatMap((key, i) => {
    const issuer = makeCa({ name: 'Same', key: made[i + 1]! });
    return [1, 2].map(() => issue(issuer, { subject: 'CN=Same', key, ca: true }));
  });
  const leaf = gateway(makeCa({ name: 'Same', key: made[0]! }));
  assert.equal(accepted({ leaf, intermediates: web, anchors: [top] }).path.length, 8);
  assert.equal(check({ leaf, intermediates: web }).ok, false);
});

test('intermediates and anchors that cannot be read are passed over', () => {
  const junk = [new Uint8Array(0), fromHex('3003020101'), inner.der.subarray(0, 100)];
  accepted({ leaf: gateway(inner) }, { intermediates: [...junk, inner.der], anchors: [...junk, root.der] });
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
