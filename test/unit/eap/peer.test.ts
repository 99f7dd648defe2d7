import { test } from 'node:test';
import assert from 'node:assert/strict';
import { concat, fromHex, toHex, utf8, utf8Text } from '../../../core/lib/bytes.ts';
import { decodeEap, EapType } from '../../../core/wire/eap.ts';
import { type EapOutcome, EapPeer } from '../../../core/eap/peer.ts';
import { proves } from '../../conformance/tag.ts';
import {
  challengeData,
  expected,
  failureData,
  fixedRandom,
  password,
  refusal,
  request,
  success,
  successData,
} from './authenticator.ts';

const MSCHAPV2 = EapType.MSCHAPV2;

function newPeer(identity = 'User'): EapPeer {
  return new EapPeer({ identity, random: fixedRandom });
}

function replyOf(outcome: EapOutcome): Uint8Array {
  assert.ok(outcome.kind === 'reply', outcome.kind);
  return outcome.message;
}

/** Code, identifier, type and data of a reply. */
function responseOf(outcome: EapOutcome): { identifier: number; type: number | undefined; data: Uint8Array } {
  const packet = decodeEap(replyOf(outcome));
  assert.ok(packet.ok);
  assert.equal(packet.value.code, 2);
  return { identifier: packet.value.identifier, type: packet.value.type, data: packet.value.data };
}

function failureOf(outcome: EapOutcome): { code: string; context: Readonly<Record<string, unknown>> } {
  assert.ok(outcome.kind === 'failure', outcome.kind);
  return outcome.failure;
}

function proof(): string {
  return utf8Text(expected().authenticatorResponse);
}

/** A peer that answered Identity (1), Challenge (2). */
function challenged(): EapPeer {
  const peer = newPeer();
  replyOf(peer.handle(request(1, EapType.IDENTITY), {}));
  replyOf(peer.handle(request(2, MSCHAPV2, challengeData()), password()));
  return peer;
}

/** A peer whose method is finished; its last response has identifier 3. */
function finished(): EapPeer {
  const peer = challenged();
  replyOf(peer.handle(request(3, MSCHAPV2, successData(proof())), password()));
  return peer;
}

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
    assert.equal(outcome.msk.equals(expected().msk), true);
  },
);

test('a conversation without Identity works as well', () => {
  const peer = newPeer();
  replyOf(peer.handle(request(200, MSCHAPV2, challengeData()), password()));
  replyOf(peer.handle(request(201, MSCHAPV2, successData(proof())), password()));
  assert.equal(peer.handle(success(201), password()).kind, 'success');
});

test(
  'Identity is answered with the name as it is, without a terminating zero',
  proves(['RFC3748-5.1-2', 'does'], ['RFC3748-5.1-x1', 'does'], ['RFC7296-3.16-x2', 'does']),
  () => {
    const answer = responseOf(
      newPeer('jürgen@example.com').handle(request(9, EapType.IDENTITY, utf8('Who?\0opts')), {}),
    );
    assert.deepEqual(answer, { identifier: 9, type: EapType.IDENTITY, data: utf8('jürgen@example.com') });
  },
);

test('an unknown name is answered with an empty Identity', proves('RFC3748-5.1-x7', 'does'), () => {
  assert.equal(responseOf(newPeer('').handle(request(0, EapType.IDENTITY), {})).data.length, 0);
});

test('Identity may be asked again before the method begins', () => {
  const peer = newPeer();
  replyOf(peer.handle(request(1, EapType.IDENTITY), {}));
  assert.equal(responseOf(peer.handle(request(2, EapType.IDENTITY), {})).identifier, 2);
});

test(
  'responses bear the identifier of their request and its type',
  proves(['RFC3748-4.1-4', 'does'], ['RFC3748-4.1-5', 'does'], ['RFC3748-4.1-9', 'does']),
  () => {
    for (const identifier of [0, 1, 127, 255]) {
      const answer = responseOf(newPeer().handle(request(identifier, MSCHAPV2, challengeData()), password()));
      assert.equal(answer.identifier, identifier);
      assert.equal(answer.type, MSCHAPV2);
    }
  },
);

test(
  'a request that comes again gets the same response without being handled again',
  proves('RFC3748-4.1-2', 'does'),
  () => {
    let draws = 0;
    const random = (length: number): Uint8Array => new Uint8Array(length).fill(++draws);
    const peer = new EapPeer({ identity: 'User', random });
    const challenge = request(5, MSCHAPV2, challengeData());
    const first = replyOf(peer.handle(challenge, password()));
    assert.deepEqual(replyOf(peer.handle(challenge, password())), first);
    assert.deepEqual(replyOf(peer.handle(challenge, {})), first);
    assert.equal(draws, 1);
  },
);

