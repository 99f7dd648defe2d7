import { failure, type Failure } from '../../lib/failure.ts';
import { goOn, type Progress } from './attempt.ts';
import { lookedUp } from './lookups.ts';
import { established, has, heard, leaving, lost } from './race.ts';
import type { Attempt } from './parts.ts';
import type { Life, Moment, VpnEvent } from './state.ts';

/** What an event means for an attempt; undefined when it does not concern the attempt. */
export function follow(life: Life, attempt: Attempt, event: VpnEvent, moment: Moment): Progress | undefined {
  const { now } = moment;
  switch (event.kind) {
    case 'time':
      return goOn({ life, attempt, effects: [] }, now);
    case 'found':
      return lookedUp(life, attempt, event.id, event.addresses, now);
    case 'not-found':
      return lookedUp(life, attempt, event.id, event.failure, now);
    case 'open-failed':
      return has(attempt, event.id) ? lost(life, attempt, event.id, event.failure, now) : undefined;
    case 'refused':
      return refused(life, attempt, event.id, event.failure, now);
    case 'way':
      return onWay(life, attempt, event, now);
    case 'session':
      return has(attempt, event.id) ? onSession(life, attempt, event, moment) : undefined;
    default:
      return undefined;
  }
}

function onSession(
  life: Life,
  attempt: Attempt,
  { id, event }: Extract<VpnEvent, { kind: 'session' }>,
  moment: Moment,
): Progress {
  switch (event.kind) {
    case 'established': {
      const next = established(attempt, id, event, moment.now);
      if (!next?.ready) return { life, attempt, effects: [] };
      return { life, attempt: next, effects: [{ kind: 'configure', current: next.ready }] };
    }
    case 'closed':
      return lost(life, attempt, id, event.failure ?? withoutReason(), moment.now);
    default:
      return heard(life, attempt, id, event, moment);
  }
}

/** Only a session that was told to end says no reason, and those are not asked about any more. */
export function withoutReason(): Failure {
  return failure('internal.bug', { detail: 'a session ended without a reason' });
}

/** We cannot give what is asked for. A password that was wrong is a better reason than that there is no other. */
function refused(life: Life, attempt: Attempt, id: number, why: Failure, now: number): Progress | undefined {
  if (attempt.winner?.id !== id) return undefined;
  return {
    life: leaving(life, [id], now),
    attempt: { ...attempt, winner: undefined },
    effects: [{ kind: 'say-goodbye', id }],
    over: attempt.rejected?.failure ?? why,
    refused: true,
  };
}

/** A session that has just begun does not move: it begins again where there is a network. */
function onWay(
  life: Life,
  attempt: Attempt,
  { id, way }: Extract<VpnEvent, { kind: 'way' }>,
  now: number,
): Progress | undefined {
  const { ready } = attempt;
  if (ready?.id === id) {
    return { life, attempt: { ...attempt, ready: { ...ready, way } }, effects: [] };
  }
  if (!has(attempt, id)) return undefined;
  if (way === 'kept') return { life, attempt, effects: [] };
  return lost(life, attempt, id, failure('network.path-lost'), now);
}
