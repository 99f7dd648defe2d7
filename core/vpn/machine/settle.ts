import { failure, type Failure } from '../../lib/failure.ts';
import { formatAddress } from '../../net/address.ts';
import { begin, type Plan, type Progress } from './attempt.ts';
import { cancel, leaving } from './race.ts';
import { pauseMs } from './backoff.ts';
import { isGood, isStranded, triesAfter } from './current.ts';
import { isSilence, isWorthTryingAtOnce, mayPass, mayPassAgain } from './judgement.ts';
import { failed, goodbye, leave, to } from './leave.ts';
import type { Attempt, Current, Goal, Place, Rejection } from './parts.ts';
import type { Effect, Life, Lost, Moment, Outage, Standing, Target, Transition, Waiting } from './state.ts';
import { placesOf } from './targets.ts';

/** A path that is not confirmed by then may lead to a gateway that has forgotten us. */
const ROAM_PATIENCE_MS = 8_000;
/** So long before its login runs out a session is given up for a new one, if the gateway does not take both. */
const BREAK_LEAD_MS = 10_000;
/** A wrong password is asked for again no more often than this: accounts get locked. */
const MAX_REJECTIONS = 3;

/** A connection that was made once, whatever has become of it. With an outage its session is given up. */
export interface Alive {
  readonly life: Life;
  readonly current?: Current | undefined;
  readonly attempt?: Attempt | undefined;
  readonly outage?: Outage | undefined;
}

/** The state that follows from what is known, after `effects`. What is due begins; what is pointless ends. */
export function settle(alive: Alive, moment: Moment, effects: readonly Effect[] = []): Transition {
  const { life, current, outage } = alive;
  if (!life.online) return settleOffline(alive, moment, effects);
  if (outage) return settleLost({ ...alive, outage }, moment, effects);
  if (!current) throw new Error('neither a session nor a reason why there is none');
  if (isStranded(current)) return startOver(alive, current, moment, effects);
  return settleStanding({ ...alive, current }, moment, effects);
}

/** The session is given up, although the gateway may still know it: a new one is made, or the connection ends. */
export function interrupt(
  alive: Alive,
  cause: Failure,
  moment: Moment,
  effects: readonly Effect[] = [],
): Transition {
  return goWithout(alive, outageOf(cause, alive.current, moment.now), moment, effects);
}

/**
 * The session cannot follow us to the networks that there are now. The gateway is told before it is asked for another one:
 * our addresses inside are with the old one for as long as it is not.
 */
function startOver(alive: Alive, current: Current, moment: Moment, effects: readonly Effect[]): Transition {
  const outage = outageOf(failure('network.path-lost'), current, moment.now);
  const life = leaving(alive.life, [current.id], moment.now);
  const told: Effect = { kind: 'say-goodbye', id: current.id, unlessTicket: true };
  return goWithout({ life, attempt: alive.attempt }, outage, moment, [...effects, told]);
}

/** There is no session that could be used: a new one is made if that may help and is wanted. */
export function goWithout(
  alive: Alive,
  outage: Outage,
  moment: Moment,
  effects: readonly Effect[],
): Transition {
  const { life, attempt } = alive;
  // What was begun beside the session is the first attempt to do without it.
  const tried = attempt ? { ...outage, tries: outage.tries + 1, triedAt: moment.now } : outage;
  // A gateway may end the old session as soon as it lets the new one in.
  const isReplaced = attempt?.ready ?? attempt?.winner;
  return mayPass(outage.cause) && (life.settings.reconnect || isReplaced)
    ? settle({ ...alive, outage: tried }, moment, effects)
    : leave(alive, failed(outage.cause, true), moment, effects);
}

export function outageOf(cause: Failure, current: Current | undefined, now: number): Outage {
  if (!current) return { cause, since: now, tries: 0 };
  return { cause, since: now, tries: triesAfter(current, now), last: current.target };
}

