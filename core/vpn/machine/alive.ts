import { failure, type Failure } from '../../lib/failure.ts';
import { formatAddress } from '../../net/address.ts';
import type { RedirectTarget } from '../../ike/events.ts';
import { lookedUpLate } from './lookups.ts';
import { begin, type Progress } from './attempt.ts';
import { cancel, leaving } from './race.ts';
import { countRedirection, tooManyRedirections } from './redirection.ts';
import { note, noteWay } from './current.ts';
import { follow, withoutReason } from './follow.ts';
import { mayPass } from './judgement.ts';
import { failed, goodbye, leave, stay } from './leave.ts';
import { idleAt } from './rest.ts';
import type { Current } from './parts.ts';
import { type Alive, got, goWithout, interrupt, outageOf, settle } from './settle.ts';
import type { Effect, Lost, Moment, Standing, Transition, VpnEvent, Waiting } from './state.ts';
import { redirectedPlace } from './targets.ts';

/** What happens to a connection that was made once, until it ends. */
export function alive(state: Standing | Lost | Waiting, event: VpnEvent, moment: Moment): Transition {
  const { life, current, attempt } = state;
  const whole: Alive = { life, current, attempt, outage: 'outage' in state ? state.outage : undefined };
  if (event.kind === 'time' && moment.now >= idleAt(life)) return leave(whole, { kind: 'idle' }, moment);
  switch (event.kind) {
    case 'used':
      return stay({ ...state, life: { ...life, usedAt: moment.now } });
    case 'network':
      return onNetwork(state, event.online, moment);
    case 'woke':
      return onWoke(whole, event.asleepMs, moment);
    case 'configured':
      return attempt?.ready?.id === event.id ? takeOver(whole, attempt.ready, moment) : stay(state);
    case 'configure-failed':
      return attempt?.ready?.id === event.id
        ? leave(whole, failed(event.failure, true), moment)
        : stay(state);
    case 'way':
      if (current?.id !== event.id) break;
      return settle({ ...whole, current: noteWay(current, event.way, moment.now) }, moment);
    case 'session':
      if (current?.id !== event.id) break;
      return onCurrent(whole, current, event.event, moment);
    default:
      break;
  }
  const progress = attempt && follow(life, attempt, event, moment);
  if (progress && attempt.ready && !progress.attempt.ready && state.name !== 'reconnecting') {
    return onReadyLost(whole, attempt.ready, progress, moment);
  }
  if (progress) return got(progress, { current, outage: whole.outage }, moment);
  switch (event.kind) {
    case 'time':
      return settle(whole, moment);
    case 'found':
      return stay({ ...state, life: lookedUpLate(life, event.id, event.addresses) });
    case 'not-found':
      return stay({ ...state, life: lookedUpLate(life, event.id, event.failure) });
    default:
      return stay(state);
  }
}

function onCurrent(
  whole: Alive,
  current: Current,
  event: Extract<VpnEvent, { kind: 'session' }>['event'],
  moment: Moment,
): Transition {
  switch (event.kind) {
    case 'closed':
      return onClosed(whole, current, event.failure ?? current.dismissed ?? withoutReason(), moment);
    case 'redirected':
      return onRedirected(whole, current, event.to, moment);
    default: {
      const noted = note(current, event, moment);
      const isNews = event.kind === 'path' && event.confirmed && !whole.outage;
      return settle(
        { ...whole, current: noted },
        moment,
        isNews ? [{ kind: 'announce', current: noted }] : [],
      );
    }
  }
}

function onClosed(whole: Alive, current: Current, why: Failure, moment: Moment): Transition {
  const rest = { ...whole, current: undefined };
  const effects: readonly Effect[] = [{ kind: 'drop', id: current.id }];
  // It was given up already, and what replaces it is under way.
  if (whole.outage) return settle(rest, moment, effects);
  return goWithout(rest, outageOf(why, current, moment.now), moment, effects);
}

