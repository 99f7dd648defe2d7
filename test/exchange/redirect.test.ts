import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ExchangeType, GatewayIdentType, Notify } from '../../core/wire/constants.ts';
import type { Message } from '../../core/wire/message.ts';
import { notify } from '../../core/wire/payloads/notify.ts';
import { notifyOf } from '../../core/ike/payloads.ts';
import { proves } from '../conformance/tag.ts';
import { address, type Faults } from '../support/gateway/index.ts';
import { gatewayIdent, type Redirection, redirectNotify } from '../support/gateway/redirect.ts';
import { Live } from '../support/live.ts';
import { clearMessage, type LoginMethod, Pair, type PairOptions } from '../support/pair.ts';

const ELSEWHERE = '203.0.113.2';
const { INFORMATIONAL } = ExchangeType;

function redirecting(
  at: Redirection['at'],
  to = ELSEWHERE,
  more: PairOptions = {},
  faults: Faults = {},
): Pair {
  const extensions = { redirect: { to: gatewayIdent(to), at } };
  return new Pair({ ...more, gateway: { extensions, faults } }).connect();
}

const deletes = ({ payloads }: Message): boolean => payloads.some(({ kind }) => kind === 'D');

function isClosedWell(pair: Pair): void {
  assert.deepEqual(pair.events.at(-1), { kind: 'closed' });
  assert.equal(pair.made.gateway.sas.filter(({ state }) => state.name === 'established').length, 0);
}

describe('what a first request says of redirection', () => {
  test('is that we follow one', proves(['RFC5685-9.1-x1', 'does']), () => {
    const { payloads } = clearMessage(new Pair().connect().toGateway[0]!);
    const announced = notifyOf(payloads, Notify.REDIRECT_SUPPORTED);
    assert.deepEqual(announced, notify(Notify.REDIRECT_SUPPORTED));
    assert.equal(notifyOf(payloads, Notify.REDIRECTED_FROM), undefined);
  });

  for (const from of ['203.0.113.9', '2001:db8::9']) {
    test(
      `is that ${from} sent us, when one did, which says that too`,
      proves(['RFC5685-3-x5', 'does'], ['RFC5685-9.2-x1', 'does'], ['RFC5685-9.1-x1', 'does']),
      () => {
        const pair = new Pair({ client: { redirectedFrom: address(from) } }).connect();
        const { payloads } = clearMessage(pair.toGateway[0]!);
        assert.deepEqual(
          notifyOf(payloads, Notify.REDIRECTED_FROM)?.data,
          Uint8Array.of(
            from.includes(':') ? GatewayIdentType.IPV6 : GatewayIdentType.IPV4,
            address(from).octets.length,
            ...address(from).octets,
          ),
        );
        assert.equal(notifyOf(payloads, Notify.REDIRECT_SUPPORTED), undefined);
        assert.ok(pair.settle().event('established'));
      },
    );
  }
});

