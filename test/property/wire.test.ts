import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { concat, equalBytes } from '../../core/lib/bytes.ts';
import { ProtocolError } from '../../core/lib/reader.ts';
import { Writer } from '../../core/lib/writer.ts';
import { splitChain } from '../../core/wire/chain.ts';
import { readConfigAttribute } from '../../core/wire/config-value.ts';
import { CfgAttr, ExchangeType, Notify, PayloadType, Protocol } from '../../core/wire/constants.ts';
import { decodeEap, encodeEap } from '../../core/wire/eap.ts';
import { encodeFragmented } from '../../core/wire/fragment.ts';
import { FragmentQueue } from '../../core/wire/fragment-queue.ts';
import { decodeHeader } from '../../core/wire/header.ts';
import { decodeMessage } from '../../core/wire/decode.ts';
import { encodeMessage, encodeProtectedMessage } from '../../core/wire/message.ts';
import { VALUED_NOTIFIES, decodeNotifyData, readNotify, valuedNotify } from '../../core/wire/notify-data.ts';
import { decodePayloadBody, encodePayloadBody, payloadTypeOf } from '../../core/wire/payload.ts';
import { notify } from '../../core/wire/payloads/notify.ts';
import { proves } from '../conformance/tag.ts';
import {
  PAYLOAD_KINDS,
  clearMessage,
  octets,
  payloadOf,
  protectedMessage,
} from '../support/wire-arbitraries.ts';
import { gcmProtection, transparentProtection } from '../support/wire-protection.ts';

const gcm = gcmProtection(new Uint8Array(16).fill(7), new Uint8Array(4).fill(9));

/** Runs a decoder; whatever it throws besides ProtocolError is a failure. Gives what it returned. */
function survives<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** `bytes` in the middle of a larger buffer whose other octets a decoder must not see. */
function embedded(bytes: Uint8Array, around: number): Uint8Array {
  const fence = new Uint8Array(64).fill(around);
  return concat(fence, bytes, fence).subarray(64, 64 + bytes.length);
}

/** Asserts that a decoder gives the same for octets whatever lies around them in memory. */
function seesOnlyItsInput(bytes: Uint8Array, decode: (input: Uint8Array) => unknown): void {
  const alone = survives(() => decode(bytes));
  assert.deepEqual(
    survives(() => decode(embedded(bytes, 0x00))),
    alone,
  );
  assert.deepEqual(
    survives(() => decode(embedded(bytes, 0xff))),
    alone,
  );
}

for (const kind of PAYLOAD_KINDS) {
  test(`every ${kind} payload comes back from its octets as it was`, () => {
    fc.assert(
      fc.property(payloadOf(kind), (payload) => {
        const writer = new Writer();
        encodePayloadBody(payload, writer);
        const body = writer.finish();
        assert.deepEqual(decodePayloadBody(payloadTypeOf(payload), false, body), payload);
      }),
    );
  });

  test(`any octets as the body of ${kind} give a payload or a protocol error`, () => {
    const type = kind === 'unknown' ? 200 : PayloadType[kind];
    fc.assert(
      fc.property(octets(0, 120), (body) => {
        seesOnlyItsInput(body, (input) => decodePayloadBody(type, false, input));
      }),
      { numRuns: 500 },
    );
  });

  test(`a ${kind} payload with changed octets gives a payload or a protocol error`, () => {
    fc.assert(
      fc.property(payloadOf(kind), fc.nat(), fc.nat(255), fc.nat(300), (payload, at, value, cut) => {
        const writer = new Writer();
        encodePayloadBody(payload, writer);
        const body = writer.finish().subarray(0, cut);
        if (body.length > 0) body[at % body.length] = value;
        seesOnlyItsInput(body, (input) => decodePayloadBody(payloadTypeOf(payload), false, input));
      }),
      { numRuns: 300 },
    );
  });
}

