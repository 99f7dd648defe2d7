import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseProfile, type Profile } from '../../../core/contract/profile.ts';
import type { IkeConfig } from '../../../core/ike/config.ts';
import type { Failure } from '../../../core/lib/failure.ts';
import type { Result } from '../../../core/lib/result.ts';
import { SecretBytes } from '../../../core/lib/secret.ts';
import { utf8Text } from '../../../core/lib/bytes.ts';
import { formatSelector } from '../../../core/net/selector.ts';
import {
  configFor,
  type PreparedConfig,
  prepareIkeConfig,
  type Secrets,
  settingsOf,
} from '../../../core/vpn/ike-config.ts';
import { IdType } from '../../../core/wire/constants.ts';
import { proves } from '../../conformance/tag.ts';
import { address } from '../../support/gateway/index.ts';
import { issue, makeCa } from '../../support/pki-factory.ts';
import { profileWith } from '../contract/samples.ts';

const HERE = address('203.0.113.1');
const NOW = Date.parse('2026-08-01T00:00:00Z');
const ca = makeCa({ name: 'Authority', key: 'p256' });
const alice = issue(ca, { subject: 'CN=alice', key: 'p256' });

function profile(changes: Readonly<Record<string, unknown>> = {}): Profile {
  const parsed = parseProfile(profileWith(changes));
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.value;
}

function prepare(
  changes: Readonly<Record<string, unknown>> = {},
  secrets: Secrets = {},
): Result<PreparedConfig, Failure> {
  const systemAnchors = (): readonly Uint8Array[] => [ca.der];
  return prepareIkeConfig(profile(changes), { secrets, systemAnchors, keyLog: false, now: NOW });
}

function prepared(...input: Parameters<typeof prepare>): PreparedConfig {
  const config = prepare(...input);
  assert.ok(config.ok, JSON.stringify(config));
  return config.value;
}

/** What the first session with the first gateway is configured with. */
function session(...input: Parameters<typeof prepare>): IkeConfig {
  return configFor(prepared(...input), { gateway: 0, address: HERE }, { urgent: false });
}

const psk = { user: { method: 'psk', identity: 'alice@example.com' } };

function sharedSecret(typed: string): Uint8Array {
  const { userAuth } = session(psk, { password: SecretBytes.ofText(typed) });
  assert.ok(userAuth.kind === 'psk');
  return userAuth.secret.reveal();
}

describe('a pre-shared key', () => {
  test(
    'is what was typed, without a terminator, of 64 characters and more',
    proves(['RFC7296-2.15-1', 'does'], ['RFC7296-2.15-2', 'does']),
    () => {
      for (const typed of [
        'short',
        'x'.repeat(64),
        'y'.repeat(500),
        ' spaces count ',
        '0x',
        '0xabc',
        '0xzz',
      ]) {
        assert.equal(utf8Text(sharedSecret(typed)), typed);
      }
    },
  );

  test('may be given in hexadecimal behind 0x', proves('RFC7296-2.15-3', 'does'), () => {
    assert.deepEqual(sharedSecret('0x00ff10AB'), Uint8Array.of(0x00, 0xff, 0x10, 0xab));
  });

  test('serves both ways, in memory of its own', () => {
    const password = SecretBytes.ofText('secret');
    const { userAuth, gatewayAuth } = session(psk, { password });
    password.wipe();
    assert.ok(userAuth.kind === 'psk' && gatewayAuth.kind === 'psk');
    assert.equal(utf8Text(gatewayAuth.secret.reveal()), 'secret');
    assert.equal(userAuth.secret, gatewayAuth.secret);
  });

  test('that is missing is said to be', () => {
    const missing = prepare(psk);
    assert.equal(!missing.ok && missing.error.code, 'config.credential-missing');
  });
});

