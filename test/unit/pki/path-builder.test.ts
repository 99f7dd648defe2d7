import { test } from 'node:test';
import assert from 'node:assert/strict';
import { fromHex } from '../../../core/lib/bytes.ts';
import { issue, makeCa, newKey, selfSigned } from '../../support/pki-factory.ts';
import { proves } from '../../conformance/tag.ts';
import { HOST, PAST, root, inner, gateway, check, accepted, refused, subjects } from './gateway-support.ts';

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
