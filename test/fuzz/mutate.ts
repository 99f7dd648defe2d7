/** Mutations of octets for fuzz targets. The same seed gives the same octets on every machine. */

/** A number from 0 to `below` - 1. */
export type Random = (below: number) => number;

/** Numbers from a seed (mulberry32): fast, even, and of no use for anything that has to be secret. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

export function pick<T>(random: Random, from: readonly T[]): T {
  const chosen = from[random(from.length)];
  if (chosen === undefined) throw new RangeError('nothing to pick from');
  return chosen;
}

/** Octets that sit at the edges of what fields mean. */
const EDGES: readonly number[] = [
  0x00, 0x01, 0x02, 0x03, 0x04, 0x07, 0x08, 0x0f, 0x10, 0x7f, 0x80, 0xfe, 0xff,
];

type Mutation = (octets: Uint8Array, random: Random, others: readonly Uint8Array[]) => Uint8Array;

function changed(octets: Uint8Array, at: number, value: number): Uint8Array {
  const copy = octets.slice();
  copy[at] = value;
  return copy;
}

/** `octets` with those from `start` to `end` replaced. */
function replaced(octets: Uint8Array, start: number, end: number, by: Uint8Array): Uint8Array {
  const out = new Uint8Array(start + by.length + octets.length - end);
  out.set(octets.subarray(0, start));
  out.set(by, start);
  out.set(octets.subarray(end), start + by.length);
  return out;
}

function flipBit(octets: Uint8Array, random: Random): Uint8Array {
  const at = random(octets.length);
  return changed(octets, at, (octets[at] ?? 0) ^ (1 << random(8)));
}

function setEdge(octets: Uint8Array, random: Random): Uint8Array {
  return changed(octets, random(octets.length), pick(random, EDGES));
}

function nudge(octets: Uint8Array, random: Random): Uint8Array {
  const at = random(octets.length);
  return changed(octets, at, ((octets[at] ?? 0) + (random(2) === 0 ? 1 : 255) * (1 + random(4))) & 0xff);
}

function remove(octets: Uint8Array, random: Random): Uint8Array {
  const start = random(octets.length);
  return replaced(octets, start, Math.min(octets.length, start + 1 + random(16)), new Uint8Array(0));
}

function insert(octets: Uint8Array, random: Random): Uint8Array {
  const at = random(octets.length + 1);
  return replaced(octets, at, at, new Uint8Array(1 + random(16)).fill(pick(random, EDGES)));
}

function repeat(octets: Uint8Array, random: Random): Uint8Array {
  const start = random(octets.length);
  const part = octets.subarray(start, start + 1 + random(48));
  return replaced(octets, start, start, part);
}

function splice(octets: Uint8Array, random: Random, others: readonly Uint8Array[]): Uint8Array {
  const other = pick(random, others);
  const from = random(other.length + 1);
  const at = random(octets.length + 1);
  return replaced(
    octets,
    at,
    Math.min(octets.length, at + random(64)),
    other.subarray(from, from + random(64)),
  );
}

function cut(octets: Uint8Array, random: Random): Uint8Array {
  return octets.slice(0, random(octets.length));
}

const MUTATIONS: readonly Mutation[] = [
  flipBit,
  flipBit,
  setEdge,
  setEdge,
  nudge,
  nudge,
  remove,
  insert,
  repeat,
  splice,
  cut,
];

/** `octets` after one to four mutations; `others` are what parts may be taken from. */
export function mutate(octets: Uint8Array, random: Random, others: readonly Uint8Array[]): Uint8Array {
  let result = octets;
  for (let left = 1 + random(4); left > 0; left--) {
    result = result.length === 0 ? insert(result, random) : pick(random, MUTATIONS)(result, random, others);
  }
  return result;
}
