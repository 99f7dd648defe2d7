import type { Failure } from '../../lib/failure.ts';
import type { Millis } from '../../lib/ports.ts';
import type { RedirectTarget } from '../../ike/events.ts';
import type { Established, SessionEvent } from '../carrier.ts';
import { goOn, type Progress, withFailure } from './attempt.ts';
import { lifetimeOf, note } from './current.ts';
import { isSilence, mayPass } from './judgement.ts';
import type { Attempt, Current, Run } from './parts.ts';
import { countRedirection, tooManyRedirections } from './redirection.ts';
import type { Effect, Life, Moment } from './state.ts';
import { placesOf, redirectedPlace } from './targets.ts';

/** Whether a session belongs to the attempt. */
export function has({ racers, winner, ready }: Attempt, id: number): boolean {
  return racers.some((run) => run.id === id) || winner?.id === id || ready?.id === id;
}

/** What a session of the attempt says, but for its end. */
export function heard(
  life: Life,
  attempt: Attempt,
  id: number,
  event: SessionEvent,
  moment: Moment,
): Progress {
  const same: Progress = { life, attempt, effects: [] };
  const { winner, ready } = attempt;
  if (ready?.id === id && event.kind !== 'redirected') {
    return { ...same, attempt: { ...attempt, ready: note(ready, event, moment) } };
  }
  switch (event.kind) {
    case 'initiated':
      return initiated(same, id);
    case 'need':
      return winner?.id === id ? { ...same, effects: [asking(id, event, attempt)] } : same;
    case 'auth-lifetime': {
      if (winner?.id !== id) return same;
      const lifetime = lifetimeOf(event.seconds, moment.now, moment);
      return { ...same, attempt: { ...attempt, winner: { ...winner, lifetime } } };
    }
    case 'redirected':
      return redirected(same, id, event.to, moment.now);
    default:
      return same;
  }
}

function asking(id: number, need: Extract<SessionEvent, { kind: 'need' }>, { rejected }: Attempt): Effect {
  const ask = { kind: 'give-password', id, rejected: rejected !== undefined } as const;
  return need.what === 'password' ? ask : { ...ask, code: { message: need.message } };
}

/** The first that is answered stays. */
function initiated({ life, attempt }: Progress, id: number): Progress {
  const winner = attempt.racers.find((run) => run.id === id);
  if (!winner) return { life, attempt, effects: [] };
  const others = attempt.racers.filter((run) => run !== winner);
  const { gateway } = winner.target;
  // Another gateway that was only slower may still be the one that lets us in.
  const slower = placesOf(life.settings).filter(
    (place) => place.gateway !== gateway && others.some((run) => run.target.gateway === place.gateway),
  );
  return {
    life,
    attempt: {
      ...attempt,
      winner,
      racers: [],
      queue: [],
      lookups: [],
      places: [...slower, ...attempt.places],
    },
    effects: others.map((run) => ({ kind: 'drop', id: run.id })),
  };
}

/** The SAs stand: the tunnel is to go over. Undefined when it is not the session that was waited for. */
export function established(
  attempt: Attempt,
  id: number,
  event: Established,
  now: Millis,
): Attempt | undefined {
  const { winner } = attempt;
  if (winner?.id !== id) return undefined;
  const ready: Current = {
    ...winner,
    established: event,
    since: now,
    tries: 0,
    way: 'kept',
    confirmed: true,
    silent: false,
    again: { at: now, tries: 0 },
  };
  return { ...attempt, winner: undefined, ready };
}

/** A session of the attempt came to its end, or never began. */
export function lost(life: Life, attempt: Attempt, id: number, why: Failure, now: Millis): Progress {
  const run = runOf(attempt, id);
  if (!run) return { life, attempt, effects: [] };
  const without = withFailure(withoutRun(attempt, id), why);
  const effects: readonly Effect[] = [{ kind: 'drop', id }];
  // What needs somebody to act holds for every gateway; what else a gateway says holds for all of its addresses.
  if (!mayPass(why)) {
    const rest = { ...without, queue: [], places: [], lookups: [] };
    return goOn({ life, attempt: rest, effects }, now);
  }
  if (isSilence(why)) return goOn({ life, attempt: without, effects }, now);
  const { gateway } = run.target;
  const rest = {
    ...without,
    queue: without.queue.filter((target) => target.gateway !== gateway),
    lookups: without.lookups.filter(({ place }) => place.gateway !== gateway),
  };
  return goOn({ life, attempt: rest, effects }, now);
}

function runOf({ racers, winner, ready }: Attempt, id: number): Run | undefined {
  return [...racers, winner, ready].find((run) => run?.id === id);
}

function withoutRun(attempt: Attempt, id: number): Attempt {
  const { racers, winner, ready } = attempt;
  return {
    ...attempt,
    racers: racers.filter((run) => run.id !== id),
    winner: winner?.id === id ? undefined : winner,
    ready: ready?.id === id ? undefined : ready,
  };
}

/**
 * The session ends by itself, with a goodbye if there is something to say it about; one that stands does not. Its
 * competitors are not wanted.
 */
function redirected({ life, attempt }: Progress, id: number, to: RedirectTarget, now: Millis): Progress {
  const run = runOf(attempt, id);
  if (!run) return { life, attempt, effects: [] };
  const place = redirectedPlace(run.target, to);
  const counted = countRedirection(life, now);
  const others = attempt.racers.filter((racer) => racer.id !== id);
  const left = leaving(counted ?? life, [id], now);
  const rest: Attempt = {
    ...withoutRun(attempt, id),
    racers: [],
    queue: [],
    lookups: [],
    places: counted ? [place, ...attempt.places] : [],
  };
  const effects = others.map((racer): Effect => ({ kind: 'drop', id: racer.id }));
  if (attempt.ready?.id === id) effects.push({ kind: 'say-goodbye', id });
  const progress = { life: left, attempt: rest, effects };
  return counted ? goOn(progress, now) : { ...progress, over: tooManyRedirections(place.host) };
}

/** These sessions are waited for until they have said goodbye. `carried`: one of them carried traffic until now. */
export function leaving(life: Life, ids: readonly number[], now: Millis, carried = false): Life {
  // An SA that is just being made has to be heard of first, and then to be deleted.
  const until = now + 2 * life.settings.goodbyeMs;
  return { ...life, leaving: [...life.leaving, ...ids.map((id) => ({ id, until, carried }))] };
}

/** Nothing of the attempt is wanted any more. Who may know of us is told. */
export function cancel(
  life: Life,
  { racers, winner, ready }: Attempt,
  now: Millis,
): {
  readonly life: Life;
  readonly effects: readonly Effect[];
} {
  const told = [winner, ready].filter((run) => run !== undefined).map(({ id }) => id);
  return {
    life: leaving(life, told, now),
    effects: [
      ...racers.map(({ id }): Effect => ({ kind: 'drop', id })),
      ...told.map((id): Effect => ({ kind: 'say-goodbye', id })),
    ],
  };
}
