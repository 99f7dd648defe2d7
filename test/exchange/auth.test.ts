import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { utf8 } from '../../core/lib/bytes.ts';
import { SecretBytes } from '../../core/lib/secret.ts';
import { firstOf } from '../../core/ike/payloads.ts';
import { AuthMethod, CfgAttr, CfgType, ExchangeType, IdType, Notify } from '../../core/wire/constants.ts';
import { notify } from '../../core/wire/payloads/notify.ts';
import type { Message } from '../../core/wire/message.ts';
import { proves } from '../conformance/tag.ts';
import { type Faults, GATEWAY_NAME } from '../support/gateway/index.ts';
import { type LoginMethod, Pair } from '../support/pair.ts';

function connected(faults: Faults, method: LoginMethod = 'eap'): Pair {
  return new Pair({ method, gateway: { faults } }).connect().settle();
}

/** The IKE_AUTH requests as the gateway opened them. */
const authRequests = (pair: Pair): Message[] =>
  pair.requests.filter(({ exchange }) => exchange === ExchangeType.IKE_AUTH);

/** Notifies announce what we also speak: other tests are about them. */
const kindsOf = ({ payloads }: Message): string[] =>
  payloads.map(({ kind }) => kind).filter((kind) => kind !== 'N');

describe('IKE_AUTH', () => {
  for (const method of ['eap', 'certificate', 'psk'] as const) {
    test(
      `logs in by ${method}, and both sides hold the same keys and selectors`,
      proves(
        ['RFC7296-1.2-1', 'does'],
        ['RFC7296-1.2-3', 'does'],
        ['RFC7296-1-1', 'does'],
        ['RFC7296-2.14-x2', 'does'],
        ['RFC7296-2.14-x5', 'does'],
        ['RFC7296-2.17-1', 'does'],
        ['RFC7296-2.17-2', 'does'],
        ['RFC7296-2.17-x1', 'does'],
        ['RFC7296-2.15-x1', 'does'],
        ['RFC7296-2.15-x2', 'does'],
        ['RFC7296-2.15-x8', 'does'],
        ['RFC7296-4-5', 'does'],
        ['RFC7296-1.2-x3', 'does'],
        ['RFC7296-1.2-4', 'does'],
      ),
      () => {
        const pair = new Pair({ method }).connect().settle();
        const ours = pair.event('established')?.child;
        const theirs = pair.gatewayEvents.find((event) => event.kind === 'child-added')?.child;
        assert.ok(ours && theirs);
        assert.equal(ours.spiIn, theirs.spiOut);
        assert.equal(ours.spiOut, theirs.spiIn);
        assert.deepEqual(ours.encrIn.reveal(), theirs.keyOut);
        assert.deepEqual(ours.encrOut.reveal(), theirs.keyIn);
        assert.notDeepEqual(ours.encrIn.reveal(), ours.encrOut.reveal());
        assert.deepEqual(ours.local, theirs.remote);
        assert.deepEqual(ours.remote, theirs.local);
        assert.deepEqual(
          pair.gatewayEvents.filter(({ kind }) => kind === 'violation'),
          [],
        );
      },
    );
  }

  test(
    'the first request of a login by EAP has no AUTH, asks for an address, and has no group in its SA',
    proves(
      ['RFC7296-2.16-x3', 'does'],
      ['RFC7296-2.19-1', 'does'],
      ['RFC7296-2.19-4', 'does'],
      ['RFC7296-2.19-x1', 'does'],
      ['RFC7296-2.19-x2', 'does'],
      ['RFC7296-4-x4', 'does'],
      ['RFC7296-2.9-x5', 'does'],
      ['RFC7296-2.4-14', 'does'],
      ['RFC7296-3.4-3', 'does'],
    ),
    () => {
      const [first, ...later] = authRequests(new Pair().connect().settle());
      assert.ok(first);
      assert.deepEqual(kindsOf(first), ['IDi', 'CERTREQ', 'IDr', 'CP', 'SA', 'TSi', 'TSr']);
      const cp = firstOf(first.payloads, 'CP');
      assert.equal(cp?.cfgType, CfgType.REQUEST);
      assert.ok(cp.attributes.some(({ type }) => type === CfgAttr.INTERNAL_IP4_ADDRESS));
      assert.ok(cp.attributes.some(({ type }) => type === CfgAttr.INTERNAL_IP6_ADDRESS));
      for (const { transforms } of firstOf(first.payloads, 'SA')?.proposals ?? []) {
        assert.ok(transforms.every(({ type }) => type !== 4));
      }
      assert.deepEqual(
        later.flatMap(kindsOf).filter((kind) => kind !== 'EAP'),
        ['AUTH'],
      );
    },
  );

  test(
    'message ids count up from one, and the last message alone has AUTH',
    proves(['RFC7296-2.2-x2', 'does'], ['RFC7296-2.16-13', 'does'], ['RFC7296-2.16-6', 'does']),
    () => {
      const requests = authRequests(new Pair().connect().settle());
      assert.deepEqual(
        requests.map(({ messageId }) => messageId),
        requests.map((_, index) => index + 1),
      );
      assert.deepEqual(kindsOf(requests.at(-1)!), ['AUTH']);
    },
  );

  test(
    'a login by certificate sends the certificate of the signing key first',
    proves(['RFC7296-1.2-2', 'does'], ['RFC7296-2.15-x6', 'does']),
    () => {
      const [first] = authRequests(new Pair({ method: 'certificate' }).connect().settle());
      assert.deepEqual(kindsOf(first!), ['IDi', 'CERT', 'CERTREQ', 'IDr', 'AUTH', 'CP', 'SA', 'TSi', 'TSr']);
      assert.equal(firstOf(first!.payloads, 'AUTH')?.method, AuthMethod.DIGITAL_SIGNATURE);
    },
  );

  test(
    'AUTH covers the last IKE_SA_INIT request, after a cookie and another group',
    proves(['RFC7296-2.15-x3', 'does']),
    () => {
      for (const method of ['eap', 'certificate', 'psk'] as const) {
        const pair = new Pair({ method, gateway: { cookies: true, ike: { groups: [19] } } })
          .connect()
          .settle();
        assert.ok(pair.event('established'), method);
      }
    },
  );

  test('what is assigned is what the gateway said', () => {
    const config = new Pair().connect().settle().event('established')?.config;
    assert.equal(config?.addresses.length, 2);
    assert.deepEqual(config.addresses.map(({ length }) => length).sort(), [128, 32]);
    assert.deepEqual(config.searchDomains, ['corp.example.com']);
    assert.equal(config.dnsServers.length, 2);
    assert.equal(config.subnets.length, 2);
  });

  test(
    'unknown status notifies, vendor ids and unknown payloads that are not critical change nothing',
    proves(
      ['RFC7296-2.5-8', 'does'],
      ['RFC7296-2.5-11', 'does'],
      ['RFC7296-4-x1', 'does'],
      ['RFC7296-3.12-4', 'does'],
    ),
    () => {
      const data = new Uint8Array(8);
      const payloads = [
        notify(55555, data),
        { kind: 'V', data } as const,
        { kind: 'unknown', type: 200, critical: false, data } as const,
      ];
      for (const first of [true, false]) {
        const add = (['init', 'auth', 'eap', 'final'] as const).map((at) => ({ at, payloads, first }));
        assert.ok(connected({ add }).event('established'), String(first));
      }
    },
  );

  test(
    'an unknown critical payload in a response ends the attempt',
    proves(['RFC7296-2.5-9', 'does'], ['RFC7296-4-x2', 'does']),
    () => {
      const payloads = [{ kind: 'unknown', type: 200, critical: true, data: new Uint8Array(4) } as const];
      const pair = connected({
        add: [{ at: 'auth', payloads }],
      });
      assert.equal(pair.event('established'), undefined);
    },
  );
});

