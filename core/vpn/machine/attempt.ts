import { failure, type Failure } from '../../lib/failure.ts';
import type { Millis } from '../../lib/ports.ts';
import type { IpAddress } from '../../net/address.ts';
import type { RedirectTarget } from '../../ike/events.ts';
import type { Established, SessionEvent } from '../carrier.ts';
import { isSilence, mayPass, moreTelling } from './judgement.ts';
import { lifetimeOf, note } from './current.ts';
import type { Attempt, Current, Goal, Place, Rejection, Run } from './parts.ts';
import type { Effect, Life, Moment } from './state.ts';
import { placesOf, redirectedPlace, sameTarget, targetsAt } from './targets.ts';

/** An address may be silent for so long before the next one is asked as well (RFC 8305 section 5). */
const NEXT_ADDRESS_MS = 250;
/** And a gateway, before the next gateway is. */
const NEXT_GATEWAY_MS = 3_000;
/** More redirections than this within that time go in a circle (RFC 5685 section 7). */
const MAX_REDIRECTIONS = 5;
const REDIRECTIONS_WITHIN_MS = 300_000;

/** An attempt after something happened, what that costs, and why there is nothing left to try when there is not. */
export interface Progress {
  readonly life: Life;
  readonly attempt: Attempt;
  readonly effects: readonly Effect[];
  readonly over?: Failure;
}

export interface Plan {
  readonly goal: Goal;
  /** In the order in which they are wanted; at least one. */
  readonly places: readonly Place[];
  readonly resume?: boolean;
  readonly rejected?: Rejection | undefined;
  /** Do not wait for the name service: begin with the addresses that are known, if there are any. */
  readonly useKnown?: boolean;
}

export function begin(life: Life, plan: Plan, now: Millis): Progress {
  const [first, ...rest] = plan.places;
  const known = plan.useKnown && first && !first.redirectedFrom ? (life.known[first.gateway] ?? []) : [];
  const attempt: Attempt = {
    goal: plan.goal,
    resume: plan.resume ?? false,
    rejected: plan.rejected,
    places: known.length > 0 ? rest : plan.places,
    lookups: [],
    queue: first ? targetsAt(first, known) : [],
    racers: [],
    tried: [],
    nextAt: now,
    nextPlaceAt: now + NEXT_GATEWAY_MS,
  };
  // What is known may be out of date; who is asked in vain now can be asked elsewhere soon.
  const lookedUp =
    first && known.length > 0 && plan.goal !== 'connect' ? lookUp(life, attempt, first) : undefined;
  return goOn(lookedUp ?? { life, attempt, effects: [] }, now);
}

/** Begins what is due: the next address, the next gateway. Over when nothing is under way and nothing is left. */
export function goOn(progress: Progress, now: Millis): Progress {
  const { life, attempt, effects } = progress;
  if (progress.over || attempt.winner || attempt.ready) return progress;
  const [target, ...queue] = attempt.queue;
  if (target && (attempt.racers.length === 0 || now >= attempt.nextAt)) {
    const id = life.nextId;
    const begun: Progress = {
      life: { ...life, nextId: id + 1 },
      attempt: {
        ...attempt,
        queue,
        racers: [...attempt.racers, { id, target }],
        tried: [...attempt.tried, target],
        nextAt: now + NEXT_ADDRESS_MS,
        nextPlaceAt: now + NEXT_GATEWAY_MS,
      },
      effects: [
        ...effects,
        { kind: 'open', id, target, resume: attempt.resume, urgent: attempt.goal !== 'connect' },
      ],
    };
    return goOn(begun, now);
  }
  const isIdle = attempt.racers.length === 0 && attempt.lookups.length === 0;
  const [place, ...places] = attempt.places;
  if (place && !target && (isIdle || now >= attempt.nextPlaceAt)) {
    const rest = { ...attempt, places, nextPlaceAt: now + NEXT_GATEWAY_MS };
    return goOn(lookUp(life, rest, place, effects), now);
  }
  if (target || place || !isIdle) return progress;
  return { ...progress, over: attempt.failure ?? failure('network.name-unknown') };
}

