import { test } from 'node:test';
import assert from 'node:assert/strict';
import { encodeChain } from '../../../core/wire/chain.ts';
import { Notify } from '../../../core/wire/constants.ts';
import { decodeHeader } from '../../../core/wire/header.ts';
import { decodeMessage } from '../../../core/wire/decode.ts';
import { encodeMessage, encodeProtectedMessage } from '../../../core/wire/message.ts';
import type { Message } from '../../../core/wire/message.ts';
import { proves } from '../../conformance/tag.ts';
import { transparentProtection } from '../../support/wire-protection.ts';
import { GOLDEN_PAYLOADS } from './golden-payloads.ts';
import { CLEAR_MESSAGES, PROTECTED_MESSAGES } from './golden-messages.ts';
import { bumped, octets } from './octets.ts';

for (const { name, message, datagram, lengths } of CLEAR_MESSAGES) {
  test(
    `${name} encodes to the octets written by hand`,
    proves(['RFC7296-3.1-5', 'does'], ['RFC7296-3.1-6', 'does'], ['RFC7296-3.1-x3', 'does']),
    () => assert.deepEqual(encodeMessage(message), datagram),
  );

  test(`${name} decodes from the octets written by hand`, () => {
    assert.deepEqual(decodeMessage(datagram, undefined), { kind: 'ok', message, protected: false });
  });

  test(`${name} decodes the same when keys are at hand, for it is in clear`, () => {
    assert.deepEqual(decodeMessage(datagram, transparentProtection), {
      kind: 'ok',
      message,
      protected: false,
    });
  });

  for (const [offset, size] of lengths) {
    for (const delta of [-1, 1]) {
      test(
        `${name} with the length at octet ${offset} off by ${delta} is dropped`,
        proves(['RFC7296-3.1-x6', 'refuses'], ['RFC7296-3.2-x2', 'refuses']),
        () => {
          const result = decodeMessage(bumped(datagram, offset, size, delta), undefined);
          assert.equal(result.kind, 'unprotected-error');
        },
      );
    }
  }
}

for (const { name, message, datagram, lengths } of PROTECTED_MESSAGES) {
  test(
    `${name} encodes to the octets written by hand`,
    proves(
      ['RFC7296-3.1-x6', 'does'],
      ['RFC7296-3.2-x1', 'does'],
      ['RFC7296-3.2-x2', 'does'],
      ['RFC7296-3.1-1', 'does'],
    ),
    () => assert.deepEqual(encodeProtectedMessage(message, transparentProtection), datagram),
  );

  test(`${name} decodes from the octets written by hand`, proves('RFC7296-3.2-x1', 'does'), () => {
    const result = decodeMessage(datagram, transparentProtection);
    assert.deepEqual(result, { kind: 'ok', message, protected: true });
  });

  for (const [offset, size] of lengths) {
    for (const delta of [-1, 1]) {
      test(
        `${name} with the length at octet ${offset} off by ${delta} is refused`,
        proves(['RFC7296-3.1-x6', 'refuses'], ['RFC7296-3.2-x2', 'refuses']),
        () => {
          const result = decodeMessage(bumped(datagram, offset, size, delta), transparentProtection);
          // Beyond the two outer lengths the integrity check has passed, so a request may be answered.
          assert.equal(result.kind, offset <= 30 ? 'unprotected-error' : 'protected-error');
          if (result.kind === 'protected-error') assert.equal(result.notify, Notify.INVALID_SYNTAX);
        },
      );
    }
  }

  test(
    `${name} is dropped when there are no keys, when it is cut and when octets follow it`,
    proves('RFC7296-3.1-x6', 'refuses'),
    () => {
      assert.equal(decodeMessage(datagram, undefined).kind, 'unprotected-error');
      const longer = new Uint8Array(datagram.length + 1);
      longer.set(datagram);
      assert.equal(decodeMessage(longer, transparentProtection).kind, 'unprotected-error');
      for (let length = 0; length < datagram.length; length++) {
        const cut = decodeMessage(datagram.subarray(0, length), transparentProtection);
        assert.equal(cut.kind, 'unprotected-error');
      }
    },
  );
}

