/** The lines of two texts, with '-' before those that are gone, '+' before new ones and ' ' before those that stayed. */
export function lineDiff(before: readonly string[], after: readonly string[]): string[] {
  // rest[i][j]: how many lines before from i on and after from j on have in common, in their order.
  const rest = Array.from({ length: before.length + 1 }, () => new Uint16Array(after.length + 1));
  const common = (i: number, j: number): number => rest[i]?.[j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      const row = rest[i];
      if (!row) continue;
      row[j] =
        before[i] === after[j] ? common(i + 1, j + 1) + 1 : Math.max(common(i + 1, j), common(i, j + 1));
    }
  }
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const [old, fresh] = [before[i], after[j]];
    if (old !== undefined && old === fresh) {
      lines.push(`  ${old}`);
      i++;
      j++;
    } else if (old !== undefined && (fresh === undefined || common(i + 1, j) >= common(i, j + 1))) {
      lines.push(`- ${old}`);
      i++;
    } else {
      lines.push(`+ ${fresh ?? ''}`);
      j++;
    }
  }
  return lines;
}
