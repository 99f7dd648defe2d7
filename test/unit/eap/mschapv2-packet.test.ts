import { test } from 'node:test';
import assert from 'node:assert/strict';
import { concat, fromHex, toHex, utf8 } from '../../../core/lib/bytes.ts';
import {
  decodeMsChapRequest,
  encodeMsChapAck,
  encodeMsChapResponse,
  type FailureReport,
} from '../../../core/eap/mschapv2-packet.ts';
import { proves } from '../../conformance/tag.ts';
import {
  CHALLENGE,
  challengeData,
  failureData,
  msChap,
  PEER_CHALLENGE,
  successData,
} from './authenticator.ts';

function reportOf(text: string): FailureReport | undefined {
  const decoded = decodeMsChapRequest(failureData(text));
  assert.ok(decoded.ok && decoded.value.kind === 'failure');
  return decoded.value.report;
}

function reasonOf(data: Uint8Array): string {
  const decoded = decodeMsChapRequest(data);
  return decoded.ok ? 'accepted' : decoded.error.reason;
}

test('a Challenge gives its identifier, its 16 octets and the name of the gateway', () => {
  assert.deepEqual(decodeMsChapRequest(challengeData(9)), {
    ok: true,
    value: { kind: 'challenge', id: 9, challenge: CHALLENGE, name: 'gateway' },
  });
});

test('a Challenge of other than 16 octets is refused', () => {
  assert.equal(reasonOf(challengeData(1, CHALLENGE.subarray(0, 8))), 'challenge of 8 octets');
  assert.match(reasonOf(msChap(1, 1, Uint8Array.of(16, 1, 2))), /16 octets wanted, 2 left/);
});

test(
  'a Response has the layout of RFC 2759 section 4',
  proves(['RFC2759-x-1', 'does'], ['RFC2759-x-2', 'does'], ['RFC2759-x-3', 'does']),
  () => {
    const ntResponse = fromHex('82309ECD8D708B5EA08FAA3981CD83544233114A3D85D6DF');
    const data = encodeMsChapResponse({
      id: 5,
      peerChallenge: PEER_CHALLENGE,
      ntResponse,
      userName: 'BIGCO\\User',
    });
    const golden =
      '02 05 0040 31' +
      '21402324255E262A28295F2B3A337C7E' +
      '0000000000000000' +
      '82309ECD8D708B5EA08FAA3981CD83544233114A3D85D6DF' +
      '00' +
      toHex(utf8('BIGCO\\User'));
    assert.equal(toHex(data), toHex(fromHex(golden)));
  },
);

test('success and failure are acknowledged by one octet', () => {
  assert.deepEqual(encodeMsChapAck(3), Uint8Array.of(3));
  assert.deepEqual(encodeMsChapAck(4), Uint8Array.of(4));
});

test('a Success gives its proof as it stands and its message as it may be shown', () => {
  const proof = 'S=407A5589115FD0D6209F510FE9C04566932CDA56';
  assert.deepEqual(decodeMsChapRequest(successData(proof, ' M=Willkommen, Jürgen\n\0')), {
    ok: true,
    value: { kind: 'success', proof: utf8(proof), message: 'Willkommen, Jürgen' },
  });
});

test('a Success that is too short for a proof gives what is there', () => {
  const decoded = decodeMsChapRequest(successData('S=40', ''));
  assert.ok(decoded.ok && decoded.value.kind === 'success');
  assert.deepEqual(decoded.value.proof, utf8('S=40'));
});

test('a Failure gives error, retry flag and message', () => {
  const challenge = 'C=00112233445566778899AABBCCDDEEFF';
  assert.deepEqual(reportOf(`E=691 R=1 ${challenge} V=3 M=Bad password, M=really`), {
    error: 691,
    retryAllowed: true,
    message: 'Bad password, M=really',
  });
  assert.deepEqual(reportOf('E=647'), { error: 647, retryAllowed: false, message: '' });
  assert.deepEqual(reportOf(`E=0000000649 R=0 ${challenge} V=0000000003\0`), {
    error: 649,
    retryAllowed: false,
    message: '',
  });
  assert.deepEqual(reportOf('E=648 R=0 M=Zürich'), { error: 648, retryAllowed: false, message: 'Zürich' });
});

test('a Failure whose fields have another form gives no report', proves('RFC2759-x-6', 'refuses'), () => {
  for (const text of [
    '',
    'E',
    'E=',
    'E=x R=0',
    'E=-691',
    'E=12345678901',
    'R=0 E=691',
    'E=691 R=2',
    'E=691 R=1 C=0011',
    'E=691 R=1 C=00112233445566778899AABBCCDDEEFF00',
    'E=691 R=1 C=0011223344556677zz99AABBCCDDEEFF',
    'E=691 R=0 V=x',
    'E=691R=0',
    'E=691 Q=1',
  ]) {
    assert.equal(reportOf(text), undefined, text);
  }
});

test('packets that are cut short anywhere are refused, not read beyond their end', () => {
  for (const whole of [challengeData(), successData('S=407A'), failureData('E=691 R=0')]) {
    for (let length = 0; length < whole.length; length++) {
      assert.notEqual(reasonOf(whole.subarray(0, length)), 'accepted', String(length));
    }
  }
});

test('a Failure shorter than its header is refused (the class of CVE-2025-62291)', () => {
  for (const hex of ['04', '0407', '040700', '04070000', '04070001', '04070003']) {
    assert.notEqual(reasonOf(fromHex(hex)), 'accepted', hex);
  }
});

test('octets after MS-Length are ignored', () => {
  const decoded = decodeMsChapRequest(concat(failureData('E=691 R=0'), utf8(' R=1')));
  assert.deepEqual(decoded, decodeMsChapRequest(failureData('E=691 R=0')));
});

test('operations that no gateway asks for are refused', () => {
  for (const opCode of [0, 2, 5, 7, 255])
    assert.equal(reasonOf(msChap(opCode, 1, utf8('x'))), `OpCode ${opCode} in a request`);
});