function settleOffline(alive: Alive, moment: Moment, effects: readonly Effect[]): Transition {
  const { life, current, attempt, outage } = alive;
  const given = outage ?? outageOf(failure('network.no-route'), current, moment.now);
  if (moment.now >= giveUpAt(life, given)) return leave(alive, failed(given.cause, true), moment, effects);
  // Nobody can be told.
  const begun = attempt && !attempt.ready ? [...attempt.racers, attempt.winner] : [];
  const dropped = begun.flatMap((run): Effect[] => (run ? [{ kind: 'drop', id: run.id }] : []));
  return to(
    {
      name: 'waiting-for-network',
      life,
      outage: { ...given, retryAt: undefined },
      current,
      attempt: attempt?.ready && attempt,
    },
    ...effects,
    ...dropped,
  );
}

// Without a session

type Given = Alive & { readonly outage: Outage };

function settleLost(alive: Given, moment: Moment, effects: readonly Effect[]): Transition {
  const { life, outage } = alive;
  if (moment.now >= giveUpAt(life, outage)) return leave(alive, failed(outage.cause, true), moment, effects);
  if (alive.attempt) return to({ ...alive, name: 'reconnecting' }, ...effects);
  const retryAt = outage.retryAt ?? firstTryAt(outage, moment);
  return moment.now < retryAt
    ? to({ ...alive, name: 'reconnecting', outage: { ...outage, retryAt } }, ...effects)
    : tryAgain(alive, planFor(life, outage), moment, effects);
}

function giveUpAt({ settings }: Life, { since }: Outage): number {
  return settings.giveUpAfterMs === undefined ? Infinity : since + settings.giveUpAfterMs;
}

function firstTryAt({ cause, tries }: Outage, { now, chance }: Moment): number {
  return tries === 0 && isWorthTryingAtOnce(cause) ? now : now + pauseMs(tries, cause, chance);
}

/** Begins an attempt of an outage. */
function tryAgain(
  { life, current, outage }: Given,
  plan: Plan,
  moment: Moment,
  effects: readonly Effect[] = [],
): Transition {
  const tried = { ...outage, tries: outage.tries + 1, triedAt: moment.now, retryAt: undefined };
  return got(begin(life, plan, moment.now), { current, outage: tried }, moment, effects);
}

function planFor(life: Life, { cause, last }: Outage): Plan {
  return {
    goal: 'reconnect',
    places: placesAfter(life, last),
    // A ticket is no login (RFC 5723 section 1), and this one ran out.
    resume: cause.code !== 'auth.lifetime-over',
    useKnown: true,
  };
}

/** The gateway that we were at first: it may still know us, and its addresses inside are ours. */
function placesAfter({ settings }: Life, last: Target | undefined): readonly Place[] {
  const places = placesOf(settings, last?.gateway);
  return last?.redirectedFrom
    ? [{ gateway: last.gateway, host: formatAddress(last.address) }, ...places]
    : places;
}

// With a session

function settleStanding(
  { life, current, attempt }: Alive & { readonly current: Current },
  moment: Moment,
  effects: readonly Effect[],
): Transition {
  const { now } = moment;
  if (attempt && isPointless(attempt, current)) {
    const cancelled = cancel(life, attempt, now);
    return settle({ life: cancelled.life, current }, moment, [...effects, ...cancelled.effects]);
  }
  const stand: Standing = { name: isGood(current) ? 'connected' : 'roaming', life, current, attempt };
  if (attempt) return to(stand, ...effects);
  if (now >= breakAt(current)) {
    const outage = { ...outageOf(failure('auth.lifetime-over'), current, now), retryAt: now };
    const told = leaving(life, [current.id], now);
    return settle({ life: told, outage }, moment, [...effects, goodbye(current)]);
  }
  const goal = goalAt(life, current, now);
  if (!goal) return to(stand, ...effects);
  const places = placesOf(life.settings, current.target.gateway);
  const plan: Plan = { goal, places, resume: goal === 'doubt', useKnown: true };
  return got(begin(life, plan, now), { current }, moment, effects);
}

function isPointless({ goal, winner, ready }: Attempt, current: Current): boolean {
  return goal === 'doubt' && !winner && !ready && isGood(current);
}

