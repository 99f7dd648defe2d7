import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { EMPTY, concat, toHex } from '../../../core/lib/bytes.ts';
import { MAX_PAYLOADS } from '../../../core/wire/chain.ts';
import { Notify } from '../../../core/wire/constants.ts';
import { decodeMessage } from '../../../core/wire/decode.ts';
import { encodeProtectedMessage } from '../../../core/wire/message.ts';
import type { DecodeResult } from '../../../core/wire/message.ts';
import { notify } from '../../../core/wire/payloads/notify.ts';
import { proves } from '../../conformance/tag.ts';
import { gcmProtection, transparentProtection } from '../../support/wire-protection.ts';
import { CLEAR_MESSAGES, PROTECTED_MESSAGES } from './golden-messages.ts';
import { octets } from './octets.ts';

const SPIS = '1011121314151617 2021222324252627';
const FIRST_SPIS = '1011121314151617 0000000000000000';
const ICV = '00 c3c3c3c3c3c3c3c3c3c3c3c3';
const IV = 'a1a1a1a1a1a1a1a1';

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

/** A datagram with the right length of the octets after `SPIs next 20 exchange flags messageID`. */
function datagramOf(start: string, rest: string): Uint8Array {
  const body = octets(rest);
  return concat(octets(`${start} ${hex(28 + body.length, 8)}`), body);
}

/** An INFORMATIONAL request in SK under the transparent protection, with payloads outside of it. */
function sealed(firstInner: string, inner: string, outerType = '2e', outer = ''): Uint8Array {
  const skLength = 4 + 8 + octets(inner).length + 13;
  return datagramOf(
    `${SPIS} ${outerType} 20 25 08 00000003`,
    `${outer} ${firstInner} 00 ${hex(skLength, 4)} ${IV} ${inner} ${ICV}`,
  );
}

function open(datagram: Uint8Array): DecodeResult {
  return decodeMessage(datagram, transparentProtection);
}

function mutated(datagram: Uint8Array, changes: Readonly<Record<number, number>>): Uint8Array {
  const copy = datagram.slice();
  for (const [offset, value] of Object.entries(changes)) copy[Number(offset)] = value;
  return copy;
}

const [initGolden] = CLEAR_MESSAGES;
const [authGolden] = PROTECTED_MESSAGES;
assert.ok(initGolden && authGolden);
const INIT = initGolden.datagram;
const AUTH = authGolden.datagram;

test(
  'a message of a higher major version is dropped, with a hint that a responder may give',
  proves(['RFC7296-2.5-2', 'refuses'], ['RFC7296-3.1-x1', 'refuses']),
  () => {
    for (const version of [0x30, 0x31, 0xf0]) {
      const result = decodeMessage(mutated(INIT, { 17: version }), undefined);
      assert.ok(result.kind === 'unprotected-error');
      assert.equal(result.notify, Notify.INVALID_MAJOR_VERSION);
      assert.equal(result.header?.majorVersion, version >> 4);
      const withKeys = open(mutated(AUTH, { 17: version }));
      assert.ok(withKeys.kind === 'unprotected-error');
    }
  },
);

test('a message of IKEv1 is dropped without a hint', () => {
  const result = decodeMessage(mutated(INIT, { 17: 0x10 }), undefined);
  assert.ok(result.kind === 'unprotected-error');
  assert.equal(result.notify, undefined);
});

test(
  'the minor version, the flag V and the reserved flags are ignored',
  proves(
    ['RFC7296-2.5-1', 'does'],
    ['RFC7296-3.1-x2', 'does'],
    ['RFC7296-3.1-8', 'does'],
    ['RFC7296-3.1-11', 'does'],
    ['RFC7296-2.5-7', 'does'],
  ),
  () => {
    assert.deepEqual(decodeMessage(mutated(INIT, { 17: 0x2f }), undefined), decodeMessage(INIT, undefined));
    assert.deepEqual(decodeMessage(mutated(INIT, { 19: 0xdf }), undefined), decodeMessage(INIT, undefined));
  },
);

