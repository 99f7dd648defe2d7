import { type Span, spanOf, sweep, wholeSpan } from './cells.ts';
import { namesName, type PolicyRule, type SplitPolicy } from './model.ts';

/**
 * How much there is to do about a policy, in steps: wherever several rules speak of the same, each is held against each,
 * to carry them out (`power` 2), or all of them without each (3, for the lint). Counting ends at `most`.
 */
export function effortOf({ rules }: SplitPolicy, power: 2 | 3, most: number): number {
  let effort = 0;
  for (const together of meetings(rules)) {
    const weight = together.reduce((sum, { ports = [] }) => sum + 1 + ports.length / 8, 0);
    effort += 1 + weight ** power;
    if (effort >= most) return most;
  }
  return effort;
}

/** The rules that speak of the same, for each piece of the addresses and each name that is spoken of. */
function* meetings(rules: readonly PolicyRule[]): Generator<readonly PolicyRule[]> {
  for (const family of [4, 6] as const) {
    const groups = rules.map(({ destinations }): Span[] =>
      destinations.length === 0
        ? [wholeSpan(family)]
        : destinations.flatMap((one) =>
            one.kind === 'range' && one.range.start.family === family ? [spanOf(one.range)] : [],
          ),
    );
    for (const { groups: inside } of sweep(family, groups)) yield inside.flatMap((at) => rules[at] ?? []);
  }
  const names = new Set(
    rules.flatMap(({ destinations }) =>
      destinations.flatMap((one) => (one.kind === 'range' ? [] : [one.name])),
    ),
  );
  for (const name of names) {
    yield rules.filter(
      ({ destinations }) => destinations.length === 0 || destinations.some((one) => namesName(one, name)),
    );
  }
}