const REQUEST: Message = {
  initiatorSpi: octets('1011121314151617'),
  responderSpi: octets('2021222324252627'),
  exchange: 37,
  fromInitiator: true,
  response: false,
  messageId: 0x01020304,
  payloads: [],
};

test(
  'the flags say who started the IKE SA and what is a response, and nothing else',
  proves(
    ['RFC7296-3.1-7', 'does'],
    ['RFC7296-3.1-9', 'does'],
    ['RFC7296-3.1-11', 'does'],
    ['RFC7296-3.1-13', 'does'],
  ),
  () => {
    const flags = (fromInitiator: boolean, response: boolean): number | undefined =>
      encodeMessage({ ...REQUEST, fromInitiator, response })[19];
    assert.equal(flags(true, false), 0x08);
    assert.equal(flags(false, false), 0x00);
    assert.equal(flags(true, true), 0x28);
    assert.equal(flags(false, true), 0x20);
  },
);

test('the two SPIs come first and are what a message is known by', proves('RFC7296-2.6-1', 'does'), () => {
  const header = decodeHeader(encodeProtectedMessage(REQUEST, transparentProtection));
  assert.ok(header.ok);
  assert.deepEqual(header.value, {
    initiatorSpi: REQUEST.initiatorSpi,
    responderSpi: REQUEST.responderSpi,
    nextPayload: 46,
    majorVersion: 2,
    minorVersion: 0,
    exchange: 37,
    fromInitiator: true,
    response: false,
    higherVersion: false,
    messageId: 0x01020304,
    length: 53,
  });
});

test('a header is read whatever its version and length say, but not from 27 octets', () => {
  const header = new Uint8Array(28).fill(0xff);
  assert.ok(decodeHeader(header).ok);
  assert.equal(decodeHeader(header.subarray(1)).ok, false);
});

test(
  'a response with a critical payload is never sent, a request with one is',
  proves(['RFC7296-2.5-17', 'does'], ['RFC7296-3.2-6', 'does'], ['RFC7296-3.2-5', 'does']),
  () => {
    const critical = { kind: 'unknown', type: 200, critical: true, data: octets('01') } as const;
    const response = { ...REQUEST, response: true, payloads: [critical] };
    assert.throws(() => encodeMessage(response), RangeError);
    assert.throws(() => encodeProtectedMessage(response, transparentProtection), RangeError);
    assert.deepEqual(
      encodeMessage({ ...REQUEST, payloads: [critical, { ...critical, critical: false }] }).subarray(28),
      octets('c8 80 0005 01  00 00 0005 01'),
    );
  },
);

test(
  'payloads that RFC 7296 defines are sent with the critical bit clear',
  proves('RFC7296-3.2-4', 'does'),
  () => {
    for (const { payload } of GOLDEN_PAYLOADS) assert.equal(encodeChain([payload])[1], 0);
  },
);

test('an SPI of the wrong length or a message ID of 33 bits is a bug and throws RangeError', () => {
  assert.throws(() => encodeMessage({ ...REQUEST, initiatorSpi: octets('01') }), RangeError);
  assert.throws(() => encodeMessage({ ...REQUEST, messageId: 2 ** 32 }), RangeError);
});

test('a protection that does not keep to its announced length is a bug and throws RangeError', () => {
  const liar = { ...transparentProtection, sealedLength: () => 40 };
  assert.throws(() => encodeProtectedMessage(REQUEST, liar), RangeError);
});

test('the plaintext is wiped once it is sealed', () => {
  let seen: Uint8Array | undefined;
  const spy = {
    ...transparentProtection,
    seal: (associated: Uint8Array, plaintext: Uint8Array) => {
      seen = plaintext;
      return transparentProtection.seal(associated, plaintext);
    },
  };
  encodeProtectedMessage({ ...REQUEST, payloads: [{ kind: 'V', data: octets('ffff') }] }, spy);
  assert.deepEqual(seen, new Uint8Array(6));
});
