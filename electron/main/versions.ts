/** The version in the name by which a program greets, as `causewayd 0.1.0`; undefined when there is none. */
export function versionOf(greeting: string): string | undefined {
  return /(?:^|\s)(\d+\.\d+\.\d+\S*)$/.exec(greeting)?.[1];
}

/** Whether the first version is newer than the second; undefined when they are alike, or no versions of ours. */
export function isNewer(version: string, other: string): boolean | undefined {
  const [ours, theirs] = [numbersOf(version), numbersOf(other)];
  if (!ours || !theirs) return undefined;
  for (const [at, number] of ours.entries()) {
    const against = theirs[at] ?? 0;
    if (number !== against) return number > against;
  }
  return undefined;
}

function numbersOf(version: string): readonly number[] | undefined {
  const parts = /^(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?:[-+].*)?$/.exec(version);
  return parts?.slice(1).map(Number);
}
