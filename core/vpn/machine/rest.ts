import type { Failure, FailureCode } from '../../lib/failure.ts';
import type { Millis } from '../../lib/ports.ts';
import { MAX_PAUSE_MS, pauseMs } from './backoff.ts';
import { mayPass } from './judgement.ts';
import type { Attempt, Current } from './parts.ts';
import type { After, Effect, Life, Moment, Transition, Trouble } from './state.ts';

/** Whether the tunnel is kept without a session, for the next packet: unless it is to end, or does not work itself. */
export function mayRest({ settings, isArmed }: Life, after: After): boolean {
  if (!settings.onDemand || !isArmed || after.kind === 'stopped') return false;
  return after.kind === 'idle' || !isOfThisMachine(after.failure.code);
}

function isOfThisMachine(code: FailureCode): boolean {
  return code.startsWith('platform.') || code.startsWith('internal.');
}

/** Every session that there is, whoever waits for it. */
export function sessionsIn({
  life,
  attempt,
  current,
}: {
  readonly life: Life;
  readonly attempt?: Attempt | undefined;
  readonly current?: Current | undefined;
}): number[] {
  const runs = attempt ? [...attempt.racers, attempt.winner, attempt.ready, current] : [current];
  const ids = [...runs, ...life.leaving, ...life.listening].flatMap((run) => (run ? [run.id] : []));
  return [...new Set(ids)];
}

/** There is no session any more, and the tunnel waits for a packet. */
export function rest(
  before: Life,
  after: After,
  moment: Moment,
  effects: readonly Effect[] = [],
): Transition {
  const trouble = after.kind === 'failed' ? troubleAfter(before.trouble, after.failure, moment) : undefined;
  const life: Life = { ...before, leaving: [], listening: [], trouble };
  const from = trouble?.notBefore ?? moment.now;
  return {
    state: { name: 'on-demand', life },
    effects: [...effects, { kind: 'rest' }, { kind: 'watch', from }],
  };
}

/** Nobody is asked again and again for what nobody gave, and no account gets locked. */
function troubleAfter(before: Trouble | undefined, cause: Failure, { now, chance }: Moment): Trouble {
  const tries = (before?.tries ?? 0) + 1;
  const pause = mayPass(cause) ? pauseMs(tries, cause, chance) : MAX_PAUSE_MS;
  return { cause, tries, notBefore: now + pause };
}

/** When nobody will have used the connection for long enough; Infinity when that does not matter. */
export function idleAt({ settings, usedAt }: Life): Millis {
  return settings.onDemand && usedAt !== undefined ? usedAt + settings.onDemand.idleMs : Infinity;
}
