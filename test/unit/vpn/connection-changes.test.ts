/** What becomes of a connection whose policy or settings are changed while it stands, or is being made. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { failure, type Failure } from '../../../core/lib/failure.ts';
import { err, ok, type Result } from '../../../core/lib/result.ts';
import { addressOf } from '../../../core/net/address.ts';
import type { SplitPolicy } from '../../../core/net/policy/model.ts';
import { formatPrefix } from '../../../core/net/prefix.ts';
import type { Firewall, FirewallPlan } from '../../../core/platform/ports.ts';
import { Rig } from '../../support/connection-rig.ts';

const REFUSED = failure('platform.route-failed', { command: 'ip', detail: 'no memory' });

function blocking(last: number, ports: readonly number[] = []): SplitPolicy {
  return {
    otherwise: 'gateway',
    rules: [
      {
        number: 1,
        action: 'block',
        destinations: Array.from({ length: last }, (_, i) => {
          const address = addressOf(Uint8Array.of(198, 18, i >> 7, (2 * i) & 0xff));
          return { kind: 'range' as const, range: { start: address, end: address } };
        }),
        ...(ports.length > 0
          ? { protocol: 6, ports: ports.map((port) => ({ start: port, end: port })) }
          : {}),
      },
    ],
  };
}

class Walls implements Firewall {
  readonly plans: (FirewallPlan | undefined)[] = [];

  apply(plan: FirewallPlan): Promise<Result<void, Failure>> {
    this.plans.push(plan);
    return Promise.resolve(ok(undefined));
  }

  clear(): Promise<Result<void, Failure>> {
    this.plans.push(undefined);
    return Promise.resolve(ok(undefined));
  }
}

/** The next so many changes of routes are refused. */
function refuseRoutes({ laptop }: Rig, times: number): void {
  const { routes } = laptop;
  const apply = routes.apply.bind(routes);
  let left = times;
  routes.apply = async (plan) => {
    const done = await apply(plan);
    return left-- > 0 ? err(REFUSED) : done;
  };
}

describe('a change of a connection that stands', () => {
  test('leaves the machine as it was before when its routes are refused', async () => {
    const rig = await new Rig({ firewall: new Walls() }).connected();
    const { routes } = rig.laptop;
    const before = routes.plans.at(-1)?.routes.map(formatPrefix);
    refuseRoutes(rig, 1);
    const asked = await rig.connection.protect({ policy: blocking(3) });
    assert.equal(asked?.code, REFUSED.code);
    // Who refuses routes takes away those that stood: they have to be asked for again.
    assert.equal(routes.plans.length, 3);
    assert.deepEqual(routes.plans.at(-1)?.routes.map(formatPrefix), before);
    assert.equal(rig.outcome, undefined);
  });

  test('ends it when the machine cannot be made as it was before either', async () => {
    const rig = await new Rig({ firewall: new Walls() }).connected();
    refuseRoutes(rig, Infinity);
    assert.equal((await rig.connection.protect({ policy: blocking(3) }))?.code, REFUSED.code);
    await rig.advance(30_000);
    assert.equal(rig.failureCode, REFUSED.code);
    assert.deepEqual(rig.laptop.open, []);
  });
});

describe('a change of a connection that is being made', () => {
  test('that cannot be carried out is refused, and the connection comes about', async () => {
    const rig = new Rig({ firewall: new Walls() }).start();
    const asked = await rig.connection.protect({ policy: blocking(1200, [25, 80]) });
    assert.equal(asked?.code, 'config.policy-unusable');
    await rig.settle();
    assert.ok(rig.event('connected'), JSON.stringify(rig.events.at(-1)));
  });
});
