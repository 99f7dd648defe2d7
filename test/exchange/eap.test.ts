import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { firstOf } from '../../core/ike/payloads.ts';
import { AuthMethod, ExchangeType, Notify } from '../../core/wire/constants.ts';
import type { Message } from '../../core/wire/message.ts';
import { notify } from '../../core/wire/payloads/notify.ts';
import {
  assertRefused,
  EapPlace,
  loggedIn,
  sentAuth,
  tamperEap,
  told,
  wordsOf,
} from '../support/eap-login.ts';
import { proves } from '../conformance/tag.ts';
import { deriveChildKeys } from '../support/gateway/keys.ts';
import { Pair } from '../support/pair.ts';

describe('a login that is refused', () => {
  for (const [code, expected] of [
    [646, 'auth.account-restricted-hours'],
    [647, 'auth.account-disabled'],
    [648, 'auth.password-expired'],
    [649, 'auth.no-dialin-permission'],
    [691, 'auth.wrong-password'],
    [709, 'auth.eap-failed'],
    [12345, 'auth.eap-failed'],
  ] as const) {
    for (const retry of [true, false]) {
      test(
        `error ${code} ${retry ? 'with' : 'without'} another try means ${expected}, in the gateway’s words`,
        proves(['RFC3748-4.2-5', 'does'], ['RFC3748-4.2-11', 'does'], ['RFC7296-2.21-x5', 'does']),
        () => {
          const pair = loggedIn({ failure: { code, retry, message: 'See the help desk' } });
          assertRefused(pair, expected);
          const { context } = pair.event('closed')!.failure!;
          assert.equal(context['code'], code);
          assert.equal(context['message'], 'See the help desk');
          assert.equal(context['retryAllowed'], retry);
          assert.match(wordsOf(pair), /See the help desk/);
          assert.equal(sentAuth(pair), false);
          assert.equal(pair.requests.at(-1)?.exchange, ExchangeType.IKE_AUTH, 'nothing after EAP-Failure');
        },
      );
    }
  }

  test('a wrong password is found by the gateway itself', () => {
    const pair = new Pair({ password: 'not the password' }).connect().settle();
    assertRefused(pair, 'auth.wrong-password');
  });

  test('the reason that MSCHAPv2 gave stands when AUTHENTICATION_FAILED follows in place of EAP-Failure', () => {
    const pair = loggedIn(
      { failure: { code: 647, retry: false } },
      tamperEap(EapPlace.END, () => notify(Notify.AUTHENTICATION_FAILED)),
    );
    assertRefused(pair, 'auth.account-disabled');
  });

  test('the reason that MSCHAPv2 gave stands when nothing follows', proves('RFC3748-4.2-11', 'does'), () => {
    let eap = 0;
    const pair = new Pair({
      gateway: {
        faults: {
          eap: { failure: { code: 648, retry: false } },
          tamper: (message, step) => (step === 'eap' && ++eap === 3 ? undefined : message),
        },
      },
    })
      .connect()
      .settle()
      .advance(31_000);
    assertRefused(pair, 'auth.password-expired');
  });

  for (const place of ['first', 'before-method', 'after-response'] as const) {
    test(`EAP-Failure ${place} ends the login without a word more`, proves('RFC7296-2.21-x5', 'does'), () => {
      const pair = loggedIn({ earlyFailure: place });
      assertRefused(pair, 'auth.eap-failed');
      assert.equal(told(pair, Notify.AUTHENTICATION_FAILED), false);
      assert.equal(sentAuth(pair), false);
    });
  }

  test('AUTHENTICATION_FAILED before the password was checked is not told as if it had been right', () => {
    const pair = loggedIn(
      {},
      tamperEap(EapPlace.CHALLENGE, () => notify(Notify.AUTHENTICATION_FAILED)),
    );
    assertRefused(pair, 'auth.rejected');
    assert.doesNotMatch(wordsOf(pair), /The password was accepted/);
  });

  test('AUTHENTICATION_FAILED after EAP-Success is told as what it is', () => {
    const pair = loggedIn({}, { finalNotify: Notify.AUTHENTICATION_FAILED });
    assertRefused(pair, 'auth.rejected');
    assert.match(wordsOf(pair), /The password was accepted/);
  });

  test(
    'an error that we do not know beside an EAP request fails the login',
    proves(['RFC7296-3.10.1-1', 'does'], ['RFC7296-3.10.1-1', 'refuses']),
    () => {
      const pair = loggedIn({}, { add: [{ at: 'eap', payloads: [notify(8_192)] }] });
      assertRefused(pair, 'peer.notify');
      assert.equal(sentAuth(pair), false);
    },
  );
});

