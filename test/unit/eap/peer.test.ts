import { test } from 'node:test';
import assert from 'node:assert/strict';
import { concat, fromHex, toHex, utf8 } from '../../../core/lib/bytes.ts';
import { EapType } from '../../../core/wire/eap.ts';
import { EapPeer } from '../../../core/eap/peer.ts';
import { proves } from '../../conformance/tag.ts';
import {
  challengeData,
  expected,
  failureData,
  password,
  request,
  success,
  successData,
} from './authenticator.ts';
import { MSCHAPV2, newPeer, replyOf, responseOf, proof, challenged, finished } from './peer-support.ts';

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
    ['RFC3748-2.2-1', 'does'],
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
    ['RFC3748-5.3.2-x2', 'refuses'],
  ),
  () => {
    for (const type of [EapType.IDENTITY, EapType.MD5, EapType.TLS, 99]) {
      assert.equal(challenged().handle(request(40, type), password()).kind, 'discard', String(type));
    }
    const unreadable = newPeer().handle(request(1, MSCHAPV2, Uint8Array.of(1)), password());
    assert.equal(unreadable.kind, 'discard');
  },
);

test('any request after the end of the method is discarded', proves('RFC3748-2.1-4', 'refuses'), () => {
  for (const type of [EapType.IDENTITY, EapType.NOTIFICATION, EapType.MD5, EapType.GTC, MSCHAPV2]) {
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

test('the password never appears in what is sent', () => {
  const peer = newPeer();
  const sent = [
    replyOf(peer.handle(request(1, EapType.IDENTITY), password())),
    replyOf(peer.handle(request(2, EapType.MD5, utf8('challenge')), password())),
    replyOf(peer.handle(request(3, MSCHAPV2, challengeData()), password())),
  ];
  for (const message of sent) assert.equal(toHex(message).includes(toHex(utf8('clientPass'))), false);
});
