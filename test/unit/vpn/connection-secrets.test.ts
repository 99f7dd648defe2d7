import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { toHex, utf8 } from '../../../core/lib/bytes.ts';
import { proves } from '../../conformance/tag.ts';
import { Rig, type RigMethod, type RigOptions } from '../../support/connection-rig.ts';
import { PASSWORD, PSK } from '../../support/gateway/index.ts';
import { issue, makeCa } from '../../support/pki-factory.ts';
import { watchSecrets } from '../../support/used-secrets.ts';
import { packet } from '../net/packets.ts';

const METHODS: readonly RigMethod[] = ['password', 'psk'];
const OUT = packet({ source: '10.9.0.2', destination: '10.1.0.5' });

/** Every secret that anybody on the client's side looked into, the gateway's own key exchange among them. */
const used = watchSecrets();
beforeEach(() => used.clear());

/** All keys that the gateway had for this connection, and what the person gave, as octets. */
function secretsOf(rig: Rig, method: RigMethod): Uint8Array[] {
  const keys = rig.office.made.gateway.sas.flatMap((sa) => [
    ...(Object.values(sa.keys) as Uint8Array[]),
    ...sa.children.flatMap(({ spec }) => [spec.keyIn, spec.keyOut]),
  ]);
  return [...keys.filter(({ length }) => length > 0), utf8(method === 'psk' ? PSK : PASSWORD)];
}

/** In every form in which somebody might write it. */
function formsOf(secret: Uint8Array): string[] {
  const buffer = Buffer.from(secret);
  return [
    toHex(secret),
    toHex(secret).toUpperCase(),
    buffer.toString('base64'),
    buffer.toString('base64url'),
    buffer.toString('utf8'),
    JSON.stringify([...secret]).slice(1, -1),
  ];
}

function assertTellsNone(rig: Rig, secrets: readonly Uint8Array[]): void {
  const told = JSON.stringify([rig.events, rig.laptop.log]);
  for (const form of secrets.flatMap(formsOf)) assert.ok(!told.includes(form), form);
}

describe('nothing that is told has a secret in it', () => {
  for (const method of METHODS) {
    test(`when a connection by ${method} comes and goes`, async () => {
      const rig = await new Rig({ method }).connected();
      const secrets = secretsOf(rig, method);
      assert.ok(secrets.length > 6);
      rig.laptop.tun.enter(OUT);
      await rig.advance(5_000);
      void rig.connection.stop();
      await rig.settle();
      assert.ok(rig.laptop.log.length > 4, 'there was a log');
      assertTellsNone(rig, secrets);
    });
  }

  const failing: readonly (readonly [what: string, options: RigOptions])[] = [
    ['the password is wrong', { gateway: { users: {} } }],
    ['the gateway refuses', { gateway: { faults: { authNotify: 24 } } }],
    ['the pre-shared keys differ', { method: 'psk', gateway: { psk: utf8('another') } }],
    ['the gateway does not prove itself', { gateway: { faults: { finalAuth: 'flipped' } } }],
    ['the key log cannot be written', { keyLog: () => assert.fail('full') }],
  ];
  for (const [what, options] of failing) {
    test(`when ${what}`, async () => {
      const rig = new Rig(options);
      await rig.start().settle();
      const secrets = secretsOf(rig, options.method ?? 'password');
      await rig.advance(5_000);
      assert.ok(rig.failureCode);
      assertTellsNone(rig, secrets);
    });
  }
});

