import { readU32 } from '../lib/bytes.ts';
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

/** From 0 to below 1. */
export function fraction(random: RandomBytes): number {
  return readU32(random(4)) / 2 ** 32;
}

/** Pause before the first new attempt, and the longest one. */
const FIRST_PAUSE_MS = 2_000;
const MAX_PAUSE_MS = 30_000;
/** A gateway that is never ready has other state than we (RFC 7296 section 2.25). */
const MAX_BUSY_MS = 300_000;

/** The row of attempts at one thing that the gateway put off or refused. */
export interface Attempts {
  readonly since: Millis;
  readonly count: number;
}

/**
 * When to try again after one more attempt came to nothing, later each time; undefined when the gateway has been busy
 * for too long. `refused`: it did not say that it may have time later, so it is not asked as often, and nothing can be
 * concluded from its saying so again.
 */
export function nextAttempt(
  { since, count }: Attempts,
  now: Millis,
  random: RandomBytes,
  refused: boolean,
): Millis | undefined {
  if (!refused && now - since >= MAX_BUSY_MS) return undefined;
  const pauseMs = refused ? MAX_PAUSE_MS : Math.min(FIRST_PAUSE_MS * 2 ** count, MAX_PAUSE_MS);
  return now + pauseMs * (1 + fraction(random) / 2);
}
