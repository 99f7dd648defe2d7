import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sentence } from '../../core/contract/failure-text.ts';
import { firstOf } from '../../core/ike/payloads.ts';
import { concat, u16 } from '../../core/lib/bytes.ts';
import { AuthMethod, ExchangeType, Notify } from '../../core/wire/constants.ts';
import { decodeEap, EapType, encodeEap } from '../../core/wire/eap.ts';
import type { Message } from '../../core/wire/message.ts';
import { notify } from '../../core/wire/payloads/notify.ts';
import { proves } from '../conformance/tag.ts';
import type { Faults, GatewayEvent, Step } from '../support/gateway/index.ts';
import { Pair, type PairOptions } from '../support/pair.ts';

type EapFaults = NonNullable<Faults['eap']>;

function loggedIn(eap: EapFaults, faults: Faults = {}, options: PairOptions = {}): Pair {
  return new Pair({ ...options, gateway: { faults: { ...faults, eap } } }).connect().settle();
}

/** The requests that the gateway opened. */
function requestsOf(pair: Pair): Message[] {
  return pair.gatewayEvents
    .filter((event): event is Extract<GatewayEvent, { kind: 'received' }> => event.kind === 'received')
    .map(({ message }) => message);
}

const sentAuth = (pair: Pair): boolean => requestsOf(pair).some(({ payloads }) => firstOf(payloads, 'AUTH'));

const told = (pair: Pair, type: number): boolean =>
  pair.gatewayEvents.some((event) => event.kind === 'client-notify' && event.notify === type);

/** What a person reads about the end of a session. */
function wordsOf(pair: Pair): string {
  const why = pair.event('closed')?.failure;
  assert.ok(why);
  const { title, why: reason, next } = sentence(why);
  return `${title}. ${reason} ${next}`;
}

/** No session, no half of one, and nothing left to say. */
function assertRefused(pair: Pair, code: string): void {
  assert.equal(pair.failureCode, code);
  assert.equal(pair.event('established'), undefined);
  assert.ok(pair.session.closed);
  assert.equal(pair.session.nextTimeout(), undefined);
}

/** Changes the message of the n-th EAP payload, from 0, that the gateway sends. */
function tamperEap(n: number, change: (message: Uint8Array) => Message['payloads'][number]): Faults {
  let count = 0;
  return {
    tamper: (message: Message, _step: Step) => ({
      ...message,
      payloads: message.payloads.map((payload) =>
        payload.kind === 'EAP' && count++ === n ? change(payload.message) : payload,
      ),
    }),
  };
}

const IDENTITY = 0;
const CHALLENGE = 1;
const VERDICT = 2;
const END = 3;

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
          assert.equal(requestsOf(pair).at(-1)?.exchange, ExchangeType.IKE_AUTH, 'nothing after EAP-Failure');
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
      tamperEap(END, () => notify(Notify.AUTHENTICATION_FAILED)),
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
      tamperEap(CHALLENGE, () => notify(Notify.AUTHENTICATION_FAILED)),
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
      tamperEap(END, (message) => ({ kind: 'EAP', message: Uint8Array.of(3, message[1] ?? 0, 0, 4) })),
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
        ['RFC7296-2.16-5', 'refuses'],
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

  test('a last message without AUTH is refused', proves('RFC7296-2.16-6', 'refuses'), () => {
    const pair = loggedIn({}, { finalAuth: 'missing' });
    assert.match(pair.failureCode ?? '', /^protocol\.(unexpected|malformed)$/);
    assert.equal(pair.event('established'), undefined);
  });

  test(
    'both AUTH payloads after EAP are made under the MSK',
    proves(['RFC7296-2.15-x5', 'does'], ['RFC7296-2.16-x4', 'does'], ['RFC7296-2.16-6', 'does']),
    () => {
      const pair = loggedIn({});
      assert.ok(pair.event('established'));
      const last = requestsOf(pair).at(-1);
      assert.equal(firstOf(last?.payloads ?? [], 'AUTH')?.method, AuthMethod.PSK);
    },
  );
});

