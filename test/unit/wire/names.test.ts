import { test } from 'node:test';
import assert from 'node:assert/strict';
import { EMPTY, utf8 } from '../../../core/lib/bytes.ts';
import * as constants from '../../../core/wire/constants.ts';
import { Encr, Notify, isErrorNotify, nameOf } from '../../../core/wire/constants.ts';
import { describeMessage } from '../../../core/wire/describe.ts';
import { CLEAR_MESSAGES, PROTECTED_MESSAGES } from './golden-messages.ts';
import { octets } from './octets.ts';

test('a number has the name of its registry, or says that it is unknown', () => {
  assert.equal(nameOf(Encr, 20), 'AES_GCM_16');
  assert.equal(nameOf(Notify, 16388), 'NAT_DETECTION_SOURCE_IP');
  assert.equal(nameOf(Encr, 99), 'unknown(99)');
});

test('no number has two names in one table', () => {
  const tables = Object.values(constants).filter((value) => typeof value === 'object');
  assert.ok(tables.length > 15);
  for (const table of tables) assert.equal(new Set(Object.values(table)).size, Object.keys(table).length);
});

test('notifies below 16384 are errors, known or not', () => {
  assert.ok(isErrorNotify(Notify.TS_MAX_QUEUE) && isErrorNotify(0) && isErrorNotify(16383));
  assert.ok(!isErrorNotify(Notify.INITIAL_CONTACT) && !isErrorNotify(65535));
});

test('a message is described by the names of what is in it', () => {
  const lines = [...CLEAR_MESSAGES, ...PROTECTED_MESSAGES].map(({ message }) => describeMessage(message));
  assert.deepEqual(lines, [
    'IKE_SA_INIT request 0: SA KE(CURVE25519) NONCE N(IKEV2_FRAGMENTATION_SUPPORTED)',
    'IKE_SA_INIT response 0: SA KE(CURVE25519) NONCE CERTREQ',
    'IKE_SA_INIT response 0: N(COOKIE)',
    'IKE_SA_INIT response 0: N(INVALID_KE_PAYLOAD)',
    'IKE_SESSION_RESUME request 0: NONCE N(TICKET_OPAQUE)',
    'IKE_AUTH request 1: IDi AUTH(PSK) CP(REQUEST) SA TSi TSr',
    'IKE_AUTH response 1: IDr CERT AUTH(DIGITAL_SIGNATURE) EAP(REQUEST IDENTITY)',
    'IKE_AUTH request 4: AUTH(PSK)',
    'IKE_AUTH response 4: AUTH(PSK) CP(REPLY) SA TSi TSr',
    'CREATE_CHILD_SA request 5: N(REKEY_SA) SA NONCE TSi TSr',
    'CREATE_CHILD_SA response 6: SA NONCE KE(CURVE25519)',
    'CREATE_CHILD_SA response 7: N(NO_ADDITIONAL_SAS)',
    'INFORMATIONAL request 8: empty',
    'INFORMATIONAL request 2: D(ESP x2)',
    'INFORMATIONAL request 9: N(UPDATE_SA_ADDRESSES) N(NAT_DETECTION_SOURCE_IP) N(COOKIE2)',
    'IKE_INTERMEDIATE request 1: KE(ML_KEM_768)',
  ]);
});

test('a description has nothing of what payloads say', () => {
  const [first] = PROTECTED_MESSAGES;
  assert.ok(first);
  const line = describeMessage({
    ...first.message,
    payloads: [
      { kind: 'IDi', idType: 3, data: utf8('alice@example.org') },
      { kind: 'EAP', message: octets('02 01 0009 06 73656372') },
      { kind: 'EAP', message: octets('03 01 0004') },
      { kind: 'EAP', message: octets('02 01 0002') },
      { kind: 'D', protocol: 1, spis: [] },
      { kind: 'D', protocol: 3, spis: [octets('01020304')] },
      { kind: 'N', protocol: 0, spi: EMPTY, notifyType: 40999, data: utf8('secret') },
      { kind: 'unknown', type: 200, critical: false, data: utf8('secret') },
    ],
  });
  assert.equal(
    line,
    'IKE_AUTH request 1: IDi EAP(RESPONSE GTC) EAP(SUCCESS) EAP(malformed) D(IKE) D(ESP) N(unknown(40999)) unknown(200)',
  );
});