describe('REDIRECT in answer to IKE_SA_INIT', () => {
  for (const [to, target] of [
    [ELSEWHERE, { kind: 'address', address: address(ELSEWHERE) }],
    ['2001:db8::2', { kind: 'address', address: address('2001:db8::2') }],
    ['vpn2.example.com', { kind: 'name', name: 'vpn2.example.com' }],
    ['VPN2.Example.COM.', { kind: 'name', name: 'vpn2.example.com' }],
  ] as const) {
    test(`with our nonce sends us to ${to}`, proves('RFC5685-3-x3', 'does'), () => {
      const pair = redirecting('init', to).settle();
      assert.deepEqual(pair.events, [{ kind: 'redirected', to: target }, { kind: 'closed' }]);
      assert.equal(pair.toGateway.length, 0);
      assert.equal(pair.session.nextTimeout(), undefined);
    });
  }

  for (const redirect of ['wrong-nonce', 'no-nonce'] as const) {
    test(
      `with ${redirect.replace('-', ' ')} is as if it had not come`,
      proves(['RFC5685-3-x3', 'refuses'], ['RFC5685-3-x4', 'does']),
      () => {
        const pair = redirecting('init', ELSEWHERE, {}, { redirect }).settle();
        assert.deepEqual(pair.events, []);
        pair.advance(500);
        assert.equal(pair.toGateway.length, 1, 'we wait on, and ask again');
        pair.made.gateway.faults = {};
        pair.settle();
        assert.equal(pair.event('redirected')?.to.kind, 'address');
      },
    );
  }

  test(
    'that somebody made up does not keep us from the genuine answer',
    proves(['RFC5685-3-x4', 'does'], ['RFC5685-3-x3', 'refuses']),
    () => {
      const pair = new Pair().connect();
      const request = clearMessage(pair.toGateway[0]!);
      pair.stepToGateway();
      const genuine = pair.toClient.splice(0);
      const forger = redirecting('init', ELSEWHERE, { seed: 'other nonce' }).stepToGateway();
      const forged = forger.toClient[0]!.octets.slice();
      forged.set(request.initiatorSpi, 0);
      pair.inject(forged, 500);
      assert.deepEqual(pair.events, []);
      pair.toClient.push(...genuine);
      assert.ok(pair.settle().event('established'));
    },
  );

  test('of a second gateway is followed again', proves('RFC5685-3-x6', 'does'), () => {
    const pair = redirecting('init', ELSEWHERE, { client: { redirectedFrom: address('203.0.113.9') } });
    assert.ok(pair.settle().event('redirected'));
  });

  for (const [what, to] of [
    ['nowhere', '0.0.0.0'],
    ['ourselves', '127.0.0.1'],
    ['many', '224.0.0.1'],
    ['ourselves by IPv6', '::1'],
    ['one link', 'fe80::1'],
    ['an address in disguise', '::ffff:127.0.0.1'],
    ['what is no name', 'not a name'],
    ['a name with a line break', 'vpn\nexample.com'],
    ['a name of 254 letters', `${'a'.repeat(62)}.`.repeat(4) + 'aa'],
  ] as const) {
    test(`to ${what} is not followed`, proves('RFC5685-9.2-x1', 'refuses'), () => {
      const pair = redirecting('init', to).settle();
      assert.deepEqual(pair.events, []);
      assert.equal(pair.session.closed, false);
    });
  }
});

describe('REDIRECT in IKE_AUTH', () => {
  const LOGINS: readonly (readonly [LoginMethod, Redirection['at']])[] = [
    ['psk', 'first'],
    ['certificate', 'first'],
    ['eap', 'last'],
  ];
  for (const [method, at] of LOGINS) {
    test(
      `at the end of a login (${method}) sends us away, and the SA is deleted`,
      proves(
        ['RFC5685-6-x1', 'does'],
        ['RFC5685-6-x2', 'does'],
        ['RFC5685-6-x4', 'does'],
        ['RFC5685-6-x6', 'does'],
      ),
      () => {
        const pair = redirecting(at, ELSEWHERE, { method }).settle();
        assert.equal(pair.event('established'), undefined);
        assert.deepEqual(pair.event('redirected')?.to, { kind: 'address', address: address(ELSEWHERE) });
        assert.ok(deletes(pair.requests.at(-1)!));
        isClosedWell(pair);
      },
    );
  }

  test(
    'before the user has logged in by EAP needs no Delete, and costs no password',
    proves(['RFC5685-6-x5', 'does'], ['RFC5685-6-x6', 'does']),
    () => {
      const pair = redirecting('first').settle();
      assert.deepEqual(
        pair.events.map(({ kind }) => kind),
        ['initiated', 'redirected', 'closed'],
      );
      assert.equal(pair.requests.some(deletes), false);
      assert.equal(pair.requests.filter(({ exchange }) => exchange === ExchangeType.IKE_AUTH).length, 1);
    },
  );

  for (const [method, at, faults] of [
    ['psk', 'first', { auth: 'flipped' }],
    ['certificate', 'first', { auth: 'flipped' }],
    ['eap', 'first', { auth: 'flipped' }],
    ['eap', 'last', { finalAuth: 'flipped' }],
    ['eap', 'last', { eap: { msk: 'other' } }],
  ] as const) {
    test(
      `of a gateway that does not prove itself is not followed (${method}, ${at}, ${Object.keys(faults)[0]})`,
      proves(['RFC5685-6-x1', 'refuses'], ['RFC5685-6-x4', 'refuses'], ['RFC5685-6-x5', 'refuses']),
      () => {
        const pair = redirecting(at, ELSEWHERE, { method }, faults).settle().advance(5_000);
        assert.equal(pair.event('redirected'), undefined);
        assert.match(pair.failureCode ?? '', /^auth\./);
      },
    );
  }

  test(
    'between the first and the last message means nothing',
    proves(['RFC5685-6-x7', 'refuses'], ['RFC5685-6-x6', 'refuses']),
    () => {
      const payloads = [redirectNotify(gatewayIdent(ELSEWHERE))];
      const pair = new Pair({ gateway: { faults: { add: [{ at: 'eap', payloads }] } } }).connect().settle();
      assert.equal(pair.event('redirected'), undefined);
      assert.ok(pair.event('established'));
    },
  );

  test('to where no gateway can be leaves us without a Child SA, and that is said', () => {
    const pair = redirecting('last', '127.0.0.1').settle();
    assert.equal(pair.event('redirected'), undefined);
    assert.equal(pair.failureCode, 'protocol.unexpected');
  });

  test('is not told to a user who has gone', () => {
    const pair = redirecting('first', ELSEWHERE, { method: 'psk' }).stepToGateway().stepToClient();
    pair.command({ kind: 'disconnect' }).settle();
    assert.equal(pair.event('redirected'), undefined);
    isClosedWell(pair);
  });
});

