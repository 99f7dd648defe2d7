import { test } from 'node:test';
import assert from 'node:assert/strict';
import { fromHex } from '../../../core/lib/bytes.ts';
import { der } from '../../../core/crypto/der.ts';
import { type Certificate, parseCertificate } from '../../../core/pki/certificate.ts';
import { constraintFault } from '../../../core/pki/name-constraints.ts';
import { makeCa, type NameInput, selfSigned } from '../../support/pki-factory.ts';

interface Constraints {
  readonly permitted?: readonly NameInput[];
  readonly excluded?: readonly NameInput[];
  readonly critical?: boolean;
}

function parsed(octets: Uint8Array): Certificate {
  const result = parseCertificate(octets);
  assert.ok(result.ok);
  return result.value;
}

/** What is wrong with a certificate of these names under an authority with these constraints. */
function faultOf(constraints: Constraints, san: readonly NameInput[], subject = ''): string | undefined {
  const authority = parsed(makeCa({ name: 'CA', key: 'p256', nameConstraints: constraints }).der);
  assert.ok(authority.nameConstraints);
  const leaf = parsed(selfSigned({ subject, key: 'p256', san }).der);
  const fault = constraintFault(authority.nameConstraints, leaf);
  return fault && `${fault.name}: ${fault.rule}`;
}

/** Each row: base, then names inside it, then names outside. */
const ROWS: readonly (readonly [
  base: NameInput,
  inside: readonly NameInput[],
  outside: readonly NameInput[],
])[] = [
  [
    { dns: 'example.com' },
    [
      { dns: 'example.com' },
      { dns: 'VPN.Example.COM' },
      { dns: '*.example.com' },
      { dns: 'a.b.example.com' },
    ],
    [{ dns: 'example.org' }, { dns: 'badexample.com' }, { dns: 'com' }, { dns: 'example.com.evil.org' }],
  ],
  [
    { dns: '.example.com' },
    [{ dns: 'vpn.example.com' }, { dns: '*.example.com' }],
    [{ dns: 'example.com' }, { dns: 'example.org' }],
  ],
  [{ dns: '' }, [{ dns: 'anything.example' }], []],
  [
    { ip: '10.0.0.0/8' },
    [{ ip: '10.0.0.0' }, { ip: '10.255.255.255' }],
    [{ ip: '11.0.0.0' }, { ip: '9.255.255.255' }, { ip: '::ffff:a00:1' }],
  ],
  [{ ip: '0.0.0.0/0' }, [{ ip: '192.0.2.1' }], [{ ip: '2001:db8::1' }]],
  [
    { ip: '2001:db8::/33' },
    [{ ip: '2001:db8:7fff::1' }],
    [{ ip: '2001:db8:8000::1' }, { ip: '32.1.13.184' }],
  ],
  [
    { email: 'example.com' },
    [{ email: 'alice@example.com' }, { email: 'bob@EXAMPLE.com' }],
    [{ email: 'alice@sub.example.com' }, { email: 'alice@example.org' }],
  ],
  [{ email: '.example.com' }, [{ email: 'alice@sub.example.com' }], [{ email: 'alice@example.com' }]],
  [
    { email: 'alice@example.com' },
    [{ email: 'alice@Example.com' }],
    [{ email: 'bob@example.com' }, { email: 'Alice@example.com' }, { email: 'alice@sub.example.com' }],
  ],
  [
    { uri: 'example.com' },
    [{ uri: 'https://example.com/x' }, { uri: 'https://user@example.com:8443?y' }],
    [{ uri: 'https://sub.example.com/' }, { uri: 'https://example.org/example.com' }],
  ],
  [{ uri: '.example.com' }, [{ uri: 'ike://vpn.example.com' }], [{ uri: 'https://example.com/' }]],
  [
    { dn: 'O=Example,C=CH' },
    [{ dn: 'CN=a,O=EXAMPLE,C=CH' }, { dn: 'O=Example,C=CH' }],
    [{ dn: 'CN=a,O=Examples,C=CH' }, { dn: 'C=CH' }, { dn: 'CN=x,C=CH,O=Example' }],
  ],
];

test('a permitted subtree lets through what lies in it and nothing else of its form', () => {
  for (const [base, inside, outside] of ROWS) {
    for (const name of inside)
      assert.equal(faultOf({ permitted: [base] }, [name]), undefined, JSON.stringify([base, name]));
    for (const name of outside)
      assert.match(
        faultOf({ permitted: [base] }, [name]) ?? '',
        /permitted are only/,
        JSON.stringify([base, name]),
      );
  }
});

test('an excluded subtree stops what lies in it and nothing else', () => {
  for (const [base, inside, outside] of ROWS) {
    for (const name of inside)
      assert.match(faultOf({ excluded: [base] }, [name]) ?? '', /excluded is/, JSON.stringify([base, name]));
    for (const name of outside)
      assert.equal(faultOf({ excluded: [base] }, [name]), undefined, JSON.stringify([base, name]));
  }
});

