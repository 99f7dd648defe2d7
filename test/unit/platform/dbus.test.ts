import assert from 'node:assert/strict';
import { endianness } from 'node:os';
import { describe, test } from 'node:test';
import { concat, fromHex, toHex, utf8, utf8Text } from '../../../core/lib/bytes.ts';
import { ProtocolError, Reader } from '../../../core/lib/reader.ts';
import { Writer } from '../../../core/lib/writer.ts';
import { DbusClient } from '../../../core/platform/linux/dbus/client.ts';
import {
  MAX_MESSAGE_LENGTH,
  decodeMessage,
  encodeCall,
  messageLength,
  type DbusMessage,
} from '../../../core/platform/linux/dbus/message.ts';
import { readValues, writeValues } from '../../../core/platform/linux/dbus/values.ts';

/* Octets as dbus-daemon 1.14 sent them. */

const HELLO_REPLY = fromHex(
  '6c02010109000000010000003d00000006017300040000003a312e30000000000501750001000000080167000173000007017300' +
    '140000006f72672e667265656465736b746f702e4442757300000000040000003a312e3000',
);
const NAME_ACQUIRED = fromHex(
  '6c04010109000000020000008d00000001016f00150000002f6f72672f667265656465736b746f702f4442757300000002017300' +
    '140000006f72672e667265656465736b746f702e4442757300000000030173000c0000004e616d65416371756972656400000000' +
    '06017300040000003a312e3000000000080167000173000007017300140000006f72672e667265656465736b746f702e44427573' +
    '00000000040000003a312e3000',
);
/** From the owner of org.freedesktop.login1 to everybody. */
const SLEEP = fromHex(
  '6c04010104000000030000007500000001016f00170000002f6f72672f667265656465736b746f702f6c6f67696e310002017300' +
    '1e0000006f72672e667265656465736b746f702e6c6f67696e312e4d616e616765720000030173000f0000005072657061726546' +
    '6f72536c65657000080167000162000007017300040000003a312e310000000001000000',
);
/** The same from somebody else, to us alone. */
const FORGED_SLEEP = fromHex(
  '6c04010104000000020000008500000001016f00170000002f6f72672f667265656465736b746f702f6c6f67696e310002017300' +
    '1e0000006f72672e667265656465736b746f702e6c6f67696e312e4d616e616765720000030173000f0000005072657061726546' +
    '6f72536c65657000 06017300040000003a312e3000000000 080167000162000007017300040000003a312e330000000001000000',
);
const SIGNAL = {
  type: 4,
  serial: 3,
  path: '/org/freedesktop/login1',
  interface: 'org.freedesktop.login1.Manager',
  member: 'PrepareForSleep',
  sender: ':1.1',
  body: [true],
};

