import { readFileSync } from 'node:fs';
import { fromHex } from '../../core/lib/bytes.ts';

/** One test of a Wycheproof file: its number, its verdict, and its hexadecimal fields as octets. */
export interface Vector {
  readonly label: string;
  readonly result: 'valid' | 'invalid' | 'acceptable';
  /** The octets of a field of the test or of its group. */
  octets(field: string): Uint8Array;
  /** A numeric field of the group, like tagSize. */
  number(field: string): number;
}

type Fields = Readonly<Record<string, unknown>>;

interface VectorFile {
  readonly numberOfTests: number;
  readonly groups: readonly (Fields & { readonly tests: readonly Fields[] })[];
}

/** Every test of `test/vectors/wycheproof/<name>.json`. */
export function vectorsOf(name: string): readonly Vector[] {
  const url = new URL(`./wycheproof/${name}.json`, import.meta.url);
  const file = JSON.parse(readFileSync(url, 'utf8')) as VectorFile;
  const vectors = file.groups.flatMap(({ tests, ...group }) =>
    tests.map((test) => vectorOf(name, { ...group, ...test })),
  );
  if (vectors.length !== file.numberOfTests) throw new Error(`${name}: tests are missing`);
  return vectors;
}

function vectorOf(name: string, fields: Fields): Vector {
  const { result } = fields;
  if (result !== 'valid' && result !== 'invalid' && result !== 'acceptable')
    throw new Error(`${name}: no verdict`);
  return {
    label: `${name} ${String(fields['tcId'])} ${String(fields['comment'])}`,
    result,
    octets(field) {
      const value = fields[field];
      if (typeof value !== 'string') throw new Error(`${name}: no field ${field}`);
      return fromHex(value);
    },
    number(field) {
      const value = fields[field];
      if (typeof value !== 'number') throw new Error(`${name}: no number ${field}`);
      return value;
    },
  };
}

/**
 * Runs `check` over the vectors with this verdict and throws when there are fewer than `atLeast`, so that a test
 * cannot pass on an empty file.
 */
export function eachVector(
  vectors: readonly Vector[],
  result: Vector['result'],
  atLeast: number,
  check: (vector: Vector) => void,
): void {
  const chosen = vectors.filter((vector) => vector.result === result);
  if (chosen.length < atLeast) throw new Error(`${chosen.length} vectors, at least ${atLeast} expected`);
  for (const vector of chosen) check(vector);
}
