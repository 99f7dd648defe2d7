import type { IpAddress } from '../../net/address.ts';
import { alive } from './alive.ts';
import { dueAt } from './attempt.ts';
import { connect, connecting } from './connecting.ts';
import {
  concludeForGood,
  conclude,
  disconnecting,
  end,
  failed,
  farewell,
  leave,
  stay,
  STOPPED,
  to,
} from './leave.ts';
import { armed } from './on-demand.ts';
import { idleAt, mayRest, rest } from './rest.ts';
import { settleDueAt } from './settle.ts';
import type { Effect, Life, Moment, Settings, Transition, VpnEvent, VpnState } from './state.ts';

/**
 * The life of a connection as a pure function: what state follows, and what is to be done. Events that mean nothing
 * in a state leave it as it is: answers to questions that nobody asks any more do come late.
 */
export function step(state: VpnState, event: VpnEvent, moment: Moment): Transition {
  if (state.name === 'ended') return stay(state);
  switch (event.kind) {
    case 'start':
      return state.name === 'disconnected' ? start(event.settings, event.online) : stay(state);
    case 'stop':
      return stop(state, moment);
    case 'abandon':
      return state.name === 'disconnecting' ? concludeForGood(state.life, state.after) : end(STOPPED);
    default:
      break;
  }
  if (state.name === 'disconnected') return stay(state);
  if (state.name === 'disconnecting') return disconnecting(state, event, moment);
  const said = farewell(state.life, event, moment);
  if (!said) return onEvent(state, event, moment);
  const rest = { ...state, life: said.life };
  return event.kind === 'time'
    ? after(said.effects, onEvent(rest, event, moment))
    : to(rest, ...said.effects);
}

function start(settings: Settings, online: boolean): Transition {
  const first: Effect = settings.onDemand ? { kind: 'arm' } : { kind: 'prepare' };
  return to({ name: 'preparing', life: newLife(settings, online) }, first);
}

type Living = Exclude<VpnState, { name: 'disconnected' | 'disconnecting' | 'ended' }>;

function onEvent(state: Living, event: VpnEvent, moment: Moment): Transition {
  if (event.kind === 'broken') return onBroken(state, event, moment);
  switch (state.name) {
    case 'preparing':
      return preparing(state, event, moment);
    case 'on-demand':
      return armed(state, event, moment);
    case 'connecting':
    case 'configuring':
      return connecting(state, event, moment);
    default:
      return alive(state, event, moment);
  }
}

function after(first: readonly Effect[], { state, effects }: Transition): Transition {
  return { state, effects: [...first, ...effects] };
}

function newLife(settings: Settings, online: boolean): Life {
  return {
    settings,
    online,
    nextId: 1,
    leaving: [],
    listening: [],
    redirectedAt: [],
    known: {},
    refreshing: [],
    isArmed: false,
  };
}

function preparing(
  { life }: Extract<VpnState, { name: 'preparing' }>,
  event: VpnEvent,
  moment: Moment,
): Transition {
  switch (event.kind) {
    case 'prepared':
      return connect({ ...life, known: { 0: event.addresses } }, moment);
    case 'prepare-failed':
      return conclude({ life }, failed(event.failure, false), moment);
    case 'armed':
      return rest({ ...life, known: event.known, isArmed: true }, { kind: 'idle' }, moment);
    case 'arm-failed':
      return end(failed(event.failure, false));
    case 'network':
      return stay({ name: 'preparing', life: { ...life, online: event.online } });
    default:
      return stay({ name: 'preparing', life });
  }
}

function stop(state: Exclude<VpnState, { name: 'ended' }>, moment: Moment): Transition {
  switch (state.name) {
    case 'disconnected':
      return end(STOPPED);
    case 'disconnecting':
      return stay(mayRest(state.life, state.after) ? { ...state, after: STOPPED } : state);
    default:
      return leave(state, STOPPED, moment);
  }
}

/** Whatever does not work any more, everything ends in order; a session that is not needed just goes. */
function onBroken(
  state: Living,
  { id, failure }: Extract<VpnEvent, { kind: 'broken' }>,
  moment: Moment,
): Transition {
  const wasConnected = state.life.usedAt !== undefined;
  if (id !== undefined && !sessionsOf(state).includes(id)) return stay(state);
  return leave(state, failed(failure, wasConnected), moment);
}

/** The sessions that a state still wants something of. */
export function sessionsOf(state: VpnState): readonly number[] {
  const attempt = 'attempt' in state ? state.attempt : undefined;
  const current = 'current' in state ? state.current : undefined;
  const runs = attempt ? [...attempt.racers, attempt.winner, attempt.ready] : [];
  return [...runs, current].flatMap((run) => (run ? [run.id] : []));
}

/** Where the gateways are, as far as that is known. */
export function addressesOf(state: VpnState): readonly IpAddress[] {
  if (!('life' in state)) return [];
  const current = 'current' in state && state.current ? [state.current.target.address] : [];
  return [...Object.values(state.life.known).flat(), ...current];
}

/**
 * Whether a session may still have to be authenticated: until then its secrets are needed. One that says goodbye may be
 * waiting for the answer that proves the gateway.
 */
export function isSigningIn(state: VpnState): boolean {
  if (!('life' in state)) return false;
  if (state.name === 'preparing' || state.life.leaving.length > 0) return true;
  return 'attempt' in state && state.attempt !== undefined && !state.attempt.ready;
}

/** When the event 'time' is due; undefined when nothing depends on the time. */
export function wakeAt(state: VpnState): number | undefined {
  if (!('life' in state)) return undefined;
  const { leaving, listening } = state.life;
  const times = [...leaving, ...listening].map(({ until }) => until);
  if ('attempt' in state && state.attempt) times.push(dueAt(state.attempt) ?? Infinity);
  switch (state.name) {
    case 'connected':
    case 'roaming':
    case 'reconnecting':
    case 'waiting-for-network':
      times.push(settleDueAt(state), idleAt(state.life));
      break;
    case 'disconnecting':
      times.push(state.until);
      break;
    default:
      break;
  }
  const at = Math.min(...times);
  return Number.isFinite(at) ? at : undefined;
}