describe('a D-Bus message', () => {
  test('of the bus is read', () => {
    assert.deepEqual(decodeMessage(HELLO_REPLY), {
      type: 2,
      serial: 1,
      destination: ':1.0',
      sender: 'org.freedesktop.DBus',
      replySerial: 1,
      body: [':1.0'],
    });
    assert.deepEqual(decodeMessage(SLEEP), SIGNAL);
    const { destination, sender } = decodeMessage(FORGED_SLEEP);
    assert.deepEqual([destination, sender], [':1.0', ':1.3']);
  });

  test('tells its length as soon as its first sixteen octets are there', () => {
    for (let length = 0; length < 16; length++) {
      assert.equal(messageLength(SLEEP.subarray(0, length)), undefined);
    }
    assert.equal(messageLength(SLEEP.subarray(0, 16)), SLEEP.length);
    assert.equal(messageLength(concat(SLEEP, NAME_ACQUIRED)), SLEEP.length);
  });

  test('of ours is a call in the order of the machine, or in the other', () => {
    const made = {
      serial: 7,
      destination: 'a.b',
      path: '/c',
      interface: 'd.e',
      member: 'F',
      signature: 's',
      arguments: ['gh'],
    };
    const call = encodeCall(made, 'big');
    const native = encodeCall(made);
    assert.equal(native[0], endianness() === 'LE' ? 0x6c : 0x42);
    assert.deepEqual(decodeMessage(native), decodeMessage(call));
    assert.deepEqual(decodeMessage(encodeCall(made, 'little')), decodeMessage(call));
    // Four fields of texts, the signature of the argument, and the argument.
    const expected =
      '42010001 00000007 00000007 00000047 ' +
      '01016f00 00000002 2f6300 0000000000 02017300 00000003 642e6500 00000000 ' +
      '03017300 00000001 4600 000000000000 06017300 00000003 612e6200 00000000 08016700 017300 00 00000002 676800';
    assert.equal(toHex(call), expected.replaceAll(' ', ''));
    assert.deepEqual(decodeMessage(call), {
      type: 1,
      serial: 7,
      path: '/c',
      interface: 'd.e',
      member: 'F',
      destination: 'a.b',
      body: ['gh'],
    });
    const plain = encodeCall({ serial: 1, destination: 'a', path: '/', interface: 'b', member: 'c' });
    assert.equal(plain.length % 8, 0);
    assert.deepEqual(decodeMessage(plain).body, []);
  });

  test('with a field that nobody knows is read without it', () => {
    // The number of file descriptors (9) and a made-up field of each plain type before the member.
    const fields = [
      '09017500 01000000',
      '0a017900 05',
      '0b016e00 0500',
      '0c017800 00000000 0500000000000000',
    ];
    const octets = fields.map(fromHex).map((field) => concat(field, new Uint8Array(-field.length & 7)));
    const more = concat(...octets);
    const message = concat(SLEEP.subarray(0, 16), more, SLEEP.subarray(16));
    new DataView(message.buffer).setUint32(12, 0x75 + more.length, true);
    assert.deepEqual(decodeMessage(message), SIGNAL);
  });

  test('that is none is refused', () => {
    const changed = (at: number, ...values: number[]): Uint8Array => {
      const copy = SLEEP.slice();
      copy.set(values, at);
      return copy;
    };
    const bad = {
      'no order of octets': changed(0, 0x4c),
      'the other order': changed(0, 0x42),
      'another version': changed(3, 2),
      'too long': changed(4, 0, 0, 1, 0),
      'longer than it is': changed(4, 5),
      'shorter than it is': changed(4, 3),
      'fields that end inside one': changed(12, 0x74),
      'a text without an end': changed(47, 0x31),
      'a text that is longer than the message': changed(20, 0xff),
      'a text that is no UTF-8': changed(30, 0xff),
      'a field of an array of nothing': changed(18, 0x61),
      'a boolean that is neither': changed(SLEEP.length - 4, 2),
    };
    for (const [what, octets] of Object.entries(bad)) {
      assert.throws(() => decodeMessage(octets), ProtocolError, what);
    }
    assert.throws(() => decodeMessage(concat(SLEEP, Uint8Array.of(0))), ProtocolError);
    assert.throws(() => messageLength(changed(4, 0xff, 0xff, 0xff, 0xff)), ProtocolError);
    assert.ok(MAX_MESSAGE_LENGTH < 1 << 24);
  });
});

/** The bus's answer to Hello as an answer to another call. */
function answerTo(serial: number, type: number): Uint8Array {
  const octets = HELLO_REPLY.slice();
  octets[1] = type;
  // The reply's serial number is the value of the second field.
  new DataView(octets.buffer).setUint32(36, serial, true);
  return octets;
}

function messagesIn(octets: Uint8Array): DbusMessage[] {
  const messages: DbusMessage[] = [];
  let rest = utf8Text(octets.subarray(0, 7)) === 'BEGIN\r\n' ? octets.subarray(7) : octets;
  while (rest.length > 0) {
    const length = messageLength(rest);
    messages.push(decodeMessage(rest.subarray(0, length)));
    rest = rest.subarray(length);
  }
  return messages;
}

describe('values of D-Bus', () => {
  test('are laid out as the specification shows, each at a multiple of its length', () => {
    const values = [7, [[2, Uint8Array.of(10, 1, 0, 53)]], true, [['corp.example', true]]] as const;
    const writer = new Writer();
    writeValues(writer, 'ia(iay)ba(sb)', values);
    const octets = writer.finish();
    const expected =
      '00000007 0000000c 00000002 00000004 0a010035 00000001 00000018 00000000' +
      '0000000c 636f72702e6578616d706c6500 000000 00000001';
    assert.equal(toHex(octets), expected.replaceAll(' ', ''));
    assert.deepEqual(readValues(new Reader(octets), 'ia(iay)ba(sb)'), values);
  });

  test('of every type are read in both orders', () => {
    const big =
      '05 00 fffe 0102 0000 fffffffe 00000007 fffffffffffffffe 0000000000000009 3ff0000000000000 ' +
      '026e7100 00000000';
    const expected = [5, -2, 258, -2, 7, -2n, 9n, 0x3ff0000000000000n, 'nq', []];
    assert.deepEqual(readValues(new Reader(fromHex(big)), 'ynqiuxtdga(ii)'), expected);
    const little = fromHex('0201 feff 03000000 02617500 04000000 2a000000');
    assert.deepEqual(readValues(new Reader(little, 'little'), 'qnuv'), [258, -2, 3, [42]]);
  });

  test('that do not fit their types, or their message, are refused', () => {
    const empty = fromHex('00000000');
    for (const signature of ['a', '(', '()', '(i', 'z', '{s}', 'a{', ')', '('.repeat(70), 'y'.repeat(256)]) {
      assert.throws(() => readValues(new Reader(empty), signature), ProtocolError, signature);
    }
    // A variant in a variant, and so on.
    const deep = concat(...Array<Uint8Array>(100).fill(fromHex('017600')));
    assert.throws(() => readValues(new Reader(deep), 'v'), ProtocolError);
    // An array that ends inside its element, one longer than the message, one of bytes that is.
    for (const [hex, signature] of [
      ['00000003 00000001', 'ai'],
      ['00000008 00000001', 'ai'],
      ['00000005 00000001', 'ay'],
      ['00000002', 'b'],
    ] as const) {
      assert.throws(() => readValues(new Reader(fromHex(hex)), signature), ProtocolError, hex);
    }
    for (const [signature, ...values] of [
      ['i', 'text'],
      ['i', 2 ** 31],
      ['ay', [1]],
      ['as', Uint8Array.of(1)],
      ['s'],
      ['(ii)', [1]],
    ] as const) {
      assert.throws(() => writeValues(new Writer(), signature, values), RangeError, signature);
    }
  });
});

