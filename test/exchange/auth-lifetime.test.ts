import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { u32 } from '../../core/lib/bytes.ts';
import { ExchangeType, Notify } from '../../core/wire/constants.ts';
import { notify, type NotifyPayload } from '../../core/wire/payloads/notify.ts';
import { proves } from '../conformance/tag.ts';
import { Live } from '../support/live.ts';
import { type LoginMethod, Pair } from '../support/pair.ts';
import { afterRestart, ticketed, TICKETS } from '../support/resumed-pair.ts';

const { INFORMATIONAL } = ExchangeType;
const METHODS: readonly LoginMethod[] = ['eap', 'certificate', 'psk'];

const lifetime = (seconds: number): NotifyPayload => notify(Notify.AUTH_LIFETIME, u32(seconds));

const told = (pair: Pair): number[] =>
  pair.events.flatMap((event) => (event.kind === 'auth-lifetime' ? [event.seconds] : []));

describe('AUTH_LIFETIME', () => {
  for (const method of METHODS) {
    test(
      `in the last message of a login (${method}) is told, once the session stands`,
      proves(['RFC4478-2-x6', 'does'], ['RFC4478-3-x1', 'does']),
      () => {
        const extensions = { authLifetimeSeconds: 7200 };
        const pair = new Pair({ method, gateway: { extensions } }).connect().settle();
        assert.deepEqual(told(pair), [7200]);
        const kinds = pair.events.map(({ kind }) => kind);
        assert.ok(kinds.indexOf('auth-lifetime') > kinds.indexOf('established'));
      },
    );
  }

  test('holds for a resumed session as that one says', () => {
    const before = ticketed({ gateway: { extensions: { ...TICKETS, authLifetimeSeconds: 60 } } });
    assert.deepEqual(told(afterRestart(before).settle()), [60]);
  });

  for (const seconds of [0, 1, 86_400, 0xffffffff]) {
    test(
      `of ${seconds} seconds in a request of the gateway is answered and told`,
      proves(['RFC4478-3-x2', 'does'], ['RFC4478-2-x6', 'does'], ['RFC4478-2-x8', 'does']),
      () => {
        const pair = new Live().gatewayAsks(INFORMATIONAL, [lifetime(seconds)]).settle();
        assert.deepEqual(pair.answer?.message.payloads, []);
        assert.deepEqual(pair.events, [{ kind: 'auth-lifetime', seconds }]);
        assert.equal(pair.session.closed, false, 'what follows from it is not the session to decide');
      },
    );
  }

  test('that is said again is told again, and of two the shorter one', () => {
    const pair = new Live();
    pair.gatewayAsks(INFORMATIONAL, [lifetime(600)]).settle();
    pair.gatewayAsks(INFORMATIONAL, [lifetime(300), lifetime(200)]).settle();
    assert.deepEqual(told(pair), [600, 200]);
  });

  test('after the IKE SA was replaced is one of the session', proves('RFC4478-2-x4', 'does'), () => {
    const pair = new Live();
    pair.gatewayAsks(INFORMATIONAL, [lifetime(600)]).settle();
    pair.command({ kind: 'rekey-ike' }).settle();
    assert.ok(pair.event('rekeyed'));
    assert.deepEqual(told(pair), [600], 'the time that was told goes on');
    pair.takeGateway(
      pair.made.gateway.request(
        pair.made.gateway.sas.at(-1)!.id,
        { exchange: INFORMATIONAL, payloads: [lifetime(50)] },
        pair.now,
      ),
    );
    pair.settle();
    assert.deepEqual(told(pair), [600, 50]);
  });

  test('in clear is nothing', proves('RFC4478-2-x8', 'refuses'), () => {
    const pair = new Live();
    for (const response of [true, false]) {
      pair.takeGateway(
        pair.made.gateway.sendClear(pair.saId, INFORMATIONAL, response, [lifetime(0)], pair.now),
      );
      pair.settle();
    }
    assert.deepEqual(pair.events, []);
    const early = new Pair({ gateway: { faults: { add: [{ at: 'init', payloads: [lifetime(0)] }] } } });
    assert.ok(early.connect().settle().event('established'));
    assert.deepEqual(told(early), []);
  });

  test('before the gateway has finished the login is nothing', () => {
    for (const at of ['auth', 'eap'] as const) {
      const pair = new Pair({ gateway: { faults: { add: [{ at, payloads: [lifetime(0)] }] } } });
      assert.ok(pair.connect().settle().event('established'));
      assert.deepEqual(told(pair), [], at);
    }
  });

  for (const octets of [0, 3, 5, 8]) {
    test(`of ${octets} octets is none`, proves('RFC4478-3-x1', 'refuses'), () => {
      const payload = notify(Notify.AUTH_LIFETIME, new Uint8Array(octets));
      const pair = new Live().gatewayAsks(INFORMATIONAL, [payload]).settle();
      assert.deepEqual(pair.answer?.message.payloads, []);
      assert.deepEqual(pair.events, []);
    });
  }
});
