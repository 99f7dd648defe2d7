import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseProfile, type Profile } from '../../../core/contract/profile.ts';
import { CERTIFICATE, PRIVATE_KEY, profileWith } from './samples.ts';

function parsed(value: unknown): Profile {
  const result = parseProfile(value);
  assert.ok(result.ok, result.ok ? '' : result.error.join('\n'));
  return result.value;
}

function problems(value: unknown): readonly string[] {
  const result = parseProfile(value);
  assert.ok(!result.ok, 'the profile should not be accepted');
  return result.error;
}

const certificateUser = { method: 'certificate', certificate: CERTIFICATE, privateKey: PRIVATE_KEY };
const pskUser = { method: 'psk', identity: 'alice@example.com' };

test('the smallest profile gets every default', () => {
  assert.deepEqual(parsed(profileWith()), {
    version: 1,
    name: 'Office',
    gateway: {
      address: 'vpn.example.com',
      identity: 'vpn.example.com',
      ikePort: 500,
      natPort: 4500,
      authorities: 'system',
      alternatives: [],
    },
    user: { method: 'eap-mschapv2', username: 'alice', eapIdentity: 'alice' },
    ike: {},
    esp: {},
    tunnel: { remote: ['0.0.0.0/0', '::/0'], addresses: ['ipv4', 'ipv6'] },
    dns: { use: 'gateway' },
    liveness: { intervalSeconds: 30 },
    retransmit: { timeoutSeconds: 60 },
    reconnect: { enabled: true },
    onDemand: { enabled: false, idleSeconds: 300 },
    rekey: { childMinutes: 60, ikeMinutes: 240, pfs: true },
    mobike: true,
    fragmentation: { octets: 1280 },
    automatic: { connect: 'never', beacons: [], onTrusted: 'disconnect' },
  });
});

test('another gateway has an identity of its own, and the ports of the first', () => {
  const gateway = {
    address: 'vpn.example.com',
    identity: 'CN=vpn',
    natPort: 4501,
    alternatives: [
      { address: 'vpn2.example.com' },
      { address: '192.0.2.2', identity: 'b.example', ikePort: 501 },
    ],
  };
  assert.deepEqual(parsed(profileWith({ gateway })).gateway.alternatives, [
    { address: 'vpn2.example.com', identity: 'vpn2.example.com', ikePort: 500, natPort: 4501 },
    { address: '192.0.2.2', identity: 'b.example', ikePort: 501, natPort: 4501 },
  ]);
});

test('mistakes in another gateway are told with its place in the list', () => {
  const one = { address: 'a.example' };
  const gatewayWith = (...alternatives: unknown[]) => ({ gateway: { ...one, alternatives } });
  assert.deepEqual(problems(profileWith(gatewayWith(one, { adress: 'x', ikePort: 0 }))), [
    'gateway.alternatives[1].address: is missing; must be text',
    'gateway.alternatives[1].ikePort: must be at least 1, not 0',
    "gateway.alternatives[1].adress: is not a known key; did you mean 'address'?",
  ]);
  assert.deepEqual(problems(profileWith(gatewayWith({ ...one, ikePort: 4500 }))), [
    'gateway.alternatives[0].natPort: must differ from ikePort',
  ]);
  assert.deepEqual(problems(profileWith(gatewayWith({ ...one, identity: 'keyid:00' }))), [
    'gateway.alternatives[0].identity: cannot be a key id: no certificate can prove one; use a host name, an address or a DN',
  ]);
});

test('a time after which to give up needs something to give up', () => {
  assert.deepEqual(problems(profileWith({ reconnect: { enabled: false, giveUpAfterSeconds: 60 } })), [
    'reconnect.giveUpAfterSeconds: has no use with reconnect.enabled false, where nothing is tried',
  ]);
});

test('a profile that was completed is itself a profile and stays the same', () => {
  for (const user of [{ method: 'eap-mschapv2', username: 'alice' }, certificateUser, pskUser]) {
    const once = parsed(profileWith({ user }));
    assert.deepEqual(parsed(JSON.parse(JSON.stringify(once))), once);
  }
});

test('PEM may be one text, a list of its lines, or a list of whole texts', () => {
  const lines = CERTIFICATE.trim().split('\n');
  const gateway = { address: 'vpn.example.com' };
  assert.equal(
    parsed(profileWith({ gateway: { ...gateway, authorities: lines } })).gateway.authorities,
    CERTIFICATE.trim(),
  );
  assert.equal(
    parsed(profileWith({ gateway: { ...gateway, authorities: [CERTIFICATE, CERTIFICATE] } })).gateway
      .authorities,
    `${CERTIFICATE}\n${CERTIFICATE}`,
  );
  const { user } = parsed(profileWith({ user: { ...certificateUser, certificate: lines } }));
  assert.equal(user.method === 'certificate' && user.certificate, CERTIFICATE.trim());
});