test('the reserved bits beside the critical bit are ignored', proves('RFC7296-2.5-7', 'does'), () => {
  assert.deepEqual(decodeMessage(mutated(INIT, { 29: 0x7f }), undefined), decodeMessage(INIT, undefined));
});

test(
  'the critical bit of a payload type that is known is ignored',
  proves(['RFC7296-3.2-2', 'does'], ['RFC7296-3.2-3', 'does'], ['RFC7296-2.5-x3', 'does']),
  () => {
    assert.deepEqual(
      decodeMessage(mutated(INIT, { 29: 0x80, 65: 0x80 }), undefined),
      decodeMessage(INIT, undefined),
    );
    assert.deepEqual(open(mutated(AUTH, { 29: 0x80, 41: 0x80 })), open(AUTH));
  },
);

test("a message whose initiator's SPI is zero is dropped", proves('RFC7296-3.1-3', 'refuses'), () => {
  const zeros = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [i, 0]));
  assert.equal(decodeMessage(mutated(INIT, zeros), undefined).kind, 'unprotected-error');
  assert.equal(open(mutated(AUTH, zeros)).kind, 'unprotected-error');
});

test(
  'a first request has no SPI of a responder, the message ID zero and flags that agree',
  proves(['RFC7296-3.1-4', 'refuses'], ['RFC7296-2.2-x1', 'refuses'], ['RFC7296-3.1-13', 'refuses']),
  () => {
    for (const changes of [{ 15: 1 }, { 23: 1 }, { 19: 0x00 }, { 19: 0x28 }]) {
      assert.equal(decodeMessage(mutated(INIT, changes), undefined).kind, 'unprotected-error');
    }
  },
);

test(
  'a response of the first exchange may have an SPI of the responder or none',
  proves('RFC7296-2.6-x3', 'does'),
  () => {
    for (const spi of ['0000000000000000', '2021222324252627']) {
      const datagram = datagramOf(`1011121314151617 ${spi} 29 20 22 20 00000000`, '00 00 0009 00 00 4006 01');
      assert.equal(decodeMessage(datagram, undefined).kind, 'ok');
    }
  },
);

test(
  'an exchange that has to be protected and comes in clear is dropped, its notifies being no more than hints',
  proves('RFC7296-3.10.1-x2', 'refuses'),
  () => {
    for (const exchange of ['23', '24', '25', '2b']) {
      const datagram = datagramOf(`${SPIS} 29 20 ${exchange} 20 00000001`, '00 00 0008 00 00 0018');
      const result = open(datagram);
      assert.ok(result.kind === 'unprotected-error');
      assert.equal(result.notify, undefined);
      assert.deepEqual(result.hints, [notify(Notify.AUTHENTICATION_FAILED)]);
    }
  },
);

test('an empty message of a protected exchange in clear is dropped', () => {
  assert.equal(open(datagramOf(`${SPIS} 00 20 25 20 00000001`, '')).kind, 'unprotected-error');
});

test('an encrypted payload in the first exchange is dropped even when its check would pass', () => {
  for (const exchange of ['22', '26']) {
    const datagram = datagramOf(`${SPIS} 2e 20 ${exchange} 20 00000000`, `00 00 0019 ${IV} ${ICV}`);
    assert.equal(open(datagram).kind, 'unprotected-error');
  }
});

test(
  'a failed integrity check is dropped in silence',
  proves(['RFC7296-3.14-6', 'refuses'], ['RFC7296-3.10.1-x2', 'refuses']),
  () => {
    const datagram = sealed('00', '');
    assert.equal(open(datagram).kind, 'ok');
    assert.equal(open(mutated(datagram, { [datagram.length - 1]: 0 })).kind, 'unprotected-error');
  },
);