test(
  'every legal message in clear comes back from its octets, its payloads in any order',
  proves(['RFC7296-2.5-13', 'does'], ['RFC7296-2.5-8', 'does']),
  () => {
    fc.assert(
      fc.property(clearMessage, (message) => {
        const result = decodeMessage(encodeMessage(message), undefined);
        assert.deepEqual(result, { kind: 'ok', message, protected: false });
      }),
    );
  },
);

test(
  'every legal protected message comes back from its octets, its payloads in any order',
  proves(['RFC7296-2.5-13', 'does'], ['RFC7296-2.5-11', 'does']),
  () => {
    fc.assert(
      fc.property(protectedMessage, (message) => {
        const result = decodeMessage(encodeProtectedMessage(message, gcm), gcm);
        assert.deepEqual(result, { kind: 'ok', message, protected: true });
      }),
    );
  },
);

test('every legal message comes back from its fragments in whatever order they arrive', () => {
  fc.assert(
    fc.property(protectedMessage, fc.integer({ min: 70, max: 400 }), fc.nat(1008), (message, limit, seed) => {
      const datagrams = encodeFragmented(message, gcm, limit);
      assert.ok(datagrams.every((datagram) => datagram.length <= limit));
      if (datagrams.length === 1) return;
      const shuffled = datagrams
        .map((datagram, index) => ({ datagram, key: (seed * (index + 1)) % 1009 }))
        .sort((a, b) => a.key - b.key);
      const queue = new FragmentQueue();
      const results = shuffled.map(({ datagram }) => {
        const partial = decodeMessage(datagram, gcm);
        assert.ok(partial.kind === 'partial');
        return queue.add(partial.header, partial.fragment);
      });
      assert.ok(results.slice(0, -1).every(({ kind }) => kind === 'waiting'));
      assert.deepEqual(results.at(-1), {
        kind: 'complete',
        result: { kind: 'ok', message, protected: true },
      });
    }),
  );
});

test(
  'one changed bit anywhere in a protected message is dropped in silence',
  proves(['RFC7296-3.14-6', 'refuses'], ['RFC5282-5.1-1', 'refuses'], ['RFC7296-3.10.1-x2', 'refuses']),
  () => {
    fc.assert(
      fc.property(protectedMessage, fc.nat(), (message, at) => {
        const datagram = encodeProtectedMessage(message, gcm);
        const bit = at % (8 * datagram.length);
        const index = bit >>> 3;
        datagram[index] = (datagram[index] ?? 0) ^ (1 << (bit & 7));
        assert.equal(decodeMessage(datagram, gcm).kind, 'unprotected-error');
      }),
      { numRuns: 400 },
    );
  },
);

test('any octets as a datagram give a result and never throw', () => {
  fc.assert(
    fc.property(octets(0, 200), (datagram) => {
      seesOnlyItsInput(datagram, (input) => decodeMessage(input, transparentProtection));
      seesOnlyItsInput(datagram, decodeHeader);
    }),
    { numRuns: 1000 },
  );
});

test('any octets behind a well-formed header give a result and never throw', () => {
  const start = fc.record({
    next: fc.constantFrom(...Object.values(PayloadType), 200),
    exchange: fc.constantFrom(...Object.values(ExchangeType), 99),
    flags: fc.constantFrom(0x08, 0x20, 0x28, 0x00),
    rest: octets(0, 120),
  });
  fc.assert(
    fc.property(start, ({ next, exchange, flags, rest }) => {
      const length = 28 + rest.length;
      const header = Uint8Array.of(
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        8,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        next,
        0x20,
        exchange,
        flags,
      );
      const counts = Uint8Array.of(0, 0, 0, 0, 0, 0, length >>> 8, length & 0xff);
      const result = decodeMessage(concat(header, counts, rest), transparentProtection);
      assert.ok(['ok', 'partial', 'protected-error', 'unprotected-error'].includes(result.kind));
    }),
    { numRuns: 1000 },
  );
});