describe('the conversation', () => {
  test('a gateway that asks for no identity is served', () => {
    assert.ok(loggedIn({ skipIdentity: true }).event('established'));
  });

  test('what the gateway tells the person is passed on, without what could act on a terminal', () => {
    const pair = loggedIn({ notification: 'Maintenance\u001b[2J at\nnoon\u202e' });
    assert.ok(pair.event('established'));
    assert.deepEqual(pair.event('notice'), {
      kind: 'notice',
      notice: 'eap-notification',
      text: 'Maintenance [2J at noon',
    });
  });

  test('twenty notifications before the method are as many rounds', proves('RFC7296-2.16-x2', 'does'), () => {
    const pair = loggedIn({ notification: 'wait', notifications: 20 });
    assert.ok(pair.event('established'));
    assert.equal(pair.events.filter(({ kind }) => kind === 'notice').length, 20);
    assert.ok(requestsOf(pair).length > 20);
  });

  test('a conversation without end is left', () => {
    const pair = loggedIn({ notification: 'wait', notifications: 1_000 });
    assertRefused(pair, 'protocol.unexpected');
    assert.ok(requestsOf(pair).length < 50);
  });

  for (const type of [EapType.MD5, EapType.OTP, EapType.GTC, EapType.TLS, EapType.TTLS, EapType.PEAP]) {
    test(
      `a gateway that asks for method ${type} first hears which one we have, and takes it`,
      proves(
        ['RFC3748-5.3.1-1', 'does'],
        ['RFC3748-5.3.1-2', 'does'],
        ['RFC7296-3.16-4', 'does'],
        ['RFC3748-5.4-1', 'does'],
      ),
      () => {
        const pair = loggedIn({ firstMethod: type });
        assert.ok(pair.event('established'));
        const nak = requestsOf(pair)
          .flatMap(({ payloads }) => firstOf(payloads, 'EAP')?.message ?? [])
          .map((message) => decodeEap(message))
          .find((packet) => packet.ok && packet.value.type === EapType.NAK);
        assert.deepEqual(nak?.ok && [...nak.value.data], [EapType.MSCHAPV2]);
      },
    );
  }

  test('a gateway that has no method of ours is named together with ours', () => {
    const failed = (message: Uint8Array): Message['payloads'][number] => ({
      kind: 'EAP',
      message: Uint8Array.of(4, message[1] ?? 0, 0, 4),
    });
    const pair = loggedIn({ firstMethod: EapType.TLS }, tamperEap(2, failed));
    assertRefused(pair, 'auth.eap-method-unsupported');
    assert.match(wordsOf(pair), /EAP-TLS.*EAP-MSCHAPv2/);
  });

  test(
    'the identifier and type of every answer are those of its request',
    proves(['RFC7296-3.16-1', 'does'], ['RFC7296-3.16-4', 'does'], ['RFC3748-4.1-4', 'does']),
    () => {
      const asked: string[] = [];
      const pair = loggedIn(
        {},
        {
          tamper: (message) => {
            const eap = firstOf(message.payloads, 'EAP')?.message;
            if (eap?.[0] === 1) asked.push(`${eap[1]}/${eap[4]}`);
            return message;
          },
        },
      );
      const answered = requestsOf(pair)
        .flatMap(({ payloads }) => firstOf(payloads, 'EAP')?.message ?? [])
        .map((message) => `${message[1]}/${message[4]}`);
      assert.deepEqual(answered, asked);
      assert.equal(answered.length, 3);
    },
  );

  test('a message in place of an EAP request that is none ends the login', () => {
    for (const message of [
      new Uint8Array(0),
      Uint8Array.of(1),
      Uint8Array.of(1, 2, 0, 200, 26),
      Uint8Array.of(2, 1, 0, 5, 1),
      Uint8Array.of(9, 1, 0, 4),
      Uint8Array.of(1, 200, 0, 4),
    ]) {
      for (const place of [IDENTITY, CHALLENGE, VERDICT, END]) {
        const pair = loggedIn(
          {},
          tamperEap(place, () => ({ kind: 'EAP', message })),
        );
        assert.match(pair.failureCode ?? '', /^(protocol|auth)\./, `${message.join()} at ${place}`);
        assert.equal(pair.event('established'), undefined);
      }
    }
  });

  test('an IKE_AUTH response without EAP while EAP goes on ends the login', () => {
    const pair = loggedIn(
      {},
      tamperEap(CHALLENGE, () => ({ kind: 'V', data: new Uint8Array(4) })),
    );
    assert.match(pair.failureCode ?? '', /^protocol\./);
  });
});

