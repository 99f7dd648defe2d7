import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat, utf8 } from '../../core/lib/bytes.ts';
import { ProtocolError } from '../../core/lib/reader.ts';
import { DbusClient } from '../../core/platform/linux/dbus/client.ts';
import { decodeMessage, encodeCall, messageLength } from '../../core/platform/linux/dbus/message.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 40 });

const call = fc
  .record(
    {
      serial: fc.integer({ min: 1, max: 0xffffffff }),
      destination: text,
      path: text,
      interface: text,
      member: text,
      signature: fc.constant('sa(iay)bas'),
      arguments: fc.tuple(
        text,
        fc.array(
          fc.tuple(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.uint8Array({ maxLength: 20 })),
        ),
        fc.boolean(),
        fc.array(text, { maxLength: 3 }),
      ),
    },
    { requiredKeys: ['serial', 'destination', 'path', 'interface', 'member'] },
  )
  .filter((made) => (made.signature === undefined) === (made.arguments === undefined));

test('a call survives being written and read', () => {
  fc.assert(
    fc.property(call, (made) => {
      const octets = encodeCall(made);
      assert.equal(messageLength(octets), octets.length);
      const { serial, destination, path, interface: face, member } = made;
      const fields = { serial, destination, path, interface: face, member };
      const expected = { type: 1, ...fields, body: made.arguments ?? [] };
      assert.deepEqual(decodeMessage(octets), expected);
    }),
  );
});

/** Runs over anything: what it throws is a ProtocolError, or this throws it on. */
function survives(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
  }
}

const change = fc.tuple(fc.nat(), fc.nat(255));

test('a bus that says anything at all is understood or given up', () => {
  const genuine = encodeCall({
    serial: 1,
    destination: 'a.b',
    path: '/c',
    interface: 'd',
    member: 'e',
    signature: 'sa(iay)b',
    arguments: ['f', [[2, Uint8Array.of(10, 0, 0, 1)]], true],
  });
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 5 }),
      fc.uint8Array({ maxLength: 60 }),
      fc.boolean(),
      (changes, more, accepted) => {
        const octets = genuine.slice();
        for (const [at, value] of changes) octets[at % octets.length] = value;
        survives(() => decodeMessage(octets));
        survives(() => decodeMessage(more));
        const client = new DbusClient({
          userId: 0,
          match: '',
          send: () => undefined,
          onSignal: () => undefined,
        });
        const begin = accepted ? utf8('OK 0123\r\n') : new Uint8Array(0);
        survives(() => client.receive(concat(begin, octets, more)));
      },
    ),
    { numRuns: 2_000 },
  );
});
