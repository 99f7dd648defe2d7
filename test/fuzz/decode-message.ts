/**
 * Fuzz target: whatever a datagram is, decodeMessage gives a result, and what it accepts is exactly what its
 * value encodes to. Mutates a corpus (test/fuzz/corpus and freshly encoded messages), outside and inside of the
 * protection.
 *
 *     node test/fuzz/decode-message.ts --runs 1000000 --seed 7
 */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { concat, fromHex, toHex } from '../../core/lib/bytes.ts';
import { readConfigAttribute } from '../../core/wire/config-value.ts';
import { Notify, PayloadType } from '../../core/wire/constants.ts';
import { decodeEap, encodeEap } from '../../core/wire/eap.ts';
import { encodeFragmented } from '../../core/wire/fragment.ts';
import { FragmentQueue } from '../../core/wire/fragment-queue.ts';
import { decodeMessage } from '../../core/wire/decode.ts';
import { describeMessage } from '../../core/wire/describe.ts';
import { encodeMessage, encodeProtectedMessage } from '../../core/wire/message.ts';
import type { DecodeResult, Message } from '../../core/wire/message.ts';
import { decodeNotifyData } from '../../core/wire/notify-data.ts';
import { clearMessage, protectedMessage } from '../support/wire-arbitraries.ts';
import { transparentProtection } from '../support/wire-protection.ts';
import { mutate, pick, seeded } from './mutate.ts';
import type { Random } from './mutate.ts';

/** How many inputs ended how. */
export type FuzzReport = Record<DecodeResult['kind'] | 'runs', number>;

const GENERATED = 300;
const HEADER = 28;
const LENGTH_FIELD = 24;
const NEXT_PAYLOAD = 16;

/** The committed inputs by file name: hexadecimal with comments from `#` to the end of the line. */
export function committedCorpus(): ReadonlyMap<string, Uint8Array> {
  const folder = new URL('corpus/', import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith('.hex'));
  return new Map(
    names
      .sort()
      .map((name) => [name, fromHex(readFileSync(new URL(name, folder), 'utf8').replace(/#.*$/gm, ''))]),
  );
}

/** Messages of every kind from the encoders: in clear, in SK, in fragments. */
function generatedCorpus(seed: number): Uint8Array[] {
  const options = { seed, numRuns: GENERATED };
  const sealed = fc.sample(protectedMessage, options);
  return [
    ...fc.sample(clearMessage, options).map(encodeMessage),
    ...sealed.map((message) => encodeProtectedMessage(message, transparentProtection)),
    ...sealed.slice(0, 20).flatMap((message) => encodeFragmented(message, transparentProtection, 120)),
  ];
}

/** The datagram with its length field saying what its length is, so that more is looked at than that. */
function withLength(datagram: Uint8Array): Uint8Array {
  if (datagram.length < HEADER) return datagram;
  const copy = datagram.slice();
  new DataView(copy.buffer).setUint32(LENGTH_FIELD, copy.length);
  return copy;
}

/** A datagram whose SK payload is sealed anew around mutated payloads, as a hostile but authentic peer would. */
function mutateInside(datagram: Uint8Array, random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  const firstInner = datagram[HEADER] ?? 0;
  const body = datagram.subarray(HEADER + 4);
  const plaintext = transparentProtection.open(datagram.subarray(0, HEADER + 4), body);
  if (datagram[NEXT_PAYLOAD] !== PayloadType.SK || plaintext === undefined)
    return mutate(datagram, random, corpus);
  const sealed = transparentProtection.seal(body, mutate(plaintext, random, corpus));
  const first = random(8) === 0 ? random(256) : firstInner;
  const length = 4 + sealed.length;
  return withLength(
    concat(
      datagram.subarray(0, HEADER),
      Uint8Array.of(first, 0, (length >>> 8) & 0xff, length & 0xff),
      sealed,
    ),
  );
}

function nextInput(random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  const seed = pick(random, corpus);
  switch (random(4)) {
    case 0:
      return mutate(seed, random, corpus);
    case 1:
      return withLength(mutate(seed, random, corpus));
    default:
      return mutateInside(seed, random, corpus);
  }
}

/** Asserts what has to hold for any datagram. Gives how it ended. */
export function checkDatagram(datagram: Uint8Array): DecodeResult['kind'] {
  const result = decodeMessage(datagram, transparentProtection);
  switch (result.kind) {
    case 'ok':
      checkAccepted(result.message, result.protected);
      break;
    case 'partial': {
      const { number, total } = result.fragment;
      assert.ok(number >= 1 && number <= total);
      new FragmentQueue().add(result.header, { ...result.fragment, number: 1, total: 1 });
      break;
    }
    case 'protected-error':
      assert.ok(
        result.notify === Notify.INVALID_SYNTAX || result.notify === Notify.UNSUPPORTED_CRITICAL_PAYLOAD,
      );
      assert.equal(result.data.length, result.notify === Notify.INVALID_SYNTAX ? 0 : 1);
      break;
    case 'unprotected-error':
      assert.ok(result.header !== undefined || datagram.length < HEADER);
      break;
  }
  return result.kind;
}

/** An accepted message encodes, and decodes to the same value again; whatever reads its payloads returns. */
function checkAccepted(message: Message, isProtected: boolean): void {
  const again = isProtected
    ? decodeMessage(encodeProtectedMessage(message, transparentProtection), transparentProtection)
    : decodeMessage(encodeMessage(message), undefined);
  assert.deepEqual(again, { kind: 'ok', message, protected: isProtected });
  assert.ok(describeMessage(message).length > 0);
  for (const payload of message.payloads) {
    if (payload.kind === 'N') decodeNotifyData(payload);
    if (payload.kind === 'CP') payload.attributes.forEach(readConfigAttribute);
    if (payload.kind !== 'EAP') continue;
    const packet = decodeEap(payload.message);
    if (packet.ok) assert.deepEqual(encodeEap(packet.value), payload.message.slice());
  }
}

/** Runs the target. Throws with the seed, the run and the octets when something does not hold. */
export function fuzz(runs: number, seed: number): FuzzReport {
  const random = seeded(seed);
  const corpus = [...committedCorpus().values(), ...generatedCorpus(seed)];
  const report: FuzzReport = { runs, ok: 0, partial: 0, 'protected-error': 0, 'unprotected-error': 0 };
  for (let run = 0; run < runs; run++) {
    const datagram = nextInput(random, corpus);
    try {
      report[checkDatagram(datagram)] += 1;
    } catch (cause) {
      throw new Error(`seed ${seed}, run ${run}: ${toHex(datagram)}`, { cause });
    }
  }
  return report;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { runs: { type: 'string' }, seed: { type: 'string' } } });
  const seed = values.seed === undefined ? Date.now() % 2 ** 32 : Number(values.seed);
  process.stdout.write(`seed ${seed}\n`);
  process.stdout.write(`${JSON.stringify(fuzz(Number(values.runs ?? 50_000), seed))}\n`);
}
