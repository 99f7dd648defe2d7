/** One figure of ours beside the same figure of somebody else's, measured in the same run. */
export interface BenchRow {
  readonly bench: string;
  readonly metric: string;
  readonly unit: string;
  /** Medians over the runs. */
  readonly ours: number;
  readonly peer: string;
  /** null when the peer is not installed here; never an old or a guessed figure. */
  readonly theirs: number | null;
  /** ours / theirs; null when theirs is null or nothing. */
  readonly ratio: number | null;
  readonly runs: number;
  /** Why `theirs` is null. */
  readonly missing?: string;
}

/** A benchmark. `note` is for what a person wants to see while it runs. */
export interface Bench {
  readonly name: string;
  readonly about: string;
  run(note: (text: string) => void): Promise<readonly BenchRow[]>;
}

/** Throws RangeError for no values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  const lower = sorted.length % 2 === 1 ? upper : sorted[middle - 1];
  if (upper === undefined || lower === undefined) throw new RangeError('the median of nothing');
  return (lower + upper) / 2;
}

export interface Figures {
  readonly bench: string;
  readonly metric: string;
  readonly unit: string;
  readonly peer: string;
  readonly ours: readonly number[];
  /** One value a run, or why there are none. */
  readonly theirs: readonly number[] | { readonly missing: string };
}

/** The row of medians. */
export function rowOf({ bench, metric, unit, peer, ours, theirs }: Figures): BenchRow {
  const own = median(ours);
  const common = { bench, metric, unit, ours: rounded(own), peer, runs: ours.length };
  if ('missing' in theirs) return { ...common, theirs: null, ratio: null, missing: theirs.missing };
  const other = median(theirs);
  return { ...common, theirs: rounded(other), ratio: other === 0 ? null : rounded(own / other) };
}

/** A row as a line for people. */
export function rowText({ metric, unit, ours, peer, theirs, ratio, missing }: BenchRow): string {
  const own = `${metric.padEnd(44)} ${ours} ${unit}`;
  return missing === undefined
    ? `${own}   ${peer}: ${theirs ?? '?'} ${unit}   ratio ${ratio ?? '-'}`
    : `${own}   ${peer}: missing (${missing})`;
}

/** Three significant digits are more than these machines repeat. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