/** When `goOn` has something to begin. */
export function dueAt(attempt: Attempt): Millis | undefined {
  const { winner, ready, queue, places, nextAt, nextPlaceAt } = attempt;
  if (winner || ready) return undefined;
  if (queue.length > 0) return nextAt;
  return places.length > 0 ? nextPlaceAt : undefined;
}

function lookUp(life: Life, attempt: Attempt, place: Place, effects: readonly Effect[] = []): Progress {
  const id = life.nextId;
  return {
    life: { ...life, nextId: id + 1 },
    attempt: { ...attempt, lookups: [...attempt.lookups, { id, place }] },
    effects: [...effects, { kind: 'look-up', id, host: place.host }],
  };
}

/** The answer to a look-up: addresses, or why there are none. */
export function lookedUp(
  life: Life,
  attempt: Attempt,
  id: number,
  answer: readonly IpAddress[] | Failure,
  now: Millis,
): Progress {
  const lookup = attempt.lookups.find((one) => one.id === id);
  if (!lookup) return { life, attempt, effects: [] };
  const rest = { ...attempt, lookups: attempt.lookups.filter((one) => one !== lookup) };
  if (!isAddresses(answer)) {
    return goOn({ life, attempt: withFailure(rest, answer), effects: [] }, now);
  }
  const { place } = lookup;
  const known = place.redirectedFrom ? life.known : { ...life.known, [place.gateway]: answer };
  // Whoever redirects us may do so to where we were: that is counted, and not tried in vain.
  const met = place.redirectedFrom ? rest.queue : [...rest.tried, ...rest.queue];
  const fresh = targetsAt(place, answer).filter((target) => !met.some((one) => sameTarget(one, target)));
  return goOn(
    { life: { ...life, known }, attempt: { ...rest, queue: [...rest.queue, ...fresh] }, effects: [] },
    now,
  );
}

function isAddresses(answer: readonly IpAddress[] | Failure): answer is readonly IpAddress[] {
  return Array.isArray(answer);
}

function withFailure(attempt: Attempt, why: Failure): Attempt {
  return { ...attempt, failure: moreTelling(attempt.failure, why) };
}

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
      return winner?.id === id
        ? { ...same, effects: [{ kind: 'give-password', id, rejected: attempt.rejected !== undefined }] }
        : same;
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
  // Who answered speaks for all addresses of a gateway, and what needs somebody to act, for all gateways.
  if (!mayPass(why)) {
    const rest = { ...without, queue: [], places: [], lookups: [] };
    return goOn({ life, attempt: rest, effects }, now);
  }
  const wasAnswered = attempt.winner?.id === id || attempt.ready?.id === id;
  if (!wasAnswered && isSilence(why)) return goOn({ life, attempt: without, effects }, now);
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

/** Counts a redirection; undefined when there were too many of them. */
export function countRedirection(life: Life, now: Millis): Life | undefined {
  const recent = life.redirectedAt.filter((at) => at > now - REDIRECTIONS_WITHIN_MS);
  return recent.length >= MAX_REDIRECTIONS ? undefined : { ...life, redirectedAt: [...recent, now] };
}

export function tooManyRedirections(gateway: string): Failure {
  return failure('protocol.too-many-redirections', { gateway, count: MAX_REDIRECTIONS });
}

/** The session ends by itself, with a goodbye if there is something to say it about. Its competitors are not wanted. */
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
  const progress = { life: left, attempt: rest, effects };
  return counted ? goOn(progress, now) : { ...progress, over: tooManyRedirections(place.host) };
}

/** These sessions are waited for until they have said goodbye. */
export function leaving(life: Life, ids: readonly number[], now: Millis): Life {
  // An SA that is just being made has to be heard of first, and then to be deleted.
  const until = now + 2 * life.settings.goodbyeMs;
  return { ...life, leaving: [...life.leaving, ...ids.map((id) => ({ id, until }))] };
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
