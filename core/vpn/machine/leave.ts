import type { Failure } from '../../lib/failure.ts';
import type { Millis } from '../../lib/ports.ts';
import { cancel, leaving } from './race.ts';
import type { Attempt, Current } from './parts.ts';
import { mayRest, rest, sessionsIn } from './rest.ts';
import type { After, Effect, Life, Moment, Outcome, Transition, VpnEvent, VpnState } from './state.ts';

export const STOPPED: Outcome = { kind: 'stopped' };

export function failed(why: Failure, wasConnected: boolean): Outcome {
  return { kind: 'failed', failure: why, wasConnected };
}

export function to(state: VpnState, ...effects: readonly Effect[]): Transition {
  return { state, effects };
}

export function stay(state: VpnState): Transition {
  return { state, effects: [] };
}

/** Sessions go with everything else, and not before the routes do that lead to them. */
export function end(outcome: Outcome): Transition {
  return to({ name: 'ended', outcome }, { kind: 'clear' });
}

/** No session is waited for any more: everything ends, or the tunnel is kept for the next packet. */
export function conclude(
  held: Held,
  after: After,
  moment: Moment,
  first: readonly Effect[] = [],
): Transition {
  const { life } = held;
  if (mayRest(life, after)) return rest(life, after, moment, [...first, ...drops(sessionsIn(held))]);
  return concludeForGood(life, after);
}

/** The end that `after` leads to; an earlier session of the same tunnel counts as a connection, too. */
export function concludeForGood({ usedAt }: Life, after: After): Transition {
  if (after.kind !== 'failed') return end(STOPPED);
  return end({ ...after, wasConnected: after.wasConnected || usedAt !== undefined });
}

function drops(ids: readonly number[]): Effect[] {
  return ids.map((id) => ({ kind: 'drop', id }));
}

/** What may hold sessions that the gateway knows of. */
export interface Held {
  readonly life: Life;
  readonly attempt?: Attempt | undefined;
  readonly current?: Current | undefined;
}

/** The gateway is told before anything is undone, unless there is nobody to tell or no network to do it by. */
export function leave(held: Held, after: After, moment: Moment, first: readonly Effect[] = []): Transition {
  const { life: before, attempt, current } = held;
  if (!before.online) return conclude(held, after, moment, first);
  const { now } = moment;
  const cancelled = attempt ? cancel(before, attempt, now) : { life: before, effects: [] };
  const life = current ? leaving(cancelled.life, [current.id], now) : cancelled.life;
  // Whoever sends something while we say goodbye waits for the next session.
  const resting: readonly Effect[] = mayRest(life, after) ? [{ kind: 'rest' }] : [];
  const effects = [...first, ...resting, ...cancelled.effects, ...(current ? [goodbye(current)] : [])];
  if (life.leaving.length === 0) return conclude({ life }, after, moment, effects);
  const until = Math.max(...life.leaving.map((one) => one.until));
  return to({ name: 'disconnecting', life, after, until }, ...effects);
}

export function goodbye({ id }: Current): Effect {
  return { kind: 'say-goodbye', id };
}

/** Packets that were sealed for a session before another one carried are on their way for so long. */
const LATE_MS: Millis = 2_000;

/** A session that says goodbye has done so, or took too long. Undefined when the event is not about one. */
export function farewell(
  life: Life,
  event: VpnEvent,
  { now }: Moment,
): { readonly life: Life; readonly effects: readonly Effect[] } | undefined {
  const isOver = ({ until }: { readonly until: Millis }): boolean => event.kind === 'time' && now >= until;
  const gone = life.leaving.filter((one) => {
    if (event.kind === 'session') return event.id === one.id && event.event.kind === 'closed';
    return isOver(one) || (event.kind === 'broken' && event.id === one.id);
  });
  const deaf = life.listening.filter(
    (one) => isOver(one) || (event.kind === 'broken' && event.id === one.id),
  );
  if (gone.length + deaf.length === 0) return undefined;
  const late = event.kind === 'session' ? gone.filter(({ carried }) => carried) : [];
  return {
    life: {
      ...life,
      leaving: life.leaving.filter((one) => !gone.includes(one)),
      listening: [
        ...life.listening.filter((one) => !deaf.includes(one)),
        ...late.map(({ id }) => ({ id, until: now + LATE_MS })),
      ],
    },
    effects: [...gone.filter((one) => !late.includes(one)), ...deaf].map(({ id }) => ({ kind: 'drop', id })),
  };
}

/** Nothing is left to be done but to wait for sessions to say goodbye. */
export function disconnecting(
  state: Extract<VpnState, { name: 'disconnecting' }>,
  event: VpnEvent,
  moment: Moment,
): Transition {
  const { life, after } = state;
  if (event.kind === 'time' && moment.now >= state.until) return conclude({ life }, after, moment);
  // What we say goodbye with does not work either.
  if (event.kind === 'broken' && event.id === undefined) {
    return mayRest(life, after)
      ? end(failed(event.failure, life.usedAt !== undefined))
      : conclude({ life }, after, moment);
  }
  if (event.kind === 'network' && !event.online) {
    return conclude({ life: { ...life, online: false } }, after, moment);
  }
  const said = farewell(state.life, event, moment);
  if (!said) return stay(state);
  return said.life.leaving.length === 0
    ? conclude({ life: said.life }, after, moment, said.effects)
    : to({ ...state, life: said.life }, ...said.effects);
}
