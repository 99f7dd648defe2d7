import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { firstOf } from '../../core/ike/payloads.ts';
import { concat, u16 } from '../../core/lib/bytes.ts';
import { decodeEap, EapType, encodeEap } from '../../core/wire/eap.ts';
import type { Message } from '../../core/wire/message.ts';
import { proves } from '../conformance/tag.ts';
import { assertRefused, EapPlace, loggedIn, sentAuth, tamperEap, wordsOf } from '../support/eap-login.ts';
import { Pair } from '../support/pair.ts';

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
    assert.ok(pair.requests.length > 20);
  });

  test('a conversation without end is left', () => {
    const pair = loggedIn({ notification: 'wait', notifications: 1_000 });
    assertRefused(pair, 'protocol.unexpected');
    assert.ok(pair.requests.length < 50);
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
        const nak = pair.requests
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
    proves(
      ['RFC7296-3.16-1', 'does'],
      ['RFC7296-3.16-4', 'does'],
      ['RFC3748-4.1-4', 'does'],
      ['RFC3748-4.1-8', 'does'],
      ['RFC3748-2.1-1', 'does'],
    ),
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
      const answered = pair.requests
        .flatMap(({ payloads }) => firstOf(payloads, 'EAP')?.message ?? [])
        .map((message) => `${message[1]}/${message[4]}`);
      assert.deepEqual(answered, asked);
      assert.deepEqual(
        answered.map((text) => text.split('/')[1]),
        ['1', '26', '26'],
      );
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
      for (const place of [EapPlace.IDENTITY, EapPlace.CHALLENGE, EapPlace.VERDICT, EapPlace.END]) {
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
      tamperEap(EapPlace.CHALLENGE, () => ({ kind: 'V', data: new Uint8Array(4) })),
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
        const pair = loggedIn({ failure: { code: 691, retry: false } }, tamperEap(EapPlace.VERDICT, change));
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

  test(
    'is asked for when the gateway has proved itself, and may take its time',
    proves(['RFC7296-2.16-11', 'does'], ['RFC7296-5-x1', 'does']),
    () => {
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
    },
  );

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