test('another request under the identifier of the last one is discarded', () => {
  const peer = newPeer();
  replyOf(peer.handle(request(1, EapType.IDENTITY), {}));
  const outcome = peer.handle(request(1, MSCHAPV2, challengeData()), password());
  assert.equal(outcome.kind, 'discard');
});

test('the password is asked for by the Challenge and by nothing before', () => {
  const peer = newPeer();
  replyOf(peer.handle(request(1, EapType.IDENTITY), {}));
  const challenge = request(2, MSCHAPV2, challengeData());
  assert.deepEqual(peer.handle(challenge, {}), { kind: 'need', what: 'password' });
  assert.deepEqual(peer.handle(challenge, {}), { kind: 'need', what: 'password' });
  assert.equal(responseOf(peer.handle(challenge, password())).type, MSCHAPV2);
});

test(
  'a Notification is answered with an empty Notification and handed up, before and within a method',
  proves(
    ['RFC3748-5.2-1', 'does'],
    ['RFC3748-5.2-x5', 'does'],
    ['RFC3748-5.2-x3', 'does'],
    ['RFC3748-5.2-2', 'does'],
  ),
  () => {
    for (const peer of [newPeer(), challenged()]) {
      const outcome = peer.handle(request(77, EapType.NOTIFICATION, utf8('Maintenance\r\n tonight\x07')), {});
      assert.ok(outcome.kind === 'reply');
      assert.equal(outcome.notice, 'Maintenance tonight');
      assert.deepEqual(responseOf(outcome), {
        identifier: 77,
        type: EapType.NOTIFICATION,
        data: new Uint8Array(0),
      });
    }
  },
);

test('an empty Notification is answered without showing anything', () => {
  const outcome = newPeer().handle(request(1, EapType.NOTIFICATION), {});
  assert.ok(outcome.kind === 'reply');
  assert.equal('notice' in outcome, false);
});

test(
  'a method that we do not have gets a Nak that names EAP-MSCHAPv2',
  proves(
    ['RFC3748-5.3.1-1', 'does'],
    ['RFC3748-5.3.1-2', 'does'],
    ['RFC3748-5.3.1-3', 'does'],
    ['RFC3748-5.4-1', 'does'],
    ['RFC3748-5.5-x1', 'does'],
    ['RFC3748-5.6-x1', 'does'],
  ),
  () => {
    for (const type of [4, 5, 6, 13, 21, 25, 52, 99, 253, 255]) {
      const answer = responseOf(newPeer().handle(request(type, type, utf8('x')), password()));
      assert.deepEqual(answer, { identifier: type, type: EapType.NAK, data: Uint8Array.of(MSCHAPV2) });
    }
  },
);