describe('Failure packets of every form (the class of CVE-2025-62291)', () => {
  for (const failureText of [
    '',
    'E',
    'E=',
    'E=691',
    'E=691 R',
    'E=691 R=',
    'E=691 R=2 C= V=3 M=',
    'E=691 R=1 C=00 V=3 M=short challenge',
    `E=691 R=1 C=${'zz'.repeat(16)} V=3`,
    `E=691 R=1 C=${'A1'.repeat(5_000)} V=3 M=long challenge`,
    'E=99999999999999999999 R=0',
    'E=-1 R=0',
    'R=0 E=691',
    'M=no code at all',
    `E=691 R=0 M=${'%n%s'.repeat(200)}`,
    'E=691 R=0 M=\u001b]0;title\u0007',
    '\0\0\0\0',
    '\ud83d\ude00'.repeat(30),
  ]) {
    test(
      `"${failureText.slice(0, 30)}" is a refusal, and nothing worse`,
      proves('RFC7296-5-x7', 'does'),
      () => {
        const pair = loggedIn({ failure: { code: 691, retry: false }, failureText });
        assert.match(pair.failureCode ?? '', /^auth\.(eap-failed|wrong-password)$/);
        assertRefused(pair, pair.failureCode ?? '');
        assert.doesNotMatch(wordsOf(pair), /[\u0000-\u0008\u000b-\u001f]/);
      },
    );
  }

  test('a Failure packet cut off anywhere, or of a lying length, is read without harm', () => {
    const body = Uint8Array.of(0x45, 0x3d, 0x36, 0x39, 0x31);
    for (let length = 0; length <= 9; length++) {
      for (const msLength of [0, 1, 3, 4, 5, 9, 10, 255, 65_535]) {
        const data = concat(Uint8Array.of(4, 1), u16(msLength), body).subarray(0, length);
        const change = (message: Uint8Array): Message['payloads'][number] => ({
          kind: 'EAP',
          message: encodeEap({ code: 1, identifier: message[1] ?? 0, type: EapType.MSCHAPV2, data }),
        });
        const pair = loggedIn({ failure: { code: 691, retry: false } }, tamperEap(VERDICT, change));
        assert.match(pair.failureCode ?? '', /^(auth|protocol)\./, `${length} octets, ${msLength}`);
        assert.equal(pair.event('established'), undefined);
      }
    }
  });

  test('a challenge of a lying length is not answered', () => {
    for (const msLength of [0, 3, 4, 20, 65_535]) {
      const pair = loggedIn({ msLength });
      assert.match(pair.failureCode ?? '', /^(auth|protocol)\./, String(msLength));
      assert.equal(sentAuth(pair), false);
    }
  });
});

describe('the password', () => {
  const late = (): Pair => new Pair({ asked: 'later' }).connect().settle();

  test('is asked for when the gateway has proved itself, and may take its time', () => {
    const pair = late();
    assert.deepEqual(
      pair.events.map(({ kind }) => kind),
      ['initiated', 'need'],
    );
    assert.equal(pair.toGateway.length, 0);
    pair.advance(20_000);
    assert.equal(pair.toGateway.length, 0, 'nothing is repeated while a person types');
    pair.givePassword().settle();
    assert.ok(pair.event('established'));
  });

  test('is asked for once in a session', () => {
    const pair = late().givePassword().settle();
    assert.equal(pair.events.filter(({ kind }) => kind === 'need').length, 1);
  });

  test('that is there before it is asked for is used without asking', () => {
    const pair = new Pair({ asked: 'later' }).connect().stepToGateway().stepToClient();
    pair.givePassword().settle();
    assert.ok(pair.event('established'));
    assert.equal(pair.event('need'), undefined);
  });

  test('that comes so late that the gateway has forgotten us leads to a timeout', () => {
    const pair = late();
    pair.made.gateway.setSilent(true);
    pair.advance(600_000).givePassword().advance(31_000);
    assertRefused(pair, 'timeout.eap');
  });

  test('that comes after the end is nothing', () => {
    const pair = late().command({ kind: 'disconnect' }).givePassword();
    assert.equal(pair.toGateway.length, 0);
    assert.deepEqual(pair.events.at(-1), { kind: 'closed' });
  });
});

describe('a report of the network that nobody listens', () => {
  test('while the login goes on, or after it, concludes nothing', proves('RFC7296-2.4-3', 'does'), () => {
    const pair = new Pair({ asked: 'later' }).connect().settle();
    for (let i = 0; i < 10; i++) pair.session.noteUnreachable('port', pair.now);
    pair.givePassword().settle();
    for (let i = 0; i < 10; i++) pair.session.noteUnreachable('port', pair.now);
    assert.ok(pair.event('established'));
    assert.equal(pair.session.closed, false);
  });
});
