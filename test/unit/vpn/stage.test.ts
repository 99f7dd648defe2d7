import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firewallPlanOf, stageOf, type Walls } from '../../../core/vpn/firewall-plan.ts';
import type { VpnState } from '../../../core/vpn/machine/state.ts';
import { ONE, Played } from '../../support/played-machine.ts';

const TUNNEL: Walls = { name: 'causeway0', addresses: [], ownsNames: false, rules: undefined };

/** The states of a connection on demand behind each other, from the tunnel without a session to its end. */
function onDemandStates(): VpnState[] {
  const played = new Played({ onDemand: { idleMs: 60_000 }, gateways: ['a.example', 'b.example'] });
  const states: VpnState[] = [];
  const note = (): void => void states.push(played.state);
  played.armed(ONE);
  note();
  played.on({ kind: 'acquire' });
  note();
  // The first gateway is silent: the name of the second is looked up.
  played.pass(4_000);
  note();
  played.goesUp(played.opened().id);
  note();
  played.pass(60_000);
  note();
  return states;
}

test('a tunnel on demand is closed to everybody as one that carries, whatever becomes of its session', () => {
  const states = onDemandStates();
  assert.deepEqual(
    states.map(({ name }) => name),
    ['on-demand', 'connecting', 'connecting', 'connected', 'disconnecting'],
  );
  const closed = { killSwitch: 'session', lan: false } as const;
  for (const state of states) {
    const stage = stageOf(state, TUNNEL, undefined);
    assert.deepEqual([stage.isWanted, stage.looksUp], [true, false], state.name);
    assert.equal(stage.carries, state.name === 'connected');
    const plan = firewallPlanOf(stage, closed);
    assert.deepEqual([plan?.stance, plan?.steering], ['closed', []], state.name);
  }
});

test('a hole for a portal can be had while a tunnel on demand has no session', () => {
  const [armed] = onDemandStates();
  assert.ok(armed);
  const settings = { killSwitch: 'session', lan: false, hole: { uid: 1000 } } as const;
  assert.deepEqual(firewallPlanOf(stageOf(armed, TUNNEL, undefined), settings)?.hole, { uid: 1000 });
});