describe('secrets are gone after use', () => {
  for (const method of METHODS) {
    test(`what a person gave (${method}) is wiped once the gateway has let us in`, async () => {
      const rig = await new Rig({ method }).connected();
      assert.equal(rig.credentials.given.length, 1);
      assert.ok(rig.credentials.forgotten);
      const copies = [...used].filter(({ length, wiped }) => length === PSK.length && !wiped);
      assert.equal(copies.length, 0);
    });
  }

  const ends: readonly (readonly [how: string, options: RigOptions, end: (rig: Rig) => void])[] = [
    ['a stop', {}, (rig) => void rig.connection.stop()],
    ['a stop at once', {}, (rig) => void rig.connection.stop('at-once')],
    [
      'a gateway that vanished',
      { profile: { reconnect: { enabled: false } } },
      (rig) => rig.office.made.gateway.setSilent(true),
    ],
    ['a refusal', { gateway: { faults: { authNotify: 24 } } }, () => undefined],
    ['a silence', { gateway: { faults: { silentAfter: 'init' } } }, () => undefined],
    ['a gateway without addresses', { gateway: { faults: { cp: 'omit' } } }, () => undefined],
    ['a missing route', {}, (rig) => (rig.laptop.unreachable = [rig.office.address])],
  ];
  for (const method of METHODS) {
    for (const [how, options, end] of ends) {
      test(
        `after ${how} (${method}) no key and no secret is left`,
        proves('RFC7296-2.12-1', 'does'),
        async () => {
          const rig = new Rig({ ...options, method });
          if (how === 'a missing route') end(rig);
          await rig.start().settle();
          end(rig);
          await rig.advance(200_000);
          assert.ok(rig.outcome);
          assert.ok(rig.credentials.forgotten);
          // Of two computations of g^ir one is the gateway's own.
          const ofClient = [...used].filter(({ wiped }) => !wiped);
          assert.ok(ofClient.length <= 1, `${ofClient.length} are left`);
        },
      );
    }
  }

  test('the passphrase of a private key is wiped when the key is open', async () => {
    const authority = makeCa({ name: 'Users', key: 'p256' });
    const { pem, key } = issue(authority, { subject: 'CN=alice', key: 'p256' });
    const privateKey = key.export({
      format: 'pem',
      type: 'pkcs8',
      cipher: 'aes-256-cbc',
      passphrase: 'open sesame',
    });
    const rig = new Rig({
      secret: 'open sesame',
      gateway: { anchors: [authority.der] },
      profile: { user: { method: 'certificate', certificate: pem, privateKey } },
    });
    rig.office.made.gateway.setSilent(true);
    await rig.start().settle();
    assert.deepEqual(rig.credentials.questions, [{ what: 'passphrase', rejected: false }]);
    assert.ok(rig.credentials.forgotten, 'before the gateway has said a word');
    rig.office.made.gateway.setSilent(false);
    await rig.advance(1_000);
    assert.ok(rig.event('connected'));
    assertTellsNone(rig, [utf8('open sesame')]);
  });
});

describe('the key log', () => {
  test('gets the lines of the IKE SA and of both halves of the Child SA', async () => {
    const lines: string[] = [];
    const rig = await new Rig({ keyLog: (line) => lines.push(line) }).connected();
    const [sa] = rig.office.made.gateway.sas;
    assert.ok(sa?.children[0]);
    const { keyIn, keyOut } = sa.children[0].spec;
    assert.deepEqual(
      lines.map((line) => line.split(' ')[0]),
      ['ikev2_decryption_table', 'esp_sa', 'esp_sa'],
    );
    assert.ok(lines[0]?.includes(toHex(sa.keys.ei)) && lines[0].includes(toHex(sa.keys.er)));
    assert.ok(lines[1]?.includes(toHex(keyOut)));
    assert.ok(lines[2]?.includes(toHex(keyIn)));
    assertTellsNone(rig, secretsOf(rig, 'password'));
  });

  test('is not written to for a tunnel that never carries anything', async () => {
    const lines: string[] = [];
    const rig = new Rig({ keyLog: (line) => lines.push(line) });
    const applied = Promise.withResolvers<undefined>();
    rig.laptop.routes.applying = applied.promise;
    await rig.start().settle();
    void rig.connection.stop();
    applied.resolve(undefined);
    await rig.settle();
    assert.deepEqual(
      lines.map((line) => line.split(' ')[0]),
      ['ikev2_decryption_table'],
    );
  });
});