test('any octets sealed inside SK give a message or an error that may be answered', () => {
  fc.assert(
    fc.property(fc.nat(255), octets(0, 120), (next, plaintext) => {
      const body = transparentProtection.seal(new Uint8Array(0), plaintext);
      const sk = 4 + body.length;
      const datagram = concat(
        Uint8Array.of(
          1,
          2,
          3,
          4,
          5,
          6,
          7,
          8,
          8,
          7,
          6,
          5,
          4,
          3,
          2,
          1,
          PayloadType.SK,
          0x20,
          37,
          0,
          0,
          0,
          0,
          5,
        ),
        Uint8Array.of(0, 0, (28 + sk) >>> 8, (28 + sk) & 0xff, next, 0, sk >>> 8, sk & 0xff),
        body,
      );
      const result = decodeMessage(datagram, transparentProtection);
      assert.ok(result.kind === 'ok' || result.kind === 'protected-error');
    }),
    { numRuns: 1000 },
  );
});

test('any octets as a chain of payloads give payloads that lie inside of them', () => {
  fc.assert(
    fc.property(fc.nat(255), octets(0, 120), (type, bytes) => {
      const raw = survives(() => splitChain(type, bytes)) ?? [];
      for (const { offset, body } of raw) {
        assert.ok(equalBytes(body, bytes.subarray(offset + 4, offset + 4 + body.length)));
        assert.ok(offset + 4 + body.length <= bytes.length);
      }
    }),
    { numRuns: 1000 },
  );
});

test('any octets as the data of any notify give a value or a protocol error', () => {
  const type = fc.constantFrom(...Object.values(Notify), 100, 40000);
  const spi = fc.constantFrom(new Uint8Array(0), new Uint8Array(4), new Uint8Array(8));
  fc.assert(
    fc.property(type, octets(0, 300), fc.nat(4), spi, (notifyType, data, protocol, spiOctets) => {
      seesOnlyItsInput(data, (input) => {
        const result = decodeNotifyData(notify(notifyType, input, protocol, spiOctets));
        assert.ok(result.ok || result.error instanceof ProtocolError);
        return result;
      });
    }),
    { numRuns: 2000 },
  );
});

for (const name of VALUED_NOTIFIES) {
  test(`whatever ${name} is read from, its value is written so that it reads the same again`, () => {
    let valid = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(0, 1, 2, 3, 4, 6, 12, 16, 18, 20, 36, 64).chain((length) => octets(length)),
        fc.constantFrom(new Uint8Array(0), new Uint8Array(4).fill(3)),
        (data, spi) => {
          // An FQDN of one octet, so that arbitrary octets are now and then a gateway identity.
          const gateway = name.startsWith('REDIRECT') ? concat(Uint8Array.of(3, 1, 0x61), data) : data;
          const read = readNotify(name, notify(Notify[name], gateway, Protocol.ESP, spi));
          if (!read.ok) return;
          valid += 1;
          assert.deepEqual(readNotify(name, valuedNotify(name, read.value)), read);
        },
      ),
      { numRuns: 300 },
    );
    assert.ok(valid > 0);
  });
}

test('any octets as the value of any configuration attribute give a value or a protocol error', () => {
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(CfgAttr), 5, 999), octets(0, 40), (type, value) => {
      seesOnlyItsInput(value, (input) => {
        const result = readConfigAttribute({ type, value: input });
        assert.ok(result.ok || result.error instanceof ProtocolError);
        return result;
      });
    }),
    { numRuns: 2000 },
  );
});

test('any octets as an EAP packet give a packet, which encodes to the same octets, or an error', () => {
  fc.assert(
    fc.property(fc.nat(5), fc.nat(255), fc.nat(40), octets(0, 40), (code, identifier, length, rest) => {
      const bytes = concat(Uint8Array.of(code, identifier, 0, length), rest);
      seesOnlyItsInput(bytes, decodeEap);
      const result = decodeEap(bytes);
      if (result.ok) assert.deepEqual(encodeEap(result.value), bytes.slice(0, length));
    }),
    { numRuns: 2000 },
  );
});
