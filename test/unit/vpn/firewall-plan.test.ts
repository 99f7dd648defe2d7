import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatRange } from '../../../core/net/range.ts';
import type { FirewallPlan } from '../../../core/platform/ports.ts';
import {
  firewallPlanOf,
  NO_CONNECTION,
  type ProtectionSettings,
  type Stage,
} from '../../../core/vpn/firewall-plan.ts';
import { planPolicy, type PolicyPlan } from '../../../core/vpn/policy-plan.ts';
import { granted, HTTPS, rule } from '../net/policy/rules.ts';

function rules(...written: Parameters<typeof rule>[]): PolicyPlan['firewall'] {
  const plan = planPolicy({
    policy: { rules: written.map((one) => rule(...one)), otherwise: 'gateway' },
    granted: granted('10.1.0.0/16'),
    names: [],
    lan: true,
  });
  assert.ok(plan.ok);
  return plan.value.firewall;
}

const BEFORE: Stage = { ...NO_CONNECTION, isWanted: true, before: rules() };
const TUNNEL: Stage = {
  ...NO_CONNECTION,
  isWanted: true,
  carries: true,
  tunnel: { name: 'causeway0', addresses: [], ownsNames: false, rules: rules() },
};
const LOST: Stage = { ...TUNNEL, carries: false };
const PLAIN: Stage = {
  ...TUNNEL,
  tunnel: { name: 'causeway0', addresses: [], ownsNames: false, rules: undefined },
};
const OWNER: Stage = {
  ...TUNNEL,
  tunnel: { name: 'causeway0', addresses: [], ownsNames: true, rules: undefined },
};

function plan(stage: Stage, settings: Partial<ProtectionSettings> = {}): FirewallPlan | undefined {
  return firewallPlanOf(stage, { killSwitch: 'off', lan: true, ...settings });
}

describe('the firewall of a connection', () => {
  test('is none when nobody asks for it', () => {
    for (const stage of [NO_CONNECTION, BEFORE, PLAIN]) assert.equal(plan(stage), undefined);
  });

  test('keeps names in a tunnel that owns them, also when nobody asks for anything else', () => {
    for (const stage of [OWNER, { ...OWNER, carries: false }]) {
      const { stance, nameServersInTunnel, protectedRanges } = plan(stage) ?? {};
      assert.deepEqual([stance, nameServersInTunnel, protectedRanges], ['open', true, []]);
    }
    assert.equal(plan(TUNNEL)?.nameServersInTunnel, false);
  });

  test('is open with a policy and no kill switch, for as long as there is a tunnel', () => {
    for (const stage of [TUNNEL, LOST]) assert.equal(plan(stage)?.stance, 'open');
    assert.equal(plan(BEFORE), undefined);
  });

  test('is closed for the session alone, or always, as the kill switch says', () => {
    for (const stage of [BEFORE, TUNNEL, LOST, PLAIN]) {
      assert.equal(plan(stage, { killSwitch: 'session' })?.stance, 'closed');
      assert.equal(plan(stage, { killSwitch: 'always' })?.stance, 'closed');
    }
    assert.equal(plan(NO_CONNECTION, { killSwitch: 'session' }), undefined);
    const alone = plan(NO_CONNECTION, { killSwitch: 'always' });
    assert.deepEqual([alone?.stance, alone?.passing, alone?.tun], ['closed', [], undefined]);
  });

  test('keeps what belongs into the tunnel out of the local network before there is a tunnel', () => {
    const closed = plan(BEFORE, { killSwitch: 'session' });
    assert.deepEqual(closed?.protectedRanges.map(formatRange), ['10.1.0.0-10.1.255.255']);
  });

  test('steers nothing into a tunnel that is not there', () => {
    const before = { ...BEFORE, before: rules([1, 'protect', '10.1.0.0/16', HTTPS], [2, 'bypass', '']) };
    const effects = plan(before, { killSwitch: 'session' })?.steering.map(({ effective }) => effective);
    assert.deepEqual(effects, ['block']);
  });

  test('lets names be looked up only before there is a tunnel, or beside a hole', () => {
    const names = (stage: Stage, settings: Partial<ProtectionSettings> = {}): number =>
      plan(stage, { killSwitch: 'session', ...settings })?.steering.length ?? 0;
    assert.equal(names(BEFORE), 0);
    assert.equal(names({ ...BEFORE, looksUp: true }), 4);
    assert.equal(plan({ ...BEFORE, looksUp: true }), undefined);
    assert.equal(names(LOST, { hole: { uid: 7 } }), 4);
  });

  test('has a hole only where something is closed and the tunnel does not carry', () => {
    const hole = { uid: 1000 };
    assert.deepEqual(plan(LOST, { killSwitch: 'session', hole })?.hole, hole);
    assert.deepEqual(plan(NO_CONNECTION, { killSwitch: 'always', hole })?.hole, hole);
    assert.equal(plan(TUNNEL, { killSwitch: 'always', hole })?.hole, undefined);
    assert.equal(plan(LOST, { hole })?.hole, undefined);
  });
});