test(
  'unknown payloads that are not critical are skipped, in clear, inside of SK and beside it',
  proves(['RFC7296-2.5-8', 'does'], ['RFC7296-2.5-11', 'does']),
  () => {
    const clear = datagramOf(
      `${FIRST_SPIS} c8 20 22 20 00000000`,
      '29 00 0006 0102 00 00 0009 00 00 4006 01',
    );
    const first = decodeMessage(clear, undefined);
    assert.ok(first.kind === 'ok');
    assert.deepEqual(first.message.payloads, [
      { kind: 'unknown', type: 200, critical: false, data: octets('0102') },
      notify(Notify.COOKIE, octets('01')),
    ]);
    assert.equal(open(sealed('c8', '00 00 0006 0102')).kind, 'ok');
    const beside = open(sealed('00', '', 'c8', '2e 00 0006 0102'));
    assert.ok(beside.kind === 'ok');
    assert.deepEqual(beside.message.payloads, []);
  },
);

test(
  'an unknown critical payload is answered with its type when it was authenticated, wherever it stands',
  proves(['RFC7296-2.5-9', 'refuses'], ['RFC7296-2.5-18', 'does'], ['RFC7296-2.21.2-1', 'refuses']),
  () => {
    const inside = sealed('c8', '29 80 0006 0102 00 00 0008 00 00 4000');
    const beside = sealed('00', '', 'c8', '2e 80 0006 0102');
    for (const datagram of [inside, beside]) {
      const result = open(datagram);
      assert.ok(result.kind === 'protected-error');
      assert.equal(result.notify, Notify.UNSUPPORTED_CRITICAL_PAYLOAD);
      assert.deepEqual(result.data, octets('c8'));
      assert.equal(result.header.messageId, 3);
    }
  },
);

test('an unknown critical payload is named before a malformed one that stands before it', () => {
  const result = open(sealed('28', 'c8 00 0005 00 00 80 0004'));
  assert.ok(result.kind === 'protected-error');
  assert.equal(result.notify, Notify.UNSUPPORTED_CRITICAL_PAYLOAD);
});

test(
  'an unknown critical payload in clear is dropped, with a hint that a responder may give',
  proves('RFC7296-2.5-9', 'refuses'),
  () => {
    const result = decodeMessage(
      datagramOf(`${FIRST_SPIS} c8 20 22 20 00000000`, '29 80 0006 0102 00 00 0009 00 00 4006 01'),
      undefined,
    );
    assert.ok(result.kind === 'unprotected-error');
    assert.equal(result.notify, Notify.UNSUPPORTED_CRITICAL_PAYLOAD);
    assert.deepEqual(result.data, octets('c8'));
  },
);

test(
  'malformed payloads inside of SK may be answered with INVALID_SYNTAX, in clear they are dropped',
  proves(['RFC7296-2.21.2-1', 'refuses'], ['RFC7296-3.10.1-x2', 'does'], ['RFC7296-3.10.1-3', 'does']),
  () => {
    const short = '00 00 0007 00 00 40';
    const inside = open(sealed('29', short));
    assert.ok(inside.kind === 'protected-error');
    assert.equal(inside.notify, Notify.INVALID_SYNTAX);
    assert.deepEqual(inside.data, EMPTY);
    const clear = open(datagramOf(`${FIRST_SPIS} 29 20 22 20 00000000`, short));
    assert.ok(clear.kind === 'unprotected-error');
    assert.equal(clear.notify, undefined);
  },
);

test('an encrypted payload inside of another is refused', proves('RFC7296-3.1-2', 'refuses'), () => {
  assert.equal(open(sealed('2e', '00 00 0008 01020304')).kind, 'protected-error');
  assert.equal(open(sealed('35', '00 00 000c 00010001 01020304')).kind, 'protected-error');
});

test('payloads after the encrypted one are refused', proves('RFC7296-3.1-1', 'refuses'), () => {
  const good = sealed('00', '');
  const body = concat(good.subarray(28), octets('00 00 0008 00 00 4000'));
  const datagram = datagramOf(`${SPIS} 2e 20 25 08 00000003`, toHex(body));
  assert.equal(open(datagram).kind, 'unprotected-error');
});