test('after a Nak the gateway can still choose EAP-MSCHAPv2', () => {
  const peer = newPeer();
  replyOf(peer.handle(request(1, EapType.TLS), {}));
  replyOf(peer.handle(request(2, MSCHAPV2, challengeData()), password()));
  replyOf(peer.handle(request(3, MSCHAPV2, successData(proof())), password()));
  assert.equal(peer.handle(success(3), password()).kind, 'success');
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

test(
  'cleartext passwords are not for EAP-GTC or EAP-OTP',
  proves(['RFC3748-5.6-x2', 'refuses'], ['RFC3748-5.5-x2', 'refuses']),
  () => {
    for (const type of [EapType.GTC, EapType.OTP]) {
      const answer = responseOf(newPeer().handle(request(1, type, utf8('Password:')), password()));
      assert.equal(answer.type, EapType.NAK);
      assert.equal(toHex(answer.data).includes(toHex(utf8('clientPass'))), false);
    }
  },
);

test(
  'a Nak is sent for no other reason than an unacceptable type, and not once the method runs',
  proves(
    ['RFC3748-2.1-3', 'refuses'],
    ['RFC3748-2.1-4', 'refuses'],
    ['RFC3748-2.1-1', 'refuses'],
    ['RFC3748-5.3.1-4', 'refuses'],
  ),
  () => {
    for (const type of [EapType.IDENTITY, EapType.MD5, EapType.TLS, 99]) {
      assert.equal(challenged().handle(request(40, type), password()).kind, 'discard', String(type));
    }
    const unreadable = newPeer().handle(request(1, MSCHAPV2, Uint8Array.of(1)), password());
    assert.equal(unreadable.kind, 'discard');
  },
);

test('a method after the first is discarded', proves('RFC3748-2.1-4', 'refuses'), () => {
  for (const type of [EapType.MD5, EapType.GTC, MSCHAPV2]) {
    assert.equal(finished().handle(request(40, type, challengeData()), password()).kind, 'discard');
  }
});

test('Nak and type 0 in a request are discarded', proves('RFC3748-5-1', 'refuses'), () => {
  for (const type of [0, EapType.NAK]) {
    assert.equal(newPeer().handle(request(1, type, Uint8Array.of(26)), {}).kind, 'discard');
  }
  const expandedNak = concat(fromHex('000000 00000003 fe 000000 0000001a'));
  assert.equal(newPeer().handle(request(1, EapType.EXPANDED, expandedNak), {}).kind, 'discard');
});

test(
  'an expanded type that we do not have gets an expanded Nak',
  proves(
    ['RFC3748-5.3.2-x1', 'does'],
    ['RFC3748-5.3.2-x3', 'does'],
    ['RFC3748-5.3.2-x4', 'does'],
    ['RFC3748-5.7-x1', 'does'],
  ),
  () => {
    const outcome = newPeer().handle(request(6, EapType.EXPANDED, fromHex('000137 00000005 aabb')), {});
    const golden = '02 06 0014 fe 000000 00000003 fe 000000 0000001a';
    assert.equal(toHex(replyOf(outcome)), toHex(fromHex(golden)));
  },
);

test('a vendor method that was refused is named with its vendor', () => {
  const peer = newPeer();
  replyOf(peer.handle(request(6, EapType.EXPANDED, fromHex('000137 00000005')), {}));
  assert.equal(failureOf(peer.handle(refusal(6), {})).context['wanted'], 'EAP type 5 of vendor 311');
});

test('an IETF type means the same in expanded form', proves('RFC3748-5.7-1', 'does'), () => {
  const expandedForm = (type: number, data: Uint8Array): Uint8Array =>
    concat(fromHex('000000 000000'), Uint8Array.of(type), data);
  const peer = newPeer();
  const identity = responseOf(
    peer.handle(request(1, EapType.EXPANDED, expandedForm(1, new Uint8Array(0))), {}),
  );
  assert.deepEqual(identity, { identifier: 1, type: EapType.EXPANDED, data: expandedForm(1, utf8('User')) });
  const answer = responseOf(
    peer.handle(request(2, EapType.EXPANDED, expandedForm(26, challengeData())), password()),
  );
  assert.equal(answer.type, EapType.EXPANDED);
  assert.deepEqual(answer.data.subarray(36, 60), expected().ntResponse);
  replyOf(peer.handle(request(3, EapType.EXPANDED, expandedForm(26, successData(proof()))), password()));
  assert.equal(peer.handle(success(3), password()).kind, 'success');
});

test('an expanded type that is cut short is discarded', () => {
  assert.equal(newPeer().handle(request(1, EapType.EXPANDED, fromHex('000000 0000')), {}).kind, 'discard');
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

test(
  'responses, unknown codes and damaged packets are discarded',
  proves(
    ['RFC3748-4-1', 'refuses'],
    ['RFC3748-4-5', 'refuses'],
    ['RFC3748-4.2-2', 'refuses'],
    ['RFC7296-3.16-3', 'refuses'],
  ),
  () => {
    for (const hex of [
      '',
      '01',
      '01010005',
      '0101000601',
      '00010004',
      '05010004',
      '02010005 01',
      '0301000500',
      '0401000500',
    ]) {
      assert.equal(newPeer().handle(fromHex(hex), password()).kind, 'discard', hex);
    }
  },
);

test(
  'octets after the length of a packet are ignored, also when it comes again',
  proves('RFC3748-4-4', 'does'),
  () => {
    const peer = newPeer();
    const plain = request(1, EapType.IDENTITY);
    const first = replyOf(peer.handle(concat(plain, utf8('padding')), {}));
    assert.deepEqual(replyOf(peer.handle(plain, {})), first);
  },
);

test(
  'success and failure sent by nobody but the gateway: the peer only ever sends responses',
  proves('RFC3748-4.1-1', 'refuses'),
  () => {
    const peer = newPeer();
    const replies = [
      peer.handle(request(1, EapType.IDENTITY), {}),
      peer.handle(request(2, EapType.MD5), {}),
      peer.handle(request(3, MSCHAPV2, challengeData()), password()),
      peer.handle(request(4, MSCHAPV2, failureData('E=691 R=1')), password()),
    ];
    for (const reply of replies) assert.equal(replyOf(reply)[0], 2);
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

test('the password never appears in what is sent', () => {
  const peer = newPeer();
  const sent = [
    replyOf(peer.handle(request(1, EapType.IDENTITY), password())),
    replyOf(peer.handle(request(2, EapType.MD5, utf8('challenge')), password())),
    replyOf(peer.handle(request(3, MSCHAPV2, challengeData()), password())),
  ];
  for (const message of sent) assert.equal(toHex(message).includes(toHex(utf8('clientPass'))), false);
});