describe('EAP-Success before the method ended (the class of CVE-2021-45079)', () => {
  for (const place of ['first', 'before-method', 'after-response'] as const) {
    test(
      `${place}: it is no success, and no AUTH is sent`,
      proves(
        ['RFC7296-2.16-11', 'refuses'],
        ['RFC3748-4.2-7', 'refuses'],
        ['RFC3748-4.2-8', 'refuses'],
        ['RFC7296-2.16-x4', 'refuses'],
      ),
      () => {
        const pair = loggedIn({ earlySuccess: place });
        assertRefused(pair, 'auth.eap-early-success');
        assert.equal(sentAuth(pair), false);
        assert.ok(told(pair, Notify.AUTHENTICATION_FAILED));
      },
    );
  }

  test('in place of the Success request of a refused method: it is none either', () => {
    const pair = loggedIn(
      { failure: { code: 691, retry: false } },
      tamperEap(EapPlace.END, (message) => ({
        kind: 'EAP',
        message: Uint8Array.of(3, message[1] ?? 0, 0, 4),
      })),
    ).advance(5_000);
    assertRefused(pair, 'auth.wrong-password');
    assert.equal(sentAuth(pair), false);
  });
});

describe('the gateway proves that it knows the password', () => {
  for (const authenticator of ['wrong', 'missing', 'short', 'lower-case'] as const) {
    test(
      `an authenticator response that is ${authenticator} ends the login, and no AUTH is sent`,
      proves(['RFC2759-x-7', 'does'], ['RFC2759-5-x1', 'refuses'], ['RFC2759-x-5', 'refuses']),
      () => {
        const pair = loggedIn({ authenticator });
        assertRefused(pair, 'auth.eap-server-unproved');
        assert.equal(sentAuth(pair), false);
        assert.ok(told(pair, Notify.AUTHENTICATION_FAILED));
      },
    );
  }

  for (const msk of ['other', 'none'] as const) {
    test(
      `an AUTH after EAP that is made under ${msk === 'other' ? 'another key' : 'SK_pr'} is refused`,
      proves(
        ['RFC7296-2.15-x5', 'refuses'],
        ['RFC7296-2.16-x4', 'refuses'],
        ['RFC7296-2.16-6', 'refuses'],
        ['RFC7296-2.16-12', 'refuses'],
      ),
      () => {
        const pair = loggedIn({ msk });
        assertRefused(pair, 'auth.eap-msk-mismatch');
        assert.ok(told(pair, Notify.AUTHENTICATION_FAILED));
      },
    );
  }

  test('an AUTH after EAP with a changed octet is refused', proves('RFC7296-2.16-6', 'refuses'), () => {
    assertRefused(loggedIn({}, { finalAuth: 'flipped' }), 'auth.eap-msk-mismatch');
  });

  test(
    'an AUTH after EAP that claims to be a signature is refused',
    proves('RFC7296-2.16-6', 'refuses'),
    () => {
      const first = (message: Message): boolean => firstOf(message.payloads, 'IDr') !== undefined;
      const pair = loggedIn(
        {},
        {
          tamper: (message) => ({
            ...message,
            payloads: message.payloads.map((payload) =>
              payload.kind === 'AUTH' && !first(message) ? { ...payload, method: AuthMethod.RSA } : payload,
            ),
          }),
        },
      );
      assertRefused(pair, 'auth.eap-msk-mismatch');
    },
  );

  test(
    'a last message without AUTH is refused',
    proves(['RFC7296-2.16-6', 'refuses'], ['RFC7296-2.16-13', 'refuses']),
    () => {
      const pair = loggedIn({}, { finalAuth: 'missing' });
      assert.match(pair.failureCode ?? '', /^protocol\.(unexpected|malformed)$/);
      assert.equal(pair.event('established'), undefined);
    },
  );

  test(
    'both AUTH payloads after EAP are made under the MSK, and the keys of the traffic are not',
    proves(
      ['RFC7296-2.15-x5', 'does'],
      ['RFC7296-2.16-x4', 'does'],
      ['RFC7296-2.16-6', 'does'],
      ['RFC7296-2.16-7', 'does'],
      ['RFC3748-7.10-4', 'does'],
      ['RFC3748-7.10-5', 'does'],
    ),
    () => {
      const pair = loggedIn({});
      const child = pair.event('established')?.child;
      const [sa] = pair.made.gateway.sas;
      const theirs = sa?.children[0];
      assert.ok(child && theirs);
      // Of an independent derivation that knows SK_d and the nonces alone.
      const keys = deriveChildKeys(sa.suite, theirs.spec.suite, sa.keys.d, sa.nonceI, sa.nonceR);
      assert.deepEqual(child.encrOut.reveal(), keys.encrI);
      assert.deepEqual(child.encrIn.reveal(), keys.encrR);
      const last = pair.requests.at(-1);
      assert.equal(firstOf(last?.payloads ?? [], 'AUTH')?.method, AuthMethod.PSK);
    },
  );
});
