import { failure } from '../../lib/failure.ts';
import { connect } from './connecting.ts';
import { isSilence } from './judgement.ts';
import { stay, to } from './leave.ts';
import { lookedUpLate } from './lookups.ts';
import { rest } from './rest.ts';
import type { Life, Moment, Transition, VpnEvent, VpnState } from './state.ts';

type Armed = Extract<VpnState, { name: 'on-demand' }>;

/** The tunnel stands; what becomes of it until a packet comes. */
export function armed(state: Armed, event: VpnEvent, moment: Moment): Transition {
  switch (event.kind) {
    case 'acquire':
      return acquire(state.life, moment);
    case 'network':
      return onNetwork({ ...state.life, online: event.online }, moment);
    case 'found':
      return stay({ ...state, life: lookedUpLate(state.life, event.id, event.addresses) });
    case 'not-found':
      return stay({ ...state, life: lookedUpLate(state.life, event.id, event.failure) });
    default:
      return stay(state);
  }
}

/** A packet wants a connection: the gateway is asked at once, where it was last. */
function acquire(life: Life, moment: Moment): Transition {
  const { notBefore } = life.trouble ?? { notBefore: moment.now };
  if (moment.now < notBefore) return to({ name: 'on-demand', life }, { kind: 'watch', from: notBefore });
  if (!life.online) {
    return rest(life, { kind: 'failed', failure: failure('network.no-route'), wasConnected: false }, moment);
  }
  const isKnown = Object.keys(life.known).length > 0;
  return isKnown ? connect(life, moment) : to({ name: 'preparing', life }, { kind: 'prepare' });
}

/** Whatever nobody answered over the networks before is asked over those of now, as soon as somebody wants it. */
function onNetwork(life: Life, { now }: Moment): Transition {
  const { trouble } = life;
  if (!life.online || !trouble || !isSilence(trouble.cause)) return stay({ name: 'on-demand', life });
  const next = { ...life, trouble: { ...trouble, tries: 0, notBefore: now } };
  return to({ name: 'on-demand', life: next }, { kind: 'watch', from: now });
}