test('every mistake is named, with its path, in one answer', () => {
  assert.deepEqual(
    problems({
      version: 2,
      nam: 'x',
      gateway: { adress: 'x', ikePort: '500', natPort: 70000, authorities: 'systm' },
      user: { method: 'eap' },
      tunnel: { remote: ['10.0.0.1/8', '10.0.0.1', '::1/129', 'x', 7], mtu: 1400.5, addresses: ['ipv5'] },
      liveness: { intervalSeconds: 1 },
      retransmit: 60,
      ike: { proposals: ['AES256'] },
      esp: { proposals: [] },
    }),
    [
      'version: must be 1, not 2',
      'name: is missing; must be text',
      'gateway.address: is missing; must be text',
      'gateway.ikePort: must be a number, not text',
      'gateway.natPort: must be at most 65535, not 70000',
      'gateway.authorities: must be "system", PEM text, or an array of PEM texts',
      "gateway.adress: is not a known key; did you mean 'address'?",
      "user.method: must be one of eap-mschapv2, eap-gtc, certificate, psk, not 'eap'",
      'ike.proposals[0]: must be lower-case algorithm words joined by hyphens, such as aes256gcm16-prfsha384-ecp384',
      'esp.proposals: must have at least 1 entry',
      "tunnel.remote[0]: '10.0.0.1/8' has bits set after its first 8; did you mean 10.0.0.0/8?",
      "tunnel.remote[1]: '10.0.0.1' has no length; for this one address write 10.0.0.1/32",
      "tunnel.remote[2]: '::1/129' has a length that is not between 0 and 128",
      "tunnel.remote[3]: 'x' is not a network like 10.0.0.0/8",
      'tunnel.remote[4]: must be text, not a number',
      "tunnel.addresses[0]: must be one of ipv4, ipv6, not 'ipv5'",
      'tunnel.mtu: must be a whole number, not a fraction',
      'liveness.intervalSeconds: must be at least 5, not 1',
      'retransmit: must be an object {...}, not a number',
      "nam: is not a known key; did you mean 'name'?",
    ],
  );
});

test('something that is no object at all is named as that', () => {
  assert.deepEqual(problems(null), ['profile: must be an object {...}, not null']);
  assert.deepEqual(problems([]), ['profile: must be an object {...}, not a list']);
  assert.deepEqual(problems('x'), ['profile: must be an object {...}, not text']);
});

test('a known key in the wrong place is told where it belongs', () => {
  assert.deepEqual(problems(profileWith({ mtu: 1400 })), [
    'mtu: is not a known key here; it belongs in tunnel',
  ]);
  assert.deepEqual(problems(profileWith({ tunnel: { name: 'x' } })), [
    'tunnel.name: is not a known key here; it belongs in the profile itself',
  ]);
  assert.deepEqual(problems(profileWith({ user: { ...pskUser, username: 'alice' } })), [
    'user.username: is not used with method psk',
  ]);
  assert.match(
    problems(profileWith({ 'a:\u001b': 1 })).join(),
    /^\["a:\?"\]: is not a known key; known here: version,/,
  );
  assert.deepEqual(problems(profileWith({ liveness: { qqqqqq: 1 } })), [
    'liveness.qqqqqq: is not a known key; known here: intervalSeconds',
  ]);
});

test('a key named __proto__ is an unknown key and changes nothing', () => {
  const value: unknown = JSON.parse(JSON.stringify(profileWith()).replace('{', '{"__proto__":{"name":"x"},'));
  assert.equal(problems(value).length, 1);
  assert.match(problems(value)[0] ?? '', /^__proto__: is not a known key/);
});

test('a secret in a profile is refused without being repeated', () => {
  const secret = 'hunter2-hunter2';
  const answers = [
    ...problems(
      profileWith({ user: { method: 'eap-mschapv2', username: 'alice', password: secret }, psk: secret }),
    ),
    ...problems(profileWith({ user: { ...certificateUser, privateKey: secret, passphrase: secret } })),
    ...problems(profileWith({ user: { ...certificateUser, certificate: PRIVATE_KEY } })),
    ...problems(profileWith({ user: { ...certificateUser, privateKey: [secret, 1] } })),
  ];
  assert.equal(answers.length, 6);
  assert.match(answers[0] ?? '', /^user\.password: a profile holds no secret; it is asked for/);
  for (const answer of answers) {
    assert.ok(!answer.includes(secret), answer);
    assert.ok(!answer.includes('MC4C'), answer);
  }
});