/** What an attempt would be good for now, if anything. */
function goalAt(life: Life, current: Current, now: number): Goal | undefined {
  if (now >= renewAt(current)) return 'reauthenticate';
  return now >= doubtAt(life, current) ? 'doubt' : undefined;
}

function doubtAt({ settings }: Life, { doubtSince, silent, again }: Current): number {
  if (!settings.reconnect || doubtSince === undefined) return Infinity;
  return Math.max(again.at, silent ? doubtSince : doubtSince + ROAM_PATIENCE_MS);
}

function renewAt({ lifetime, again }: Current): number {
  return lifetime && !lifetime.refused ? Math.max(lifetime.renewAt, again.at) : Infinity;
}

function breakAt({ lifetime }: Current): number {
  return lifetime?.refused ? lifetime.endsAt - BREAK_LEAD_MS : Infinity;
}

// Attempts

/** An attempt got on, or came to nothing. */
export function got(
  progress: Progress,
  rest: Omit<Alive, 'life' | 'attempt'>,
  moment: Moment,
  before: readonly Effect[] = [],
): Transition {
  const { life, attempt, over } = progress;
  const effects = [...before, ...progress.effects];
  if (!over) return settle({ ...rest, life, attempt }, moment, effects);
  const { current, outage } = rest;
  const rejected = progress.refused ? undefined : rejection(attempt, over);
  if (rejected) {
    const { goal, resume } = attempt;
    const places = placesAfter(life, outage?.last ?? current?.target);
    const plan: Plan = { goal, resume, places, useKnown: true, rejected };
    return got(begin(life, plan, moment.now), rest, moment, effects);
  }
  if (outage) {
    if (!mayPassAgain(over) || !life.settings.reconnect) {
      return leave({ life, current }, failed(over, true), moment, effects);
    }
    const next = { ...outage, cause: isSilence(over) ? outage.cause : over };
    const retryAt = nextTryAt(next, over, moment);
    return settle({ life, current, outage: { ...next, retryAt } }, moment, effects);
  }
  return settle({ life, current: current && stillNeeded(current, attempt, over, moment) }, moment, effects);
}

/** Another password or code may be right; but nobody is asked for one while the session may still be good. */
export function rejection({ goal, rejected }: Attempt, why: Failure): Rejection | undefined {
  const times = (rejected?.times ?? 0) + 1;
  const isWrong = why.code === 'auth.wrong-password' || why.code === 'auth.wrong-code';
  return isWrong && goal !== 'doubt' && times <= MAX_REJECTIONS ? { failure: why, times } : undefined;
}

/** An attempt that took long has been a pause by itself. */
function nextTryAt({ tries, triedAt, since }: Outage, why: Failure, { now, chance }: Moment): number {
  const pause = pauseMs(tries, why, chance);
  return Math.max((triedAt ?? since) + pause, now + Math.min(pause, pauseMs(1, why, chance)));
}

/** The session stays, and is replaced later. */
function stillNeeded(current: Current, { goal }: Attempt, why: Failure, { now, chance }: Moment): Current {
  const tries = current.again.tries + 1;
  const at = now + pauseMs(tries, why, chance);
  // Whatever the gateway has against a second session, it is not asked for one again and again, however it wants that.
  if (goal === 'reauthenticate' && !isSilence(why) && current.lifetime) {
    return { ...current, lifetime: { ...current.lifetime, refused: true }, again: { at, tries } };
  }
  return { ...current, again: { at: mayPassAgain(why) ? at : Infinity, tries } };
}

/** When `settle` has something to do without any other event; Infinity when never. */
export function settleDueAt({ life, current, attempt, ...state }: Standing | Lost | Waiting): number {
  switch (state.name) {
    case 'connected':
    case 'roaming':
      return attempt || !current
        ? Infinity
        : Math.min(breakAt(current), renewAt(current), doubtAt(life, current));
    case 'reconnecting':
      return Math.min(giveUpAt(life, state.outage), attempt ? Infinity : (state.outage.retryAt ?? Infinity));
    case 'waiting-for-network':
      return giveUpAt(life, state.outage);
  }
}
