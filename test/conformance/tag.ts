/** A test proves a requirement from one of two sides: we do what is demanded, or we refuse what is forbidden. */
export type Side = 'does' | 'refuses';
export type Proof = readonly [id: string, side: Side];

/**
 * Options for node:test that say which requirements of an enrolled RFC a test proves:
 * `test('a sentence', proves('RFC7296-2.3-4', 'does'), () => …)` or `proves(['ID', 'does'], ['ID', 'refuses'])`.
 * The conformance report reads these calls from the sources, so ids and sides must be literals.
 */
export function proves(id: string, side: Side): Record<string, never>;
export function proves(...proofs: readonly Proof[]): Record<string, never>;
export function proves(..._proofs: readonly unknown[]): Record<string, never> {
  return {};
}
