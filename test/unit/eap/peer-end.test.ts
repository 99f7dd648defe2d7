import { test } from 'node:test';
import assert from 'node:assert/strict';
import { fromHex } from '../../../core/lib/bytes.ts';
import { EapType } from '../../../core/wire/eap.ts';
import { proves } from '../../conformance/tag.ts';
import {
  challengeData,
  expected,
  failureData,
  password,
  refusal,
  request,
  success,
  successData,
} from './authenticator.ts';
import {
  MSCHAPV2,
  newPeer,
  replyOf,
  responseOf,
  failureOf,
  proof,
  challenged,
  finished,
} from './peer-support.ts';

test(
  'a whole conversation ends in success with the MSK',
  proves(
    ['RFC3748-4.1-7', 'does'],
    ['RFC3748-4.1-1', 'does'],
    ['RFC3748-4.2-6', 'does'],
    ['RFC3748-7.10-1', 'does'],
  ),
  () => {
    const outcome = finished().handle(success(3), password());
    assert.ok(outcome.kind === 'success');
    assert.equal(outcome.msk?.equals(expected().msk), true);
  },
);

test('a conversation without Identity works as well', () => {
  const peer = newPeer();
  replyOf(peer.handle(request(200, MSCHAPV2, challengeData()), password()));
  replyOf(peer.handle(request(201, MSCHAPV2, successData(proof())), password()));
  assert.equal(peer.handle(success(201), password()).kind, 'success');
});

test('a gateway that refuses after our Nak gets its method named in the failure', () => {
  const peer = newPeer();
  replyOf(peer.handle(request(1, EapType.IDENTITY), {}));
  replyOf(peer.handle(request(2, EapType.TLS), {}));
  assert.deepEqual(failureOf(peer.handle(refusal(2), {})), {
    code: 'auth.eap-method-unsupported',
    retry: 'after-user',
    context: { wanted: 'EAP-TLS', offered: ['EAP-MSCHAPv2'] },
  });
});

test('a vendor method that was refused is named with its vendor', () => {
  const peer = newPeer();
  replyOf(peer.handle(request(6, EapType.EXPANDED, fromHex('000137 00000005')), {}));
  assert.equal(failureOf(peer.handle(refusal(6), {})).context['wanted'], 'EAP type 5 of vendor 311');
});

test(
  'success before the method has ended is never success (the class of CVE-2021-45079)',
  proves(['RFC3748-4.2-7', 'refuses'], ['RFC3748-4.2-8', 'refuses'], ['RFC3748-7.10-4', 'refuses']),
  () => {
    const identified = newPeer();
    replyOf(identified.handle(request(1, EapType.IDENTITY), {}));
    const naked = newPeer();
    replyOf(naked.handle(request(1, EapType.MD5), {}));
    for (const [peer, identifier] of [
      [newPeer(), 0],
      [identified, 1],
      [naked, 1],
      [challenged(), 2],
    ] as const) {
      assert.equal(failureOf(peer.handle(success(identifier), password())).code, 'auth.eap-early-success');
      // And it does not help to go on afterwards.
      assert.equal(peer.handle(request(3, MSCHAPV2, successData(proof())), password()).kind, 'discard');
      assert.equal(peer.handle(success(3), password()).kind, 'discard');
    }
  },
);

test(
  'success after a wrong authenticator response is never success',
  proves('RFC3748-4.2-15', 'refuses'),
  () => {
    const peer = challenged();
    const outcome = peer.handle(request(3, MSCHAPV2, successData('S=' + '0'.repeat(40))), password());
    assert.equal(failureOf(outcome).code, 'auth.eap-server-unproved');
    assert.equal(peer.handle(success(3), password()).kind, 'discard');
  },
);

test(
  'success and failure must bear the identifier of the last response, or the next',
  proves('RFC3748-4.2-8', 'refuses'),
  () => {
    for (const identifier of [0, 1, 2, 5, 255]) {
      const peer = finished();
      assert.equal(peer.handle(success(identifier), {}).kind, 'discard', String(identifier));
      assert.equal(peer.handle(success(3), {}).kind, 'success');
      const refused = challenged();
      if (identifier !== 2)
        assert.equal(refused.handle(refusal(identifier), {}).kind, 'discard', String(identifier));
    }
    assert.equal(finished().handle(success(4), {}).kind, 'success');
  },
);

test(
  'a refusal is acknowledged, remembered, and reported with its reason at EAP-Failure',
  proves('RFC3748-4.2-5', 'does'),
  () => {
    const peer = challenged();
    assert.equal(newPeer().refusal, undefined);
    const outcome = peer.handle(request(3, MSCHAPV2, failureData('E=691 R=0 V=3 M=Try harder')), password());
    assert.deepEqual(responseOf(outcome), { identifier: 3, type: MSCHAPV2, data: Uint8Array.of(4) });
    assert.equal(peer.refusal?.code, 'auth.wrong-password');
    const failed = failureOf(peer.handle(refusal(3), {}));
    assert.equal(failed.code, 'auth.wrong-password');
    assert.equal(failed.context['message'], 'Try harder');
  },
);

test(
  'after a refusal, success and further requests are discarded with the reason of the refusal',
  proves('RFC3748-4.2-15', 'refuses'),
  () => {
    const peer = challenged();
    replyOf(peer.handle(request(3, MSCHAPV2, failureData('E=647 R=0')), password()));
    for (const message of [
      success(3),
      request(4, MSCHAPV2, successData(proof())),
      request(4, EapType.IDENTITY),
    ]) {
      const outcome = peer.handle(message, password());
      assert.ok(outcome.kind === 'discard');
      assert.equal(outcome.failure.code, 'auth.account-disabled');
    }
  },
);

test('a failure without a reason says which method it ended', proves('RFC3748-4.2-6', 'does'), () => {
  const early = newPeer();
  replyOf(early.handle(request(1, EapType.IDENTITY), {}));
  assert.deepEqual(failureOf(early.handle(refusal(1), {})).context, { user: 'User' });
  assert.deepEqual(failureOf(challenged().handle(refusal(2), {})), {
    code: 'auth.eap-failed',
    retry: 'after-user',
    context: { user: 'User', method: 'EAP-MSCHAPv2' },
  });
  assert.equal(failureOf(newPeer().handle(refusal(99), {})).code, 'auth.eap-failed');
});

test(
  'a failure after both sides agreed on success is discarded, and success still counts',
  proves('RFC3748-4.2-9', 'refuses'),
  () => {
    const peer = finished();
    assert.equal(peer.handle(refusal(3), {}).kind, 'discard');
    assert.equal(peer.handle(success(3), {}).kind, 'success');
  },
);

test('an ended conversation stays ended', () => {
  const peer = finished();
  peer.handle(success(3), {});
  assert.equal(peer.handle(request(4, EapType.IDENTITY), {}).kind, 'discard');
  assert.equal(peer.handle(success(3), {}).kind, 'discard');
});

test('giving up wipes the key', () => {
  const peer = finished();
  peer.wipe();
  assert.equal(peer.handle(success(3), {}).kind, 'discard');
});
