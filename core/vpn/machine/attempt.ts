import { failure, type Failure } from '../../lib/failure.ts';
import type { Millis } from '../../lib/ports.ts';
import { moreTelling } from './judgement.ts';
import type { Attempt, Goal, Place, Rejection } from './parts.ts';
import type { Effect, Life } from './state.ts';
import { targetsAt } from './targets.ts';

/** An address may be silent for so long before the next one is asked as well (RFC 8305 section 5). */
const NEXT_ADDRESS_MS = 250;
/** And a gateway, before the next gateway is. */
const NEXT_GATEWAY_MS = 3_000;
/** Sessions that are begun side by side at most. A name that has more addresses has them in turn. */
const MAX_RACERS = 8;

/** An attempt after something happened, what that costs, and why there is nothing left to try when there is not. */
export interface Progress {
  readonly life: Life;
  readonly attempt: Attempt;
  readonly effects: readonly Effect[];
  readonly over?: Failure;
  /** Nobody can give what is needed: trying again is of no use. */
  readonly refused?: true;
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
  return goOn(
    first && known.length > 0 ? refresh(life, attempt, first) : { life, attempt, effects: [] },
    now,
  );
}

/** What is known may be out of date; whoever is asked in vain now can be asked elsewhere soon. */
function refresh(life: Life, attempt: Attempt, { gateway, host }: Place): Progress {
  const isUnderWay = life.refreshing.some((one) => one.gateway === gateway);
  if (attempt.goal === 'connect' || isUnderWay) return { life, attempt, effects: [] };
  const id = life.nextId;
  const refreshing = [...life.refreshing, { id, gateway }];
  return { life: { ...life, nextId: id + 1, refreshing }, attempt, effects: [{ kind: 'look-up', id, host }] };
}

/** Begins what is due: the next address, the next gateway. Over when nothing is under way and nothing is left. */
export function goOn(progress: Progress, now: Millis): Progress {
  const { life, attempt, effects } = progress;
  if (progress.over || attempt.winner || attempt.ready) return progress;
  const [target, ...queue] = attempt.queue;
  if (target && (attempt.racers.length === 0 || now >= attempt.nextAt)) {
    const id = life.nextId;
    // The ones that have been silent for longest make room.
    const silent = attempt.racers.slice(0, -(MAX_RACERS - 1));
    const racers = attempt.racers.slice(silent.length);
    const begun: Progress = {
      life: { ...life, nextId: id + 1 },
      attempt: {
        ...attempt,
        queue,
        racers: [...racers, { id, target }],
        tried: [...attempt.tried, target],
        nextAt: now + NEXT_ADDRESS_MS,
        nextPlaceAt: now + NEXT_GATEWAY_MS,
      },
      effects: [
        ...effects,
        ...silent.map((run): Effect => ({ kind: 'drop', id: run.id })),
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

/** The attempt with one more thing that failed in it. */
export function withFailure(attempt: Attempt, why: Failure): Attempt {
  return { ...attempt, failure: moreTelling(attempt.failure, why) };
}
