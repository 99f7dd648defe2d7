import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { concat, utf8 } from '../../../core/lib/bytes.ts';
import { SecretBytes } from '../../../core/lib/secret.ts';
import {
  encodeFrame,
  FrameDecoder,
  MAX_DEPTH,
  MAX_SECRET_LENGTH,
  MAX_TEXT_LENGTH,
} from '../../../core/rpc/frame.ts';
import { Rig } from './example-api.ts';

function header(text: number, secret = 0): Uint8Array {
  const octets = new Uint8Array(8);
  new DataView(octets.buffer).setUint32(0, text);
  new DataView(octets.buffer).setUint32(4, secret);
  return octets;
}

function framed(text: string): Uint8Array {
  return concat(header(utf8(text).length), utf8(text));
}

describe('frames', () => {
  test('come out as they went in, however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.jsonValue({ maxDepth: 5 }), fc.option(fc.uint8Array({ minLength: 1, maxLength: 40 }))),
          {
            maxLength: 6,
          },
        ),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
        (messages, cuts) => {
          const stream = concat(
            ...messages.map(([value, secret]) =>
              encodeFrame(value, secret === null ? undefined : SecretBytes.copyOf(secret)),
            ),
          );
          const decoder = new FrameDecoder();
          const seen: [unknown, Uint8Array | null][] = [];
          for (let at = 0, i = 0; at < stream.length; i++) {
            const piece = stream.subarray(at, (at += cuts[i % cuts.length] ?? 1));
            const frames = decoder.push(piece);
            assert.ok(frames.ok);
            for (const { value, secret } of frames.value) seen.push([value, secret ? secret.reveal() : null]);
          }
          assert.deepEqual(
            seen,
            messages.map(([value, secret]) => [JSON.parse(JSON.stringify(value)) as unknown, secret]),
          );
          assert.equal(decoder.pending, 0);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('that say they are too long are refused before anything is kept for them', () => {
    for (const octets of [
      header(MAX_TEXT_LENGTH + 1),
      header(0xffffffff),
      header(2, MAX_SECRET_LENGTH + 1),
    ]) {
      const decoder = new FrameDecoder();
      assert.equal(decoder.push(octets).ok, false);
      assert.equal(decoder.pending, 0);
    }
  });

  test('that nest too deep are refused, and brackets in strings do not count', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    assert.ok(new FrameDecoder().push(framed(nested(MAX_DEPTH))).ok);
    assert.equal(new FrameDecoder().push(framed(nested(MAX_DEPTH + 1))).ok, false);
    assert.equal(new FrameDecoder().push(framed('['.repeat(1_000_000))).ok, false);
    assert.ok(new FrameDecoder().push(framed(JSON.stringify('['.repeat(100) + '"[\\'))).ok);
  });

  test('that are no JSON or no UTF-8 are refused', () => {
    for (const text of ['', '{', 'nul', '{"a":1}}', "{'a':1}"]) {
      assert.equal(new FrameDecoder().push(framed(text)).ok, false, text);
    }
    assert.equal(new FrameDecoder().push(concat(header(3), Uint8Array.of(0x22, 0xff, 0x22))).ok, false);
  });

  test('any octets at all are frames or an error, never an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (octets) => {
        const decoder = new FrameDecoder();
        decoder.push(octets);
        decoder.push(octets);
      }),
    );
  });

  test('we never make one that a reader of ours would refuse', () => {
    assert.throws(() => encodeFrame('x'.repeat(MAX_TEXT_LENGTH)), RangeError);
    assert.throws(() => encodeFrame(1, new SecretBytes(new Uint8Array(MAX_SECRET_LENGTH + 1))), RangeError);
  });
});

describe('a hostile client', () => {
  test('that does not greet, greets twice, or speaks another version is told why and hung up on', () => {
    const silentOne = new Rig();
    silentOne.peer.handle({ value: { type: 'hello', versions: [1], client: 'again' } });
    assert.equal(silentOne.hungUp, true);
    const stranger = new Rig();
    stranger.peer.handle({ value: { type: 'call', id: 1, name: '__proto__', params: {} } });
    assert.equal(stranger.hungUp, false);
    stranger.peer.handle({ value: 'nonsense' });
    assert.equal(stranger.hungUp, true);
    assert.deepEqual(stranger.fromServer.at(-1)?.type, 'bye');
  });

  test('cannot call what is not in the interface, nor what every object has', async () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'nothing']) {
      const rig = new Rig();
      rig.peer.handle({ value: { type: 'call', id: 99, name, params: {} } });
      rig.peer.handle({ value: { type: 'open', id: 98, name, params: {} } });
      await Promise.resolve();
      const failed = rig.fromServer.filter(({ type }) => type === 'failed');
      assert.equal(failed.length, 2, name);
      assert.ok(
        failed.every((message) => 'failure' in message && message.failure?.code === 'contract.unknown-call'),
      );
    }
  });

  test('with ten thousand random messages neither breaks the server nor gets more than failures', async () => {
    const kinds = fc.constantFrom('hello', 'call', 'open', 'close', 'item', 'bye', '');
    const names = fc.constantFrom('double', 'stop', 'reset', 'numbers', 'secrets', '__proto__', '');
    const message = fc.record(
      { type: kinds, id: fc.oneof(fc.integer(), fc.jsonValue()), name: names, params: fc.jsonValue() },
      { requiredKeys: [] },
    );
    const anything = fc.oneof(message, fc.jsonValue());
    let sent = 0;
    for (const values of fc.sample(fc.array(anything, { minLength: 20, maxLength: 20 }), 500)) {
      const rig = new Rig({ uid: 4242 });
      for (const value of values) rig.peer.handle({ value });
      sent += values.length;
      await Promise.resolve();
      for (const told of rig.fromServer) {
        assert.ok(told.type !== 'failed' || told.failure.code.startsWith('contract.'), JSON.stringify(told));
      }
    }
    assert.equal(sent, 10_000);
  });
});
