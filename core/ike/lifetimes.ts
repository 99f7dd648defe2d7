import { readU32 } from '../lib/bytes.ts';
import { failure, type Failure } from '../lib/failure.ts';
import type { Millis, RandomBytes } from '../lib/ports.ts';

/** When an SA is replaced, and when it may not be used any more even if it was not (RFC 7296 section 2.8). */
export interface Lifetime {
  readonly rekeyAt: Millis;
  readonly endAt: Millis;
}

/** For so long at least can a rekeying be tried again before the keys end. */
const MIN_GRACE_MS = 60_000;
/** And otherwise for this part of the time that the keys were to last. */
const GRACE_SHARE = 0.1;

/**
 * The lifetime of an SA whose keys are to last for `lifetimeMs` from now; 0 for ever. Up to the part `jitter` (0 to
 * below 1) is taken off at random, so that both ends rarely begin at once (section 2.8.1).
 */
export function lifetimeFrom(now: Millis, lifetimeMs: number, jitter: number, random: RandomBytes): Lifetime {
  if (lifetimeMs <= 0) return { rekeyAt: Infinity, endAt: Infinity };
  return {
    rekeyAt: now + lifetimeMs * (1 - jitter * fraction(random)),
    endAt: now + lifetimeMs + Math.max(MIN_GRACE_MS, lifetimeMs * GRACE_SHARE),
  };
}

/** Whoever comes later than this was not awake when it was time. */
const LATE_MS: Millis = 2_000;

/** Why keys ended that nobody replaced. */
export function endOfKeys(endAt: Millis, now: Millis): Failure {
  const lateMs = now - endAt;
  return lateMs > LATE_MS
    ? failure('timeout.slept', { seconds: Math.round(lateMs / 1000) })
    : failure('peer.rekey-failed');
}

/** From 0 to below 1. */
export function fraction(random: RandomBytes): number {
  return readU32(random(4)) / 2 ** 32;
}
