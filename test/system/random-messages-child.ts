/**
 * Sends messages to the service that the contract allows, or nearly: made from its schemas, and then some of them
 * changed. Prints, as JSON, what came of them. Arguments: socket, how many, seed, ids of profiles that there are.
 */
import { createConnection } from 'node:net';
import fc from 'fast-check';
import { daemonApi } from '../../core/contract/daemon-api.ts';
import { encodeFrame, FrameDecoder } from '../../core/rpc/frame.ts';
import { SecretBytes } from '../../core/lib/secret.ts';
import { arbitraryOf } from '../support/zod-arbitrary.ts';

const [path = '', count = '0', seed = '0', ...ids] = process.argv.slice(2);
/** Fewer than are refused for being too many. */
const OF_ONE_CLIENT = 60;
const AT_ONCE = 10;

interface Sent {
  readonly octets: Uint8Array;
}

let nextId = 1;
const id = fc.integer({ min: 1, max: 1000 });
const calls = Object.entries(daemonApi.calls).map(([name, { params }]) =>
  fc.record({ type: fc.constant('call'), id, name: fc.constant(name), params: arbitraryOf(params) }),
);
const streams = Object.entries(daemonApi.streams).map(([name, { params }]) =>
  fc.record({ type: fc.constant('open'), id, name: fc.constant(name), params: arbitraryOf(params) }),
);
const good = fc.oneof(...calls, ...streams, fc.record({ type: fc.constant('close'), id }));
/** One thing in what it asks is something else, more or missing. */
const changed = fc
  .tuple(fc.oneof(...calls), fc.nat(), fc.jsonValue({ maxDepth: 3 }), fc.constantFrom('set', 'drop', 'add'))
  .map(([message, at, value, how]) => {
    const copy = JSON.parse(JSON.stringify(message)) as { params: Record<string, unknown> };
    const { params } = copy;
    const inner = params['contents'] ?? params['policy'];
    const object = (
      at % 2 === 0 && typeof inner === 'object' && inner !== null ? inner : params
    ) as typeof params;
    const keys = Object.keys(object);
    const key = keys[at % Math.max(1, keys.length)] ?? 'x';
    const strange = ['__proto__', 'constructor', 'toString'][at % 3] ?? 'x';
    if (how === 'set') object[key] = value;
    else if (how === 'drop') Reflect.deleteProperty(object, key);
    else Object.defineProperty(object, strange, { value, enumerable: true });
    return copy;
  });
const secret = fc.uint8Array({ minLength: 1, maxLength: 40 });
const polite: fc.Arbitrary<Sent> = fc.oneof(
  { weight: 5, arbitrary: good.map((value) => framed([value, null])) },
  { weight: 1, arbitrary: fc.tuple(fc.oneof(...calls), secret).map(framed) },
  { weight: 4, arbitrary: changed.map((value) => framed([value, null])) },
);
/** What a client is hung up for. */
const rude: fc.Arbitrary<Sent> = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 60 }).map((octets) => ({ octets })),
  fc.jsonValue({ maxDepth: 4 }).map((value) => framed([value, null])),
  fc
    .tuple(good, fc.string({ maxLength: 8 }), fc.jsonValue())
    .map(([value, key, more]) => framed([{ ...value, [key]: more }, null])),
);

/** Each call has a number of its own, by which its answer is known. */
function numbered(value: unknown): unknown {
  const isCall = typeof value === 'object' && value !== null && 'params' in value;
  return isCall ? { ...value, id: nextId++ } : value;
}

function framed([value, secret]: readonly [unknown, Uint8Array | null]): Sent {
  // Some of them speak of profiles that there are.
  const text = JSON.stringify(numbered(value));
  const known = ids[text.length % (2 * ids.length)];
  const named = known === undefined ? text : text.replace(/"profile":"[^"\\]*"/, `"profile":"${known}"`);
  return {
    octets: encodeFrame(JSON.parse(named), secret === null ? undefined : SecretBytes.copyOf(secret)),
  };
}

const answers: Record<string, number> = {};
const allowed = new Set<string>();
let [sent, bugs] = [0, 0];

/** A client that sends what is in order, and last of all something that is not. */
async function client(list: readonly Sent[], last: Sent): Promise<void> {
  const socket = createConnection(path);
  const decoder = new FrameDecoder();
  const asked = new Map<number, string>();
  let wake = (): void => undefined;
  socket.on('data', (piece: Buffer) => {
    const frames = decoder.push(piece);
    if (frames.ok) for (const { value } of frames.value) note(value as Told, asked);
    wake();
  });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => undefined);
  socket.write(encodeFrame({ type: 'hello', versions: [1], client: 'random' }));
  const messages = [...list];
  while (messages.length > 0) {
    for (const { octets } of messages.splice(0, AT_ONCE)) {
      remember(octets, asked);
      socket.write(octets);
    }
    const heard = new Promise<void>((resolve) => (wake = resolve));
    await Promise.race([closed, heard, new Promise((resolve) => setTimeout(resolve, 30))]);
  }
  // What was asked last is still answered.
  await new Promise((resolve) => setTimeout(resolve, 30));
  socket.write(last.octets);
  setTimeout(() => socket.destroy(), 100).unref();
  await closed;
}

interface Told {
  readonly type: string;
  readonly id?: number;
  readonly failure?: { readonly code: string };
}

function note({ type, id: number, failure }: Told, asked: ReadonlyMap<number, string>): void {
  const key = failure?.code ?? type;
  answers[key] = (answers[key] ?? 0) + 1;
  if (failure?.code.startsWith('internal.') === true) bugs += 1;
  if (type === 'result' && number !== undefined) allowed.add(asked.get(number) ?? '');
}

function remember(octets: Uint8Array, asked: Map<number, string>): void {
  const { id: number, name } = text(octets) as { id?: number; name?: string };
  if (typeof number === 'number' && typeof name === 'string') asked.set(number, name);
}

function text(octets: Uint8Array): object {
  try {
    const value = JSON.parse(
      Buffer.from(octets.subarray(8)).toString('utf8').split('\0')[0] ?? '',
    ) as unknown;
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

const all = fc.sample(polite, { numRuns: Number(count), seed: Number(seed) });
const ends = fc.sample(rude, { numRuns: Math.ceil(all.length / OF_ONE_CLIENT), seed: Number(seed) });
for (const last of ends) {
  const list = all.splice(0, OF_ONE_CLIENT);
  await client(list, last);
  sent += list.length + 1;
}
console.log(JSON.stringify({ sent, bugs, answers, allowed: [...allowed].sort() }));
process.exit(0);
