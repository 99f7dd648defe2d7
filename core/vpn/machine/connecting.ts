import { begin, type Progress } from './attempt.ts';
import { follow, withoutReason } from './follow.ts';
import { failed, leave, stay, to } from './leave.ts';
import { settle } from './settle.ts';
import { placesOf } from './targets.ts';
import type { Life, Moment, Transition, VpnEvent, VpnState } from './state.ts';

type First = Extract<VpnState, { name: 'connecting' | 'configuring' }>;

/** The first attempt: the addresses of the first gateway are known. */
export function connect(life: Life, moment: Moment): Transition {
  const plan = { goal: 'connect', places: placesOf(life.settings), useKnown: true } as const;
  return became(begin(life, plan, moment.now), moment);
}

function became({ life, attempt, effects, over }: Progress, moment: Moment): Transition {
  if (over) return leave({ life, attempt }, failed(over, false), moment, effects);
  return to({ name: attempt.ready ? 'configuring' : 'connecting', life, attempt }, ...effects);
}

/** Before there ever was a connection every failure that no other address or gateway can mend ends it. */
export function connecting(state: First, event: VpnEvent, moment: Moment): Transition {
  const { life, attempt } = state;
  const ready = attempt.ready;
  if (ready && event.kind === 'configured' && event.id === ready.id) {
    return settle({ life, current: ready }, moment, [{ kind: 'announce', current: ready }]);
  }
  if (ready && event.kind === 'configure-failed' && event.id === ready.id) {
    return leave(state, failed(event.failure, false), moment);
  }
  if (ready && event.kind === 'session' && event.id === ready.id && event.event.kind === 'closed') {
    const held = { life, attempt: { ...attempt, ready: undefined } };
    const why = event.event.failure ?? withoutReason();
    return leave(held, failed(why, false), moment, [{ kind: 'drop', id: ready.id }]);
  }
  if (event.kind === 'network') return stay({ ...state, life: { ...life, online: event.online } });
  const progress = follow(life, attempt, event, moment);
  return progress ? became(progress, moment) : stay(state);
}
