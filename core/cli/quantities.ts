/** Octets as people read them: `0 B`, `512 B`, `1.2 MB`, with powers of 1000. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** A span as a clock: `00:01:23`; days become hours. */
export function clockText(spanMs: number): string {
  const seconds = Math.max(0, Math.floor(spanMs / 1000));
  return [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}

/** A short span: `12 ms`, `0.8 s`, `14 s`. */
export function spanText(spanMs: number): string {
  if (spanMs < 100) return `${Math.round(spanMs)} ms`;
  return spanMs < 10_000 ? `${(spanMs / 1000).toFixed(1)} s` : `${Math.round(spanMs / 1000)} s`;
}