describe('the gateway proves itself first', () => {
  for (const auth of ['flipped', 'other-octets', 'empty', 'truncated'] as const) {
    for (const method of ['eap', 'psk'] as const) {
      test(
        `a wrong AUTH (${auth}) is refused before any credential leaves, ${method}`,
        proves(['RFC7296-1.2-3', 'refuses'], ['RFC7296-2.15-x2', 'refuses'], ['RFC7296-2.15-x6', 'refuses']),
        () => {
          const pair = connected({ auth }, method).advance(5_000);
          assert.match(
            pair.failureCode ?? '',
            method === 'psk' ? /psk-mismatch|malformed/ : /gateway-signature|malformed/,
          );
          assert.equal(pair.event('need'), undefined);
          assert.equal(pair.event('established'), undefined);
        },
      );
    }
  }

  for (const method of ['eap', 'certificate', 'psk'] as const) {
    test(
      `an IKE_SA_INIT response that was changed on the way is found out then, ${method}`,
      proves(['RFC7296-2.15-x3', 'refuses'], ['RFC7296-2.15-x2', 'refuses']),
      () => {
        const pair = new Pair({ method }).connect().stepToGateway();
        const [response] = pair.toClient.splice(0);
        // The end of it: data of a notify, on which no key depends.
        const octets = response!.octets.map((octet, i) =>
          i === response!.octets.length - 1 ? octet ^ 1 : octet,
        );
        pair.giveClient({ ...response!, octets }).settle();
        assert.match(pair.failureCode ?? '', method === 'psk' ? /psk-mismatch/ : /gateway-signature/);
        assert.equal(pair.event('need'), undefined);
      },
    );

    test(
      `an IKE_SA_INIT request that was changed on the way is found out by the gateway, ${method}`,
      proves('RFC7296-2.15-x1', 'refuses'),
      () => {
        const pair = new Pair({ method }).connect();
        const [request] = pair.toGateway.splice(0);
        const payload = request!.payload.map((octet, i) =>
          i === request!.payload.length - 1 ? octet ^ 1 : octet,
        );
        pair.giveGateway({ ...request!, payload }).settle();
        assert.equal(pair.event('established'), undefined);
        assert.match(pair.failureCode ?? '', /^auth\./);
      },
    );
  }

  test('a gateway without a certificate payload is refused', () => {
    assert.equal(connected({ omitAuth: ['CERT'] }).failureCode, 'auth.gateway-no-certificate');
  });

  test(
    'EAP before the gateway proved itself is refused',
    proves(['RFC7296-2.16-11', 'refuses'], ['RFC7296-5-x1', 'refuses']),
    () => {
      const pair = connected({ omitAuth: ['AUTH'] }).advance(5_000);
      assert.match(pair.failureCode ?? '', /eap-server-unproved|malformed/);
      assert.equal(pair.event('need'), undefined);
    },
  );

  test(
    'a PSK in place of the certificate is refused, even a right one',
    proves('RFC7296-2.16-11', 'refuses'),
    () => {
      const pair = new Pair({ gateway: { credentials: { kind: 'psk' } } }).connect().settle();
      assert.equal(pair.failureCode, 'auth.gateway-wrong-method');
      assert.equal(pair.event('need'), undefined);
    },
  );

  test('a certificate in place of the PSK is refused', () => {
    const { credentials } = new Pair().made.gateway.config;
    const pair = new Pair({ method: 'psk', gateway: { credentials } }).connect().settle();
    assert.equal(pair.failureCode, 'auth.gateway-wrong-method');
  });

  test('an identity that is not in its certificate is refused', proves('RFC7296-1.2-4', 'refuses'), () => {
    const other = { idType: IdType.FQDN, data: utf8('other.example.com') };
    assert.equal(connected({ identity: other }).failureCode, 'auth.gateway-wrong-identity');
    assert.equal(connected({ identity: other }, 'psk').failureCode, 'auth.gateway-wrong-identity');
  });

  test('a certificate for another name is refused, and says for which', () => {
    const pair = new Pair();
    const config = gatewayNamed(pair, 'intranet.example.com');
    const other = new Pair({ client: { gatewayAuth: config } }).connect().settle();
    assert.equal(other.failureCode, 'auth.gateway-wrong-name');
    assert.deepEqual(other.event('closed')?.failure?.context['found'], [GATEWAY_NAME]);
  });

  test(
    'the gateway hears that it was refused',
    proves(['RFC7296-2.21-x4', 'does'], ['RFC7296-2.21.2-x4', 'does']),
    () => {
      const pair = connected({ auth: 'flipped' });
      assert.ok(
        pair.gatewayEvents.some(
          (event) => event.kind === 'client-notify' && event.notify === Notify.AUTHENTICATION_FAILED,
        ),
      );
      assert.ok(pair.session.closed);
    },
  );
});

