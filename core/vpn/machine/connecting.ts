import { begin, type Plan, type Progress } from './attempt.ts';
import { follow, withoutReason } from './follow.ts';
import { failed, leave, stay, to } from './leave.ts';
import { rejection, settle } from './settle.ts';
import { placesOf } from './targets.ts';
import type { Life, Moment, Transition, VpnEvent, VpnState } from './state.ts';

type First = Extract<VpnState, { name: 'connecting' | 'configuring' }>;

/** The first attempt: the addresses of the first gateway are known. On demand they may be known for long. */
export function connect(life: Life, moment: Moment): Transition {
  const goal = life.isArmed ? 'reconnect' : 'connect';
  return became(begin(life, { goal, places: placesOf(life.settings), useKnown: true }, moment.now), moment);
}

function became({ life, attempt, effects, over, refused }: Progress, moment: Moment): Transition {
  const rejected = over && life.isArmed && !refused ? rejection(attempt, over) : undefined;
  if (rejected) {
    const plan: Plan = { goal: attempt.goal, places: placesOf(life.settings), useKnown: true, rejected };
    const again = begin(life, plan, moment.now);
    return became({ ...again, effects: [...effects, ...again.effects] }, moment);
  }
  if (over) return leave({ life, attempt }, failed(over, false), moment, effects);
  return to({ name: attempt.ready ? 'configuring' : 'connecting', life, attempt }, ...effects);
}

/** Before there ever was a connection every failure that no other address or gateway can mend ends it. */
export function connecting(state: First, event: VpnEvent, moment: Moment): Transition {
  const { life, attempt } = state;
  const ready = attempt.ready;
  if (ready && event.kind === 'configured' && event.id === ready.id) {
    const used = { ...life, usedAt: moment.now, trouble: undefined };
    return settle({ life: used, current: ready }, moment, [{ kind: 'announce', current: ready }]);
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