test('a payload that belongs inside of SK and stands beside it is refused', () => {
  const result = open(sealed('00', '', '29', '2e 00 0008 00 00 4000'));
  assert.ok(result.kind === 'protected-error');
  assert.equal(result.notify, Notify.INVALID_SYNTAX);
});

test('octets inside of SK that no payload claims are refused', () => {
  assert.equal(open(sealed('00', '01')).kind, 'protected-error');
  assert.equal(open(sealed('29', '00 00 0008 00 00 4000 00')).kind, 'protected-error');
});

test('a payload shorter than its own header is refused', () => {
  for (const length of ['0000', '0001', '0003']) {
    assert.equal(open(sealed('2b', `00 00 ${length}`)).kind, 'protected-error');
  }
  assert.equal(open(sealed('2b', '00 00 0004')).kind, 'ok');
});

test('a chain of more payloads than a message can mean is refused before any is read', () => {
  const chain = (count: number): string => `${'2b 00 0004'.repeat(count - 1)} 00 00 0004`;
  assert.equal(open(sealed('2b', chain(MAX_PAYLOADS))).kind, 'ok');
  assert.equal(open(sealed('2b', chain(MAX_PAYLOADS + 1))).kind, 'protected-error');
});

test('an exchange type that is not known is dropped in clear and refused when it was authenticated', () => {
  assert.equal(decodeMessage(mutated(INIT, { 18: 99 }), undefined).kind, 'unprotected-error');
  const result = open(mutated(sealed('00', ''), { 18: 99 }));
  assert.ok(result.kind === 'protected-error');
  assert.equal(result.notify, Notify.INVALID_SYNTAX);
});

test('what was decoded shares no memory with the datagram', () => {
  const datagram = INIT.slice();
  const result = decodeMessage(datagram, undefined);
  datagram.fill(0xff);
  assert.deepEqual(result, decodeMessage(INIT, undefined));
});

test(
  'associated data is the IKE header to the generic header of SK with the final lengths, and no more',
  proves(['RFC5282-5.1-1', 'does'], ['RFC5282-5.1-2', 'does']),
  () => {
    const key = new Uint8Array(16).fill(1);
    const salt = octets('5a5a5a5a');
    const message = { ...authGolden.message, messageId: 7 };
    const datagram = encodeProtectedMessage(message, gcmProtection(key, salt));
    const decipher = createDecipheriv('aes-128-gcm', key, concat(salt, datagram.subarray(32, 40)));
    decipher.setAAD(datagram.subarray(0, 32)).setAuthTag(datagram.subarray(-16));
    const plaintext = decipher.update(datagram.subarray(40, -16));
    decipher.final();
    // The inner payloads of the golden message and a pad length of zero.
    assert.equal(toHex(plaintext), toHex(AUTH.subarray(40, 152)) + '00');
  },
);

test(
  'associated data covers unknown payloads between the header and SK',
  proves('RFC5282-5.1-1', 'does'),
  () => {
    const key = new Uint8Array(16).fill(2);
    const salt = octets('5b5b5b5b');
    const iv = octets('0000000000000009');
    const associated = octets(`${SPIS} c8 20 25 08 00000003 0000003f  2e 00 0006 0102  00 00 001d`);
    const cipher = createCipheriv('aes-128-gcm', key, concat(salt, iv)).setAAD(associated);
    const sealedOctets = cipher.update(octets('00'));
    cipher.final();
    const datagram = concat(associated, iv, sealedOctets, cipher.getAuthTag());
    const protection = gcmProtection(key, salt);
    assert.equal(decodeMessage(datagram, protection).kind, 'ok');
    const tampered = mutated(datagram, { 33: 3 });
    assert.equal(decodeMessage(tampered, protection).kind, 'unprotected-error');
  },
);
