import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { utf8 } from '../../core/lib/bytes.ts';
import { SecretBytes } from '../../core/lib/secret.ts';
import { firstOf } from '../../core/ike/payloads.ts';
import { Notify } from '../../core/wire/constants.ts';
import { decodeEap, EapType } from '../../core/wire/eap.ts';
import { proves } from '../conformance/tag.ts';
import { assertRefused, sentAuth, told, wordsOf } from '../support/eap-login.ts';
import { type Faults, PASSWORD, USER } from '../support/gateway/index.ts';
import { Pair } from '../support/pair.ts';

const CODE = '492 017';

interface Plan {
  readonly faults?: Faults;
  readonly prompts?: readonly string[];
  readonly codes?: readonly string[];
  readonly type?: string;
  readonly asked?: 'later';
}

/** A user with a token, and a gateway that takes these codes; the client answers each question with the same one. */
function pairWith({ faults = {}, prompts, codes = [CODE], type = CODE, asked }: Plan = {}): Pair {
  const account = { password: PASSWORD, codes, ...(prompts ? { prompts } : {}) };
  return new Pair({
    gateway: { faults, users: { [USER]: account } },
    client: { userAuth: { kind: 'eap', identity: USER, username: USER, method: 'gtc' } },
    password: type,
    ...(asked ? { asked } : {}),
  });
}

function give(pair: Pair, code: string): Pair {
  return pair.command({ kind: 'password', password: new SecretBytes(utf8(code)) }).settle();
}

/** The EAP responses that the client sent, by type, with their data as text. */
function responses(pair: Pair): (readonly [type: number | undefined, data: string])[] {
  return pair.requests.flatMap(({ payloads }) => {
    const eap = firstOf(payloads, 'EAP');
    const packet = eap && decodeEap(eap.message);
    return packet?.ok ? [[packet.value.type, Buffer.from(packet.value.data).toString()] as const] : [];
  });
}

const needs = (pair: Pair): unknown[] =>
  pair.events.flatMap((event) => (event.kind === 'need' ? [event] : []));

describe('a login by a one-time code', () => {
  test(
    'succeeds, and both ends prove themselves by the keys of the SA, as the method gives none',
    proves(['RFC7296-2.16-5', 'does'], ['RFC3748-5.6-x1', 'does'], ['RFC3748-5.6-x4', 'does']),
    () => {
      const pair = pairWith().connect().settle();
      assert.ok(pair.event('established'));
      assert.deepEqual(responses(pair), [
        [EapType.IDENTITY, USER],
        [EapType.GTC, CODE],
      ]);
      assert.equal(sentAuth(pair), true);
      assert.deepEqual(
        pair.gatewayEvents.filter(({ kind }) => kind === 'violation'),
        [],
      );
    },
  );

  test('asks when the gateway does, with its message made fit to be shown', () => {
    const prompts = [`\x1b[31mCode of\n your\u202e token\0${'!'.repeat(300)}`];
    const pair = pairWith({ prompts, asked: 'later' }).connect().settle();
    const [need] = needs(pair) as [{ what: string; message: string }];
    assert.equal(need.what, 'one-time code');
    assert.match(need.message, /^\[31mCode of your token !+…$/);
    assert.equal(need.message.length, 256);
    assert.equal(pair.event('established'), undefined);
    assert.ok(give(pair, CODE).event('established'));
  });

  test('asks anew for each code that the gateway wants, and never gives one twice', () => {
    const pair = pairWith({ prompts: ['Code', 'Next code'], codes: ['111111', '222222'], asked: 'later' })
      .connect()
      .settle();
    give(pair, '111111');
    assert.deepEqual(needs(pair), [
      { kind: 'need', what: 'one-time code', message: 'Code' },
      { kind: 'need', what: 'one-time code', message: 'Next code' },
    ]);
    assert.deepEqual(responses(pair).at(-1), [EapType.GTC, '111111']);
    assert.ok(give(pair, '222222').event('established'));
    assert.deepEqual(responses(pair).at(-1), [EapType.GTC, '222222']);
  });

  test('takes a code given before it was asked for as no answer', () => {
    const pair = pairWith({ asked: 'later' }).connect();
    pair.command({ kind: 'password', password: new SecretBytes(utf8(CODE)) }).settle();
    assert.equal(needs(pair).length, 1);
    assert.equal(pair.event('established'), undefined);
  });

  test('ends with words for a code that is wrong', () => {
    const pair = pairWith({ type: '000000' }).connect().settle();
    assertRefused(pair, 'auth.wrong-code');
    assert.match(wordsOf(pair), /one-time code/);
    assert.doesNotMatch(wordsOf(pair), /password|000000/i);
    assert.equal(sentAuth(pair), false);
  });
});

describe('a gateway that a code is not for', () => {
  test(
    'gets no answer and asks nobody before it has proved itself by its certificate',
    proves(['RFC3748-5.6-x2', 'does'], ['RFC7296-2.16-11', 'does'], ['RFC7296-2.16-11', 'refuses']),
    () => {
      for (const faults of [
        { auth: 'flipped' },
        { omitAuth: ['AUTH'] },
        { omitAuth: ['AUTH', 'IDr', 'CERT'] },
      ]) {
        const pair = pairWith({ faults: faults as Faults })
          .connect()
          .settle();
        assert.ok(pair.session.closed);
        assert.deepEqual([needs(pair), responses(pair)], [[], []]);
      }
    },
  );

  test(
    'is refused when its proof is not made by the key of the SA',
    proves('RFC7296-2.16-5', 'refuses'),
    () => {
      const pair = pairWith({ faults: { eap: { msk: 'other' } } })
        .connect()
        .settle();
      assertRefused(pair, 'auth.eap-msk-mismatch');
      assert.ok(told(pair, Notify.AUTHENTICATION_FAILED));
    },
  );

  test('is not believed a success before it asked for the code', () => {
    for (const earlySuccess of ['first', 'before-method'] as const) {
      const pair = pairWith({ faults: { eap: { earlySuccess } } })
        .connect()
        .settle();
      assertRefused(pair, 'auth.eap-early-success');
      assert.equal(sentAuth(pair), false);
    }
  });

  test('gets a Nak when it wants a code of who has a password', proves('RFC3748-5.6-x1', 'does'), () => {
    const pair = new Pair({ gateway: { faults: { eap: { firstMethod: EapType.GTC } } } }).connect().settle();
    assert.ok(pair.event('established'));
    assert.deepEqual(
      responses(pair).map(([type]) => type),
      [EapType.IDENTITY, EapType.NAK, EapType.MSCHAPV2, EapType.MSCHAPV2],
    );
    assert.deepEqual(needs(pair), [{ kind: 'need', what: 'password' }]);
  });

  test('gets a Nak when it wants a password of who has a token', () => {
    const pair = pairWith({ faults: { eap: { firstMethod: EapType.MSCHAPV2 } } })
      .connect()
      .settle();
    assert.ok(pair.event('established'));
    assert.deepEqual(
      responses(pair).map(([type]) => type),
      [EapType.IDENTITY, EapType.NAK, EapType.GTC],
    );
  });
});
