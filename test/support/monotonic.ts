/** Milliseconds on the clock that all processes of this machine share (CLOCK_MONOTONIC), with a fraction. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
