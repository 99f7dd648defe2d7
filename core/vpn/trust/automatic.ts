import type { Plan, Verdict } from '../../contract/automatic.ts';
import type { Millis } from '../../lib/ports.ts';

/** Who ends connections often, because the network goes and comes, waits for it to stay: so long for each, … */
const REST_MS = 30_000;
/** … at most this long, and for the endings of so much time before. */
const LONGEST_REST_MS = 5 * 60_000;
/** Pauses after attempts that failed, one after the other. */
const PAUSES_MS: readonly Millis[] = [15_000, 30_000, 60_000, 120_000, 300_000];
const LONGEST_PAUSE_MS = 10 * 60_000;

/** All that counts for the question whether the service connects or disconnects by itself. */
export interface Situation {
  readonly wish: {
    readonly connect: 'never' | 'untrusted' | 'always';
    readonly onTrusted: 'disconnect' | 'stay';
  };
  readonly verdict: Verdict;
  readonly since: Millis;
  readonly isOnline: boolean;
  /** Nothing passes on this machine without a connection. */
  readonly isClosed: boolean;
  /** `ours`: of the profile that connects by itself. */
  readonly connection: 'none' | 'ours' | 'other';
  /** What a person did last on this network. */
  readonly hand: 'up' | 'down' | undefined;
  /** Why it is not tried now; without `until` something has to happen first. */
  readonly pause: { readonly what: 'failed' | 'nobody'; readonly until?: Millis } | undefined;
  /** When connections were ended by us, as noteEnding keeps them. */
  readonly endings: readonly Millis[];
}

/** What to do, or what is waited for and until when. */
export interface Decision {
  readonly act: 'connect' | 'disconnect' | undefined;
  readonly what: Plan;
  readonly at?: Millis;
}

export function decide(situation: Situation, now: Millis): Decision {
  const { wish, connection, hand } = situation;
  if (wish.connect === 'never') return nothing('unusable');
  if (connection === 'other') return nothing('occupied');
  const isTrusted = situation.verdict === 'trusted' && wish.connect !== 'always';
  if (hand === 'down') return nothing('down-by-hand');
  if (hand === 'up' && connection === 'ours' && isTrusted) return nothing('up-by-hand');
  if (isTrusted && !situation.isClosed) return onTrusted(situation, now);
  if (connection === 'ours') return nothing(isTrusted ? 'closed' : 'connect');
  if (situation.verdict === 'unknown' && wish.connect !== 'always') return nothing('wait');
  if (!situation.isOnline) return nothing('wait');
  const { pause } = situation;
  if (pause && (pause.until === undefined || now < pause.until)) return nothing(pause.what, pause.until);
  return { act: 'connect', what: isTrusted ? 'closed' : 'connect' };
}

function onTrusted({ wish, connection, since, endings }: Situation, now: Millis): Decision {
  if (connection === 'none') return nothing('stay-off');
  if (wish.onTrusted === 'stay') return nothing('stay-on');
  const recent = endings.filter((at) => now - at < LONGEST_REST_MS).length;
  const restedAt = since + Math.min(recent * REST_MS, LONGEST_REST_MS);
  return now < restedAt ? nothing('disconnect-later', restedAt) : { act: 'disconnect', what: 'disconnect' };
}

function nothing(what: Plan, at?: Millis): Decision {
  return { act: undefined, what, ...(at === undefined ? {} : { at }) };
}

/** The endings that count from now on, with one more. */
export function noteEnding(endings: readonly Millis[], now: Millis): readonly Millis[] {
  return [...endings.filter((at) => now - at < LONGEST_REST_MS), now];
}

/** How long to wait after so many failures in a row. */
export function pauseAfter(failures: number): Millis {
  return PAUSES_MS[failures - 1] ?? LONGEST_PAUSE_MS;
}