test('certificates and keys in each other’s place are noticed', () => {
  assert.deepEqual(
    problems(
      profileWith({ user: { ...certificateUser, certificate: PRIVATE_KEY, privateKey: CERTIFICATE } }),
    ),
    [
      'user.certificate: holds a private key; certificates alone belong here',
      'user.privateKey: holds a certificate; the private key alone belongs here',
    ],
  );
  assert.deepEqual(problems(profileWith({ user: { method: 'certificate' } })), [
    'user.certificate: is missing; must be PEM text, or an array of its lines',
    'user.privateKey: is missing; must be PEM text, or an array of its lines',
  ]);
  assert.deepEqual(problems(profileWith({ gateway: { address: 'a.example', authorities: PRIVATE_KEY } })), [
    'gateway.authorities: holds a private key; certificates alone belong here',
  ]);
});

test('line breaks and other control characters are refused in names', () => {
  assert.deepEqual(
    problems(profileWith({ user: { method: 'eap-mschapv2', username: 'alice\npassword x' } })),
    ['user.username: must not contain control characters'],
  );
  assert.deepEqual(problems(profileWith({ name: 'Office\u001b[2J' })), [
    'name: must not contain control characters',
  ]);
  assert.deepEqual(problems(profileWith({ name: '  ' })), ['name: must not be empty']);
  assert.deepEqual(problems(profileWith({ name: 'x'.repeat(101) })), [
    'name: must be at most 100 characters long',
  ]);
});

test('a gateway address with a scheme, port or path is refused', () => {
  for (const address of [
    'https://vpn.example.com',
    'vpn.example.com:500',
    'vpn.example.com/x',
    '10.0.0.256',
  ]) {
    assert.deepEqual(problems(profileWith({ gateway: { address } })), [
      'gateway.address: must be a host name or an IP address, without a scheme, port or path',
    ]);
  }
  for (const address of ['192.0.2.1', '2001:db8::1', 'vpn', 'xn--bro-hoa.example']) {
    assert.equal(parsed(profileWith({ gateway: { address } })).gateway.identity, address);
  }
});

test('a gateway identity has a form that a certificate can carry', () => {
  for (const identity of ['vpn.example.com', '192.0.2.1', 'gw@example.com', 'CN=gw, O=Example', 'fqdn:a_b']) {
    assert.equal(
      parsed(profileWith({ gateway: { address: 'a.example', identity } })).gateway.identity,
      identity,
    );
  }
  assert.match(
    problems(profileWith({ gateway: { address: 'a.example', identity: 'a b' } })).join(),
    /host name/,
  );
  const keyId = { gateway: { address: 'a.example', identity: 'keyid:00ff' } };
  assert.match(problems(profileWith(keyId)).join(), /gateway\.identity: cannot be a key id/);
  assert.equal(parsed(profileWith({ ...keyId, user: pskUser })).gateway.identity, 'keyid:00ff');
});

test('fields that contradict each other are refused', () => {
  assert.match(problems(profileWith({ tunnel: { mtu: 1200 } })).join(), /tunnel\.mtu: must be at least 1280/);
  assert.equal(parsed(profileWith({ tunnel: { mtu: 1200, addresses: ['ipv4'] } })).tunnel.mtu, 1200);
  assert.match(
    problems(profileWith({ gateway: { address: 'a.example', ikePort: 4500 } })).join(),
    /gateway\.natPort: must differ from ikePort/,
  );
  assert.match(
    problems(
      profileWith({ gateway: { address: 'a.example', authorities: CERTIFICATE }, user: pskUser }),
    ).join(),
    /gateway\.authorities: has no use with user\.method psk/,
  );
  assert.deepEqual(problems(profileWith({ tunnel: { addresses: ['ipv4', 'ipv4'] } })), [
    'tunnel.addresses: names a family twice',
  ]);
  assert.deepEqual(problems(profileWith({ dns: { use: 'none', servers: ['10.0.0.53'] } })), [
    'dns.servers: has no use with dns.use none, where nothing is changed about names',
  ]);
});

test('name servers are addresses, and domains are names of hosts', () => {
  const dns = {
    servers: ['ns.example'],
    domains: ['.corp.example'],
    searchDomains: ['a b\nnameserver 6.6.6.6'],
  };
  assert.deepEqual(problems(profileWith({ dns })), [
    'dns.servers[0]: must be an IP address',
    'dns.domains[0]: must be a domain like corp.example.com, without a dot in front',
    'dns.searchDomains[0]: must not contain control characters',
    'dns.searchDomains[0]: must be a domain like corp.example.com, without a dot in front',
  ]);
});