test('several permitted subtrees of one form are alternatives, and exclusion wins over permission', () => {
  const constraints = {
    permitted: [{ dns: 'example.com' }, { dns: 'example.org' }],
    excluded: [{ dns: 'secret.example.com' }],
  };
  assert.equal(faultOf(constraints, [{ dns: 'vpn.example.com' }, { dns: 'vpn.example.org' }]), undefined);
  assert.equal(
    faultOf(constraints, [{ dns: 'vpn.example.com' }, { dns: 'vpn.example.net' }]),
    'vpn.example.net: permitted are only example.com, example.org',
  );
  assert.equal(
    faultOf(constraints, [{ dns: 'a.secret.example.com' }]),
    'a.secret.example.com: excluded is secret.example.com',
  );
});

test('a constraint of one form does not concern names of others', () => {
  assert.equal(
    faultOf({ permitted: [{ dns: 'example.com' }] }, [{ ip: '192.0.2.1' }, { email: 'a@example.org' }]),
    undefined,
  );
});

test('every name is judged, not just the first or the one that is looked for', () => {
  const names = [{ dns: 'vpn.example.com' }, { ip: '10.1.1.1' }, { ip: '192.0.2.1' }];
  assert.match(
    faultOf({ permitted: [{ ip: '10.0.0.0/8' }] }, names) ?? '',
    /^192\.0\.2\.1: permitted are only 10\.0\.0\.0\/8$/,
  );
});

test('the subject is judged as a name, and its mail address unless an alternative name is one', () => {
  assert.match(
    faultOf({ permitted: [{ dn: 'C=CH' }] }, [{ dns: 'x.example' }], 'CN=x,C=DE') ?? '',
    /^CN=x,C=DE:/,
  );
  const subject = 'emailAddress=a@example.org,CN=x';
  assert.match(
    faultOf({ permitted: [{ email: 'example.com' }] }, [{ dns: 'x.example' }], subject) ?? '',
    /^a@example\.org:/,
  );
  assert.equal(
    faultOf({ permitted: [{ email: 'example.com' }] }, [{ email: 'a@example.com' }], subject),
    undefined,
  );
});

test('a wildcard that could stand for an excluded host is stopped', () => {
  assert.match(
    faultOf({ excluded: [{ dns: 'vpn.example.com' }] }, [{ dns: '*.example.com' }]) ?? '',
    /excluded is vpn/,
  );
  assert.equal(faultOf({ excluded: [{ dns: 'a.vpn.example.com' }] }, [{ dns: '*.example.com' }]), undefined);
  assert.match(
    faultOf({ permitted: [{ dns: 'vpn.example.com' }] }, [{ dns: '*.example.com' }]) ?? '',
    /permitted/,
  );
});

test('names that cannot be compared are outside of what is permitted and inside of what is excluded', () => {
  for (const [base, name] of [
    [{ dns: 'example.com' }, { dns: 'vpn.example.com.' }],
    [{ dns: 'example.com' }, { dns: 'vpn..example.com' }],
    [{ dns: 'example.com' }, { dns: 'a b.example.com' }],
    [{ dns: 'example.com' }, { dns: 'v*.example.com' }],
    [{ dns: 'example.com.' }, { dns: 'vpn.example.com' }],
    [{ email: 'example.com' }, { email: 'example.com' }],
    [{ email: 'example.com' }, { email: '"a"@example.com' }],
    [{ email: 'example.com' }, { email: 'a@[192.0.2.1]' }],
    [{ uri: 'example.com' }, { uri: 'urn:example.com' }],
    [{ uri: 'example.com' }, { uri: 'https://192.0.2.1/' }],
    [{ uri: 'example.com' }, { uri: 'https://evil.org\\@example.com/' }],
  ] as const) {
    const what = JSON.stringify([base, name]);
    assert.match(faultOf({ permitted: [base] }, [name]) ?? '', /permitted are only/, what);
    assert.match(faultOf({ excluded: [base] }, [name]) ?? '', /excluded is/, what);
  }
});

test('a critical constraint of a form that we do not know stops everything', () => {
  assert.match(
    faultOf({ excluded: [{ upn: '@example.com' }] }, [{ dns: 'vpn.example.com' }]) ?? '',
    /does not know/,
  );
  assert.match(
    faultOf({ permitted: [{ upn: '@example.com' }] }, [{ dns: 'vpn.example.com' }]) ?? '',
    /does not know/,
  );
});

test('one that is not critical stops names of its form alone', () => {
  const constraints = { permitted: [{ upn: '@example.com' }], critical: false };
  assert.equal(faultOf(constraints, [{ dns: 'vpn.example.com' }]), undefined);
  assert.equal(faultOf(constraints, [{ raw: der(0x88, fromHex('2a03')) }]), undefined);
  assert.match(faultOf(constraints, [{ upn: 'alice@example.com' }]) ?? '', /permitted are only/);
  assert.match(faultOf({ excluded: [{ upn: 'x' }], critical: false }, [{ upn: 'a' }]) ?? '', /excluded is/);
});
