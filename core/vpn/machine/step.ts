import { failure, type Failure } from '../../lib/failure.ts';
import type { IkeEvent } from '../../ike/events.ts';
import type { Effect, Outcome, Transition, VpnEvent, VpnState } from './state.ts';

/**
 * The life of a connection as a pure function: what state follows, and what is to be done. Events that mean nothing
 * in a state leave it as it is: answers to questions that nobody asks any more do come late.
 */
export function step(state: VpnState, event: VpnEvent): Transition {
  switch (event.kind) {
    case 'start':
      return state.name === 'disconnected' ? to({ name: 'preparing' }, { kind: 'prepare' }) : stay(state);
    case 'stop':
      return stop(state);
    case 'abandon':
      return state.name === 'ended'
        ? stay(state)
        : end(state.name === 'disconnecting' ? state.after : STOPPED);
    case 'prepared':
      return state.name === 'preparing' ? tryNext(event.addresses) : stay(state);
    case 'prepare-failed':
      return state.name === 'preparing' ? end(failed(event.failure, false)) : stay(state);
    case 'open-failed':
      return state.name === 'connecting' ? notReached(state, event.failure) : stay(state);
    case 'refused':
      return state.name === 'connecting' ? leave(failed(event.failure, false)) : stay(state);
    case 'ike':
      return onIke(state, event.event);
    case 'configured':
      return state.name === 'configuring'
        ? to({ name: 'connected', established: state.established })
        : stay(state);
    case 'configure-failed':
      return state.name === 'configuring' ? leave(failed(event.failure, false)) : stay(state);
    case 'broken':
      return onBroken(state, event.failure);
  }
}

const STOPPED: Outcome = { kind: 'stopped' };

function to(state: VpnState, ...effects: readonly Effect[]): Transition {
  return { state, effects };
}

function stay(state: VpnState): Transition {
  return { state, effects: [] };
}

function failed(why: Failure, wasConnected: boolean): Outcome {
  return { kind: 'failed', failure: why, wasConnected };
}

function end(outcome: Outcome): Transition {
  return to({ name: 'ended', outcome }, { kind: 'clear' });
}

/** The gateway still has SAs for us: it is told before anything is undone. */
function leave(after: Outcome): Transition {
  return to({ name: 'disconnecting', after }, { kind: 'say-goodbye' });
}

function stop(state: VpnState): Transition {
  switch (state.name) {
    case 'disconnected':
    case 'preparing':
      return end(STOPPED);
    case 'connecting':
    case 'configuring':
    case 'connected':
      return leave(STOPPED);
    case 'disconnecting':
    case 'ended':
      return stay(state);
  }
}

function onBroken(state: VpnState, why: Failure): Transition {
  switch (state.name) {
    case 'preparing':
      return end(failed(why, false));
    case 'connecting':
    case 'configuring':
    case 'connected':
      return leave(failed(why, state.name === 'connected'));
    case 'disconnecting':
      // What we say goodbye with does not work either.
      return end(state.after);
    case 'disconnected':
    case 'ended':
      return stay(state);
  }
}

function tryNext(addresses: Extract<VpnEvent, { kind: 'prepared' }>['addresses']): Transition {
  const [address, ...others] = addresses;
  if (!address) return end(failed(failure('network.name-unknown'), false));
  return to({ name: 'connecting', phase: 'init', address, others }, { kind: 'open', address });
}

/** This address did not even answer: another of the gateway's may. */
function notReached(state: Extract<VpnState, { name: 'connecting' }>, why: Failure): Transition {
  return state.phase === 'init' && state.others.length > 0 ? tryNext(state.others) : end(failed(why, false));
}

function isSilence(why: Failure): boolean {
  return why.code.startsWith('network.') || why.code === 'timeout.init';
}

function onIke(state: VpnState, event: IkeEvent): Transition {
  switch (event.kind) {
    case 'initiated':
      return state.name === 'connecting' ? to({ ...state, phase: 'auth' }) : stay(state);
    case 'need':
      return state.name === 'connecting' ? to(state, { kind: 'give-password' }) : stay(state);
    case 'established':
      return state.name === 'connecting'
        ? to({ name: 'configuring', established: event }, { kind: 'configure', established: event })
        : stay(state);
    case 'closed':
      return onClosed(state, event.failure);
    default:
      return stay(state);
  }
}

function onClosed(state: VpnState, why: Failure | undefined): Transition {
  switch (state.name) {
    case 'connecting':
      if (why && isSilence(why)) return notReached(state, why);
      return end(why ? failed(why, false) : STOPPED);
    case 'configuring':
    case 'connected':
      return end(why ? failed(why, state.name === 'connected') : STOPPED);
    case 'disconnecting':
      return end(state.after);
    default:
      return stay(state);
  }
}