/** A session is made where the gateway says; this one goes when that one carries, or when the gateway ends it. */
function onRedirected(whole: Alive, current: Current, to: RedirectTarget, moment: Moment): Transition {
  const { now } = moment;
  const { attempt, outage } = whole;
  // What replaces it is under way already, or there.
  if (outage || attempt?.ready) return settle(whole, moment);
  const { life, effects } = attempt ? cancel(whole.life, attempt, now) : { life: whole.life, effects: [] };
  const place = redirectedPlace(current.target, to);
  const counted = countRedirection(life, now);
  if (!counted) {
    return leave({ life, current }, failed(tooManyRedirections(place.host), true), moment, effects);
  }
  const gateway = formatAddress(current.target.address);
  const dismissed = failure('peer.redirected', { gateway, target: place.host });
  const begun = begin(counted, { goal: 'redirect', places: [place] }, now);
  return got(begun, { current: { ...current, dismissed } }, moment, effects);
}

/** The tunnel has gone over to a new session; the one before says goodbye. */
function takeOver({ life, current, outage }: Alive, ready: Current, moment: Moment): Transition {
  const next = { ...ready, tries: outage?.tries ?? 0 };
  return settle(
    { life: current ? leaving(life, [current.id], moment.now, true) : life, current: next },
    moment,
    [...(current ? [goodbye(current)] : []), { kind: 'announce', current: next }],
  );
}

/** The tunnel had gone over to a new session already, or may have. No key of the one before is left there. */
function onReadyLost(
  { current, outage: before }: Alive,
  ready: Current,
  progress: Progress,
  moment: Moment,
): Transition {
  const { attempt, effects } = progress;
  const gateway = formatAddress(ready.target.address);
  const why = progress.over ?? attempt.failure ?? failure('peer.redirected', { gateway });
  const outage = before ?? outageOf(why, current, moment.now);
  if (!mayPass(why) || !progress.life.settings.reconnect) {
    return leave({ ...progress, current }, failed(why, true), moment, effects);
  }
  if (!current) return got(progress, { outage }, moment);
  const life = leaving(progress.life, [current.id], moment.now);
  return got({ ...progress, life, effects: [...effects, goodbye(current)] }, { outage }, moment);
}

function onNetwork(state: Standing | Lost | Waiting, online: boolean, moment: Moment): Transition {
  const { now } = moment;
  const { current, attempt } = state;
  // What was asked over the networks before may never be answered.
  const life = { ...state.life, online, refreshing: [] };
  if (!('outage' in state)) return settle({ life, current, attempt }, moment);
  const { outage } = state;
  if (!online) return settle({ life, current, attempt, outage }, moment);
  if (state.name === 'waiting-for-network' && current && current.way !== 'lost') {
    // Its driver says shortly what the network means for it; until then it may be on its way.
    const moving = current.way === 'none' ? noteWay(current, 'moving', now) : current;
    // Doubt begins now: without a network nobody could have answered.
    const next = moving.doubtSince === undefined ? moving : { ...moving, doubtSince: now };
    return settle({ life, current: next, attempt }, moment, [
      { kind: 'check', id: current.id, afterSleep: false },
    ]);
  }
  if (attempt?.winner || attempt?.ready) return settle({ life, current, attempt, outage }, moment);
  // Whatever was tried over the networks before is tried again over those of now, at once.
  const cancelled = attempt ? cancel(life, attempt, now) : { life, effects: [] };
  const fresh = { life: cancelled.life, current, outage: { ...outage, retryAt: now } };
  return settle(fresh, moment, cancelled.effects);
}

/** Far less patience than with a gateway that is silent: it may have forgotten the session long ago. */
function onWoke(whole: Alive, asleepMs: number, moment: Moment): Transition {
  const { life, current, attempt, outage } = whole;
  if (outage) {
    // Nobody tried meanwhile: that is not what somebody's patience is for.
    const awake = { ...outage, since: Math.min(outage.since + asleepMs, moment.now) };
    return settle({ ...whole, outage: attempt ? awake : { ...awake, retryAt: moment.now } }, moment);
  }
  if (!current) return settle(whole, moment);
  const isLoginOver = moment.now >= (current.lifetime?.endsAt ?? Infinity);
  if (asleepMs >= life.settings.longSleepMs || isLoginOver) {
    return interrupt(whole, failure('timeout.slept', { seconds: Math.round(asleepMs / 1000) }), moment);
  }
  return settle(whole, moment, [{ kind: 'check', id: current.id, afterSleep: true }]);
}
