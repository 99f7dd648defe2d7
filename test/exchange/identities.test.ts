import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gatewayByCertificate, userByCertificate } from '../../core/ike/credentials.ts';
import { allOf, firstOf } from '../../core/ike/payloads.ts';
import { ExchangeType } from '../../core/wire/constants.ts';
import type { Message } from '../../core/wire/message.ts';
import { proves } from '../conformance/tag.ts';
import { GATEWAY_NAME, USER } from '../support/gateway/index.ts';
import { identity, Pair } from '../support/pair.ts';
import { issue, type Issued, makeCa } from '../support/pki-factory.ts';

/** The first IKE_AUTH request as the gateway opened it. */
function firstAuth(pair: Pair): Message {
  const found = pair.requests.find(({ exchange }) => exchange === ExchangeType.IKE_AUTH);
  assert.ok(found);
  return found;
}

const TEXTS = [
  'alice@example.com',
  'laptop.example.com',
  '10.0.0.1',
  'fd00::1',
  'CN=alice, O=Example',
  'keyid:00ff',
];

test(
  'identities are sent as they were meant',
  proves(['RFC7296-3.5-2', 'does'], ['RFC7296-3.5-4', 'does']),
  () => {
    for (const text of TEXTS) {
      const localId = identity(text);
      const sent = firstOf(firstAuth(new Pair({ client: { localId } }).connect().settle()).payloads, 'IDi');
      assert.deepEqual({ idType: sent?.idType, data: sent?.data }, localId);
    }
  },
);

test(
  'a gateway with a pre-shared key may go by a name of any type, and by no other than that',
  proves(
    ['RFC7296-3.5-3', 'does'],
    ['RFC7296-3.5-4', 'does'],
    ['RFC7296-1.2-4', 'does'],
    ['RFC7296-1.2-4', 'refuses'],
  ),
  () => {
    for (const text of TEXTS) {
      const connect = (wanted: string): Pair =>
        new Pair({
          method: 'psk',
          client: { remoteId: identity(wanted) },
          gateway: { identity: identity(text) },
        })
          .connect()
          .settle();
      assert.ok(connect(text).event('established'), text);
      for (const other of TEXTS.filter((one) => one !== text)) {
        assert.equal(connect(other).failureCode, 'auth.gateway-wrong-identity', `${other} for ${text}`);
      }
    }
  },
);

describe('chains of certificates', () => {
  /** A leaf under three authorities, with what is between it and the root. */
  function chain(input: Parameters<typeof issue>[1]): { leaf: Issued; between: Issued[]; root: Issued } {
    const root = makeCa({ name: 'Root', key: 'rsa2048' });
    const one = issue(root, { subject: 'CN=One', ca: true, key: 'rsa2048' });
    const two = issue(one, { subject: 'CN=Two', ca: true, key: 'rsa2048' });
    return { leaf: issue(two, input), between: [two, one], root };
  }

  const gateway = chain({ subject: `CN=${GATEWAY_NAME}`, san: [{ dns: GATEWAY_NAME }], key: 'rsa2048' });
  const user = chain({ subject: `CN=${USER}`, key: 'rsa2048' });

  function connect(order: readonly Issued[]): Pair {
    const remoteId = identity(GATEWAY_NAME);
    const gatewayAuth = gatewayByCertificate(remoteId, [gateway.root.der]);
    const texts = [user.leaf, ...user.between].map(({ pem }) => pem).join('\n');
    const now = Date.parse('2026-08-01T00:00:00Z');
    const userSide = userByCertificate({ certificates: texts, privateKey: user.leaf.keyPem }, now);
    assert.ok(gatewayAuth.ok && userSide.ok);
    return new Pair({
      method: 'certificate',
      client: { gatewayAuth: gatewayAuth.value, userAuth: userSide.value.auth },
      gateway: {
        anchors: [user.root.der],
        credentials: {
          kind: 'certificate',
          chain: order.map(({ der }) => der),
          privateKey: gateway.leaf.key,
        },
      },
    }).connect();
  }

  test(
    'go in payloads of their own, the signing one first, both ways, in messages of more than 1280 octets',
    proves(
      ['RFC7296-2-1', 'does'],
      ['RFC7296-3.6-x5', 'does'],
      ['RFC7296-1.2-2', 'does'],
      ['RFC7296-3.6-x3', 'does'],
    ),
    () => {
      const pair = connect([gateway.leaf, ...gateway.between])
        .stepToGateway()
        .stepToClient();
      assert.ok((pair.toGateway[0]?.payload.length ?? 0) > 1280);
      pair.stepToGateway();
      assert.ok((pair.toClient[0]?.octets.length ?? 0) > 1280);
      pair.settle();
      assert.ok(pair.event('established'));
      assert.deepEqual(
        allOf(firstAuth(pair).payloads, 'CERT').map(({ data }) => data),
        [user.leaf, ...user.between].map(({ der }) => der),
      );
    },
  );

  test('may have their authorities in any order behind the first', proves('RFC7296-3.6-x3', 'does'), () => {
    const pair = connect([gateway.leaf, ...[...gateway.between].reverse()]).settle();
    assert.ok(pair.event('established'));
  });

  test(
    'whose first certificate is another than the signing one are refused',
    proves(['RFC7296-1.2-2', 'refuses'], ['RFC7296-3.6-x5', 'refuses'], ['RFC7296-3.6-x3', 'refuses']),
    () => {
      for (const order of [[...gateway.between, gateway.leaf], gateway.between]) {
        const pair = connect(order).settle();
        assert.match(pair.failureCode ?? '', /^auth\.gateway-/);
        assert.equal(pair.event('established'), undefined);
      }
    },
  );

  test('that lack a link are refused', () => {
    assert.equal(connect([gateway.leaf]).settle().failureCode, 'auth.gateway-untrusted');
  });
});
