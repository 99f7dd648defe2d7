import type { Failure } from '../../lib/failure.ts';
import type { Millis } from '../../lib/ports.ts';
import { isSilence } from './judgement.ts';

const FIRST_MS = 1_000;
/** A gateway that refuses is asked at most this often once it has refused for a while. */
export const MAX_PAUSE_MS = 60_000;
/** Nobody is burdened by a question that nobody hears, and whoever comes back should not be waited for. */
const MAX_SILENT_PAUSE_MS = 4_000;

/**
 * How long to wait before the next attempt after `tries` failed ones, at least one: twice as long each time, and up to
 * half of it less by `chance` (0 to below 1), so that a gateway that was restarted does not meet everybody at once.
 */
export function pauseMs(tries: number, why: Failure, chance: number): Millis {
  const most = isSilence(why) ? MAX_SILENT_PAUSE_MS : MAX_PAUSE_MS;
  const whole = Math.min(most, FIRST_MS * 2 ** Math.min(Math.max(0, tries - 1), 16));
  return whole * (1 - chance / 2);
}