describe('REDIRECT in an established session', () => {
  const redirect = redirectNotify(gatewayIdent(ELSEWHERE));

  test(
    'is answered and told, and the SA lives until it is no longer needed',
    proves(['RFC5685-5-x3', 'does']),
    () => {
      const pair = new Live().gatewayAsks(INFORMATIONAL, [redirect]).settle();
      assert.deepEqual(pair.answer?.message.payloads, []);
      assert.deepEqual(pair.events, [
        { kind: 'redirected', to: { kind: 'address', address: address(ELSEWHERE) } },
      ]);
      assert.equal(pair.session.closed, false);
      pair.command({ kind: 'disconnect' }).settle();
      assert.ok(deletes(pair.requests.at(-1)!));
      isClosedWell(pair);
    },
  );

  test('that comes twice is told once', () => {
    const pair = new Live().gatewayAsks(INFORMATIONAL, [redirect]);
    const [request] = pair.toClient;
    pair.settle().giveClient(request!).settle();
    assert.equal(pair.events.length, 1);
  });

  test('in clear means nothing', proves('RFC5685-6-x1', 'refuses'), () => {
    const pair = new Live();
    for (const response of [true, false]) {
      pair.takeGateway(pair.made.gateway.sendClear(pair.saId, INFORMATIONAL, response, [redirect], pair.now));
      pair.settle();
    }
    assert.deepEqual(pair.events, []);
  });

  test('does not wait for a user who is leaving', () => {
    const pair = new Live().command({ kind: 'disconnect' });
    pair.gatewayAsks(INFORMATIONAL, [redirect]).settle();
    assert.equal(pair.event('redirected'), undefined);
    isClosedWell(pair);
  });

  test('that is malformed is passed over', proves('RFC5685-9.2-x2', 'refuses'), () => {
    for (const data of [
      [],
      [1],
      [1, 4, 203, 0, 113],
      [1, 16, ...new Array<number>(16).fill(9)],
      [4, 4, 203, 0, 113, 2],
      [3, 0],
      [1, 4, 203, 0, 113, 2, 0],
    ]) {
      const payload = notify(Notify.REDIRECT, Uint8Array.from(data));
      const pair = new Live().gatewayAsks(INFORMATIONAL, [payload]).settle();
      assert.deepEqual(pair.answer?.message.payloads, []);
      assert.deepEqual(pair.events, [], data.join());
    }
  });
});
