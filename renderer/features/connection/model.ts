import type { ConnectedFacts } from '../../../core/contract/snapshot.ts';

/** A plain word on a suite, as its weakest part earns it. */
export type Strength = 'strong' | 'sufficient' | 'weak';

/** Judged by the words of proposals: RFC 8221 and RFC 8247 say what is recommended and what is not. */
export function strengthOf({ ike, esp }: ConnectedFacts['suite']): Strength {
  const parts = `${ike}-${esp}`.split('-');
  if (parts.some((part) => /^(3des|des|null|md5|modp(768|1024|1536)|cast128|blowfish)/.test(part)))
    return 'weak';
  if (parts.some((part) => /^(sha1|sha96|aes\d*$|modp2048|prfsha1)/.test(part))) return 'sufficient';
  return 'strong';
}

/** Octets in a unit that reads well, in the manner of a language. */
export function octetsText(octets: number, language: string): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const;
  let value = octets;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  const text = new Intl.NumberFormat(language, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
  return `${text} ${units[unit] ?? ''}`;
}

/** Hours and minutes: what a glance wants to know. */
export function durationText(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  const hours = Math.floor(minutes / 60);
  return hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
}

/** Totals at a time, and the octets a second since the sample before. */
export interface Sample {
  readonly at: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly inPerSecond: number;
  readonly outPerSecond: number;
}

const KEPT_MS = 5 * 60_000;

/** Totals are told once a second while they change: after longer than this they had not changed before. */
export const SILENT_MS = 2_000;

/**
 * The samples with one more; those that are too old go. Totals that shrank belong to another connection. `isWhole`: no
 * change was missed since the last one, so that what came after a silence came in its last second.
 */
export function withSample(
  samples: readonly Sample[],
  now: { readonly at: number; readonly bytesIn: number; readonly bytesOut: number },
  isWhole = true,
): readonly Sample[] {
  const last = samples.at(-1);
  const isNew = !last || now.bytesIn < last.bytesIn || now.bytesOut < last.bytesOut;
  if (isNew) return [{ ...now, inPerSecond: 0, outPerSecond: 0 }];
  const gapMs = now.at - last.at;
  if (gapMs < 200) return samples;
  const wasSilent = isWhole && gapMs > SILENT_MS;
  const seconds = wasSilent ? 1 : gapMs / 1000;
  const sample = {
    ...now,
    inPerSecond: (now.bytesIn - last.bytesIn) / seconds,
    outPerSecond: (now.bytesOut - last.bytesOut) / seconds,
  };
  const silence = wasSilent ? [{ ...last, at: now.at - 1000, inPerSecond: 0, outPerSecond: 0 }] : [];
  return [...samples.filter(({ at }) => at >= now.at - KEPT_MS), ...silence, sample];
}
