import type { Failure } from '../../lib/failure.ts';
import type { Millis } from '../../lib/ports.ts';
import { cancel, leaving } from './race.ts';
import type { Attempt, Current } from './parts.ts';
import type { Effect, Life, Moment, Outcome, Transition, VpnEvent, VpnState } from './state.ts';

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

/** What may hold sessions that the gateway knows of. */
export interface Held {
  readonly life: Life;
  readonly attempt?: Attempt | undefined;
  readonly current?: Current | undefined;
}

/** The gateway is told before anything is undone, unless there is nobody to tell or no network to do it by. */
export function leave(
  { life: before, attempt, current }: Held,
  after: Outcome,
  { now }: Moment,
  first: readonly Effect[] = [],
): Transition {
  if (!before.online) return end(after);
  const cancelled = attempt ? cancel(before, attempt, now) : { life: before, effects: [] };
  const life = current ? leaving(cancelled.life, [current.id], now) : cancelled.life;
  const effects = [...first, ...cancelled.effects, ...(current ? [goodbye(current)] : [])];
  if (life.leaving.length === 0) return end(after);
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
  if (event.kind === 'abandon' || (event.kind === 'time' && moment.now >= state.until))
    return end(state.after);
  // What we say goodbye with does not work either.
  if (event.kind === 'broken' && event.id === undefined) return end(state.after);
  if (event.kind === 'network' && !event.online) return end(state.after);
  const said = farewell(state.life, event, moment);
  if (!said) return stay(state);
  return said.life.leaving.length === 0
    ? end(state.after)
    : to({ ...state, life: said.life }, ...said.effects);
}