describe('a subscriber', () => {
  function subscribe(): { client: DbusClient; sent: Uint8Array[]; signals: DbusMessage[] } {
    const sent: Uint8Array[] = [];
    const signals: DbusMessage[] = [];
    const client = new DbusClient({
      userId: 1000,
      match: "type='signal'",
      send: (octets) => sent.push(octets),
      onSignal: (signal) => signals.push(signal),
    });
    client.begin();
    return { client, sent, signals };
  }
  const OK = utf8('OK c776ed7538ebf95ce89cd9b0156e1\r\n');

  test('says who it is, then what it wants, and nothing else unasked', () => {
    const { client, sent } = subscribe();
    assert.equal(sent.map(utf8Text).join(), '\0AUTH EXTERNAL 31303030\r\n');
    client.receive(OK);
    assert.equal(sent.length, 2);
    const rest = sent[1] ?? new Uint8Array();
    assert.equal(utf8Text(rest.subarray(0, 7)), 'BEGIN\r\n');
    const hello = rest.subarray(7);
    const first = decodeMessage(hello.subarray(0, messageLength(hello)));
    const second = decodeMessage(hello.subarray(messageLength(hello)));
    assert.deepEqual([first.member, first.body], ['Hello', []]);
    assert.deepEqual([second.member, second.body], ['AddMatch', ["type='signal'"]]);
    assert.deepEqual([first.destination, second.destination], Array(2).fill('org.freedesktop.DBus'));
    client.receive(concat(HELLO_REPLY, NAME_ACQUIRED, SLEEP));
    assert.equal(sent.length, 2);
  });

  test('hears signals however the octets come', () => {
    const all = concat(OK, HELLO_REPLY, NAME_ACQUIRED, SLEEP, SLEEP);
    for (const step of [1, 7, 100, all.length]) {
      const { client, signals } = subscribe();
      for (let at = 0; at < all.length; at += step) client.receive(all.subarray(at, at + step));
      assert.deepEqual(signals, [SIGNAL, SIGNAL]);
    }
  });

  test('does not believe a signal that somebody sent to it alone', () => {
    const { client, signals } = subscribe();
    client.receive(concat(OK, HELLO_REPLY, FORGED_SLEEP));
    assert.deepEqual(signals, []);
  });

  test('makes calls in their order, as soon as it is accepted, and hears each answer once', () => {
    const { client, sent } = subscribe();
    const heard: [string, DbusMessage][] = [];
    const request = { destination: 'a.b', path: '/c', interface: 'd.e', member: 'F' };
    client.call(request, (answer) => heard.push(['first', answer]));
    assert.equal(sent.length, 1, 'not before it is accepted');
    client.receive(concat(OK, HELLO_REPLY));
    client.call({ ...request, member: 'G' }, (answer) => heard.push(['second', answer]));
    const [third = 0, fourth = 0] = sent
      .slice(1)
      .flatMap((octets) => messagesIn(octets))
      .filter(({ destination }) => destination === 'a.b')
      .map(({ serial }) => serial);
    assert.deepEqual([third, fourth], [3, 4]);
    client.receive(answerTo(fourth, 3));
    client.receive(answerTo(fourth, 2));
    client.receive(answerTo(99, 2));
    client.receive(answerTo(third, 2));
    assert.deepEqual(
      heard.map(([who, { type }]) => [who, type]),
      [
        ['second', 3],
        ['first', 2],
      ],
    );
  });

  test('gives up when the bus refuses it, or what it asks', () => {
    assert.throws(() => subscribe().client.receive(utf8('REJECTED EXTERNAL\r\n')), ProtocolError);
    assert.throws(() => subscribe().client.receive(new Uint8Array(2_000).fill(0x41)), ProtocolError);
    const { client } = subscribe();
    const error = HELLO_REPLY.slice();
    error[1] = 3;
    assert.throws(() => client.receive(concat(OK, error)), ProtocolError);
  });
});
