import { test } from 'node:test';
import assert from 'node:assert/strict';
import { toHex, utf8, utf8Text } from '../../../core/lib/bytes.ts';
import type { FailureCode } from '../../../core/lib/failure.ts';
import type { MethodOutcome } from '../../../core/eap/method.ts';
import { MsChapV2 } from '../../../core/eap/mschapv2.ts';
import { proves } from '../../conformance/tag.ts';
import { challengeData, expected, failureData, fixedRandom, password, successData } from './authenticator.ts';

function method(userName = 'User'): MsChapV2 {
  return new MsChapV2({ userName, random: fixedRandom });
}

/** A method that has answered a challenge. */
function responded(userName = 'User'): MsChapV2 {
  const peer = method(userName);
  assert.equal(peer.handle(challengeData(), password()).kind, 'reply');
  return peer;
}

function proofOf(userName = 'User', text = 'clientPass'): string {
  return utf8Text(expected(userName, text).authenticatorResponse);
}

function refusalOf(outcome: MethodOutcome): { code: FailureCode; context: unknown } {
  assert.ok(outcome.kind === 'reply' && outcome.refusal);
  return outcome.refusal;
}

test(
  'a Challenge is answered with the response of the example in RFC 2759 section 9.2',
  proves('RFC2759-x-9', 'does'),
  () => {
    const outcome = method().handle(challengeData(7), password());
    assert.ok(outcome.kind === 'reply');
    assert.equal(outcome.data[1], 7);
    assert.equal(toHex(outcome.data.subarray(5, 21)), '21402324255e262a28295f2b3a337c7e');
    assert.equal(toHex(outcome.data.subarray(29, 53)), '82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df');
    assert.equal(utf8Text(outcome.data.subarray(54)), 'User');
  },
);

test(
  'the name is sent with its Windows domain, and the proof is computed without',
  proves('RFC2759-x-4', 'does'),
  () => {
    const outcome = method('BIGCO\\User').handle(challengeData(), password());
    assert.ok(outcome.kind === 'reply');
    assert.equal(utf8Text(outcome.data.subarray(54)), 'BIGCO\\User');
    assert.deepEqual(outcome.data.subarray(29, 53), expected('User').ntResponse);
  },
);

test('without a password the method asks for it, and then goes on with the same Challenge', () => {
  const peer = method();
  assert.deepEqual(peer.handle(challengeData(), {}), { kind: 'need', what: 'password' });
  assert.equal(peer.handle(challengeData(), password()).kind, 'reply');
});

test(
  'a right authenticator response is acknowledged and releases the MSK, once',
  proves('RFC2759-5-x1', 'does'),
  () => {
    const peer = responded();
    assert.equal(peer.finished, false);
    assert.equal(peer.takeMsk(), undefined);
    const outcome = peer.handle(successData(proofOf()), password());
    assert.deepEqual(outcome, { kind: 'reply', data: Uint8Array.of(3) });
    assert.equal(peer.finished, true);
    assert.equal(peer.takeMsk()?.equals(expected().msk), true);
    assert.equal(peer.takeMsk(), undefined);
    assert.equal(peer.finished, false);
  },
);

test(
  'a missing or wrong authenticator response ends the session without an answer',
  proves(['RFC2759-x-7', 'refuses'], ['RFC2759-5-x1', 'refuses'], ['RFC2759-x-5', 'refuses']),
  () => {
    const right = proofOf();
    for (const proof of [
      '',
      'S=',
      right.slice(0, -1),
      right.slice(0, -1) + (right.endsWith('0') ? '1' : '0'),
      right.toLowerCase(),
      right.slice(2),
      `M=x ${right}`,
      proofOf('User', 'another'),
    ]) {
      const peer = responded();
      const outcome = peer.handle(successData(proof, ''), password());
      assert.ok(outcome.kind === 'failure', proof);
      assert.equal(outcome.failure.code, 'auth.eap-server-unproved');
      assert.equal(peer.takeMsk(), undefined);
      assert.equal(peer.handle(successData(right), password()).kind, 'discard');
      assert.equal(peer.takeMsk(), undefined);
    }
  },
);

test('a Success before any Challenge proves nothing', proves('RFC2759-x-7', 'refuses'), () => {
  const outcome = method().handle(successData(proofOf()), password());
  assert.ok(outcome.kind === 'failure');
  assert.equal(outcome.failure.code, 'auth.eap-server-unproved');
});

test('a Success may end in a NUL octet, as some gateways send it', () => {
  assert.equal(responded().handle(successData(proofOf(), ' M=Welcome\0'), password()).kind, 'reply');
  assert.equal(responded().handle(successData(proofOf(), ''), password()).kind, 'reply');
});

test('every error of RFC 2759 section 6 becomes a reason of its own, with the message of the gateway', () => {
  const codes: readonly (readonly [error: number, code: FailureCode])[] = [
    [646, 'auth.account-restricted-hours'],
    [647, 'auth.account-disabled'],
    [648, 'auth.password-expired'],
    [649, 'auth.no-dialin-permission'],
    [691, 'auth.wrong-password'],
    [709, 'auth.eap-failed'],
  ];
  for (const [error, code] of codes) {
    const outcome = responded().handle(failureData(`E=${error} R=0 V=3 M=No\x1b way`), password());
    const refusal = refusalOf(outcome);
    assert.equal(refusal.code, code);
    assert.deepEqual(refusal.context, {
      user: 'User',
      method: 'EAP-MSCHAPv2',
      code: error,
      message: 'No way',
      retryAllowed: false,
    });
    assert.ok(outcome.kind === 'reply');
    assert.deepEqual(outcome.data, Uint8Array.of(4));
  }
});

test('an error that is on no list is still a refusal', proves('RFC2759-6-x1', 'does'), () => {
  assert.equal(refusalOf(responded().handle(failureData('E=4711 R=1'), password())).code, 'auth.eap-failed');
});

test('a refusal that cannot be read is still a refusal', () => {
  assert.equal(refusalOf(responded().handle(failureData('E=691 R=9'), password())).code, 'auth.eap-failed');
});

test('after a refusal nothing makes the method succeed', () => {
  const peer = responded();
  peer.handle(failureData('E=691 R=1'), password());
  assert.equal(peer.handle(successData(proofOf()), password()).kind, 'discard');
  assert.equal(peer.handle(challengeData(), password()).kind, 'discard');
  assert.equal(peer.takeMsk(), undefined);
});

test(
  'a password expiry is reported and never answered by a Change-Password packet',
  proves('RFC2759-7-x1', 'refuses'),
  () => {
    for (const error of [646, 691, 648]) {
      const outcome = responded().handle(failureData(`E=${error} R=1 V=3`), password());
      assert.ok(outcome.kind === 'reply');
      assert.deepEqual(outcome.data, Uint8Array.of(4));
    }
  },
);

test('a second Challenge within one run is discarded', () => {
  assert.equal(responded().handle(challengeData(8), password()).kind, 'discard');
});

test('damaged packets are discarded and change nothing', () => {
  const peer = responded();
  assert.equal(peer.handle(Uint8Array.of(3), password()).kind, 'discard');
  assert.equal(peer.handle(utf8('garbage'), password()).kind, 'discard');
  assert.equal(peer.handle(successData(proofOf()), password()).kind, 'reply');
});

test('giving up wipes the key that was computed', () => {
  const peer = responded();
  peer.handle(successData(proofOf()), password());
  peer.wipe();
  assert.equal(peer.takeMsk(), undefined);
});