describe('what a profile leaves open', () => {
  test('is filled with the defaults', () => {
    const config = session();
    assert.equal(config.gatewayNatPort, 4500);
    assert.equal(config.ikeOffers.length, 2);
    assert.deepEqual(config.remoteId, { idType: IdType.FQDN, data: config.remoteId.data });
    assert.equal(utf8Text(config.remoteId.data), 'vpn.example.com');
    assert.equal(utf8Text(config.localId.data), 'alice');
    assert.ok(config.gatewayAuth.kind === 'certificate');
    assert.deepEqual(config.gatewayAuth.anchors, [ca.der]);
    assert.deepEqual(config.userAuth, { kind: 'eap', identity: 'alice', username: 'alice' });
  });

  test('is asked of the profile first', proves('RFC7296-3.3.4-4', 'does'), () => {
    const config = session({
      gateway: { address: 'vpn.example.com', natPort: 14_500, authorities: ca.pem },
      ike: { proposals: ['aes256gcm16-prfsha384-ecp384'] },
      esp: { proposals: ['aes128gcm16-noesn'] },
      tunnel: { remote: ['10.0.0.0/8'], addresses: ['ipv4'] },
      retransmit: { timeoutSeconds: 60 },
      liveness: { intervalSeconds: 45 },
      rekey: { childMinutes: 30, ikeMinutes: 120, pfs: false },
      mobike: false,
      fragmentation: { octets: 1400 },
    });
    assert.equal(config.gatewayNatPort, 14_500);
    assert.deepEqual(config.ikeOffers, [
      { encr: [{ id: 20, keyBits: 256 }], integ: [], prf: [6], groups: [20], esn: [] },
    ]);
    assert.deepEqual(config.espOffers, [
      { encr: [{ id: 20, keyBits: 128 }], integ: [], prf: [], groups: [], esn: [0] },
    ]);
    assert.deepEqual(config.remoteSelectors.map(formatSelector), ['10.0.0.0/8']);
    assert.deepEqual(config.addressFamilies, [4]);
    assert.equal(config.retransmit.patienceMs, 60_000);
    assert.equal(config.livenessMs, 45_000);
    assert.deepEqual(config.rekey, { childMs: 1_800_000, ikeMs: 7_200_000, jitter: 0.1, pfs: false });
    assert.equal(config.mobike, false);
    assert.equal(config.fragmentOctets, 1400);
  });

  test('but the address comes last, with the port of the profile', () => {
    const { gateway } = session({ gateway: { address: 'vpn.example.com', ikePort: 5_500 } });
    assert.deepEqual(gateway, { address: HERE, port: 5_500 });
  });
});

describe('one of several gateways', () => {
  const gateway = {
    address: 'a.example.com',
    alternatives: [{ address: 'b.example.com', natPort: 14_500 }],
  };

  test('has to prove its own identity, at its own ports', () => {
    const two = prepared({ gateway });
    const config = configFor(two, { gateway: 1, address: HERE }, { urgent: false });
    assert.equal(utf8Text(config.remoteId.data), 'b.example.com');
    assert.ok(config.gatewayAuth.kind === 'certificate');
    assert.deepEqual(config.gatewayAuth.identity, { type: 'fqdn', value: 'b.example.com' });
    assert.deepEqual([config.gateway.port, config.gatewayNatPort], [500, 14_500]);
  });

  test(
    'keeps its identity wherever it sends us, and the next one is told who that was',
    proves(['RFC5685-3-x7', 'does'], ['RFC5685-3-x8', 'refuses']),
    () => {
      const target = { gateway: 1, address: address('198.51.100.7'), redirectedFrom: HERE };
      const config = configFor(prepared({ gateway }), target, { urgent: false });
      assert.equal(utf8Text(config.remoteId.data), 'b.example.com');
      assert.deepEqual(config.redirectedFrom, HERE);
    },
  );

  test('is asked more often when it was there before', () => {
    const target = { gateway: 0, address: HERE };
    const patient = configFor(prepared(), target, { urgent: false }).retransmit;
    const urgent = configFor(prepared(), target, { urgent: true }).retransmit;
    assert.ok(urgent.maxMs <= 3_000 && urgent.maxMs < patient.maxMs);
    assert.equal(urgent.patienceMs, patient.patienceMs);
  });

  test('stands in the settings of the connection in its order', () => {
    const settings = settingsOf(profile({ gateway, reconnect: { giveUpAfterSeconds: 90 } }));
    assert.deepEqual(settings.gateways, ['a.example.com', 'b.example.com']);
    assert.deepEqual([settings.reconnect, settings.giveUpAfterMs], [true, 90_000]);
    assert.equal(settingsOf(profile({ reconnect: { enabled: false } })).reconnect, false);
  });
});

test('a user with a certificate goes by its subject unless the profile says otherwise', () => {
  const user = { method: 'certificate', certificate: alice.pem, privateKey: alice.keyPem };
  assert.equal(session({ user }).localId.idType, IdType.DER_ASN1_DN);
  const named = session({ user: { ...user, identity: 'alice@example.com' } });
  assert.equal(named.localId.idType, IdType.RFC822_ADDR);
});

test('a proposal that cannot be understood is named with its place', () => {
  const problem = prepare({ ike: { proposals: ['aes256gcm16-prfsha256-x25519', 'aes256gcm16'] } });
  assert.ok(!problem.ok);
  assert.equal(problem.error.code, 'config.profile-invalid');
  assert.match(String(problem.error.context['problems']), /^ike\.proposals: "aes256gcm16" names no PRF/);
});
