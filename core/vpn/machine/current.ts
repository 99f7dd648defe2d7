import type { Millis } from '../../lib/ports.ts';
import type { SessionEvent } from '../carrier.ts';
import type { Current, Lifetime } from './parts.ts';
import type { Moment, Way } from './state.ts';

/** The least time for a second login beside the session that runs out, and the most that is set aside for it. */
const MIN_LEAD_MS = 30_000;
const MAX_LEAD_MS = 600_000;
/** No session is replaced before this age, however short its login lives. */
const MIN_AGE_MS = 10_000;
/** A session that lasted so long was a good one: what happened before it does not count any more. */
export const GOOD_AGE_MS = 30_000;

/**
 * When to log in again if the gateway allows `seconds` from now (RFC 4478 section 2): a tenth to a fifth of the time
 * before its end, at once if that is short.
 */
export function lifetimeOf(seconds: number, since: Millis, { now, chance }: Moment): Lifetime {
  const spanMs = seconds * 1000;
  const leadMs = Math.min(MAX_LEAD_MS, Math.max(MIN_LEAD_MS, (spanMs * (1 + chance)) / 10));
  const renewAt = Math.max(now, now + spanMs - leadMs, since + MIN_AGE_MS);
  return { renewAt, endsAt: now + spanMs, refused: false };
}

/** What a session says about itself. */
export function note(current: Current, event: SessionEvent, moment: Moment): Current {
  switch (event.kind) {
    case 'path':
      return event.confirmed
        ? trusted({ ...current, way: 'kept', confirmed: true, silent: false })
        : doubted({ ...current, confirmed: false }, moment.now);
    case 'unanswered':
      return doubted({ ...current, silent: true }, moment.now);
    case 'answered':
      return trusted({ ...current, silent: false });
    case 'auth-lifetime':
      return { ...current, lifetime: lifetimeOf(event.seconds, current.since, moment) };
    default:
      return current;
  }
}

/** What the networks mean for a session. */
export function noteWay(current: Current, way: Way, now: Millis): Current {
  const next = { ...current, way };
  return way === 'kept' ? trusted(next) : doubted(next, now);
}

function doubted(current: Current, now: Millis): Current {
  return { ...current, doubtSince: current.doubtSince ?? now };
}

/** There is no doubt left once nothing speaks against the session. */
function trusted(current: Current): Current {
  return isGood(current) ? { ...current, doubtSince: undefined } : current;
}

/** It answers, on the path that it uses. */
export function isGood({ way, confirmed, silent }: Current): boolean {
  return way === 'kept' && confirmed && !silent;
}

/** Its path is gone, and it cannot take another: another session has to be made. */
export function isStranded({ way }: Current): boolean {
  return way === 'lost';
}

/** Attempts that count against the next one, when this session ends. */
export function triesAfter({ since, tries }: Current, now: Millis): number {
  return now - since >= GOOD_AGE_MS ? 0 : tries;
}