function gatewayNamed(pair: Pair, name: string) {
  return {
    kind: 'certificate',
    anchors: [pair.made.ca.der],
    identity: { type: 'fqdn', value: name },
  } as const;
}

describe('the user is refused', () => {
  for (const [method, code] of [
    ['eap', 'auth.rejected'],
    ['certificate', 'auth.our-certificate-refused'],
    ['psk', 'auth.psk-mismatch'],
  ] as const) {
    test(`AUTHENTICATION_FAILED means ${code} for ${method}`, () => {
      const pair = connected({ authNotify: Notify.AUTHENTICATION_FAILED }, method);
      assert.equal(pair.failureCode, code);
      assert.equal(pair.toGateway.length, 0, 'no SA is left to say anything on');
    });
  }

  test(
    'a wrong pre-shared key is found by whoever sees it first',
    proves('RFC7296-2.15-x4', 'refuses'),
    () => {
      const secret = new SecretBytes(utf8('another secret'));
      const pair = new Pair({ method: 'psk', client: { userAuth: { kind: 'psk', secret } } })
        .connect()
        .settle();
      assert.equal(pair.failureCode, 'auth.psk-mismatch');
    },
  );

  for (const [notifyType, code] of [
    [Notify.INVALID_SYNTAX, 'peer.invalid-syntax'],
    [Notify.UNSUPPORTED_CRITICAL_PAYLOAD, 'peer.unsupported-critical'],
    [99, 'peer.notify'],
  ] as const) {
    test(`error notify ${notifyType} in IKE_AUTH means ${code}`, () => {
      assert.equal(connected({ authNotify: notifyType }).failureCode, code);
    });
  }
});
