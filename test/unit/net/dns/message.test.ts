import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { concat, fromHex, toHex } from '../../../../core/lib/bytes.ts';
import {
  answersQuery,
  readQuery,
  readResponse,
  refusal,
  ResponseCode,
  truncation,
  withId,
} from '../../../../core/net/dns/message.ts';

/** A question of dig for www.Corp.example A, with EDNS and 1232 octets. */
const QUESTION = '0377777704436f7270076578616d706c6500 0001 0001';
const QUERY = fromHex(`1234 0120 0001 0000 0000 0001 ${QUESTION} 00 0029 04d0 00000000 0000`);
const PLAIN = fromHex(`1234 0100 0001 0000 0000 0000 ${QUESTION}`);
/** A CNAME to a.corp.example with a TTL of 300, and its address 10.1.2.3 with one of 60. */
const RESPONSE = fromHex(
  `1234 8180 0001 0002 0000 0000 ${QUESTION} c00c 0005 0001 0000012c 0004 0161c010 c02e 0001 0001 0000003c 0004 0a010203`,
);

function changed(octets: Uint8Array, at: number, ...values: number[]): Uint8Array {
  const copy = octets.slice();
  copy.set(values, at);
  return copy;
}

describe('a query', () => {
  test('is read: who is asked for, and how long an answer may be', () => {
    const read = readQuery(QUERY);
    assert.deepEqual(read, {
      ok: true,
      value: {
        id: 0x1234,
        question: { name: 'www.corp.example', type: 1, class: 1 },
        questionEnd: 34,
        udpLength: 1232,
      },
    });
    const plain = readQuery(PLAIN);
    assert.ok(plain.ok);
    assert.equal(plain.value.udpLength, 512);
    // Who says that 100 octets are enough gets what everybody can take (RFC 6891 section 6.2.3).
    const small = readQuery(changed(QUERY, 37, 0, 100));
    assert.ok(small.ok);
    assert.equal(small.value.udpLength, 512);
  });

  test('that is none is refused, or passed over when an answer could start a quarrel', () => {
    const cases: readonly [string, Uint8Array, number | undefined][] = [
      ['nothing', new Uint8Array(0), undefined],
      ['a header cut off', QUERY.subarray(0, 11), undefined],
      ['an answer', RESPONSE, undefined],
      ['a notification', changed(QUERY, 2, 0x20), ResponseCode.NOT_IMPLEMENTED],
      ['no question', changed(PLAIN, 4, 0, 0), ResponseCode.FORMAT],
      ['two questions', changed(PLAIN, 4, 0, 2), ResponseCode.FORMAT],
      ['a question cut off', PLAIN.subarray(0, 30), ResponseCode.FORMAT],
      ['records that are not there', changed(PLAIN, 10, 0, 1), ResponseCode.FORMAT],
      ['more records than anybody needs', changed(PLAIN, 10, 255, 255), ResponseCode.FORMAT],
    ];
    for (const [what, octets, code] of cases) {
      const read = readQuery(octets);
      assert.equal(read.ok, false, what);
      assert.equal(read.error.code, code, what);
    }
  });
});

describe('a response', () => {
  test('is read', () => {
    const read = readResponse(RESPONSE);
    assert.ok(read.ok);
    const { answers, ...rest } = read.value;
    assert.deepEqual(rest, {
      id: 0x1234,
      code: 0,
      truncated: false,
      question: { name: 'www.corp.example', type: 1, class: 1 },
    });
    assert.deepEqual(
      answers.map(({ name, type, ttlSeconds, dataEnd, dataStart }) => [
        name,
        type,
        ttlSeconds,
        dataEnd - dataStart,
      ]),
      [
        ['www.corp.example', 5, 300, 4],
        ['a.corp.example', 1, 60, 4],
      ],
    );
  });

  test('that was cut is read without its records', () => {
    const cut = changed(RESPONSE, 2, 0x83).subarray(0, 40);
    const read = readResponse(cut);
    assert.ok(read.ok);
    assert.deepEqual([read.value.truncated, read.value.answers], [true, []]);
  });

  test('with a TTL that has its highest bit set is over at once (RFC 2181 section 8)', () => {
    const read = readResponse(changed(RESPONSE, 40, 0x80));
    assert.ok(read.ok);
    assert.equal(read.value.answers[0]?.ttlSeconds, 0);
  });

  test('that is none, or ends inside a record, is refused', () => {
    const cases = {
      nothing: new Uint8Array(0),
      'a query': PLAIN,
      'no question': changed(RESPONSE, 4, 0, 0),
      'a record cut off': RESPONSE.subarray(0, RESPONSE.length - 1),
      'more records than there are': changed(RESPONSE, 6, 0, 3),
    };
    for (const [what, octets] of Object.entries(cases)) assert.equal(readResponse(octets).ok, false, what);
  });

  test('is an answer only with the same question and the id that it was sent with (RFC 5452 section 9.1)', () => {
    const query = readQuery(QUERY);
    assert.ok(query.ok);
    const matches = (octets: Uint8Array, id = 0x1234): boolean => {
      const response = readResponse(octets);
      assert.ok(response.ok);
      return answersQuery(response.value, query.value, id);
    };
    assert.equal(matches(RESPONSE), true);
    assert.equal(matches(RESPONSE, 0x1235), false);
    assert.equal(matches(withId(RESPONSE, 0x4321), 0x4321), true);
    assert.equal(matches(changed(RESPONSE, 13, 0x57)), true, 'in whatever letters');
    assert.equal(matches(changed(RESPONSE, 13, 0x78)), false, 'another name');
    assert.equal(matches(changed(RESPONSE, 31, 28)), false, 'another type');
    assert.equal(matches(changed(RESPONSE, 33, 3)), false, 'another class');
  });
});

test('a message with another id leaves the first as it is, also a Buffer of Node', () => {
  const buffer = Buffer.from(QUERY);
  assert.equal(toHex(withId(buffer, 0x4321)), `4321${toHex(QUERY).slice(4)}`);
  assert.equal(toHex(buffer), toHex(QUERY));
});

describe('what is answered without asking anybody', () => {
  test('is the question, and a code or that TCP is to be used', () => {
    const question = QUESTION.replaceAll(' ', '');
    assert.equal(toHex(refusal(QUERY, ResponseCode.FAILURE)), `123481820001000000000000${question}`);
    assert.equal(toHex(truncation(QUERY)), `123483800001000000000000${question}`);
  });

  test('repeats no question that cannot be read', () => {
    const broken = concat(PLAIN.subarray(0, 12), fromHex('c00c'));
    assert.equal(toHex(refusal(broken, ResponseCode.FORMAT)), '123481810000000000000000');
  });
});
